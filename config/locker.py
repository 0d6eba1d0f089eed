"""The `[locker]` section: one cabinet, its lock boards and its compartments. `config.locker_checks` looks across them.

`edge.adapters.locker_setup` turns it into what the locker's service and drivers take.
"""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from config.fields import Key, Seconds, Section

Cells = Annotated[int, Field(ge=1, le=12)]
Place = Annotated[int, Field(ge=0, le=99)]
Days = Annotated[int, Field(ge=1, le=365)]


def _help_phone(text: str) -> str:
    if not re.fullmatch(r"\+?[0-9][0-9 .]{2,18}", text):
        msg = "not a telephone number that can be dialled (digits, spaces and dots)"
        raise ValueError(msg)
    return text


def _line(text: str) -> str:
    """The stable name of an adapter, or a converter in the network; a name that moves at the next boot opens wrong doors."""
    if re.fullmatch(r"/dev/tty[A-Z]+[0-9]+", text):
        msg = "give the name that stays, as in /dev/serial/by-id/... (ls -l /dev/serial/by-id)"
        raise ValueError(msg)
    if not (text.startswith("/") or re.fullmatch(r"tcp://[^/:\s]+:[0-9]{1,5}", text)):
        msg = "a path as in /dev/serial/by-id/..., or tcp://HOST:PORT for boards behind a converter"
        raise ValueError(msg)
    return text


KEYPADS = ("kiosk",)


class Codes(Section):
    """`kind` hotp: a new code can be read out by telephone for ever from one counter; random: sealed until it was sent."""

    kind: Literal["hotp", "random"] = "hotp"
    digits: Literal[6, 8] = 6


class Board(Section):
    """One lock board. `channels`: how many locks it drives, counted from 1. Several boards may share a `port`."""

    protocol: Literal["xor8a", "kerong-cu16", "kerong-cu48", "wkly", "modbus"]
    port: Annotated[str, AfterValidator(_line)]
    address: Annotated[int, Field(ge=0, le=247)]
    channels: Annotated[int, Field(ge=1, le=64)]
    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] | None = None  # None: the protocol's own
    pulse_ms: Annotated[int, Field(ge=50, le=9000)] | None = None
    echo: bool = False  # a two-wire adapter that hears itself
    poll_ms: Annotated[int, Field(ge=20, le=10_000)] = 500


class Compartment(Section):
    """`number` stands on the door. `row` and `column` count from 0 at the top left of the picture."""

    board: Key
    channel: Annotated[int, Field(ge=1, le=64)]
    number: str = Field(min_length=1, max_length=6)
    size: Literal["small", "medium", "large"] = "small"
    low: bool = False  # a wheelchair user reaches it
    row: Place
    column: Place
    rows: Cells = 1
    columns: Cells = 1
    feedback: Literal["closed_short", "open_short"] = "closed_short"


class Locker(Section):
    """`keypads`: the screens citizens stand at; wrong tries are counted for each. `overdue_days` after `loaded`."""

    name: str = Field(min_length=1, max_length=60)
    help_phone: Annotated[str, AfterValidator(_help_phone)] = "1022"
    codes: Codes = Codes()
    remind_days: Days = 3
    overdue_days: Days = 5
    opening_s: Seconds = 5.0  # a door that is not seen open after that long did not open
    close_it_s: Seconds = 30.0  # then the screen asks to close it
    left_open_s: Seconds = 60.0  # then staff are told
    keypads: tuple[Key, ...] = KEYPADS
    procedures_file: Path | None = None
    boards: dict[Key, Board] = Field(min_length=1)
    compartments: dict[Key, Compartment] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.close_it_s > self.left_open_s or self.remind_days > self.overdue_days:
            msg = "first asked, then told: close_it_s <= left_open_s and remind_days <= overdue_days"
            raise ValueError(msg)
        return self
