"""The wizard itself: looks, asks, shows what it would write, and writes it when it is told to. For `edge.cli_setup`."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.load import ConfigError
from config.schema import Config
from edge.doctor.agent_now import AgentNow, agent_now
from edge.doctor.holders import Person
from edge.doctor.plan import stations_of
from edge.doctor.sms import START_SMSD
from edge.setup.base import STATIONS, base_of, installed_station, stations_there
from edge.setup.cabinet import ask_cabinet
from edge.setup.counter import ask_counters
from edge.setup.found import ClosedAt
from edge.setup.hall import ask_guide
from edge.setup.job import DEFAULT_DATA, Given, Job
from edge.setup.journal_before import cabinet_before, name_of_journal, set_aside
from edge.setup.messages import ask_sms
from edge.setup.paper import ask_printer, ask_scanners
from edge.setup.people import ask_people
from edge.setup.place import judged, kept_at, put, put_modem, text_of
from edge.setup.rules import is_example
from edge.setup.search import Search, Wanted
from edge.setup.site import ask_centre, ask_site, ask_web
from edge.setup.terminal import Terminal

AGAIN, END = "go through the questions again", "end without writing"
SMS_FOR = {"locker": "pickup codes", "counter": "alerts"}


class Refused(Exception):
    """Nothing was written; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the command line said."""

    file: Path
    stations: tuple[str, ...]
    given: Given
    data_dir: Path | None = None
    ports: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    printers: tuple[str, ...] = ()


async def set_up(order: Order, terminal: Terminal, tell_program: Callable[[dict[str, Any]], None]) -> None:
    """Raise Refused, NothingToWrite, ConfigError, Unanswered, InputEnded, or what the devices raise."""
    terminal.tell(f"motcua setup writes {order.file}")
    if terminal.is_attended:
        terminal.tell("Enter takes what stands in [brackets]. Ctrl-C ends it; nothing is written before the end.")
    job = await _begun(order, terminal, tell_program)
    await ask_site(job, await _own_journal(job))
    await _search(job, order)
    text, config = await _agreed(job)
    _write(job, text)
    await ask_people(job, config)
    show_next(job)


def show_next(job: Job) -> None:
    """What is left to be done, then the commands in their order."""
    terminal = job.terminal
    job.heading("Next")
    is_installed = not job.option
    steps = [
        *job.later,
        ("look at every part once more", f"{'sudo ' if is_installed else ''}motcua doctor{job.option}"),
    ]
    if job.modem is not None and is_installed:
        steps.append(("start the modem, now and at every boot", START_SMSD))
    start = "sudo systemctl enable --now motcua" if is_installed else f"motcua run{job.option}"
    steps.append(("start the agent" + (", now and at every boot" if is_installed else ""), start))
    if "mqtt" not in job.table:
        data = "" if job.data_dir == Path(DEFAULT_DATA) else f" --data {job.data_dir}"
        steps.append(("make it one of the city's devices", f"{job.motcua} enrol --city https://... --token ...{data}"))
    for what, command in steps:
        terminal.tell(f"  - {what}" + (":" if command else ""))
        if command:
            terminal.tell_command(f"      {command}")


async def _begun(order: Order, terminal: Terminal, tell_program: Callable[[dict[str, Any]], None]) -> Job:
    there = _stations_there(order.file)
    stations = order.stations or there or installed_station(order.file)
    if not stations:
        names = ("locker: a dossier ATM", "counter: cameras at counters", "guide: a kiosk that gives out numbers")
        stations = (STATIONS[await terminal.choose("What is this device", names)],)
    base = base_of(order.file, stations)
    if order.data_dir is not None:
        base.table.setdefault("agent", {})["data_dir"] = str(order.data_dir)
    data_dir = order.file.parent / base.table.get("agent", {}).get("data_dir", DEFAULT_DATA)
    _leave_alone(agent_now(data_dir), data_dir)
    if not base.is_new:
        terminal.tell(
            f"{order.file} is there: its values are offered as answers, and what is not asked stays as it is."
        )
    terminal.tell(f"Stations of this device: {', '.join(stations)}.")
    return Job(terminal, stations, base, data_dir, order.file, order.given, tell_program=tell_program)


def _stations_there(file: Path) -> tuple[str, ...]:
    """Of a file that can be gone by. Raise Refused."""
    try:
        return stations_there(file)
    except ConfigError as error:
        told = "\n".join(f"  {one}" for one in error.mistakes)
        msg = f"{file} cannot be gone by; mend it, or move it elsewhere, then run this again:\n{told}"
        raise Refused(msg) from error


async def _own_journal(job: Job) -> tuple[str, str] | None:
    """The name of the journal that is there, None where this device has none of its own."""
    named = name_of_journal(job.data_dir)
    if named is None or not is_example(named[0]):
        return named
    question = (
        f"A journal was begun under the example's name ({named[0]}/{named[1]}). Set it aside, for this device's own"
    )
    job.sets_journal_aside = await job.terminal.confirm(question, default=True)
    return None if job.sets_journal_aside else named


def _leave_alone(now: AgentNow, data_dir: Path) -> None:
    """Who runs has the devices open, and its configuration may be on trial."""
    if not now.is_known:
        msg = f"{data_dir} is closed to this user, so nobody knows whether the agent runs; run: sudo motcua setup"
        raise Refused(msg)
    if now.holder is not None:
        msg = f"the agent runs ({now.holder}) and has the devices; stop it: sudo systemctl stop motcua; then run this again"
        raise Refused(msg)


async def _search(job: Job, order: Order) -> None:
    """What is found while somebody waits; Enter ends the wait, and what was found until then counts."""
    terminal, stations = job.terminal, set(job.stations)
    wanted = Wanted(
        boards="locker" in stations, paper=bool(stations & {"locker", "guide"}), cameras=bool(stations & {"counter", "guide"}),
        sound="guide" in stations, ports=order.ports, camera_sources=order.cameras, printers=order.printers,
    )  # fmt: skip
    job.heading("What is plugged in")
    terminal.tell("Every port is asked what it is, a silent one for up to a minute. Nothing moves, nothing is printed.")
    if terminal.is_attended:
        terminal.tell("Enter ends the search with what was found until then.")
    search = Search(wanted, Person.of_agent(job.data_dir), terminal.progress)
    job.found, job.look_at, job.look_at_printer = search.found, search.look_at, search.look_at_printer
    await _until_entered(search.run(), terminal)
    terminal.listen_anew()
    _show_found(job)


async def _until_entered(work: Coroutine[Any, Any, None], terminal: Terminal) -> None:
    running, entered = asyncio.ensure_future(work), asyncio.ensure_future(terminal.entered())
    try:
        await asyncio.wait({running, entered}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (running, entered):
            task.cancel()
        await asyncio.gather(running, entered, return_exceptions=True)
    for task in (running, entered):
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


def _show_found(job: Job) -> None:
    for row in job.found.rows():
        job.tell_program(row)
    listed = list(job.found.listed())
    for word, one in listed:
        label = f"  ({one.place.label})" if one.place.label not in {"", "n/a"} else ""
        job.terminal.tell(f"  {word:12} {one.place.name}{label}")
        job.terminal.tell(f"  {'':12} {one.says}")
    if not listed:
        job.terminal.warn(
            "nothing was found: no serial port, no camera. See the cables: ls -l /dev/serial/by-id /dev/v4l/by-id"
        )


async def _ask_stations(job: Job) -> None:
    stations = job.stations
    if "locker" in stations:
        await ask_cabinet(job, cabinet_before(job.data_dir))
    if "counter" in stations:
        await ask_counters(job)
    if "guide" in stations:
        await ask_guide(job)
    if {"locker", "guide"} & set(stations):
        await ask_printer(job, "receipts and numbers" if "guide" in stations else "receipts for dossiers handed in")
        await ask_scanners(job)
    if stations == ("locker",):
        await ask_centre(job, is_needed=False)
    if told := [SMS_FOR[one] for one in stations if one in SMS_FOR]:
        await ask_sms(job, ", ".join(told))
    await ask_web(job)


async def _agreed(job: Job) -> tuple[str, Config]:
    """The text that the technician wants written and that passes its check. Raise Refused, ConfigError."""
    while True:
        job.later.clear()
        job.uses.clear()
        job.modem = None
        await _ask_stations(job)
        _forget_missing_users(job)
        text, is_kept = text_of(job.base)
        try:
            config = judged(job.file, text)
        except ConfigError as error:
            if not job.terminal.is_attended:
                raise
            _show_mistakes(job, error)
            if await job.terminal.choose("Now", (AGAIN, END)) == 1:
                raise
        else:
            _show_uses(job, config)
            if not is_kept:
                before = kept_at(job.file)
                where = f"they stay in {before}" if before else "they go with it"
                job.terminal.warn(f"the comments of {job.file} cannot be kept, as it is written; {where}")
            match await job.terminal.choose("Now", (f"write {job.file}", AGAIN, END)):
                case 0:
                    return text, config
                case 2:
                    raise Refused("nothing was written")
        job.base.is_new = False  # what was answered is offered now


def _show_mistakes(job: Job, error: ConfigError) -> None:
    job.terminal.warn("this would not pass its check:")
    for mistake in error.mistakes:
        job.terminal.tell(f"  {mistake}", "red")


def _write(job: Job, text: str) -> None:
    terminal = job.terminal
    if job.file.exists() and job.file.read_text(encoding="utf-8") == text:
        terminal.tell(f"✓ {job.file} says all of this already; it is as it was", "green")
    else:
        was_there, before = job.file.exists(), put(job.file, text)
        kept = f"; the one before is {before}" if before else ""
        kept = "; the city's, which was on trial, is not kept" if was_there and not before else kept
        terminal.tell(f"✓ {job.file} is written and passes its check{kept}", "green")
        job.tell_program({"written": str(job.file), "before": before and str(before), "stations": list(job.stations)})
    if job.sets_journal_aside:
        terminal.tell(f"✓ the example's journal is {set_aside(job.data_dir)} now", "green")
    if job.modem is not None:
        place = put_modem(job.file, job.modem)
        terminal.tell(f"✓ {place} names the modem for motcua-sms.service", "green")
        job.tell_program({"written": str(place), "modem": job.modem})


def _forget_missing_users(job: Job) -> None:
    """A users file that was never made would keep the whole configuration from passing; they are made in the data folder then."""
    named = job.table.get("web", {}).get("users_file")
    if named is not None and not (job.file.parent / named).exists():
        del job.table["web"]["users_file"]
        job.leave(f"{named} ([web] users_file) was never there; users are kept in {job.data_dir / 'users.toml'}")


def _show_uses(job: Job, config: Config) -> None:
    job.heading("This is what it will be")
    job.terminal.tell(f"  {config.agent.site}/{config.agent.device}: {stations_of(config)}")
    for _, one in job.found.listed():
        if one.place.name in job.uses or not isinstance(one, ClosedAt):
            job.terminal.tell(f"  {job.uses.get(one.place.name, 'not used'):28} {one.place.name}")
