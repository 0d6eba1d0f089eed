"""`EscposPrinter`: prints one slip at a time and says what is known of it. Called by the agent's adapters."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from devices.errors import DeviceError
from devices.printer import commands
from devices.printer.commands import PrinterStatus
from devices.printer.slip import Artist, Slip
from devices.serial_port import Port, PortLost

LATE_S = 0.05  # what was kept is there at once
OpenPort = Callable[[], Awaitable[Port]]


class Outcome(StrEnum):
    """What became of a job. UNKNOWN: it was given and no answer came; the paper may come out later, so it is never sent again."""

    PRINTED = "printed"
    NO_PAPER = "no_paper"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


class NoAnswer(DeviceError, TimeoutError):
    """The printer said nothing in time: it is off, or the cable is."""


@dataclass(frozen=True, slots=True)
class PrinterTimes:
    """How long is waited. `print_s` covers the line, the print and the cut; a serial line's own time is added from `baud`."""

    answer_s: float = 2.0
    print_s: float = 20.0


class EscposPrinter:
    """One printer behind `open_port`. `answers` False: the way to it cannot be read, so a job that was given stays UNKNOWN."""

    def __init__(
        self, open_port: OpenPort, artist: Artist, *, answers: bool = True, baud: int | None = None, times: PrinterTimes | None = None
    ) -> None:  # fmt: skip
        self._open_port = open_port
        self._artist = artist
        self._answers = answers
        self._baud = baud
        self._times = times or PrinterTimes()
        self._lock = asyncio.Lock()
        self._printing: asyncio.Task[Outcome] | None = None
        self._is_broken_off = False  # the last job, as far as is known: the printer may wait for the rest of a picture

    async def print(self, slip: Slip) -> Outcome:
        """Ask, send, wait until it is carried out. Nothing is ever sent twice. Raise ValueError for a QR text too long.

        Whoever stops waiting breaks nothing off: a job that has its turn goes on, one that has not is not sent.
        """
        job = await asyncio.to_thread(self._artist.job, slip)
        await self._lock.acquire()
        self._printing = asyncio.create_task(self._in_turn(job), name="printer job")
        return await asyncio.shield(self._printing)

    async def status(self) -> PrinterStatus:
        """Ask without printing. Raise PortLost, NoAnswer."""
        async with self._lock:
            port = await self._open_port()
            try:
                return await self._ask(port)
            finally:
                await port.close()

    async def _in_turn(self, job: bytes) -> Outcome:
        try:
            port = await self._open_port()
        except PortLost:
            return Outcome.OFFLINE
        else:
            try:
                return await self._run(port, job)
            finally:
                await port.close()
        finally:
            self._lock.release()

    async def _run(self, port: Port, job: bytes) -> Outcome:
        if self._answers:
            try:
                status = await self._ask(port)
            except (PortLost, NoAnswer):
                return Outcome.OFFLINE  # nothing but a question was sent
            if not status.is_ready:
                return Outcome.OFFLINE if status.has_paper else Outcome.NO_PAPER
        return await self._give(port, job)

    async def _give(self, port: Port, job: bytes) -> Outcome:
        if self._is_broken_off:
            job = commands.rest_of_band(self._artist.dots) + job
        line_s = len(job) * 10 / self._baud if self._baud else 0.0
        self._is_broken_off = True
        try:
            await port.write(job)
            if not self._answers:
                self._is_broken_off = False
                return Outcome.UNKNOWN
            sensor = await _octet(port, commands.is_sensor, self._times.print_s + line_s)
        except (PortLost, NoAnswer):
            return Outcome.UNKNOWN
        self._is_broken_off = False
        return Outcome.UNKNOWN if sensor & 0x0C else Outcome.PRINTED  # the roll ended under it

    async def _ask(self, port: Port) -> PrinterStatus:
        return await ask_status(port, self._times.answer_s)


async def ask_status(port: Port, answer_s: float) -> PrinterStatus:
    """How the printer behind an open port is; nothing is printed. Raise PortLost, NoAnswer."""
    await _pass_over_late(port)
    answers = []
    for which in (commands.PRINTER, commands.OFFLINE_CAUSE, commands.ROLL):
        await port.write(commands.ask(which))
        answers.append(await _octet(port, commands.is_status, answer_s))
    return PrinterStatus.parse(*answers)


async def _pass_over_late(port: Port) -> None:
    """What a printer answered when nobody waited any more, and the node has kept, must not answer the next question."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LATE_S):
            while True:
                await port.read()


async def _octet(port: Port, is_it: Callable[[int], bool], within_s: float) -> int:
    """The first octet that can be the answer; what else the printer says is passed over."""
    try:
        async with asyncio.timeout(within_s):
            while True:
                for octet in await port.read():
                    if is_it(octet):
                        return octet
    except TimeoutError as error:
        raise NoAnswer("the printer does not answer") from error
