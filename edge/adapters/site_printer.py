"""The one printer of a device: tickets and receipts take turns on it. For `edge.compose` and `edge.adapters.locker_setup`."""

from typing import TYPE_CHECKING

from config.schema import Config
from config.strings import StringTable
from edge.services.faults import Faults

if TYPE_CHECKING:
    from edge.adapters.receipt_printer import SlipPrinter


def site_printer(config: Config, strings: StringTable, faults: Faults) -> "SlipPrinter | None":
    """None where nobody prints. Call it once: a second way to the same printer finds it busy. Raise what its fonts raise."""
    if config.printer is None or not (config.queue or config.locker):
        return None
    from edge.adapters.receipt_printer import open_printer  # noqa: PLC0415 - it loads Pillow, which a device without one never needs

    return open_printer(config.printer, strings, config.centre.name if config.centre else "", faults)
