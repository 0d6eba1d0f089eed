"""Joins `edge.locker_ports.ReceiptPrinter` to a printer of `devices.printer`, chosen by the configuration."""

import asyncio
import logging
from datetime import timedelta
from functools import partial
from pathlib import Path

from config.peripherals import Printer
from config.strings import StringTable
from devices.printer.driver import EscposPrinter, NoAnswer, OpenPort, Outcome
from devices.printer.node_port import open_node
from devices.printer.slip import NARROW, WIDE, Artist, Line, Size, Slip
from devices.serial_port import PortLost, PortSettings, open_port
from edge.locker_ports import PrintOutcome, Receipt
from edge.services.faults import Faults
from edge.services.kept import kept_or_told

log = logging.getLogger(__name__)
PART = "printer"
LOOK_EVERY = timedelta(seconds=60)
_WHY = {
    Outcome.NO_PAPER: "no_paper",
    Outcome.OFFLINE: "printer_offline",
    Outcome.UNKNOWN: "printer_silent",
}


class SlipPrinter:
    """`edge.locker_ports.ReceiptPrinter`. `watch` looks every minute, so that staff know of an empty roll before a citizen does."""

    def __init__(
        self, printer: EscposPrinter, strings: StringTable, place: str, faults: Faults, *, is_readable: bool = True
    ) -> None:
        self._printer = printer
        self._strings = strings
        self._place = place
        self._faults = faults
        self._is_readable = is_readable

    async def print(self, receipt: Receipt) -> PrintOutcome:
        """Never twice: what is UNKNOWN may still come out of the printer."""
        return PrintOutcome((await self.put(self._slip(receipt))).value)

    async def put(self, slip: Slip) -> Outcome:
        """Any slip on paper, once; what is wrong with the printer is told to staff."""
        outcome = await self._printer.print(slip)
        if self._is_readable:
            await self._tell(outcome)
        return outcome

    async def watch(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY.total_seconds())

    async def look(self) -> None:
        """One look: a printer that cannot be read is left alone."""
        if not self._is_readable:
            return
        try:
            status = await self._printer.status()
        except (PortLost, NoAnswer):
            await self._tell(Outcome.OFFLINE)
            return
        if status.is_ready:
            await self._tell(Outcome.PRINTED)
        else:
            await self._tell(Outcome.OFFLINE if status.has_paper else Outcome.NO_PAPER)

    async def _tell(self, outcome: Outcome) -> None:
        """What the journal cannot take now is told at a later look: whoever printed waits for the outcome."""
        with kept_or_told(log, "the printer's state is not told"):
            if why := _WHY.get(outcome):
                await self._faults.fault(PART, why)
            else:
                await self._faults.recovered(PART)

    def _slip(self, receipt: Receipt) -> Slip:
        def say(key: str, **params: str) -> str:
            return self._strings.text(f"printer.receipt.{key}", receipt.lang, **params)

        return Slip(
            above=(
                Line(self._place, Size.NORMAL, is_centred=True),
                Line(say("title"), Size.STRONG, is_centred=True),
                Line(say("procedure", procedure=receipt.procedure)),
                Line(say("compartment", compartment=receipt.compartment)),
                Line(say("at", at=f"{receipt.at:%H:%M %d/%m/%Y}")),
            ),
            qr=receipt.receipt,
            below=(
                Line(receipt.receipt, Size.HUGE, is_centred=True),
                Line(say("keep"), Size.SMALL, is_centred=True),
                Line(say("not_yet"), Size.SMALL, is_centred=True),
            ),
        )


def open_printer(printer: Printer, strings: StringTable, place: str, faults: Faults) -> SlipPrinter:
    """Nothing is opened yet. Raise `devices.printer.slip.FontMissing`."""
    return SlipPrinter(printer_driver(printer), strings, place, faults, is_readable=printer.answers)


def printer_driver(printer: Printer) -> EscposPrinter:
    """Nothing is opened yet. Raise `devices.printer.slip.FontMissing`."""
    artist = Artist(WIDE if printer.paper_mm == 80 else NARROW, printer.fonts_dir)
    baud = printer.baud if printer.is_serial else None
    return EscposPrinter(_way(printer), artist, answers=printer.answers, baud=baud)


def _way(printer: Printer) -> OpenPort:
    if printer.is_node:
        return partial(open_node, Path(printer.port), can_read=printer.answers)
    return partial(open_port, printer.port, PortSettings(baud=printer.baud))
