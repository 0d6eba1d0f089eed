"""Who is told of one alert, one after the other, until somebody owns it. Pure; the alert service keeps it in a table.

| | Due | Failed | Acknowledged | Withdrawn | Contested |
|---|---|---|---|---|---|
| OPEN | next contact told; none left: UNANSWERED | nobody told can be reached: as Due | ACKNOWLEDGED | WITHDRAWN | CONTESTED |
| ACKNOWLEDGED | - | - | - | - | CONTESTED |
| UNANSWERED | - | - | ACKNOWLEDGED (late is better than never) | WITHDRAWN | CONTESTED |
| WITHDRAWN | - | - | - | - | CONTESTED |
| CONTESTED | - | - | - | - | - |
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import TypeAlias

ID_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that reads like something else: no 0 O, no 1 I L
ID_LENGTH = 4
_ANSWER = re.compile(r"[1IL]([A-Z0-9]{4})?")
_WORD = re.compile(r"[^\W_]+")


class AlertState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    UNANSWERED = "unanswered"  # the chain is exhausted
    WITHDRAWN = "withdrawn"  # the citizen opted out or was content after all
    CONTESTED = "contested"


class Happening(Enum):
    DUE = "due"  # nobody answered in time
    FAILED = "failed"  # no SMS to a person told so far can arrive any more
    ACKNOWLEDGED = "acknowledged"
    WITHDRAWN = "withdrawn"
    CONTESTED = "contested"


@dataclass(frozen=True, slots=True)
class Chain:
    """`told` of `contacts` (keys, in order) have been told; `due_s` is when the next one is (epoch seconds)."""

    contacts: tuple[str, ...]
    told: int
    state: AlertState = AlertState.OPEN
    due_s: float | None = None


Outcome: TypeAlias = tuple[Chain, tuple[str, ...]]


def raised(contacts: Sequence[str], now_s: float, told_at_once: int, next_s: float) -> Outcome:
    """The chain of a new alert and the contacts to tell at once."""
    first = tuple(contacts[:told_at_once])
    return Chain(tuple(contacts), len(first), due_s=now_s + next_s), first


def step(chain: Chain, happening: Happening, now_s: float, next_s: float) -> Outcome:
    """The next chain and the contacts to tell now."""
    after = _AFTER.get((chain.state, happening))
    if after is not None:
        return replace(chain, state=after, due_s=None), ()
    if chain.state is AlertState.OPEN and happening in {Happening.DUE, Happening.FAILED}:
        return _next(chain, now_s, next_s)
    return chain, ()


def _next(chain: Chain, now_s: float, next_s: float) -> Outcome:
    if chain.told >= len(chain.contacts):
        return replace(chain, state=AlertState.UNANSWERED, due_s=None), ()
    return replace(chain, told=chain.told + 1, due_s=now_s + next_s), (chain.contacts[chain.told],)


_AFTER: dict[tuple[AlertState, Happening], AlertState] = {
    (AlertState.OPEN, Happening.ACKNOWLEDGED): AlertState.ACKNOWLEDGED,
    (AlertState.UNANSWERED, Happening.ACKNOWLEDGED): AlertState.ACKNOWLEDGED,
    (AlertState.OPEN, Happening.WITHDRAWN): AlertState.WITHDRAWN,
    (AlertState.UNANSWERED, Happening.WITHDRAWN): AlertState.WITHDRAWN,
    **{(state, Happening.CONTESTED): AlertState.CONTESTED for state in AlertState if state is not AlertState.CONTESTED},
}


def new_id(choose: Callable[[str], str], taken: Collection[str] = ()) -> str:
    """A short id that can be read out over a telephone; `choose` picks one letter (as `secrets.choice`)."""
    while True:
        candidate = "".join(choose(ID_ALPHABET) for _ in range(ID_LENGTH))
        if candidate not in taken:
            return candidate


def answered_id(text: str) -> str | None:
    """The alert that an SMS `1 <id>` takes on; "" for a bare `1`, None for anything else.

    Case, spaces, punctuation and words behind the id do not matter; the leading 1 may be typed as l or i, and 0 or O can
    only mean Q.
    """
    words = _WORD.findall(unicodedata.normalize("NFKC", text).upper())
    whole = _ANSWER.fullmatch("".join(words))
    if whole is not None:
        return _as_given(whole[1] or "")
    begins = (_ANSWER.fullmatch("".join(words[:count])) for count in (1, 2))
    return next((_as_given(match[1]) for match in begins if match is not None and match[1]), None)


def _as_given(typed: str) -> str:
    return typed.replace("0", "Q").replace("O", "Q")
