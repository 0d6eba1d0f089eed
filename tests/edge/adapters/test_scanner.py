"""Scans reach the page that looks, and a pulled cable the health strip."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from config.peripherals import Scanner
from config.strings import LANGUAGES
from devices.scanner.driver import ScannerTimes
from devices.scanner.sim import PtyScanner
from edge.adapters.scanner import ScannerFeed
from edge.services.faults import Faults
from edge.store.migrations import scripts
from sync.journal import Journal
from tests.edge.sentences import strings
from tests.edge.services.fakes import FakeClock


@pytest.fixture
async def faults(tmp_path: Path) -> AsyncIterator[Faults]:
    async with await Journal.open(
        tmp_path / "agent", site="phuong-mau", device="tu-01", migrations=scripts()
    ) as journal:
        yield Faults(journal, FakeClock())


async def test_the_page_that_looks_hears_it_and_nobody_else(tmp_path: Path, faults: Faults) -> None:
    feed = ScannerFeed("kiosk", Scanner(port=str(tmp_path / "port")), faults, ScannerTimes(0.1, 0.01, 0.05, 0.05))
    heard: asyncio.Queue[str] = asyncio.Queue()
    left: list[str] = []
    feed.subscribe(left.append)()
    running = asyncio.create_task(feed.run())
    with PtyScanner(tmp_path / "port") as hand:
        async with asyncio.timeout(10):
            while not feed._scanner.is_connected:
                await asyncio.sleep(0.01)
            feed.subscribe(heard.put_nowait)
            hand.scan("BN-7F3K")
            assert await heard.get() == "BN-7F3K"
            hand.unplug()
            while faults.why("scanner/kiosk") is None:
                await asyncio.sleep(0.01)
            assert all(strings().find(f"page.fault.{faults.why('scanner/kiosk')}", lang) for lang in LANGUAGES)
            hand.plug_in()
            while faults.why("scanner/kiosk") is not None:
                await asyncio.sleep(0.01)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert left == []


async def test_a_scanner_that_sends_rubbish_is_answered_and_then_a_fault(tmp_path: Path, faults: Faults) -> None:
    feed = ScannerFeed("kiosk", Scanner(port=str(tmp_path / "port")), faults, ScannerTimes(0.1, 0.01, 0.05, 0.05))
    heard: list[str] = []
    feed.subscribe(heard.append)
    running = asyncio.create_task(feed.run())
    with PtyScanner(tmp_path / "port") as hand:
        async with asyncio.timeout(10):
            while not feed._scanner.is_connected:
                await asyncio.sleep(0.01)
            for count in range(1, 6):
                hand.send(b"\xff" * 40 + b"\r")
                while feed._scanner.rejected < count:
                    await asyncio.sleep(0.01)
            assert faults.why("scanner/kiosk") == "scanner_garbled"
            assert heard == [""] * 3
            assert all(strings().find("page.fault.scanner_garbled", lang) for lang in LANGUAGES)
            hand.scan("BN-7F3K")
            while heard[-1] != "BN-7F3K":
                await asyncio.sleep(0.01)
            assert faults.why("scanner/kiosk") is None
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
