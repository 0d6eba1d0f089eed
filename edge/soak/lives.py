"""One agent's process at a time: born of the nursery, ended with -9. For `edge.soak.kills`."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

IMPORT_S, BIRTH_S = 180.0, 30.0  # on a machine that is busy with other things
TELLING_S = 1.0  # in which an agent writes where it stands


class Nursery:
    """The program that forks agents; one life at a time."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.log = log  # what agents write to their standard error
        self._process = process

    async def opened(self) -> None:
        """Everything is imported. Raise TimeoutError."""
        await self._line(IMPORT_S)

    async def bear(self, config: Path, socket: Path) -> int:
        """Start an agent; its pid."""
        assert self._process.stdin is not None  # noqa: S101 - opened with pipes
        self._process.stdin.write(f"{config} {socket}\n".encode())
        return int(await self._line())

    async def bury(self) -> int:
        """Wait until it has died; of what signal (negative) it did."""
        return int(await self._line())

    async def _line(self, within_s: float = BIRTH_S) -> bytes:
        assert self._process.stdout is not None  # noqa: S101 - opened with pipes
        async with asyncio.timeout(within_s):
            return await self._process.stdout.readline()


@contextlib.asynccontextmanager
async def nursery(log: Path) -> AsyncIterator[Nursery]:
    with log.open("ab") as said:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "edge.soak.nursery",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=said,
            start_new_session=True,
        )  # fmt: skip
    home = Nursery(process, log)
    try:
        await home.opened()
        yield home
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # it and an agent that nobody has buried
        await process.wait()


class Life:
    """One agent's process. `died_of`: the signal, negative, once it is buried."""

    def __init__(self, pid: int) -> None:
        self.died_of: int | None = None
        self._pid: int | None = pid

    async def stacks(self, log: Path) -> str:
        """Where its tasks stand, by its own word."""
        if self._pid is None:
            return "it is dead"
        before = len(_text(log))
        os.kill(self._pid, signal.SIGUSR1)
        await asyncio.sleep(TELLING_S)
        return _text(log)[before:]

    def end(self) -> None:
        """Kill -9. Harmless when repeated."""
        pid, self._pid = self._pid, None
        if pid is not None:
            os.kill(pid, signal.SIGKILL)


def _text(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")
