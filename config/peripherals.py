"""The `[printer]` and `[scanner.PLACE]` sections: what prints receipts, and what reads codes at a screen.

`edge.adapters.receipt_printer` and `edge.adapters.scanner` open them.
"""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from config.fields import Section

DESK = "desk"  # of officers; every other scanner stands at a keypad or at the guide
Baud = Literal[9600, 19200, 38400, 57600, 115200]


def _is_node(text: str) -> bool:
    return re.fullmatch(r"/dev/usb/lp[0-9]{1,3}", text) is not None


def _stable(text: str) -> str:
    if re.fullmatch(r"/dev/tty[A-Z]+[0-9]+", text):
        msg = "give the name that stays, as in /dev/serial/by-id/... (ls -l /dev/serial/by-id)"
        raise ValueError(msg)
    if not text.startswith("/"):
        msg = "a path as in /dev/serial/by-id/..."
        raise ValueError(msg)
    return text


def _way(text: str) -> str:
    if re.fullmatch(r"tcp://[^/:\s]+:[0-9]{1,5}", text):
        return text
    if "://" in text or not text.startswith("/"):
        msg = "tcp://HOST:9100, /dev/usb/lp0, or a path as in /dev/serial/by-id/..."
        raise ValueError(msg)
    return _stable(text)


class Printer(Section):
    """An ESC/POS receipt printer. `answers` false: a USB node that can only be written, so no receipt is ever known to be out."""

    port: Annotated[str, AfterValidator(_way)]
    baud: Baud = 115200  # a serial line's; a receipt takes half a minute at 9600
    paper_mm: Literal[80, 58] = 80
    answers: bool = True
    fonts_dir: Path = Path("/usr/share/fonts/truetype/dejavu")

    @property
    def is_node(self) -> bool:
        return _is_node(self.port)

    @property
    def is_serial(self) -> bool:
        return not self.is_node and not self.port.startswith("tcp://")

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if not self.answers and not self.is_node:
            msg = "answers = false is for /dev/usb/lp... alone; serial and network printers can be read"
            raise ValueError(msg)
        return self


class Scanner(Section):
    """A scanner in serial (USB-CDC) mode, UTF-8, suffix CR; its section's name is the keypad it stands at, or `desk`."""

    port: Annotated[str, AfterValidator(_stable), Field(max_length=200)]
    baud: Baud = 115200
