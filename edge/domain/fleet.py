"""How a device of the city's fleet stands, and how long people wait. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MANY = 200  # events that wait on a device; fewer are a moment's work
QUIET = timedelta(minutes=15)  # an online device says how it is every few minutes
NOT_A_PERSONS = frozenset({"gap", "clock_skew", "revoked"})  # chain faults that end by themselves or are no riddle


class State(StrEnum):
    """Of a device, and of a site as its worst device's. In order: what needs a person first."""

    CHAIN = "chain"  # something is wrong with its history: a person decides
    FAULT = "fault"  # it says itself that a part is broken, or its clock is wrong
    OFFLINE = "offline"
    SILENT = "silent"  # never heard of since it was enrolled
    BEHIND = "behind"  # online, and more waits on it than a moment's work
    REVOKED = "revoked"
    OK = "ok"


_ORDER = {state: place for place, state in enumerate(State)}


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of a device. `chain_faults` are the open ones' kinds; `since`: it is online, or away, from then on."""

    is_online: bool | None
    is_revoked: bool
    chain_faults: frozenset[str]
    has_broken_part: bool
    backlog: int
    last_taken: datetime | None
    since: datetime | None = None


def state_of(signs: Signs, now: datetime) -> State:
    """The first of the states that fits."""
    if signs.is_revoked:
        return State.REVOKED
    if signs.chain_faults - NOT_A_PERSONS:
        return State.CHAIN
    if signs.last_taken is None and not signs.is_online:
        return State.SILENT
    if not signs.is_online:
        return State.OFFLINE
    if signs.has_broken_part or "clock_skew" in signs.chain_faults:
        return State.FAULT
    heard = max((at for at in (signs.last_taken, signs.since) if at), default=now)
    is_quiet = now - heard > QUIET
    return State.BEHIND if is_quiet or signs.backlog > MANY or "gap" in signs.chain_faults else State.OK


def worst(states: Iterable[State]) -> State:
    """A revoked box says nothing of its site; a site without devices is silent."""
    return min((state for state in states if state is not State.REVOKED), key=_ORDER.__getitem__, default=State.SILENT)


def rank(state: State) -> int:
    """0 is what needs a person first."""
    return _ORDER[state]


def percentile(spans: Mapping[int, int], share: float) -> int | None:
    """Nearest rank over counted values (value -> how often); None for none."""
    total = sum(spans.values())
    reached = 0
    for value in sorted(spans):
        reached += spans[value]
        if reached >= share * total:
            return value
    return None
