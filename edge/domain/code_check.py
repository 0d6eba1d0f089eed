"""Judges a typed pickup code: constant time, the same work and the same answer for an unknown dossier and a wrong code.

Wrong attempts count twice. On each dossier: `dead_after` of them and its code is dead; only who types the dead code itself is
told so, so that a guesser learns nothing. On each keypad: `free_attempts`, then a wait that doubles up to `max_wait_s`; a right
code starts it afresh.

The keypad waits on the agent's monotonic clock, which nobody can set. After a restart the last wait begins again in full
(`restored`): it is never shortened by a wall clock that jumped, and never longer than `max_wait_s`.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from edge.domain.pickup_code import PickupCode, digest

_NOBODY = ("-", bytes(32))  # what an unknown dossier is compared with


class Verdict(StrEnum):
    """Values as the `why` of `locker.code_refused`, but for RIGHT. The citizen is told WRONG for UNKNOWN's kind too."""

    RIGHT = "right"
    WRONG = "wrong"
    DEAD = "dead"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class CodeRules:
    digits: int = 6
    dead_after: int = 10
    free_attempts: int = 5
    first_wait_s: float = 60.0
    max_wait_s: float = 900.0


@dataclass(frozen=True, slots=True)
class StoredCode:
    """The newest code of a stay. A used-up code never comes here: its stay is over."""

    stay: str
    number: int
    digest: bytes
    wrong: int = 0
    is_dead: bool = False


@dataclass(frozen=True, slots=True)
class Keypad:
    """`until_s` is monotonic; only `wrong` is stored."""

    wrong: int = 0
    until_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """`keypad` and the `codes` whose count changed are to be stored in the transaction that tells the event.

    `stay`: the one that opens (RIGHT) or the one dossier that was meant; None when none or several matched.
    """

    verdict: Verdict
    keypad: Keypad
    codes: tuple[StoredCode, ...] = ()
    stay: str | None = None
    wait_s: float | None = None


def judge(
    key: bytes,
    keypad: Keypad,
    codes: Sequence[StoredCode],
    typed: PickupCode,
    *,
    now_s: float,
    rules: CodeRules,
) -> Judgement:
    """`codes`: of every stay that the dossier code, receipt or phone tail may mean; empty when unknown."""
    meant = codes[0].stay if len(codes) == 1 else None
    if now_s < keypad.until_s:
        return Judgement(Verdict.WAITING, keypad, stay=meant, wait_s=keypad.until_s - now_s)
    right = [code for code, is_right in zip(codes, _compared(key, codes, typed), strict=True) if is_right]
    live = [code for code in right if not code.is_dead]
    if len(live) == 1:
        return Judgement(Verdict.RIGHT, Keypad(), (replace(live[0], wrong=0),), live[0].stay)
    return _refused(keypad, codes, right, meant=meant, now_s=now_s, rules=rules)


def restored(wrong: int, now_s: float, rules: CodeRules) -> Keypad:
    """A keypad after a restart: its last wait begins again in full."""
    return Keypad(wrong, now_s + wait_s(wrong, rules))


def wait_s(wrong: int, rules: CodeRules) -> float:
    """How long a keypad waits after so many wrong attempts in a row."""
    over = wrong - rules.free_attempts
    if over < 0:
        return 0.0
    return min(rules.max_wait_s, rules.first_wait_s * 2.0 ** min(over, 32))


def _compared(key: bytes, codes: Sequence[StoredCode], typed: PickupCode) -> list[bool]:
    """Every candidate is compared, and nobody's when there is none: the time says nothing."""
    against = [(code.stay, code.digest) for code in codes] or [_NOBODY]
    answers = [hmac.compare_digest(digest(key, stay, typed), kept) for stay, kept in against]
    return answers[: len(codes)]


def _refused(
    keypad: Keypad,
    codes: Sequence[StoredCode],
    right: Sequence[StoredCode],
    *,
    meant: str | None,
    now_s: float,
    rules: CodeRules,
) -> Judgement:
    wrong = keypad.wrong + 1
    wait = wait_s(wrong, rules)
    verdict = Verdict.DEAD if right and all(code.is_dead for code in right) else Verdict.WRONG
    counted = tuple(_counted(code, rules) for code in codes if code not in right)
    return Judgement(verdict, Keypad(wrong, now_s + wait), counted, meant, wait or None)


def _counted(code: StoredCode, rules: CodeRules) -> StoredCode:
    wrong = min(code.wrong + 1, rules.dead_after)
    return replace(code, wrong=wrong, is_dead=code.is_dead or wrong >= rules.dead_after)
