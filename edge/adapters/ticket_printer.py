"""Joins `edge.queue_ports.TicketPrinter` to the printer of the configuration, as `receipt_printer` does for receipts."""

from config.strings import StringTable
from devices.printer.driver import Outcome
from devices.printer.slip import Line, Size
from devices.printer.slip import Slip as Paper
from edge.adapters.receipt_printer import SlipPrinter
from edge.queue_ports import Printing, Slip
from edge.web import queue_words
from edge.web.words import Words

_BECAME = {
    Outcome.PRINTED: Printing.PRINTED,
    Outcome.NO_PAPER: Printing.FAILED,
    Outcome.OFFLINE: Printing.FAILED,
    Outcome.UNKNOWN: Printing.UNKNOWN,
}


class PaperTickets:
    """`edge.queue_ports.TicketPrinter`. `place` stands at the top of each slip."""

    def __init__(self, printer: SlipPrinter, strings: StringTable, place: str) -> None:
        self._printer = printer
        self._strings = strings
        self._place = place

    async def print_slip(self, slip: Slip, lang: str) -> Printing:
        return _BECAME[await self._printer.put(self.paper(slip, lang))]

    def paper(self, slip: Slip, lang: str) -> Paper:
        """The number as large as the paper allows; nothing on it says whose it is."""
        words = Words(self._strings, lang)
        service = slip.service.name(lang)
        wait = queue_words.wait(words, slip.wait_s, slip.at)
        return Paper(
            above=(
                Line(self._place, Size.NORMAL, is_centred=True),
                Line(words("printer.ticket.title"), Size.STRONG, is_centred=True),
                Line(slip.label, Size.GIANT, is_centred=True),
                Line(
                    words("printer.ticket.priority", service=service) if slip.has_priority else service,
                    Size.STRONG,
                    is_centred=True,
                ),
                Line(words("printer.ticket.where", counters=", ".join(one.name for one in slip.counters))),
                Line(words("printer.ticket.ahead", n=slip.ahead, wait=wait)),
            ),
            qr=slip.code,
            below=(Line(words("printer.ticket.at", at=f"{slip.issued:%H:%M %d/%m/%Y}"), Size.SMALL, is_centred=True),),
        )
