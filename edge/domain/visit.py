"""One counter's visitor, from settling in the zone to leaving it. Pure: `step(state, event, rules, fresh)`.

The counter service feeds it and turns its actions into events. The table, rows = where the citizen is:

| | Frame | Tick | Rate | OptOut | Blind |
|---|---|---|---|---|---|
| EMPTY | a face: SETTLING (largest) | - | belongs to the last visit while it is late, else to none | - | - |
| SETTLING | seen `settle_s`: MEASURING + Started; lost: EMPTY | lost: EMPTY | as EMPTY | OPTED_OUT + Dropped | EMPTY |
| MEASURING | read it; not in the frame: AWAY | - | kept + Rated | OPTED_OUT + Dropped | AWAY, unseen |
| AWAY | back: MEASURING; gone `gone_s`: EMPTY + Ended | gone `gone_s`: EMPTY + Ended | kept + Rated | OPTED_OUT + Dropped; unseen: seeing starts anew | unseen |
| OPTED_OUT | seen gone for `gone_s`: EMPTY | - | Rated, of no visit | - | seeing starts anew |

The citizen is the largest face at first and then stays the one: by track, or, when the tracker lost it for a moment, by
place and size. After an opt-out that place is all that is remembered. A rating pressed up to `late_rating_s` after a
visit's end still belongs to it: it is told as Rated with the ended visit's id, which amends the summary told before. A
camera that is blind leaves the citizen unseen: from its next frame on, an opt-out holds for whoever is there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias

from edge.domain.citizen import Box, Citizen, FaceSeen, find, largest, moved_to, scores_of
from edge.domain.level import Level
from edge.domain.satisfaction import Mood, Sample, SatisfactionRules, expire, observe
from edge.domain.verdict import Summary, Tally, VerdictRules, counted, summarise

_ANYBODY = -1  # in place of a track: whose place nobody knows
_NOWHERE: Box = (0.0, 0.0, 0.0, 0.0)


class Presence(StrEnum):
    EMPTY = "empty"
    SETTLING = "settling"
    MEASURING = "measuring"
    AWAY = "away"
    OPTED_OUT = "opted_out"


@dataclass(frozen=True, slots=True)
class VisitRules:
    settle_s: float = 1.0
    gone_s: float = 3.0
    settling_gap_s: float = 0.5  # a face that vanishes for longer before it settled was passing by
    same_person_s: float = 2.0  # a new track in the old place within this is the same person
    late_rating_s: float = 20.0
    satisfaction: SatisfactionRules = field(default_factory=SatisfactionRules)
    verdict: VerdictRules = field(default_factory=VerdictRules)


# --- events ---


@dataclass(frozen=True, slots=True)
class Frame:
    """What one frame showed; also when nobody was there."""

    at_s: float
    faces: tuple[FaceSeen, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    at_s: float


@dataclass(frozen=True, slots=True)
class Rate:
    at_s: float
    level: Level


@dataclass(frozen=True, slots=True)
class OptOut:
    at_s: float


@dataclass(frozen=True, slots=True)
class Blind:
    """The camera shows nothing to rely on."""

    at_s: float


Event: TypeAlias = Frame | Tick | Rate | OptOut | Blind


# --- actions ---


@dataclass(frozen=True, slots=True)
class Started:
    visit: str
    started_s: float


@dataclass(frozen=True, slots=True)
class MoodMoved:
    visit: str
    at_s: float
    previous: Level | None
    level: Level
    valence: float
    reasons: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Rated:
    """`is_late`: the visit has ended already, its summary is amended by this. `visit` None: nobody was measured."""

    visit: str | None
    level: Level
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Dropped:
    visit: str


@dataclass(frozen=True, slots=True)
class Ended:
    summary: Summary


Action: TypeAlias = Started | MoodMoved | Rated | Dropped | Ended


# --- state ---


@dataclass(frozen=True, slots=True)
class VisitState:
    """`visit` is set in MEASURING and AWAY; `last` is the ended visit that a late rating belongs to, and its end."""

    presence: Presence = Presence.EMPTY
    citizen: Citizen | None = None
    visit: str | None = None
    mood: Mood = field(default_factory=Mood)
    tally: Tally = field(default_factory=Tally)
    told: Level | None = None
    rating: Level | None = None
    last: tuple[str, float] | None = None
    was_blind: bool = False


Step: TypeAlias = tuple[VisitState, tuple[Action, ...]]
FreshId: TypeAlias = Callable[[], str]


def step(state: VisitState, event: Event, rules: VisitRules, fresh: FreshId) -> Step:
    """The next state and what to do about it; `fresh` gives the id of a visit that begins."""
    match event:
        case Frame():
            return _FRAME[state.presence](state, event, rules, fresh)
        case Tick(at_s):
            return _tick(state, at_s, rules)
        case Rate():
            return _rate(state, event, rules)
        case OptOut():
            return _opt_out(state, fresh)
        case Blind():
            return _blind(state)


def _tick(state: VisitState, at_s: float, rules: VisitRules) -> Step:
    if state.presence is Presence.SETTLING and _absent_s(state, at_s) > rules.settling_gap_s:
        return _emptied(state), ()
    if state.presence in {Presence.MEASURING, Presence.AWAY} and _absent_s(state, at_s) >= rules.gone_s:
        return _end(state, rules)
    return replace(state, mood=expire(state.mood, at_s, rules.satisfaction)), ()


def _rate(state: VisitState, event: Rate, rules: VisitRules) -> Step:
    if state.presence in {Presence.MEASURING, Presence.AWAY}:
        return replace(state, rating=event.level), (Rated(state.visit, event.level),)
    is_late = state.presence is not Presence.OPTED_OUT and state.last is not None
    if is_late and state.last is not None and event.at_s - state.last[1] <= rules.late_rating_s:
        return state, (Rated(state.last[0], event.level, is_late=True),)
    return state, (Rated(None, event.level),)


def _opt_out(state: VisitState, fresh: FreshId) -> Step:
    if state.presence in {Presence.EMPTY, Presence.OPTED_OUT}:
        return state, ()
    dropped = Dropped(state.visit or fresh())
    return VisitState(Presence.OPTED_OUT, citizen=state.citizen, was_blind=state.was_blind), (dropped,)


def _blind(state: VisitState) -> Step:
    if state.presence is Presence.SETTLING:
        return _emptied(state), ()
    if state.presence is Presence.MEASURING:
        return replace(state, presence=Presence.AWAY, was_blind=True), ()
    return replace(state, was_blind=state.presence in {Presence.AWAY, Presence.OPTED_OUT}), ()


def _frame_empty(state: VisitState, frame: Frame, rules: VisitRules, _fresh: FreshId) -> Step:
    face = largest(frame.faces)
    if face is None:
        return state, ()
    settling = VisitState(Presence.SETTLING, Citizen(face.track, face.box, frame.at_s, frame.at_s), last=state.last)
    return _read(settling, face, frame.at_s, rules), ()


def _frame_settling(state: VisitState, frame: Frame, rules: VisitRules, fresh: FreshId) -> Step:
    face = find(state.citizen, frame.faces, frame.at_s, rules.same_person_s)
    if face is None or state.citizen is None:
        return _tick(state, frame.at_s, rules)
    first_s = state.citizen.first_s
    state = _read(state, face, frame.at_s, rules)
    if frame.at_s - first_s < rules.settle_s:
        return state, ()
    visit = fresh()
    return _told(replace(state, presence=Presence.MEASURING, visit=visit, last=None), Started(visit, first_s))


def _frame_present(state: VisitState, frame: Frame, rules: VisitRules, _fresh: FreshId) -> Step:
    state = replace(state, was_blind=False)
    face = find(state.citizen, frame.faces, frame.at_s, rules.same_person_s)
    if face is None:
        return _tick(replace(state, presence=Presence.AWAY), frame.at_s, rules)
    return _told(replace(_read(state, face, frame.at_s, rules), presence=Presence.MEASURING))


def _frame_opted_out(state: VisitState, frame: Frame, rules: VisitRules, _fresh: FreshId) -> Step:
    """Generous about who is still the same person: the doubt is theirs. After a restart or a lost camera anybody is, and the absence counts from then."""
    citizen = state.citizen or Citizen(_ANYBODY, _NOWHERE, frame.at_s, frame.at_s)
    if state.was_blind:
        citizen = replace(citizen, track=_ANYBODY, last_s=frame.at_s)
    face = find(citizen, frame.faces, frame.at_s, rules.gone_s)
    if face is None and citizen.track == _ANYBODY:
        face = largest(frame.faces)
    if face is not None:
        citizen = moved_to(citizen, face, frame.at_s)
    state = replace(state, citizen=citizen, was_blind=False)
    return (_emptied(state) if _absent_s(state, frame.at_s) >= rules.gone_s else state), ()


_FRAME: Mapping[Presence, Callable[[VisitState, Frame, VisitRules, FreshId], Step]] = {
    Presence.EMPTY: _frame_empty,
    Presence.SETTLING: _frame_settling,
    Presence.MEASURING: _frame_present,
    Presence.AWAY: _frame_present,
    Presence.OPTED_OUT: _frame_opted_out,
}


def _read(state: VisitState, face: FaceSeen, at_s: float, rules: VisitRules) -> VisitState:
    """The citizen was seen; only a usable face says anything about the mood."""
    if state.citizen is None:
        return state
    citizen = moved_to(state.citizen, face, at_s)
    if not face.usable or not face.scores:
        return replace(state, citizen=citizen, mood=expire(state.mood, at_s, rules.satisfaction))
    sample = Sample(at_s, scores_of(face), face.reasons, citizen.motion)
    mood = observe(state.mood, sample, rules.satisfaction)
    tally = counted(state.tally, mood, mood.usable_s - state.mood.usable_s)
    return replace(state, citizen=citizen, mood=mood, tally=tally)


def _told(state: VisitState, *before: Action) -> Step:
    """Tell a level that was not told yet."""
    mood = state.mood
    if mood.level is None or mood.level is state.told or state.visit is None:
        return state, before
    moved = MoodMoved(state.visit, mood.at_s or 0.0, state.told, mood.level, mood.valence, mood.reasons)
    return replace(state, told=mood.level), (*before, moved)


def _end(state: VisitState, rules: VisitRules) -> Step:
    if state.citizen is None or state.visit is None:
        return _emptied(state), ()
    summary = summarise(
        state.visit, state.tally, rules.verdict,
        started_s=state.citizen.first_s, ended_s=state.citizen.last_s, usable_s=state.mood.usable_s, rating=state.rating,
    )  # fmt: skip
    return VisitState(last=(state.visit, state.citizen.last_s)), (Ended(summary),)


def _emptied(state: VisitState) -> VisitState:
    return VisitState(last=state.last)


def _absent_s(state: VisitState, at_s: float) -> float:
    return at_s - state.citizen.last_s if state.citizen else 0.0
