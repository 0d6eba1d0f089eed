"""When a visitor's displeasure becomes a nudge to the officer, and when it becomes an alert. Pure; one machine a visit.

The counter service steps it with what the camera shows. The table:

| | Felt | Rated badly | Rated well, OptedOut | Left |
|---|---|---|---|---|
| QUIET | displeased for `nudge_after_s`, and no nudge just mended: NUDGED + ShowNudge | - | STOPPED | QUIET |
| NUDGED | not displeased for `mended_s`: QUIET + ClearNudge; still displeased after `window_s`: ALERTED + RaiseAlert(not_mended) | - | STOPPED + ClearNudge | QUIET + ClearNudge |
| ALERTED | no second alert before `cool_down_s` is over: then QUIET | - | STOPPED + ClearNudge | QUIET + ClearNudge |
| STOPPED | - | QUIET: the last press counts | - | QUIET |

From QUIET and NUDGED, anger for `anger_after_s` goes to ALERTED + RaiseAlert(anger) at once; the counter service counts a
pressed "very dissatisfied" as anger that has lasted, because the citizen outranks the camera; one press raises one alert. A citizen who leaves before
the window is over raises nothing: nobody could mend it any more, the visit's summary says it. An alert that was raised
before an opt-out or a good rating is *withdrawn*: nobody further is told and unsent SMS are cancelled; after an opt-out
its reasons are erased too. What was already sent stays known as sent; so does what is in the modem's hands, waiting for a network.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from edge.domain.level import Level


class Stage(StrEnum):
    QUIET = "quiet"
    NUDGED = "nudged"
    ALERTED = "alerted"
    STOPPED = "stopped"


class Why(StrEnum):
    ANGER = "anger"
    NOT_MENDED = "not_mended"

    @property
    def level(self) -> Level:
        return Level.ANGRY if self is Why.ANGER else Level.DISSATISFIED


@dataclass(frozen=True, slots=True)
class EscalationRules:
    """`cap_per_hour` is a counter's; the alert service enforces it in the transaction that raises."""

    nudge_after_s: float = 0.7
    anger_after_s: float = 1.0
    mended_s: float = 2.0
    window_s: float = 60.0
    nudge_rest_s: float = 30.0  # after a mended nudge the officer is left in peace
    cool_down_s: float = 600.0
    cap_per_hour: int = 6
    told_at_once: int = 2
    next_contact_s: float = 300.0


# --- events ---


@dataclass(frozen=True, slots=True)
class Felt:
    """What the camera says now. `level` None: no information."""

    at_s: float
    level: Level | None
    negative_for_s: float = 0.0
    angry_for_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Rated:
    level: Level


@dataclass(frozen=True, slots=True)
class OptedOut:
    pass


@dataclass(frozen=True, slots=True)
class Left:
    pass


Event: TypeAlias = Felt | Rated | OptedOut | Left


# --- actions ---


@dataclass(frozen=True, slots=True)
class ShowNudge:
    pass


@dataclass(frozen=True, slots=True)
class ClearNudge:
    pass


@dataclass(frozen=True, slots=True)
class RaiseAlert:
    why: Why


Action: TypeAlias = ShowNudge | ClearNudge | RaiseAlert


@dataclass(frozen=True, slots=True)
class Escalation:
    """`since_s`: when the present stage began. `calm_since_s`: since when a nudged visitor is no longer displeased."""

    stage: Stage = Stage.QUIET
    since_s: float = 0.0
    calm_since_s: float | None = None
    rest_until_s: float = 0.0
    has_nudge: bool = False


Step: TypeAlias = tuple[Escalation, tuple[Action, ...]]


def step(state: Escalation, event: Event, rules: EscalationRules) -> Step:
    match event:
        case Felt():
            return _felt(state, event, rules)
        case Rated(level) if level.is_negative:
            return (Escalation() if state.stage is Stage.STOPPED else state), ()  # the next Felt carries it
        case Rated() | OptedOut():
            return Escalation(Stage.STOPPED), _clearing(state)
        case Left():
            return Escalation(), _clearing(state)


def _felt(state: Escalation, felt: Felt, rules: EscalationRules) -> Step:
    match state.stage:
        case Stage.STOPPED:
            return state, ()
        case Stage.ALERTED:
            return _felt_alerted(state, felt, rules)
        case Stage.QUIET | Stage.NUDGED if felt.angry_for_s >= rules.anger_after_s and felt.level is Level.ANGRY:
            return _alerted(state, felt, Why.ANGER)
        case Stage.QUIET:
            return _felt_quiet(state, felt, rules)
        case Stage.NUDGED:
            return _felt_nudged(state, felt, rules)


def _felt_quiet(state: Escalation, felt: Felt, rules: EscalationRules) -> Step:
    if not _is_negative(felt) or felt.negative_for_s < rules.nudge_after_s or felt.at_s < state.rest_until_s:
        return state, ()
    return Escalation(Stage.NUDGED, since_s=felt.at_s, has_nudge=True), (ShowNudge(),)


def _felt_nudged(state: Escalation, felt: Felt, rules: EscalationRules) -> Step:
    state = _calmed(state, felt)
    if state.calm_since_s is not None and felt.at_s - state.calm_since_s >= rules.mended_s:
        return Escalation(rest_until_s=felt.at_s + rules.nudge_rest_s), (ClearNudge(),)
    is_over = felt.at_s - state.since_s >= rules.window_s
    if is_over and _is_negative(felt) and felt.negative_for_s >= rules.nudge_after_s:
        return _alerted(state, felt, Why.NOT_MENDED)
    return state, ()


def _felt_alerted(state: Escalation, felt: Felt, rules: EscalationRules) -> Step:
    """The nudge goes when the visitor is calm again; the alert stays with the people who were told."""
    state = _calmed(state, felt)
    is_mended = state.calm_since_s is not None and felt.at_s - state.calm_since_s >= rules.mended_s
    actions: tuple[Action, ...] = (ClearNudge(),) if is_mended and state.has_nudge else ()
    if is_mended:
        state = replace(state, has_nudge=False)
    if felt.at_s - state.since_s >= rules.cool_down_s:
        return Escalation(), (*actions, *(_clearing(state)))
    return state, actions


def _alerted(state: Escalation, felt: Felt, why: Why) -> Step:
    return Escalation(Stage.ALERTED, since_s=felt.at_s, has_nudge=state.has_nudge), (RaiseAlert(why),)


def _calmed(state: Escalation, felt: Felt) -> Escalation:
    """No information neither mends nor worsens."""
    if felt.level is None:
        return replace(state, calm_since_s=None)
    if felt.level.is_negative:
        return replace(state, calm_since_s=None)
    return replace(state, calm_since_s=felt.at_s) if state.calm_since_s is None else state


def _is_negative(felt: Felt) -> bool:
    return felt.level is not None and felt.level.is_negative


def _clearing(state: Escalation) -> tuple[Action, ...]:
    return (ClearNudge(),) if state.has_nudge else ()
