"""ESC/POS as bytes: what a job is made of, what may be asked, what the answers mean. Pure; the driver calls it.

Source: Epson's public "ESC/POS Command Reference". Text commands are not used at all: printers disagree about where, and whether,
Vietnamese letters are in their code pages, so letters go out as a picture.
"""

from collections.abc import Iterator
from dataclasses import dataclass

INITIALISE = b"\x1b@"
STATUS_BACK_OFF = b"\x1da\x00"  # GS a: nothing unasked may be taken for an answer
CENTRE = b"\x1ba\x01"
FEED_AND_CUT = b"\x1dVB\x03"  # GS V 66 n: feed to the knife, n lines more, cut
PAPER_SENSOR = b"\x1dr\x01"  # GS r: queued behind the job, so its answer says that everything before it was carried out
BAND_ROWS = 64  # a job that breaks off leaves the printer waiting for the rest of one band at most

PRINTER, OFFLINE_CAUSE, ROLL = 1, 2, 4  # n of DLE EOT n, answered at once even by a printer that is offline
_QR_MODEL_2 = b"\x1d(k\x04\x001A2\x00"
_QR_PRINT = b"\x1d(k\x03\x001Q0"
_QR_CORRECTION_M = b"\x1d(k\x03\x001E1"
_QR_LONGEST = 700


def ask(which: int) -> bytes:
    """DLE EOT n."""
    return b"\x10\x04" + bytes((which,))


def is_status(octet: int) -> bool:
    """An answer to DLE EOT has bits 1 and 4 set and 0 and 7 clear; nothing else that a printer says looks so."""
    return octet & 0x93 == 0x12


def is_sensor(octet: int) -> bool:
    """An answer to GS r has bits 4 and 7 clear."""
    return octet & 0x90 == 0x00


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """What the three answers say together."""

    is_online: bool
    has_paper: bool
    is_paper_low: bool
    is_cover_open: bool
    has_error: bool

    @classmethod
    def parse(cls, printer: int, cause: int, roll: int) -> "PrinterStatus":
        return cls(
            is_online=not printer & 0x08,
            has_paper=not (roll & 0x60 or cause & 0x20),
            is_paper_low=bool(roll & 0x0C),
            is_cover_open=bool(cause & 0x04),
            has_error=bool(cause & 0x40),
        )

    @property
    def is_ready(self) -> bool:
        return self.is_online and self.has_paper and not self.is_cover_open and not self.has_error


def raster(width: int, octets: bytes) -> Iterator[bytes]:
    """GS v 0 in bands: a picture with a bit a dot, 1 is ink, `width` dots a row and a multiple of 8."""
    row = width // 8
    for start in range(0, len(octets), row * BAND_ROWS):
        band = octets[start : start + row * BAND_ROWS]
        yield b"\x1dv0\x00" + row.to_bytes(2, "little") + (len(band) // row).to_bytes(2, "little") + band


def rest_of_band(width: int) -> bytes:
    """White for whatever is left of a band that broke off, or of a QR code's text; a printer that waits for nothing passes NUL over."""
    return bytes(width // 8 * BAND_ROWS)


def qr(text: str, module_dots: int) -> bytes:
    """GS ( k: the printer draws the code itself, sharper than a picture. Raise ValueError when it is too long."""
    stored = text.encode()
    if len(stored) > _QR_LONGEST:
        raise ValueError("too long for a QR code that a telephone reads from paper")
    size = b"\x1d(k\x03\x001C" + bytes((module_dots,))
    store = b"\x1d(k" + (len(stored) + 3).to_bytes(2, "little") + b"1P0" + stored
    return _QR_MODEL_2 + size + _QR_CORRECTION_M + store + _QR_PRINT
