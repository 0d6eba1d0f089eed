"""A receipt as a picture: lines of text in DejaVu, wrapped to the paper's width. Called by the driver, in a thread."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from devices.errors import DeviceError
from devices.printer import commands

FONTS = Path("/usr/share/fonts/truetype/dejavu")
WIDE, NARROW = 576, 384  # dots of 80 mm and 58 mm paper at 203 dpi
_MARGIN = 8
_HIGHEST, _LOWEST, _LEADING = "ẰẮẲẴẦẤẨẪỀẾỂỄỒỐỔỖ", "ẬỆỘỰỴpqgy", 4


class FontMissing(DeviceError):
    """The font with Vietnamese letters is not on this machine: a technician installs a package."""


class Size(Enum):
    """Height of the letters in dots on wide and on narrow paper, and whether they are bold. HUGE: a receipt's id in one row, GIANT: a ticket's number."""

    SMALL = (24, 20, False)
    NORMAL = (30, 24, False)
    STRONG = (34, 27, True)
    HUGE = (52, 36, True)
    GIANT = (160, 112, True)


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    size: Size = Size.NORMAL
    is_centred: bool = False


@dataclass(frozen=True, slots=True)
class Slip:
    """One piece of paper: lines, a QR code, lines."""

    above: tuple[Line, ...]
    qr: str | None = None
    below: tuple[Line, ...] = ()


class Artist:
    """Draws for one paper width. Raise FontMissing when made."""

    def __init__(self, dots: int = WIDE, fonts: Path = FONTS) -> None:
        self.dots = dots
        self._fonts = {size: _load(fonts, size, dots) for size in Size}

    def job(self, slip: Slip) -> bytes:
        """The whole job, from reset to cut, ending in the question whose answer says that it is done."""
        parts = [commands.INITIALISE, commands.STATUS_BACK_OFF, *self._raster(slip.above)]
        if slip.qr is not None:
            parts += [commands.CENTRE, commands.qr(slip.qr, 6 if self.dots < WIDE else 8)]
        return b"".join([*parts, *self._raster(slip.below), commands.FEED_AND_CUT, commands.PAPER_SENSOR])

    def draw(self, lines: tuple[Line, ...]) -> Image.Image:
        """Ink is 1."""
        rows = [(piece, line) for line in lines for piece in self._wrapped(line)]
        heights = [self._height(line.size) for _, line in rows]
        picture = Image.new("1", (self.dots, max(1, sum(heights))), 0)
        pen, top = ImageDraw.Draw(picture), 0
        for (piece, line), height in zip(rows, heights, strict=True):
            font = self._fonts[line.size]
            left = (self.dots - font.getlength(piece)) / 2 if line.is_centred else _MARGIN
            pen.text((left, top + self._rise(line.size)), piece, fill=1, font=font)
            top += height
        return picture

    def _raster(self, lines: tuple[Line, ...]) -> Iterator[bytes]:
        return commands.raster(self.dots, self.draw(lines).tobytes()) if lines else iter(())

    def _height(self, size: Size) -> int:
        return self._rise(size) + round(self._fonts[size].getbbox(_LOWEST)[3]) + _LEADING

    def _rise(self, size: Size) -> int:
        """What two marks on a capital need above the font's own ascent, which leaves them out."""
        return max(0, -round(self._fonts[size].getbbox(_HIGHEST)[1]))

    def _wrapped(self, line: Line) -> Iterator[str]:
        """NFC, because the font has the composed letters; a word longer than the paper is broken."""
        font, room = self._fonts[line.size], self.dots - 2 * _MARGIN
        row = ""
        for word in unicodedata.normalize("NFC", line.text).split():
            longer = f"{row} {word}" if row else word
            if font.getlength(longer) <= room:
                row = longer
                continue
            if row:
                yield row
            row = word
            while font.getlength(row) > room:
                fits = next(count for count in range(len(row) - 1, 0, -1) if font.getlength(row[:count]) <= room)
                yield row[:fits]
                row = row[fits:]
        yield row


def _load(fonts: Path, size: Size, dots: int) -> ImageFont.FreeTypeFont:
    wide, narrow, is_bold = size.value
    file = fonts / ("DejaVuSans-Bold.ttf" if is_bold else "DejaVuSans.ttf")
    if not file.is_file():  # Pillow would look for the same name elsewhere
        raise FontMissing(f"{file} is missing; install Debian's fonts-dejavu-core")
    return ImageFont.truetype(str(file), narrow if dots < WIDE else wide)
