"""A deposit's receipt through the configuration to a printer on TCP, and what the health strip says of the printer."""

from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from config.peripherals import Printer
from config.procedures import in_language, load_procedures
from config.strings import LANGUAGES
from devices.printer.driver import EscposPrinter, PrinterTimes
from devices.printer.node_port import open_node
from devices.printer.sim import PrinterSim, PtyPrinter
from devices.printer.slip import Artist, FontMissing
from edge.adapters.receipt_printer import PART, SlipPrinter, _way, open_printer
from edge.locker_ports import PrintOutcome, Receipt
from edge.services.faults import Faults
from edge.store.migrations import scripts
from sync.errors import JournalFull
from sync.journal import Journal
from tests.edge.sentences import strings
from tests.edge.services.fakes import ZONE, FakeClock

pytestmark = pytest.mark.enable_socket
RECEIPT = Receipt("BN-7F3K", "Đăng ký khai sinh", "07", datetime(2026, 11, 21, 20, 5, tzinfo=ZONE))


@pytest.fixture
async def sim() -> AsyncIterator[PrinterSim]:
    async with PrinterSim() as sim:
        yield sim


@pytest.fixture
async def faults(tmp_path: Path) -> AsyncIterator[Faults]:
    async with await Journal.open(tmp_path, site="phuong-mau", device="tu-01", migrations=scripts()) as journal:
        yield Faults(journal, FakeClock())


@pytest.fixture
def printer(sim: PrinterSim, faults: Faults) -> SlipPrinter:
    way = _way(Printer(port=f"tcp://127.0.0.1:{sim.port}"))
    driver = EscposPrinter(way, Artist(), times=PrinterTimes(0.3, 0.5))
    return SlipPrinter(driver, strings(), "UBND Phường Thủ Đức", faults)


async def test_a_receipt_is_printed_with_its_code(sim: PrinterSim, printer: SlipPrinter) -> None:
    assert await printer.print(RECEIPT) is PrintOutcome.PRINTED
    [paper] = sim.model.papers
    assert (paper.qr_texts, paper.width, bytes(paper.text)) == (["BN-7F3K"], 576, b"")
    whole = b"".join(paper.rows)
    slip = printer._slip(RECEIPT)
    for line in (*slip.above, *slip.below):  # each sentence is on the paper, dot for dot
        assert Artist().draw((line,)).tobytes() in whole
    assert [line.text for line in slip.above[1:]] == [
        "BIÊN NHẬN NỘP HỒ SƠ",
        "Thủ tục: Đăng ký khai sinh",
        "Ngăn số: 07",
        "Nộp lúc: 20:05 21/11/2026",
    ]


async def test_every_fault_is_told_and_its_end(sim: PrinterSim, printer: SlipPrinter, faults: Faults) -> None:
    seen = []
    for fault, outcome in (("has_paper", PrintOutcome.NO_PAPER), ("is_cover_open", PrintOutcome.OFFLINE)):
        setattr(sim.model.faults, fault, fault != "has_paper")
        assert await printer.print(RECEIPT) is outcome
        seen.append(faults.why(PART))
        setattr(sim.model.faults, fault, fault == "has_paper")
    sim.model.faults.rows_left = 10
    assert await printer.print(RECEIPT) is PrintOutcome.UNKNOWN
    seen.append(faults.why(PART))
    sim.reload()
    await printer.look()
    assert [*seen, faults.why(PART)] == ["no_paper", "printer_offline", "printer_silent", None]
    assert len(sim.model.papers) == 1  # what waited in the printer came out once, and nothing was sent again


async def test_a_look_finds_an_empty_roll_before_a_citizen_does(
    sim: PrinterSim, printer: SlipPrinter, faults: Faults
) -> None:
    sim.model.faults.has_paper = False
    await printer.look()
    sim.model.faults.has_paper, sim.model.faults.is_silent = True, True
    told = [faults.why(PART)]
    await printer.look()
    told.append(faults.why(PART))
    assert told == ["no_paper", "printer_offline"]
    assert all(
        strings().find(f"page.{page}.{why}", lang) for why in told for page in ("fault", "advice") for lang in LANGUAGES
    )


async def test_a_journal_that_takes_nothing_keeps_nobody_from_the_outcome(
    sim: PrinterSim, printer: SlipPrinter, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise JournalFull("no room")

    sim.model.faults.has_paper = False
    with monkeypatch.context() as full:
        full.setattr(faults._ledger, "transact", refuse)
        assert await printer.print(RECEIPT) is PrintOutcome.NO_PAPER
        await printer.look()
    await printer.look()
    assert faults.why(PART) == "no_paper", "told as soon as the journal takes it"


async def test_a_node_that_cannot_be_read_is_no_fault(tmp_path: Path, faults: Faults) -> None:
    async with PtyPrinter(tmp_path / "lp0"):
        way = partial(open_node, tmp_path / "lp0", can_read=False)
        driver = EscposPrinter(way, Artist(), answers=False)
        printer = SlipPrinter(driver, strings(), "Phường", faults, is_readable=False)
        assert await printer.print(RECEIPT) is PrintOutcome.UNKNOWN
        await printer.look()
        assert faults.why(PART) is None


async def test_every_procedure_fits_every_paper(sim: PrinterSim, faults: Faults) -> None:
    for paper_mm in (80, 58):
        printer = open_printer(Printer(port="tcp://127.0.0.1:9100", paper_mm=paper_mm), strings(), "Trung tâm Phục vụ hành chính công Phường Thủ Đức", faults)  # fmt: skip
        artist = Artist(576 if paper_mm == 80 else 384)
        for lang in LANGUAGES:
            for _, name, _, _ in in_language(load_procedures(), lang):
                slip = printer._slip(Receipt("BN-261121-7F3K", name, "A12", RECEIPT.at, lang))
                for line in (*slip.above, *slip.below):
                    box = artist.draw((line,)).getbbox()
                    assert box is not None
                    assert (box[0] >= 0, box[2] <= artist.dots - 4) == (True, True)


def test_a_missing_font_refuses_at_once(tmp_path: Path, faults: Faults) -> None:
    with pytest.raises(FontMissing):
        open_printer(Printer(port="/dev/usb/lp0", fonts_dir=tmp_path), strings(), "Phường", faults)
