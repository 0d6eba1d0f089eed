"""A conversation as it stands, and the house it is held in. Pure values for `edge.domain.dialogue` and its parts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from edge.domain.consent import ChosenName
from edge.domain.dialogue_events import Action, Say
from edge.domain.dialogue_terms import Expects, Intent, Meaning, Prompt, Stage, Topic
from edge.domain.dossier import DossierCode
from edge.domain.dossier_status import DossierAnswer
from edge.domain.naming import SittingTask

MISSES = 2  # so many times not understood, and a person is offered
CHOICES = 3
DEAF = frozenset({Stage.LOOKING, Stage.TICKET, Stage.THANKED, Stage.PERSON})  # to what is not sure, yes and no


@dataclass(frozen=True, slots=True)
class House:
    """What the site has, and how long it waits. `papers`: procedure to how many papers; `service_of`: who takes it."""

    papers: Mapping[str, int]
    services: frozenset[str]
    service_of: Mapping[str, str] = field(default_factory=dict)
    places: frozenset[str] = frozenset()  # that directions lead to
    lang: str = "vi"
    idle_s: float = 45.0  # without touch or speech it asks whether somebody is there
    warn_s: float = 15.0  # and after that it forgets
    gone_s: float = 6.0  # the camera sees nobody any more
    look_s: float = 8.0
    issue_s: float = 10.0
    slip_s: float = 25.0
    thanks_s: float = 8.0
    person_s: float = 240.0

    def limit_s(self, stage: Stage) -> float:
        """How long a stage may stay without anything happening."""
        limits = {
            Stage.AWAY: math.inf,
            Stage.LOOKING: self.look_s,
            Stage.ISSUING: self.issue_s,
            Stage.TICKET: self.slip_s,
            Stage.THANKED: self.thanks_s,
            Stage.PERSON: self.person_s,
        }
        return limits.get(stage, self.idle_s)


@dataclass(frozen=True, slots=True)
class State:
    """`until` on the monotonic clock. `turn` counts questions put to directory and queue, so that late answers are known as late.

    `asking` is where CHOOSE came from, `purpose` what a procedure was asked for, `have` the papers checked so far, `name` whom the
    greeting greets: it goes with the greeting. `task` is what somebody is asked to show before they are greeted by name.
    """

    lang: str
    turn: int = 0
    stage: Stage = Stage.AWAY
    prompt: Prompt | None = None
    until: float = math.inf
    is_warned: bool = False
    is_gone: bool = False  # the camera saw the visitor leave, and nobody has come, spoken or touched since
    missed: int = 0
    choices: tuple[Meaning, ...] = ()
    asking: "State | None" = None
    code: DossierCode | None = field(default=None, repr=False)
    answer: DossierAnswer | None = field(default=None, repr=False)
    purpose: Intent | None = None
    procedure: str | None = None
    service: str | None = None
    have: tuple[bool, ...] = ()
    day: str | None = None
    place: str | None = None
    topic: Topic | None = None
    is_coming: bool = False
    name: ChosenName | None = field(default=None, repr=False)
    task: SittingTask | None = None

    @property
    def expects(self) -> Expects:
        """What a short answer would mean now."""
        if self.stage in _YES_NO or (self.stage is Stage.CHOOSE and len(self.choices) == 1):
            return Expects.YES_NO
        return Expects.CODE if self.stage is Stage.ASK_CODE else Expects.ANYTHING

    @property
    def listens(self) -> bool:
        """Not while two people talk to each other in front of it, nor while nothing said could count."""
        return not (self.stage is Stage.ISSUING or (self.stage is Stage.PERSON and self.is_coming))

    @property
    def missing(self) -> tuple[int, ...]:
        """Places of the papers that the citizen does not have."""
        return tuple(place for place, has_it in enumerate(self.have) if not has_it)


Moved: TypeAlias = tuple[State, tuple[Action, ...]]

_YES_NO = frozenset({
    Stage.CONFIRM_CODE, Stage.ASK_PRIORITY, Stage.PAPERS, Stage.CHECKING, Stage.CHECKED, Stage.COUNTER, Stage.ASK_OPINION,
    Stage.OFFER_PERSON,
})  # fmt: skip


def fresh(state: State, lang: str) -> State:
    """Nobody is here, and nothing is known of who was."""
    return State(lang, state.turn)


def go(state: State, stage: Stage, prompt: Prompt, *actions: Action, **slots: object) -> Moved:
    """To another stage with these slots and no others."""
    there = replace(State(state.lang, state.turn, stage, prompt), **slots)  # type: ignore[arg-type]
    return there, (*actions, Say(prompt))


def stay(state: State, prompt: Prompt, **slots: object) -> Moved:
    """Where it is, with something else said."""
    return replace(state, prompt=prompt, **slots), (Say(prompt),)  # type: ignore[arg-type]


def again(state: State) -> Moved:
    """The same words once more."""
    return state, () if state.prompt is None else (Say(state.prompt),)


def missed(state: State, prompt: Prompt = Prompt.NOT_UNDERSTOOD) -> Moved:
    """Once: the question again, and why; twice: a person."""
    before = state.asking if state.stage is Stage.CHOOSE and state.asking else state
    if state.missed + 1 >= MISSES:
        return go(state, Stage.OFFER_PERSON, Prompt.OFFER_PERSON, missed=MISSES)
    return replace(before, prompt=prompt, missed=state.missed + 1), (Say(prompt),)
