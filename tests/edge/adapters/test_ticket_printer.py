"""A queue number through the real driver to a simulated printer on TCP: what is on the paper, and what is said when it is not."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import get_args

import pytest

from config.peripherals import Baud, Printer
from devices.printer.driver import EscposPrinter, PrinterTimes
from devices.printer.sim import PrinterSim
from devices.printer.slip import NARROW, WIDE, Artist, Size
from edge.adapters.receipt_printer import PART, SlipPrinter, _way
from edge.adapters.ticket_printer import PaperTickets
from edge.queue_ports import Printing, Priority
from edge.services.faults import Faults
from edge.services.queue import PRINT_WITHIN_S
from tests.edge.sentences import strings
from tests.edge.services.queue_hall import Hall

pytestmark = pytest.mark.enable_socket
PLACE = "Trung tâm Phục vụ hành chính công Phường Thủ Đức"


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    made = await Hall.open(tmp_path)
    yield made
    await made.journal.close()


@pytest.fixture
async def sim() -> AsyncIterator[PrinterSim]:
    async with PrinterSim() as sim:
        yield sim


@pytest.fixture
async def faults(hall: Hall) -> Faults:
    return Faults(hall.journal, hall.clock)


@pytest.fixture
def tickets(sim: PrinterSim, faults: Faults) -> PaperTickets:
    way = _way(Printer(port=f"tcp://127.0.0.1:{sim.port}"))
    driver = EscposPrinter(way, Artist(), times=PrinterTimes(0.3, 0.5))
    return PaperTickets(SlipPrinter(driver, strings(), PLACE, faults), strings(), PLACE)


async def test_the_number_is_on_paper_with_its_qr_dot_for_dot(
    hall: Hall, sim: PrinterSim, tickets: PaperTickets
) -> None:
    for _ in range(4):
        await hall.take()
    slip = await hall.take(priority=Priority.OLDER)
    assert await tickets.print_slip(slip, "vi") is Printing.PRINTED
    [paper] = sim.model.papers
    assert paper.qr_texts == ["SO-20261127-A005"]
    whole, written = b"".join(paper.rows), tickets.paper(slip, "vi")
    for line in (*written.above, *written.below):
        assert Artist().draw((line,)).tobytes() in whole
    assert [line.text for line in (*written.above, *written.below)] == [
        PLACE,
        "SỐ THỨ TỰ",
        "A005",
        "Hộ tịch · Ưu tiên",
        "Sẽ được mời đến: Quầy 1, Quầy 2",
        "Trước ông/bà: 0 người. Chờ: gần như không phải chờ.",
        "Lấy số lúc 08:00 27/11/2026. Số chỉ dùng trong ngày.",
    ]


async def test_what_is_wrong_is_told_and_never_printed_twice(
    hall: Hall, sim: PrinterSim, tickets: PaperTickets, faults: Faults
) -> None:
    slip = await hall.take()
    sim.model.faults.has_paper = False
    assert await tickets.print_slip(slip, "vi") is Printing.FAILED
    assert faults.why(PART) == "no_paper"
    sim.model.faults.has_paper = True
    sim.model.faults.rows_left = 10
    assert await tickets.print_slip(slip, "vi") is Printing.UNKNOWN
    sim.reload()
    assert await tickets.print_slip(await hall.take(), "en") is Printing.PRINTED
    assert [paper.qr_texts for paper in sim.model.papers] == [["SO-20261127-A001"], ["SO-20261127-A002"]]


async def test_it_fits_both_papers_in_both_languages(hall: Hall, tickets: PaperTickets) -> None:
    slip = await hall.take("dat-dai", Priority.DISABLED)
    for dots in (WIDE, NARROW):
        artist = Artist(dots)
        for lang in ("vi", "en"):
            written = tickets.paper(slip, lang)
            for line in (*written.above, *written.below):
                box = artist.draw((line,)).getbbox()
                assert box is not None
                assert (box[0] >= 0, box[2] <= dots) == (True, True), line.text


def test_a_number_stays_in_one_row_on_narrow_paper() -> None:
    artist = Artist(NARROW)
    assert artist._fonts[Size.GIANT].getlength("W999") <= NARROW - 16


async def test_the_slowest_line_has_the_time_for_a_ticket(hall: Hall, tickets: PaperTickets) -> None:
    slip = await hall.take(priority=Priority.OLDER)
    on_the_line_s = len(Artist().job(tickets.paper(slip, "vi"))) * 10 / min(get_args(Baud))
    assert on_the_line_s + PrinterTimes().print_s < PRINT_WITHIN_S
