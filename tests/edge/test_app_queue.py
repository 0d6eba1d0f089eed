"""The hall's box as it is put together from its profile: desk, pages, printer; a restart keeps the numbers."""

import asyncio
import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from config.load import load
from devices.printer.sim import PtyPrinter
from edge.adapters.receipt_printer import PART
from edge.app import open_agent
from edge.locker_ports import PrintOutcome, Receipt
from edge.queue_ports import Printing, Priority, Slip
from sync.errors import JournalFull
from sync.events import DeviceStarted
from sync.journal import Journal

PROFILE = Path(__file__).parents[2] / "config" / "profiles" / "queue.toml"
HOURS = 'weekdays = ["07:30-11:30", "13:30-16:30"]\nsaturday = ["07:30-11:30"]\nsunday = []'
ALWAYS = "\n".join(f'{day} = ["00:00-24:00"]' for day in ("weekdays", "saturday", "sunday"))


def site(folder: Path, more: str = "") -> Path:
    text = PROFILE.read_text(encoding="utf-8").replace("/var/lib/motcua", "data").replace(HOURS, ALWAYS)
    text = text[: text.index("[[queue.holidays]]")] + "[web]\nport = 0\n" + more
    file = folder / "motcua.toml"
    file.write_text(text, encoding="utf-8")
    return file


async def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    config = load(site(tmp_path))
    labels = []
    for _ in range(2):
        async with open_agent(config) as agent:
            desk = agent.web.site.desks.queue
            assert desk is not None
            slip = await desk.issue("ho-tich", Priority.NONE)
            assert isinstance(slip, Slip)
            labels.append(slip.label)
            assert "queue" in dict(agent.parts)
            assert "printer" not in dict(agent.parts)
    assert labels == ["A001", "A002"]


async def test_a_full_disk_and_numbers_of_yesterday_keep_no_agent_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load(site(tmp_path))
    async with open_agent(config) as agent:
        desk = agent.web.site.desks.queue
        assert desk is not None
        await desk.issue("ho-tich", Priority.NONE)
        await agent.journal.transact(put_back)

    async def refuse(*_: object, **__: object) -> None:
        raise JournalFull("the journal has reached its size bound")

    monkeypatch.setattr(Journal, "record", refuse)
    monkeypatch.setattr(Journal, "transact", refuse)
    async with open_agent(config) as agent:
        assert "queue" in dict(agent.parts)
        desk = agent.web.site.desks.queue
        assert desk is not None
        assert [one.label for one in desk.panel("quay-01").waiting] == ["A001"]


def put_back(connection: sqlite3.Connection) -> tuple[()]:
    """What is of today is of the day before."""
    connection.execute("UPDATE tickets SET day = date(day, '-1 day')")
    return ()


@pytest.mark.parametrize("more", ["", '[printer]\nport = "tcp://127.0.0.1:9"\n'])
async def test_the_station_tells_what_it_is_and_watches_its_printer(tmp_path: Path, more: str) -> None:
    async with open_agent(load(site(tmp_path, more))) as agent:
        assert ("printer" in dict(agent.parts)) is bool(more)
        async for recorded in agent.journal.follow(after=0):
            if isinstance(recorded.payload, DeviceStarted):
                assert recorded.payload.stations == ("board",)
                return


CABINET = """
[locker]
name = "Tủ hồ sơ"
[locker.boards.main]
protocol = "xor8a"
port = "/dev/serial/by-id/board"
address = 1
channels = 4
[locker.compartments.n01]
board = "main"
channel = 1
number = "01"
row = 1
column = 0
[printer]
port = "{port}"
"""


async def test_a_ticket_and_a_receipt_share_the_one_printer(tmp_path: Path) -> None:
    way = tmp_path / "printer"
    async with PtyPrinter(way) as sim, open_agent(load(site(tmp_path, CABINET.format(port=way)))) as agent:
        desk, cabinet = agent.web.site.desks.queue, agent.locker
        assert desk is not None
        assert cabinet is not None
        printer = cabinet.service.parts.furniture.printer
        slip = await desk.issue("ho-tich", Priority.NONE)
        assert printer is not None
        assert isinstance(slip, Slip)
        receipt = Receipt("BN-7F3K", "Đăng ký khai sinh", "01", datetime(2026, 11, 21, 20, 5).astimezone())
        printed, handed_out = await asyncio.gather(printer.print(receipt), desk.print_slip(slip, "vi"))
        assert (printed, handed_out) == (PrintOutcome.PRINTED, Printing.PRINTED)
        assert len(sim.model.papers) == 2
        assert agent.faults.why(PART) is None
