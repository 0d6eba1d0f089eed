"""A scanner on a real pty: what is heard, and what is told when the cable is pulled."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from devices.scanner.driver import ScannerTimes, SerialScanner
from devices.scanner.sim import PtyScanner
from devices.serial_port import Port, PortLost, PortWhy, open_port

CARD = "001085012345||Nguyễn Thị Ánh|02091985|Nữ|Số 5, ngõ 12, Phường Ô Chợ Dừa|01072021"

PAUSE_S = 0.05


class Counter:
    """The scanner, the hand that uses it, and who listens."""

    def __init__(self, link: Path) -> None:
        self.hand = PtyScanner(link)
        self.heard: list[str] = []
        self.states: list[PortWhy | None] = []
        self.garbled: list[int] = []
        self.scanner = SerialScanner(
            partial(open_port, str(link)),
            self.heard.append,
            self._note,
            self._garbled,
            ScannerTimes(0.1, 0.01, 0.05, 0.05),
        )

    async def _garbled(self, in_a_row: int) -> None:
        self.garbled.append(in_a_row)

    async def _note(self, why: PortWhy | None) -> None:
        self.states.append(why)


class Loose:
    """A port that is gone as soon as it is read."""

    async def read(self) -> bytes:
        raise PortLost("loose", PortWhy.UNPLUGGED)

    async def write(self, octets: bytes) -> None:
        """Nobody writes to a scanner."""

    def is_lost(self) -> bool:
        return False

    async def close(self) -> None:
        """Nothing is open."""


class Stalled(Loose):
    """Half a scan; the rest is there while the loop does something else, for longer than a pause."""

    def __init__(self) -> None:
        self._stream = asyncio.StreamReader()
        self._stream.feed_data(b"BN-")
        self._reads = 0

    async def read(self) -> bytes:
        self._reads += 1
        if self._reads == 2:
            asyncio.get_running_loop().call_soon(self._stall)
        return await self._stream.read(64)

    def _stall(self) -> None:
        time.sleep(2 * PAUSE_S)
        asyncio.get_running_loop().call_soon(self._stream.feed_data, b"7F3K\r")


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    counter = Counter(tmp_path / "scanner")
    with counter.hand:
        running = asyncio.create_task(counter.scanner.run())
        await until(lambda: counter.states == [None])
        yield counter
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not fact():
            await asyncio.sleep(0.01)


async def test_scans_are_heard_in_order(counter: Counter) -> None:
    for text in ("BN-7F3K", CARD, "000.00.00.H29-261121-0012"):
        counter.hand.scan(text)
    await until(lambda: len(counter.heard) == 3)
    assert counter.heard == ["BN-7F3K", CARD, "000.00.00.H29-261121-0012"]


async def test_without_a_suffix_a_pause_ends_it(counter: Counter) -> None:
    counter.hand.send(b"BN-")
    counter.hand.send(b"7F3K")
    await until(lambda: counter.heard == ["BN-7F3K"])


async def test_rubbish_is_dropped_and_the_next_scan_heard(counter: Counter, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    counter.hand.send(b"\xff\xfe\r")
    counter.hand.send(b"x" * 3000 + b"\r")
    counter.hand.scan(CARD)
    await until(lambda: counter.heard == [CARD])
    assert counter.scanner.rejected == 2
    assert "Nguyễn" not in caplog.text
    assert "001085012345" not in caplog.text


async def test_what_cannot_be_read_is_told_and_so_is_the_first_that_can(counter: Counter) -> None:
    for count in (1, 2):
        counter.hand.send(b"\xff\xfe\r")
        await until(lambda count=count: counter.garbled[-1:] == [count])  # type: ignore[misc]
    counter.hand.send(b"\x01\x02\x03\x04\x05\rq1\r")  # text by chance
    await until(lambda: counter.heard == ["q1"] and counter.garbled == [1, 2, 3])
    counter.hand.scan(CARD)
    counter.hand.scan(CARD)
    await until(lambda: len(counter.heard) == 3)
    assert counter.garbled == [1, 2, 3, 0]


async def test_a_loop_that_is_late_cuts_no_text_in_two() -> None:
    port, heard = Stalled(), list[str]()

    async def tell(_: object) -> None:
        """Nothing is lost or garbled."""

    async def open_stalled() -> Port:
        return port

    scanner = SerialScanner(open_stalled, heard.append, tell, tell, ScannerTimes(PAUSE_S))
    running = asyncio.create_task(scanner.run())
    await until(lambda: len(heard) > 0)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert heard == ["BN-7F3K"]


async def test_a_port_that_opens_and_breaks_at_once_is_lost_once() -> None:
    """As a cable with a loose contact: every change of state is an event in the journal."""
    tries = 0

    async def open_loose() -> Port:
        nonlocal tries
        tries += 1
        return Loose()

    states: list[PortWhy | None] = []

    async def note(why: PortWhy | None) -> None:
        if states[-1:] != [why]:
            states.append(why)

    async def garbled(_: int) -> None:
        """Nothing is read."""

    scanner = SerialScanner(open_loose, lambda _: None, note, garbled, ScannerTimes(0.1, 0.01, 0.05, 0.05))
    running = asyncio.create_task(scanner.run())
    await until(lambda: tries > 5)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert states == [None, PortWhy.UNPLUGGED]


async def test_unplugged_and_back(counter: Counter, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    counter.hand.send(b"half a sc")
    counter.hand.unplug()
    await until(lambda: len(counter.states) >= 4)  # tried again and again
    assert None not in counter.states[1:]
    counter.hand.plug_in()
    await until(lambda: counter.states[-1] is None)
    counter.hand.scan("BN-2")
    await until(lambda: counter.heard[-1:] == ["BN-2"])
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["scanner lost", "scanner is back"]


async def test_a_port_that_is_not_there_yet(tmp_path: Path) -> None:
    counter = Counter(tmp_path / "later")
    running = asyncio.create_task(counter.scanner.run())
    await until(lambda: len(counter.states) >= 2)
    assert set(counter.states) == {PortWhy.MISSING}
    with counter.hand:
        await until(lambda: counter.states[-1] is None)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
