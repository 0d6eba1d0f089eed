"""Keeps one `smsd` running as our child: `python -m devices.sms run` on a device, the demo and tests within their own process."""

import asyncio
import logging
import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

from devices.errors import DeviceError
from devices.sms.smsd_config import CONFIG_FILE, PID_FILE, SmsdTimings, make_spool, smsd_config
from devices.sms.smsd_spool import quarantine
from devices.sms.spool_folder import LOCK

WATCH_EVERY_S = 0.3
RESTART_PAUSE_S, LONGEST_PAUSE_S = 0.25, 30.0  # doubles while smsd dies within SETTLED_S of its start
SETTLED_S = 10.0
SENDING_PATIENCE_S = 10.0  # for the message in smsd's hands, which a signal would leave half sent
STOP_PATIENCE_S = 10.0
KILL_PATIENCE_S = 5.0
SMSD_PLACES = f"{os.defpath}:/usr/sbin:/usr/local/sbin"  # not on an ordinary user's path
_log = logging.getLogger(__name__)


class SmsdMissing(DeviceError):
    """There is no smsd on this machine: install Debian's smstools, or use another transport."""


class SmsdStuck(DeviceError):
    """An smsd cannot be ended (its port hangs in the kernel): pull the modem, tell a person."""


def find_smsd() -> Path:
    """The smsd program. Raises SmsdMissing."""
    found = shutil.which("smsd") or shutil.which("smsd", path=SMSD_PLACES)
    if found is None:
        raise SmsdMissing("smsd is not installed (Debian package smstools)")
    return Path(found)


class SmsdProcess:
    """`async with SmsdProcess(device, root): ...` - smsd runs on that spool until the block ends, also after a kill."""

    def __init__(self, device: Path, root: Path, timings: SmsdTimings | None = None) -> None:
        self._device = device.absolute()
        self._root = root.absolute()
        self._timings = timings
        self._port: tuple[int, int, int] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """The running smsd's process, which also leads its group."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def __aenter__(self) -> Self:
        smsd = find_smsd()
        make_spool(self._root)
        config = self._root / CONFIG_FILE
        config.write_text(smsd_config(self._device, self._root, self._timings), "utf-8")
        left_over = _left_over(self._root / PID_FILE, config)
        if left_over is not None:
            await self._end_group(left_over)
        await self._start(smsd, config)
        self._keeper = asyncio.create_task(self._keep(smsd, config), name="smsd-keeper")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        await self._stop()

    async def failed(self) -> None:
        """Wait until smsd can be kept no longer. Raise SmsdStuck, OSError."""
        if self._keeper is not None:
            await asyncio.shield(self._keeper)

    async def _keep(self, smsd: Path, config: Path) -> None:
        pause_s = RESTART_PAUSE_S
        while True:
            started = monotonic()
            await self._until_lost()
            pause_s = RESTART_PAUSE_S if monotonic() - started > SETTLED_S else min(2 * pause_s, LONGEST_PAUSE_S)
            _log.warning("sms.smsd_lost", extra={"port": self._device.exists()})
            await self._end_own_group()
            while _identity(self._device) is None:  # noqa: ASYNC110 - a device node that appears raises no event here
                await asyncio.sleep(WATCH_EVERY_S)
            await asyncio.sleep(pause_s)
            await self._start(smsd, config)
            _log.info("sms.smsd_back", extra={"starts": self.starts})

    async def _until_lost(self) -> None:
        """Smsd has ended, or the port is not the one it opened: it would talk to the dead one for minutes."""
        while self._process is not None and self._port == _identity(self._device):
            with suppress(TimeoutError):
                async with asyncio.timeout(WATCH_EVERY_S):
                    await self._process.wait()
                    return

    async def _start(self, smsd: Path, config: Path) -> None:
        """In a group of its own, so that its modem process can be ended with it; a terminal's Ctrl-C is for us."""
        self._port = _identity(self._device)
        taken = await asyncio.to_thread(quarantine, self._root)
        if taken:
            _log.warning("sms.interrupted", extra={"refs": taken})
        self._process = await asyncio.create_subprocess_exec(
            smsd, "-t", "-c", config,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        self.starts += 1

    async def _stop(self) -> None:
        """Let it finish the message it is sending; one that it does not finish in time counts as interrupted."""
        if self._process is None:
            return
        await self._end_own_group()
        await self._process.wait()

    async def _end_own_group(self) -> None:
        if self._process is not None:
            await self._end_group(self._process.pid)

    async def _end_group(self, group: int) -> None:
        """A message that is being sent over a port that is still there is finished first: a signal would cut it short."""
        deadline = monotonic() + SENDING_PATIENCE_S
        while self._is_sending() and _lives(group) and monotonic() < deadline:  # noqa: ASYNC110 - a lock file raises no event here
            await asyncio.sleep(WATCH_EVERY_S / 10)
        await _end(group)

    def _is_sending(self) -> bool:
        has_port = self._port is None or self._port == _identity(self._device)
        return has_port and any((self._root / "checked").glob(f"*{LOCK}"))


async def _end(group: int) -> None:
    """End main and modem process: the latter outlives a killed main process and would send beside the next one.

    It is asked first, because it then finishes the message in its hands and notes it as sent.
    """
    for how, patience_s in ((signal.SIGTERM, STOP_PATIENCE_S), (signal.SIGKILL, KILL_PATIENCE_S)):
        with suppress(ProcessLookupError):
            os.killpg(group, how)
        if await _is_gone(group, patience_s):
            return
    raise SmsdStuck("smsd does not end, not even when killed")


def _left_over(pid_file: Path, config: Path) -> int | None:
    """The smsd that a killed predecessor of ours left running on this spool."""
    try:
        pid = int(pid_file.read_text("ascii"))
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return pid if os.fsencode(config) in command else None


def _identity(device: Path) -> tuple[int, int, int] | None:
    """Which port this is: an adapter that was pulled and put back is another one under the same name."""
    try:
        found = device.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_rdev


async def _is_gone(group: int, patience_s: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(patience_s):
            while _lives(group):  # noqa: ASYNC110 - the end of another program's child raises no event here
                await asyncio.sleep(0.05)
            return True
    return False


def _lives(group: int) -> bool:
    """Whether the group has a process that still runs; a zombie that its new parent does not collect is none."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            state, _parent, its_group = stat.read_text("utf-8", "replace").rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                return True
    return False
