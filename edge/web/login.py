"""Is this the person: PIN plus a one-time code, each code once, slower after wrong tries. No HTTP here.

For `edge.web.entrance`, which turns the outcome into a page and a cookie.
"""

import asyncio
import hmac
import json
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyotp

from edge.web.users import PinHash, Role, User, UserBook, write_secret

log = logging.getLogger(__name__)

FREE_TRIES = 4  # wrong tries before the first wait
FIRST_WAIT_S = 30.0
LONGEST_WAIT_S = 900.0
NAMES_REMEMBERED = 1000  # names with wrong tries; the oldest is forgotten first
WAITING_AT_MOST = 8  # tries queued behind the one being checked
STEP_S = 30  # RFC 6238
DRIFT_STEPS = (-1, 0, 1)


@dataclass(frozen=True, slots=True)
class Refused:
    """The same whatever was wrong. `wait_s` is 0 when another try may follow at once."""

    wait_s: float = 0.0


class StepMemory:
    """The last TOTP step each user has used, kept on disk so that a restart does not make a code good again.

    Of a damaged file every code that is good now counts as used: people wait a minute, and nobody comes in twice.
    """

    def __init__(self, path: Path, wall: Callable[[], float]) -> None:
        """`wall` is Unix time in seconds."""
        self._path = path
        self._used_by_all = -1
        try:
            self._last = _read_steps(path)
        except (ValueError, OSError):
            log.error("%s is damaged: no code of before is taken any more", path)  # noqa: TRY400 - the sentence is enough
            self._last = {}
            self._used_by_all = int(wall()) // STEP_S + max(DRIFT_STEPS)

    def is_fresh(self, name: str, step: int) -> bool:
        return step > max(self._last.get(name, -1), self._used_by_all)

    async def use(self, name: str, step: int) -> None:
        """Durable, unless the disk takes nothing: that locks nobody out, and until a restart the code is used all the same."""
        self._last[name] = step
        try:
            await asyncio.to_thread(write_secret, self._path, json.dumps(self._last))
        except OSError as error:
            log.error("used one-time codes are not kept: %s", error.strerror)  # noqa: TRY400 - the sentence is enough


def _read_steps(path: Path) -> dict[str, int]:
    """Raise ValueError for a file that this module did not write."""
    if not path.exists():
        return {}
    last = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(last, dict) or not all(isinstance(step, int) for step in last.values()):
        msg = "not a table of steps"
        raise ValueError(msg)
    return last


class Backoff:
    """Counts wrong tries a name, real or not, and says how long to wait."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait_s(self, name: str) -> float:
        _, until = self._wrong.get(name, (0, 0.0))
        return max(0.0, until - self._monotonic())

    def wrong(self, name: str) -> float:
        """Count one more and return the wait that follows."""
        tries = self._wrong.pop(name, (0, 0.0))[0] + 1
        doublings = tries - FREE_TRIES
        wait = min(FIRST_WAIT_S * 2**doublings, LONGEST_WAIT_S) if doublings >= 0 else 0.0
        self._wrong[name] = (tries, self._monotonic() + wait)
        if len(self._wrong) > NAMES_REMEMBERED:
            self._wrong.popitem(last=False)
        return wait

    def right(self, name: str) -> None:
        self._wrong.pop(name, None)


class LoginDesk:
    """Checks one try at a time; an unknown name costs the same time and gets the same answer as a wrong PIN."""

    def __init__(
        self, book: UserBook, steps: StepMemory, *, wall: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        """`wall` is Unix time in seconds, for TOTP; `monotonic` drives the waits."""
        self._book = book
        self._steps = steps
        self._wall = wall
        self._backoff = Backoff(monotonic)
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._nobody = User("", Role.OFFICER, PinHash.of(secrets.token_hex(8)), pyotp.random_base32())

    async def attempt(self, name: str, pin: str, code: str) -> User | Refused:
        return await self._in_turn(name, pin[:64], code)

    async def confirm(self, name: str, code: str) -> User | Refused:
        """The one-time code alone, for whoever is known to be at this machine: a terminal of the agent's own user."""
        return await self._in_turn(name, None, code)

    async def _in_turn(self, name: str, pin: str | None, code: str) -> User | Refused:
        if self._waiting >= WAITING_AT_MOST:
            return Refused(1.0)
        self._waiting += 1
        try:
            async with self._turn:
                return await self._attempt(name.strip().lower()[:64], pin, code.replace(" ", "")[:16])
        finally:
            self._waiting -= 1

    async def _attempt(self, name: str, pin: str | None, code: str) -> User | Refused:
        wait = self._backoff.wait_s(name)
        if wait > 0:
            return Refused(wait)
        found = self._book.get(name)
        user = found or self._nobody
        is_pin_right = pin is None or await asyncio.to_thread(user.pin.matches, pin)
        step = self._matching_step(user, code)
        if found is None or not is_pin_right or step is None or not self._steps.is_fresh(user.name, step):
            log.warning("login refused")
            return Refused(self._backoff.wrong(name))
        await self._steps.use(user.name, step)
        self._backoff.right(name)
        log.info("login role=%s", user.role)
        return user

    def _matching_step(self, user: User, code: str) -> int | None:
        """Every allowed step is compared, so the time taken does not tell which one matched."""
        totp = pyotp.TOTP(user.totp_secret)
        now = int(self._wall()) // STEP_S
        matching = None
        for step in (now + drift for drift in DRIFT_STEPS):
            if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
                matching = step
        return matching
