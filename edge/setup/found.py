"""What the search found, in words and for other programs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from devices.lock_board.probe import FoundBoard
from devices.sms.at_probe import FoundModem
from edge.doctor.finding import Finding, State


@dataclass(frozen=True, slots=True)
class Place:
    """A port: `name` goes into the configuration, `label` is what the device calls itself."""

    name: str
    label: str = ""
    is_stable: bool = True


@dataclass(frozen=True, slots=True)
class ModemAt:
    place: Place
    modem: FoundModem | None  # None: smsd has it

    @property
    def says(self) -> str:
        modem = self.modem
        if modem is None:
            return "in use by smsd"
        sim = "SIM ready" if modem.sim == "READY" else f"SIM says {modem.sim}" if modem.sim else "no SIM that answers"
        reach = {True: "in the network", False: "NOT in the network", None: "network unknown"}[modem.is_registered]
        signal = "" if modem.signal is None else f", signal {modem.signal} of 31"
        return f"{modem.maker}, {sim}, {reach}{signal}"


@dataclass(frozen=True, slots=True)
class BoardsAt:
    """Every board of one line with the channels it tells of."""

    place: Place
    boards: tuple[tuple[FoundBoard, int], ...]

    @property
    def says(self) -> str:
        first, _ = self.boards[0]
        each = ", ".join(f"address {board.address} with {channels} channels" for board, channels in self.boards)
        return f"{first.family} at {first.baud} baud: {each}"


@dataclass(frozen=True, slots=True)
class PrinterAt:
    """`baud` of a serial line; `answers` False: it takes bytes and says nothing."""

    place: Place
    baud: int | None
    answers: bool
    status: str

    @property
    def says(self) -> str:
        return self.status if self.answers else "is there and says nothing: whether it printed will not be known"


@dataclass(frozen=True, slots=True)
class SilentAt:
    """Something that answers no question: a scanner speaks only when it scans."""

    place: Place
    is_likely_scanner: bool = False

    @property
    def says(self) -> str:
        return (
            "a scanner, by its name"
            if self.is_likely_scanner
            else "answers nothing (a scanner speaks only when it scans)"
        )


@dataclass(frozen=True, slots=True)
class ClosedAt:
    """A port that could not be looked at."""

    place: Place
    trouble: Finding

    @property
    def says(self) -> str:
        return f"{self.trouble.found}\n    do: {self.trouble.do}"


@dataclass(frozen=True, slots=True)
class SenseAt:
    """A camera, microphone or loudspeaker, tried once."""

    place: Place
    finding: Finding

    @property
    def works(self) -> bool:
        return self.finding.state is not State.BROKEN

    @property
    def says(self) -> str:
        return self.finding.found


OnPort: TypeAlias = ModemAt | BoardsAt | PrinterAt | SilentAt | ClosedAt
_WORDS = {
    ModemAt: "SMS modem", BoardsAt: "lock boards", PrinterAt: "printer", SilentAt: "silent port", ClosedAt: "closed port",
}  # fmt: skip


@dataclass(slots=True)
class Found:
    ports: list[OnPort] = field(default_factory=list)
    cameras: list[SenseAt] = field(default_factory=list)
    microphones: list[SenseAt] = field(default_factory=list)
    loudspeakers: list[SenseAt] = field(default_factory=list)

    @property
    def modems(self) -> list[ModemAt]:
        return [one for one in self.ports if isinstance(one, ModemAt)]

    @property
    def lines(self) -> list[BoardsAt]:
        return [one for one in self.ports if isinstance(one, BoardsAt)]

    @property
    def printers(self) -> list[PrinterAt]:
        return [one for one in self.ports if isinstance(one, PrinterAt)]

    @property
    def silent(self) -> list[SilentAt]:
        """Without the other ports of a modem: they are for its maker."""
        own = {_device(one.place.name) for one in self.modems}
        return [one for one in self.ports if isinstance(one, SilentAt) and _device(one.place.name) not in own]

    def listed(self) -> Iterator[tuple[str, OnPort | SenseAt]]:
        """Everything with what it is, in the order of the table."""
        order = list(_WORDS)
        yield from ((_WORDS[type(one)], one) for one in sorted(self.ports, key=lambda one: order.index(type(one))))
        yield from (("camera", one) for one in self.cameras)
        yield from (("microphone", one) for one in self.microphones)
        yield from (("loudspeaker", one) for one in self.loudspeakers)

    def rows(self) -> Iterator[dict[str, Any]]:
        """One object each for `--json`."""
        for word, one in self.listed():
            yield {"found": word.replace(" ", "_"), "name": one.place.name, "label": one.place.label,
                   "stable": one.place.is_stable, "says": one.says} | _more(one)  # fmt: skip


def _device(name: str) -> str:
    """One name for all ports of a device: by-id and by-path names end in the number of the interface."""
    return re.sub(r"(-if[0-9]{2}.*|:[0-9]+\.[0-9]+(-port[0-9]+)?)$", "", name)


def _more(one: OnPort | SenseAt) -> dict[str, Any]:
    if isinstance(one, BoardsAt):
        rows = [{"protocol": board.family, "baud": board.baud, "address": board.address, "channels": channels}
                for board, channels in one.boards]  # fmt: skip
        return {"boards": rows}
    if isinstance(one, SenseAt):
        return {"works": one.works}
    return {"do": one.trouble.do} if isinstance(one, ClosedAt) else {}
