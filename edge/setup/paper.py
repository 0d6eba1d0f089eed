"""The receipt printer, and the scanners: each shows which port it is by scanning once."""

import asyncio

from config.locker import KEYPADS
from config.peripherals import DESK, Printer, Scanner
from edge.setup.found import PrinterAt, SilentAt
from edge.setup.job import Job
from edge.setup.rules import in_network, rule
from edge.setup.scan import Scans, scans

README = "devices/scanner/README.md"


async def ask_printer(job: Job, what: str) -> None:
    """`what` it prints."""
    terminal = job.terminal
    job.heading(f"Printer ({what})")
    if not job.found.printers and "printer" not in job.table:
        await _ask_network(job)
    found = [one for one in job.found.printers if job.may_be_named(one.place.name, rule(Printer, "port"))]
    if not found:
        kept = "None answered; the one that is configured stays."
        terminal.tell(kept if "printer" in job.table else "Nothing is printed.")
        return
    for one in found:
        terminal.tell(f"  {one.place.name}\n    {one.says}")
    place = await terminal.choose("Which of them", [one.place.name for one in found])
    if not await terminal.confirm("Print with it", default=True):
        return
    printer, chosen = job.section("printer"), found[place]
    printer["port"] = chosen.place.name
    if chosen.baud is not None:
        printer["baud"] = chosen.baud
    printer.pop("answers", None)
    if not chosen.answers:
        printer["answers"] = False
    job.uses[chosen.place.name] = "receipt printer"


async def _ask_network(job: Job) -> None:
    """A printer in the network shows itself to nobody."""
    job.terminal.tell("None answered on USB or a serial line.")
    while job.look_at_printer is not None and job.terminal.is_attended:
        way = await job.terminal.ask(
            "One in the network, as tcp://ADDRESS:9100 (Enter for none)", in_network(Printer), ""
        )
        if not way or isinstance(found := await job.look_at_printer(way), PrinterAt):
            return
        job.terminal.warn(found.says)


def scanner_places(job: Job) -> dict[str, str]:
    """Where a scanner may stand in this configuration, and in whose words."""
    places: dict[str, str] = {}
    if "locker" in job.stations:
        for keypad in job.table["locker"].get("keypads", KEYPADS):
            places[keypad] = (
                "at the citizens' screen of the cabinet" if keypad == KEYPADS[0] else f"at the screen {keypad}"
            )
        places[DESK] = "at the officers' desk"
    if "guide" in job.stations:
        places[job.table["guide"].get("name", "huong-dan")] = "at the guide"
    return places


async def ask_scanners(job: Job) -> None:
    terminal, places = job.terminal, scanner_places(job)
    judge = rule(Scanner, "port")
    silent = {one.place.name: one for one in job.found.silent if job.may_be_named(one.place.name, judge)}
    if not silent:
        return
    job.heading("Scanners (dossier codes and receipts)")
    terminal.tell(f"{len(silent)} port(s) answer no question: a scanner speaks only when it scans.")
    for place, where in places.items():
        free = [name for name in silent if name not in job.uses]
        if not free:
            return
        chosen = await _chosen(job, place, where, [silent[name] for name in free])
        if chosen is not None:
            job.section("scanner", place)["port"] = chosen
            job.uses[chosen] = f"scanner {place}"


async def _chosen(job: Job, place: str, where: str, free: list[SilentAt]) -> str | None:
    there = job.table.get("scanner", {}).get(place, {}).get("port")
    names = [one.place.name for one in free]
    if not job.terminal.is_attended:
        likely = [one.place.name for one in free if one.is_likely_scanner]
        return there if there in names else likely[0] if len(likely) == 1 else None
    kept = f"the one that is configured stays ({there})" if there else "there is none"
    async with scans(names) as heard:
        job.terminal.listen_anew()
        job.terminal.tell(f"Hold any barcode under the scanner {where} now. Enter: {kept}.")
        return await _heard(job, heard)


async def _heard(job: Job, heard: Scans) -> str | None:
    """The port of the first scan that could be read; None when Enter came first."""
    entered = asyncio.ensure_future(job.terminal.entered())
    try:
        while True:
            scan = asyncio.ensure_future(heard.get())
            await asyncio.wait({entered, scan}, return_when=asyncio.FIRST_COMPLETED)
            if not scan.done():
                scan.cancel()
                entered.result()
                return None
            name, is_text = scan.result()
            if is_text:
                job.terminal.tell(f"  heard it on {name}", "green")
                return name
            job.terminal.warn(
                f"{name} said something that is no text: set the scanner to USB-CDC, UTF-8, suffix CR ({README})"
            )
    finally:
        entered.cancel()
