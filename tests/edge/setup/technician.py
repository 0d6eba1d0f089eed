"""A technician at a terminal: a command on a pty of its own, read as it is printed, answered when it asks."""

import asyncio
import fcntl
import os
import pty
import re
import signal
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.edge.command_line import ROOT

PATIENCE_S = 60.0  # for what a loaded machine takes; nothing is waited for that does not come
_COLOURS = re.compile(r"\x1b\[[0-9;]*[mK]")


@dataclass
class Technician:
    """`sees` waits for words and forgets what stood before them; `types` presses keys and Enter."""

    process: asyncio.subprocess.Process
    fd: int
    seen: str = ""
    screen: str = ""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def sees(self, words: str) -> str:
        """What was printed up to and with these words, wherever a line was broken."""
        broken = re.compile(r"\s+".join(map(re.escape, words.split())))
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not broken.search(self.seen) and self.process.returncode is None:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError as error:
            raise AssertionError(f"{words!r} never came after:\n{self.screen}") from error
        found = broken.search(self.seen)
        assert found is not None, f"{words!r} never came; it ended after:\n{self.screen}"
        before, self.seen = self.seen[: found.end()], self.seen[found.end() :]
        return " ".join(before.split())

    async def answers(self, question: str, text: str = "") -> str:
        """Wait for a question, its default and its colon; answer it."""
        shown = await self.sees(question)
        shown += await self.sees(":")
        self.types(text)
        return shown

    def types(self, text: str) -> None:
        os.write(self.fd, f"{text}\n".encode())

    def presses(self, key: bytes) -> None:
        os.write(self.fd, key)

    async def ended(self) -> int:
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()

    def hear(self) -> None:
        try:
            octets = os.read(self.fd, 65536)
        except OSError:  # the other end is closed
            octets = b""
        if not octets:
            asyncio.get_running_loop().remove_reader(self.fd)
        said = _COLOURS.sub("", octets.decode("utf-8", "replace")).replace("\r\n", "\n")
        self.seen += said
        self.screen += said
        self._news.set()


@asynccontextmanager
async def technician(*words: object, command: str = "setup", out: Path | None = None) -> AsyncIterator[Technician]:
    """`out`: where stdout goes instead of the terminal, for `--json`."""
    master, far = pty.openpty()
    stdout = out.open("wb") if out else far
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge", command, *map(str, words), cwd=ROOT,
        stdin=far, stdout=stdout, stderr=far, start_new_session=True, preexec_fn=_own_terminal,
    )  # fmt: skip
    os.close(far)
    if not isinstance(stdout, int):
        stdout.close()
    one = Technician(process, master)
    asyncio.get_running_loop().add_reader(master, one.hear)
    waiting = asyncio.create_task(process.wait())
    waiting.add_done_callback(lambda _: one._news.set())
    try:
        yield one
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await waiting
        asyncio.get_running_loop().remove_reader(master)
        os.close(master)


def _own_terminal() -> None:
    """Ctrl-C on this pty reaches the process, also where the tests run behind a shell's `&`, which has it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
