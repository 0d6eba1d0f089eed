"""Makes the checks, each within its own time and with its own failure: none ends the others. For `edge.cli_doctor`."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from edge.doctor.finding import Finding, Line, broken, not_tested

T = TypeVar("T")
AT_ONCE = 4  # a small box is not asked for more
Key: TypeAlias = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Check:
    """`probe` tells a line for each of `keys` (part, id) within `limit_s` seconds; what it leaves out is told for it."""

    keys: tuple[Key, ...]
    probe: Callable[[], AsyncIterator[Line]]
    limit_s: float = 10.0


def check(part: str, name: str | None, probe: Callable[[], Awaitable[Finding]], limit_s: float = 10.0) -> Check:
    """A check of one part."""

    async def lines() -> AsyncIterator[Line]:
        yield Line(part, name, await probe())

    return Check(((part, name),), lines, limit_s)


def look(part: str, name: str | None, probe: Callable[[], Finding], limit_s: float = 10.0) -> Check:
    """The same with a probe that blocks."""
    return check(part, name, lambda: aside(probe), limit_s)


async def aside(blocking: Callable[[], T]) -> T:
    """Run it in a thread that nobody waits for at the end: a dead network folder or name server may hold it for minutes."""
    future: Future[T] = Future()

    def work() -> None:
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(blocking())
            except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
                future.set_exception(error)

    threading.Thread(target=work, name="doctor", daemon=True).start()
    return await asyncio.wrap_future(future)


class Rounds:
    """`tell` hears each line as soon as it is known, `waiting` which parts are being looked at whenever that changes."""

    def __init__(self, tell: Callable[[Line], None], waiting: Callable[[Sequence[Key]], None]) -> None:
        self._tell, self._waiting = tell, waiting
        self._under_way: list[Key] = []
        self._places = asyncio.Semaphore(AT_ONCE)

    async def one_by_one(self, checks: Sequence[Check]) -> None:
        """What would disturb each other's measurement."""
        for one in checks:
            await self._make(one)

    async def together(self, checks: Sequence[Check]) -> None:
        async with asyncio.TaskGroup() as group:
            for one in checks:
                group.create_task(self._make(one))

    async def _make(self, one: Check) -> None:
        async with self._places:
            left = list(one.keys)
            self._under_way += left
            self._waiting(self._under_way)
            finding = await self._follow(one, left)
            for part, name in tuple(left):
                self._told(Line(part, name, finding), left)

    async def _follow(self, one: Check, left: list[Key]) -> Finding:
        """What is to be said of the keys that are left over."""
        try:
            async with asyncio.timeout(one.limit_s):
                async for line in one.probe():
                    self._told(line, left)
        except TimeoutError:
            return broken(
                f"no result within {one.limit_s:.0f} s: it hangs", "see whether it answers otherwise, then repeat this"
            )
        except PermissionError as error:
            return not_tested(
                f"{error.filename or 'a file'} is closed to this user", "run it as the agent's user, or with sudo"
            )
        except Exception as error:  # noqa: BLE001 - one check that fails must not end the others
            return broken(
                f"the check itself failed: {type(error).__name__}: {error}", "update this program, or report this line"
            )
        return not_tested("nothing was found out")

    def _told(self, line: Line, left: list[Key]) -> None:
        key = (line.part, line.id)
        if key in left:
            left.remove(key)
            self._under_way.remove(key)
        self._waiting(self._under_way)
        self._tell(line)
