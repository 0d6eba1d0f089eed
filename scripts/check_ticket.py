"""Every Vietnamese letter on a ticket, printed by our driver into emupos and read back from the picture it made of the paper.

Run by scripts/check_ticket, which installs the emulator. Exits 1 when a dot differs; the papers stay in the folder that was given.
"""

import asyncio
import socket
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from config.peripherals import Printer
from config.strings import load_strings
from devices.printer.driver import EscposPrinter, NoAnswer, Outcome
from devices.printer.slip import WIDE, Artist, Line, Size, Slip
from devices.serial_port import PortLost, open_port
from edge.adapters.receipt_printer import SlipPrinter, open_printer
from edge.adapters.ticket_printer import PaperTickets
from edge.queue_ports import CounterInfo, ServiceInfo
from edge.queue_ports import Slip as Ticket
from edge.services.faults import Faults
from tests.edge.services.memory_ledger import MemoryLedger

Dots = NDArray[np.bool_]

VOWELS, TONES = "aăâeêioôơuưy", ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
START_S, PAPER_S, LOOK_S = 60.0, 30.0, 0.2
PROFILES = ("xprinter-xp80t", "epson-tm-t20iii")
CONFIG = """schema: 1
api: {{ host: 127.0.0.1, port: {api} }}
devices:
  - id: front
    type: printer
    profile: {profile}
    connections:
      - tcp: {{ port: {port} }}
    receipts_dir: {folder}
    job_idle_timeout_ms: 500
"""


def main(emulator: Path, folder: Path) -> int:
    """How many tickets came out otherwise than drawn."""
    wrong = 0
    for profile in PROFILES:
        with running(emulator, profile, folder / profile) as address:
            wrong += check(address, folder / profile, profile)
    return wrong


def check(address: str, folder: Path, profile: str) -> int:
    """One after the other through the driver; each paper is looked at before the next."""
    now = datetime.now(timezone(timedelta(hours=7)))
    strings, config = load_strings(), Printer(port=address)
    printer = open_printer(config, strings, "Phường Thủ Đức", Faults(MemoryLedger(lambda: now), _Clock(now)))
    wrong = 0
    for name, slip in slips(printer, now).items():
        seen = set(folder.rglob("*.png"))
        outcome = asyncio.run(printer.put(slip))
        paper = _paper(folder, seen) if outcome is Outcome.PRINTED else None
        why = "" if outcome is Outcome.PRINTED else f"the driver says {outcome}"
        why = why or (compared(paper, slip) if paper else "no paper came out")
        sys.stdout.write(f"{profile}: {name}: {why or 'every dot is right'}\n")
        wrong += bool(why)
    return wrong


def slips(printer: SlipPrinter, now: datetime) -> dict[str, Slip]:
    """A queue ticket as it is given out, and all letters in every size of type."""
    service = ServiceInfo("ho-tich", (("vi", "Đăng ký hộ tịch, chứng thực"),), "A", ("quay-01",), 300.0)
    counters = (CounterInfo("quay-01", "Quầy 1", 1),)
    ticket = Ticket("A012-7f3c", "A012", service, True, now, 3, 840.0, now, counters)  # noqa: FBT003 - it has priority
    paper = PaperTickets(printer, load_strings(), "Phường Thủ Đức")
    sizes = [size for size in Size if size is not Size.GIANT]
    pages = {size.name.lower(): Slip(tuple(Line(row, size) for row in letters())) for size in sizes}
    return {"ticket": paper.paper(ticket, "vi"), **pages}


def letters() -> tuple[str, ...]:
    """Twelve vowels in six tones and đ, small and capital."""
    toned = [unicodedata.normalize("NFC", vowel + tone) for vowel in VOWELS for tone in TONES]
    rows = [" ".join(toned[at : at + 12]) for at in range(0, len(toned), 12)]
    return (*rows, *(row.upper() for row in rows), "đ Đ bcdghklmnpqrstvx BCDGHKLMNPQRSTVX 0123456789")


def compared(paper: Path, slip: Slip) -> str:
    """What differs, in words; nothing when all of it stands on the paper as drawn, in its order."""
    dots, artist = ink(Image.open(paper)), Artist(WIDE)
    below = 0
    for part in (slip.above, slip.below):
        if part:
            found = _place(dots, np.asarray(artist.draw(part), dtype=bool), below)
            if found is None:
                return f"{len(part)} lines are not on {paper} as drawn"
            below = found
    if slip.qr is not None:
        text, *_ = cv2.QRCodeDetector().detectAndDecode(cv2.imread(str(paper)))
        if text != slip.qr:
            return f"the QR code says {text!r}"
    return ""


def ink(picture: Image.Image) -> Dots:
    """Where the paper is dark."""
    return np.asarray(picture.convert("L")) < 128


def _place(paper: Dots, drawn: Dots, from_row: int) -> int | None:
    """The row behind `drawn` where it stands dot by dot on the paper, wherever the emulator put its margins."""
    used = np.flatnonzero(drawn.any(axis=0))
    drawn = drawn[:, used[0] : used[-1] + 1]
    height, width = drawn.shape
    inked = drawn.any(axis=1)
    for top in range(from_row, paper.shape[0] - height + 1):
        rows = paper[top : top + height]
        if np.array_equal(rows.any(axis=1), inked):
            left = int(np.flatnonzero(rows.any(axis=0))[0])
            if np.array_equal(rows[:, left : left + width], drawn) and rows.sum() == drawn.sum():
                return top + height
    return None


@contextmanager
def running(emulator: Path, profile: str, folder: Path) -> Iterator[str]:
    """The emulator with one printer; its address."""
    folder.mkdir(parents=True, exist_ok=True)
    port, api = _free_port(), _free_port()
    config = folder / "emupos.yaml"
    config.write_text(CONFIG.format(api=api, profile=profile, port=port, folder=folder.resolve()), encoding="utf-8")
    with (folder / "emupos.log").open("wb") as log:
        process = subprocess.Popen([emulator, "run", "--config", config], stdout=log, stderr=log)
    try:
        address = f"tcp://127.0.0.1:{port}"
        asyncio.run(_answering(address))
        yield address
    finally:
        process.terminate()
        process.wait(START_S)


async def _answering(address: str) -> None:
    """Its socket is open before it can answer: asked until it does."""
    printer = EscposPrinter(partial(open_port, address), Artist())
    async with asyncio.timeout(START_S):
        while True:
            with suppress(PortLost, NoAnswer):
                await printer.status()
                return
            await asyncio.sleep(LOOK_S)


def _paper(folder: Path, seen: set[Path]) -> Path | None:
    """The picture that is new, once it is whole; None when none came in time."""
    until = time.monotonic() + PAPER_S
    while time.monotonic() < until:
        for path in set(folder.rglob("*.png")) - seen:
            with suppress(OSError):
                Image.open(path).load()
                return path
        time.sleep(LOOK_S)
    return None


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass(frozen=True, slots=True)
class _Clock:
    at: datetime

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return time.monotonic()


if __name__ == "__main__":
    where = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(tempfile.mkdtemp(prefix="tickets-"))
    sys.stdout.write(f"papers: {where}\n")
    sys.exit(1 if main(Path(sys.argv[1]).resolve(), where) else 0)
