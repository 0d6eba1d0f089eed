"""One run of a worker process: start it, hear its messages, notice its end, leave nothing behind.

Used by edge.adapters.supervised_worker, which decides when to start the next one.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from models.framing import Deframer, WireBroken
from models.wire import WIRE_VERSION, Beat, Hello, Message, Unpacker

MAX_LOG_LINE = 300
MAX_LOG_LINES = 200  # a run; a worker that talks more is cut off, not believed
STOP_S = 1.0  # to end by itself
KILL_S = 5.0  # to be gone once killed: longer takes only what hangs in the kernel
_READ = 65_536

_KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ")
_SURROUNDINGS = {
    "HOME": "/dev/null",  # nowhere to leave a cache
    "TMPDIR": "/dev/null",
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime 1.29+ else reports every model it loads, from a cache in HOME
    "MALLOC_ARENA_MAX": "1",  # a dozen library threads would else keep a heap each: 10 MB
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",  # a thread that waits does not burn the core that another one needs
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
    "OPENCV_LOG_LEVEL": "SILENT",  # OpenCV would print the address of a network camera, password included
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
    "GLOG_minloglevel": "2",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
_LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""Where the kernel gives them: 7 % less CPU for the networks of a camera, and as much memory."""


M = TypeVar("M", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Wire(Generic[M]):
    """What one kind of worker speaks. Its hello comes first and carries `wire`, the version; hello and beat are signs of life."""

    version: int
    unpacker: Callable[[], Deframer[M]]
    hello: type
    beat: type


VISION_WIRE: Wire[Message] = Wire(WIRE_VERSION, Unpacker, Hello, Beat)


class WorkerGone(Exception):
    """This run is over: crashed, killed, silent or speaking nonsense; start another."""


@dataclass(frozen=True, slots=True)
class WorkerPatience:
    """Seconds without a beat after which a worker counts as hung: while it loads its networks, and later."""

    start_s: float = 60.0
    beat_s: float = 5.0


def surroundings(*, on_large_pages: bool = False) -> dict[str, str]:
    """The environment of a process that opens cameras and microphones: little of ours, and nowhere to leave anything."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | _SURROUNDINGS | (_LARGE_PAGES if on_large_pages else {})


class WorkerProcess:
    """A started worker; see `started`."""

    def __init__(self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, label: str) -> None:
        self._process, self._reader = process, reader
        self._log = logging.getLogger(f"{__name__}.{label}")
        self._last_words = ""
        self._has_spoken = asyncio.Event()
        self.pid = process.pid

    async def messages(self, patience: WorkerPatience, wire: Wire[M]) -> AsyncGenerator[M, None]:
        """Everything the worker says, its hello first; ends by raising WorkerGone with the reason."""
        unpacker, is_known, deadline = wire.unpacker(), False, _now() + patience.start_s
        while True:
            received = await self._receive(deadline)
            try:
                for message in unpacker.feed(received):
                    is_known = is_known or _is_hello(message, wire)
                    if isinstance(message, (wire.hello, wire.beat)):
                        deadline = _now() + patience.beat_s
                    yield message
            except WireBroken as error:
                raise WorkerGone(f"wire: {error}") from error

    @property
    def has_ended(self) -> bool:
        return self._process.returncode is not None

    async def stop(self) -> None:
        """End it: by closing its stdin, then by force. Harmless when it has ended; what hangs in a driver is left behind."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if not await self._ends_within(STOP_S):
            self.kill()
            if not await self._ends_within(KILL_S):
                self._log.error("process %d does not end, not even killed", self.pid)

    def kill(self) -> None:
        """At once, also when it is stopped or hangs in a driver."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def tell(self, line: bytes) -> None:
        """Write to the worker's stdin."""
        assert self._process.stdin is not None  # noqa: S101 - started with a pipe
        self._process.stdin.write(line)
        with suppress(BrokenPipeError, ConnectionResetError):  # it died already; messages() will say so
            await self._process.stdin.drain()

    async def forward_log(self, mark: str) -> None:
        """Log the worker's stderr: its own lines at their level, its libraries' only when debugging; bounded both ways."""
        assert self._process.stderr is not None  # noqa: S101 - started with a pipe
        lines = 0
        while line := await _line(self._process.stderr):
            lines += 1
            if lines <= MAX_LOG_LINES:
                level, text = _leveled(line, mark)
                self._log.log(level, "%s", text)
                self._last_words = text or self._last_words
        self._has_spoken.set()

    async def _ends_within(self, patience_s: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._process.wait()
        return self.has_ended

    async def _receive(self, deadline: float) -> bytes:
        try:
            async with asyncio.timeout_at(deadline):
                received = await self._reader.read(_READ)
                if not received:
                    await self._process.wait()
        except TimeoutError as error:
            raise WorkerGone("no sign of life") from error
        if not received:
            raise WorkerGone(await self._ending())
        return received

    async def _ending(self) -> str:
        """How it ended, with the last line it wrote when it ended by itself: the exception it died of."""
        code = self._process.returncode
        if code is not None and code < 0:
            return f"killed by {signal.Signals(-code).name}"
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await self._has_spoken.wait()
        return f"ended with {code}" + (f": {self._last_words}" if self._last_words else "")


@asynccontextmanager
async def started(
    module: Sequence[str], spec: bytes, label: str, mark: str, *, on_large_pages: bool = False
) -> AsyncIterator[WorkerProcess]:
    """Start `python MODULE FD PARENT`, hand it its spec, and make sure of its end.

    Call it on the loop of the main thread: the worker dies with the *thread* that started it (PR_SET_PDEATHSIG).
    """
    near, far = os.pipe()
    with os.fdopen(far, "wb", buffering=0) as theirs:
        reader, transport = await _listening(near)  # before the process: no cancellation may leave one behind unwatched
        with ExitStack() as undo:
            undo.callback(transport.close)
            process = await _spawn(module, theirs.fileno(), surroundings(on_large_pages=on_large_pages))
            undo.pop_all()
    worker = WorkerProcess(process, reader, label)
    log_task = asyncio.create_task(worker.forward_log(mark), name=f"{label} log")
    try:
        await worker.tell(spec)
        yield worker
    finally:
        transport.close()
        await asyncio.shield(asyncio.create_task(_finish(worker, log_task), name=f"{label} stop"))


async def _listening(pipe: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    reader = asyncio.StreamReader(limit=_READ)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb", buffering=0)
    )
    return reader, transport


async def _finish(worker: WorkerProcess, log_task: "asyncio.Task[None]") -> None:
    await worker.stop()
    await asyncio.wait([log_task], timeout=STOP_S)
    log_task.cancel()


async def _spawn(module: Sequence[str], pipe: int, env: Mapping[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-B", "-P", *module, str(pipe), str(os.getpid())),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=(pipe,),
        env=env,
        start_new_session=True,  # a Ctrl-C in the terminal is for the agent, which ends its workers itself
    )


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:  # longer than the stream's limit; it was discarded
        return b"(a line too long to show)\n"


def _leveled(line: bytes, mark: str) -> tuple[int, str]:
    text = line[:MAX_LOG_LINE].decode("ascii", "replace").rstrip()
    printable = "".join(c if c.isprintable() else "?" for c in text)
    level, is_ours, rest = printable.removeprefix(mark).partition(":")
    if printable.startswith(mark) and is_ours:
        return logging.getLevelNamesMapping().get(level, logging.INFO), rest
    return logging.DEBUG, printable


def _is_hello(message: msgspec.Struct, wire: Wire[M]) -> bool:
    if not isinstance(message, wire.hello):
        raise WireBroken("the first message is not a hello")
    if (spoken := getattr(message, "wire", None)) != wire.version:
        raise WireBroken(f"the worker speaks version {spoken}, the agent {wire.version}")
    return True


def _now() -> float:
    return asyncio.get_running_loop().time()
