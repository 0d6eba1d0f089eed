"""Jobs over a real TCP connection and a pty: what came out of the printer, and what the driver says about it."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from devices.printer.driver import EscposPrinter, NoAnswer, Outcome, PrinterTimes
from devices.printer.node_port import open_node
from devices.printer.sim import PrinterSim, PtyPrinter
from devices.printer.slip import Artist, Line, Size, Slip
from devices.serial_port import PortLost, open_port

pytestmark = pytest.mark.enable_socket
SLIP = Slip(
    (Line("Biên nhận hồ sơ", Size.STRONG, is_centred=True), Line("Ngăn 07")), "BN-7F3K", (Line("Giữ phiếu này"),)
)
LONG = Slip((Line("A012", Size.GIANT),) * 4)  # more than a line holds at once
FAST = PrinterTimes(answer_s=0.3, print_s=0.5)
PATIENT = PrinterTimes(answer_s=5.0, print_s=10.0)


@pytest.fixture(scope="module")
def artist() -> Artist:
    return Artist()


@pytest.fixture
async def sim() -> AsyncIterator[PrinterSim]:
    async with PrinterSim() as sim:
        yield sim


@pytest.fixture
def printer(sim: PrinterSim, artist: Artist) -> EscposPrinter:
    return EscposPrinter(partial(open_port, f"tcp://127.0.0.1:{sim.port}"), artist, times=FAST)


def picture(artist: Artist, slip: Slip) -> bytes:
    return artist.draw(slip.above).tobytes() + artist.draw(slip.below).tobytes()


async def test_what_is_printed_is_what_was_drawn(sim: PrinterSim, printer: EscposPrinter, artist: Artist) -> None:
    assert await printer.print(SLIP) is Outcome.PRINTED
    [paper] = sim.model.papers
    assert b"".join(paper.rows) == picture(artist, SLIP)
    assert (paper.qr_texts, bytes(paper.text), sim.model.unknown) == (["BN-7F3K"], b"", [])
    assert paper.image().size == (576, len(paper.rows))


async def test_jobs_follow_each_other(sim: PrinterSim, printer: EscposPrinter) -> None:
    outcomes = await asyncio.gather(*(printer.print(Slip((), f"BN-{number}")) for number in range(5)))
    assert outcomes == [Outcome.PRINTED] * 5
    assert sorted(code for paper in sim.model.papers for code in paper.qr_texts) == [
        f"BN-{number}" for number in range(5)
    ]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("has_paper", Outcome.NO_PAPER),
        ("is_cover_open", Outcome.OFFLINE),
        ("is_offline", Outcome.OFFLINE),
        ("is_silent", Outcome.OFFLINE),
    ],
)
async def test_a_printer_that_is_not_ready_is_given_nothing(
    sim: PrinterSim, printer: EscposPrinter, fault: str, outcome: Outcome
) -> None:
    setattr(sim.model.faults, fault, fault != "has_paper")
    assert await printer.print(SLIP) is outcome
    assert sim.model.bytes_taken <= 9  # three questions
    setattr(sim.model.faults, fault, fault == "has_paper")
    assert await printer.print(SLIP) is Outcome.PRINTED
    assert len(sim.model.papers) == 1


async def test_a_roll_that_ends_under_the_job_is_unknown_and_never_printed_twice(
    sim: PrinterSim, printer: EscposPrinter, artist: Artist
) -> None:
    sim.model.faults.rows_left = 30
    assert await printer.print(SLIP) is Outcome.UNKNOWN
    assert sim.model.papers == []
    sim.reload()
    [paper] = sim.model.papers
    assert b"".join(paper.rows) == picture(artist, SLIP)


async def test_a_connection_lost_in_the_middle_is_unknown(sim: PrinterSim, printer: EscposPrinter) -> None:
    sim.hangs_up_after = 2000
    assert await printer.print(SLIP) is Outcome.UNKNOWN
    assert (sim.connections, sim.model.papers) == (1, [])
    assert await printer.print(SLIP) is Outcome.PRINTED


async def test_nobody_there(artist: Artist, sim: PrinterSim) -> None:
    printer = EscposPrinter(partial(open_port, "tcp://127.0.0.1:9"), artist, times=FAST)
    assert await printer.print(SLIP) is Outcome.OFFLINE
    with pytest.raises(PortLost):
        await printer.status()


async def test_status(sim: PrinterSim, printer: EscposPrinter) -> None:
    sim.model.faults.is_paper_low = True
    status = await printer.status()
    assert (status.is_ready, status.is_paper_low) == (True, True)
    sim.model.faults.is_silent = True
    with pytest.raises(NoAnswer):
        await printer.status()


async def test_over_a_serial_line(tmp_path: Path, artist: Artist) -> None:
    async with PtyPrinter(tmp_path / "printer") as sim:
        printer = EscposPrinter(partial(open_port, str(tmp_path / "printer")), artist, baud=115200, times=FAST)
        assert await printer.print(SLIP) is Outcome.PRINTED
        assert b"".join(sim.model.papers[0].rows) == picture(artist, SLIP)
        sim.pull()
        assert await printer.print(SLIP) is Outcome.OFFLINE


async def test_after_a_job_that_broke_off_the_next_one_is_whole(tmp_path: Path, artist: Artist) -> None:
    printer = EscposPrinter(partial(open_port, str(tmp_path / "printer")), artist, times=PATIENT)
    async with PtyPrinter(tmp_path / "printer") as sim:
        printing = asyncio.create_task(printer.print(LONG))
        while sim.model.bytes_taken < 2000:
            await asyncio.sleep(0)
        sim.pull()
        assert await printing is Outcome.UNKNOWN
    async with PtyPrinter(tmp_path / "printer") as again:
        again.model = sim.model  # it never lost its power, and waits for the rest of a picture
        assert await printer.print(SLIP) is Outcome.PRINTED
    [paper] = sim.model.papers
    assert (bytes(paper.text), paper.qr_texts, sim.model.unknown) == (b"", ["BN-7F3K"], [])
    assert b"".join(paper.rows).endswith(picture(artist, SLIP))


async def test_whoever_waits_no_longer_breaks_no_job_off(tmp_path: Path, artist: Artist) -> None:
    async with PtyPrinter(tmp_path / "printer") as sim:
        printer = EscposPrinter(partial(open_port, str(tmp_path / "printer")), artist, times=PATIENT)
        printing = asyncio.create_task(printer.print(LONG))
        while sim.model.bytes_taken < 2000:
            await asyncio.sleep(0)
        next_one = asyncio.create_task(printer.print(SLIP))
        await asyncio.sleep(0)
        printing.cancel()
        next_one.cancel()  # nothing of it was sent, and nothing will be
        await asyncio.gather(printing, next_one, return_exceptions=True)
        assert await printer.print(SLIP) is Outcome.PRINTED
        first, second = sim.model.papers
        assert b"".join(first.rows) == artist.draw(LONG.above).tobytes()
        assert b"".join(second.rows) == picture(artist, SLIP)


async def test_over_a_node(tmp_path: Path, artist: Artist) -> None:
    async with PtyPrinter(tmp_path / "lp0") as sim:
        printer = EscposPrinter(partial(open_node, tmp_path / "lp0"), artist, times=FAST)
        assert await printer.print(SLIP) is Outcome.PRINTED
        assert sim.model.papers[0].qr_texts == ["BN-7F3K"]


async def test_an_answer_that_came_too_late_is_not_taken_for_the_next_one(tmp_path: Path, artist: Artist) -> None:
    async with PtyPrinter(tmp_path / "lp0") as sim:
        way = partial(open_node, tmp_path / "lp0")
        sim.answers_after_s = 0.4  # and whoever asked is gone
        assert await EscposPrinter(way, artist, times=FAST).print(SLIP) is Outcome.OFFLINE
        await asyncio.sleep(0.5)
        printer = EscposPrinter(way, artist, times=PATIENT)
        sim.answers_after_s, sim.model.faults.is_cover_open = 0.02, True
        assert await printer.print(SLIP) is Outcome.OFFLINE
        sim.model.faults.is_cover_open = False
        assert await printer.print(SLIP) is Outcome.PRINTED
        assert len(sim.model.papers) == 1


async def test_a_node_that_cannot_be_read_leaves_it_unknown(tmp_path: Path, artist: Artist) -> None:
    async with PtyPrinter(tmp_path / "lp0") as sim:
        printer = EscposPrinter(partial(open_node, tmp_path / "lp0", can_read=False), artist, answers=False, times=FAST)
        assert await printer.print(SLIP) is Outcome.UNKNOWN
        async with asyncio.timeout(5):
            while not sim.model.papers:
                await asyncio.sleep(0.01)
        assert b"".join(sim.model.papers[0].rows) == picture(artist, SLIP)


async def test_a_node_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(PortLost, match="port_missing"):
            await open_node(tmp_path / "lp0")
