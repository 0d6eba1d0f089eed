"""Printer and scanners: the printer is asked how it is and prints nothing; a scanner's port is opened and closed."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from config.peripherals import Printer, Scanner
from devices.serial_port import PortLost, PortSettings, open_port
from edge.doctor.finding import Finding, broken, good, not_tested, weak
from edge.doctor.holders import Person
from edge.doctor.ports import look_at_node, lost
from edge.doctor.rounds import aside

if TYPE_CHECKING:
    from devices.printer.commands import PrinterStatus

NODES = "ls -l /dev/usb/lp*"


def verdict_of_printer(status: "PrinterStatus") -> Finding:
    if status.is_cover_open:
        return broken("its cover is open", "close the cover")
    if not status.has_paper:
        return broken("no paper", "put in a new roll")
    if status.has_error:
        return broken("tells of an error", "switch it off and on; look for jammed paper at the knife")
    if not status.is_online:
        return broken("is offline", "press its FEED or ONLINE key, or switch it off and on")
    if status.is_paper_low:
        return weak("ready, the paper is nearly used up", "have a new roll at hand")
    return good("ready, has paper")


async def look_at_printer(printer: Printer, who: Person) -> Finding:
    names = NODES if printer.is_node else "ls -l /dev/serial/by-id"
    if printer.is_node or printer.is_serial:
        trouble = look_at_node(Path(printer.port), who, names)
        if trouble is not None:
            return trouble
    from devices.printer.driver import NoAnswer
    from devices.printer.slip import FontMissing
    from edge.adapters.receipt_printer import printer_driver

    try:
        driver = await aside(partial(printer_driver, printer))
    except FontMissing as error:
        return broken(str(error).partition("\n")[0], "sudo apt-get install -y fonts-dejavu-core")
    if not printer.answers:
        return not_tested(
            f"{printer.port} is there; it cannot be asked ([printer] answers = false)", "print a receipt to try it"
        )
    try:
        return verdict_of_printer(await driver.status())
    except PortLost as error:
        return lost(printer.port, error.why, names)
    except NoAnswer:
        return broken("does not answer", "see that it is switched on, and that `port` and `baud` are its own")


async def look_at_scanner(scanner: Scanner, who: Person) -> Finding:
    trouble = look_at_node(Path(scanner.port), who)
    if trouble is not None:
        return trouble
    try:
        port = await open_port(scanner.port, PortSettings(baud=scanner.baud))
    except PortLost as error:
        return lost(scanner.port, error.why)
    await port.close()
    return good(f"{scanner.port} opens; only a scan shows whether it reads")
