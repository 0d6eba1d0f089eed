"""`motcua queue`: who waits, the day's report, numbers and calls by hand. A running agent is asked over its socket."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn, cast

import typer
from rich.console import Console
from rich.table import Table

from config.schema import Config
from edge.adapters import desk_wire as wire
from edge.adapters.clock import SystemClock
from edge.adapters.desk_socket import Desk, DeskCommands
from edge.adapters.queue_setup import queue_setup
from edge.cli_common import BAD_USAGE, REFUSED, JsonOption, fail, load_config, print_line, refusing
from edge.cli_desk import answered
from edge.domain.queue import Day
from edge.domain.queue_report import ReportRow, report
from edge.queue_ports import ASKED_FOR, Closed, Declined, HallView, Priority
from edge.services import queue_views
from edge.services.queue import QueueService
from edge.services.queue_views import QueueSetup
from edge.store import tickets
from sync.schema import JOURNAL_FILE, open_reader

app = typer.Typer(no_args_is_help=True, help="The queue by hand: status, report, issue, call.")
ConfigOption = Annotated[Path, typer.Option("--config", help="the site's configuration file")]
DEFAULT_CONFIG = Path("/etc/motcua/motcua.toml")


@app.command()
def status(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Who is called where, how many wait for what and about how long. The agent may run."""
    settings, setup = _settings(config, as_json=as_json)
    now = SystemClock(settings.agent.zone).now()
    with refusing(as_json=as_json), _reading(settings) as read:
        day = read(now.date(), is_present=True)
    hall = queue_views.hall(setup, day, now)
    if as_json:
        print_line(_status_row(day, hall))
    else:
        _show_status(hall)


@app.command("report")
def report_day(
    day: Annotated[str | None, typer.Option(help="YYYY-MM-DD; today when left out")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """How long people waited and were served, by service and by counter. The agent may run."""
    settings, setup = _settings(config, as_json=as_json)
    wanted = _day(day, SystemClock(settings.agent.zone).now(), as_json=as_json)
    with refusing(as_json=as_json), _reading(settings) as read:
        found = report(read(wanted, is_present=False), setup.plan)
    if as_json:
        rows = {"services": [*map(asdict, found.by_service)], "counters": [*map(asdict, found.by_counter)]}
        print_line({"day": found.day.isoformat(), **rows})
        return
    for title, rows_of in (("service", found.by_service), ("counter", found.by_counter)):
        _show_report(title, found.day, rows_of)


@app.command()
def issue(
    service: Annotated[str, typer.Argument(help="a key of [queue.services]")],
    priority: Annotated[str, typer.Option(help="older, disabled or pregnant")] = Priority.NONE.value,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Take a number; by the running agent, where one runs."""
    if priority not in {Priority.NONE, *ASKED_FOR}:
        fail(f"--priority is one of: {', '.join(ASKED_FOR)}", as_json=as_json, code=BAD_USAGE)
    answer = _at_desk(config, wire.Issue(service=service, priority=Priority(priority)), as_json=as_json)
    if isinstance(answer, wire.NotIssued):
        _decline(answer.declined, as_json=as_json)
    slip = cast("wire.Issued", answer).slip
    if as_json:
        row = {"number": slip.label, "code": slip.code, "service": slip.service.service, "ahead": slip.ahead}
        print_line({**row, "wait_s": slip.wait_s})
    else:
        typer.echo(f"{slip.label}: {slip.service.name('vi')}, {slip.ahead} before it")


@app.command()
def call(
    counter: str,
    ticket: Annotated[str | None, typer.Option(help="a number out of turn, as A012")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Finish whoever is served at a counter and call the next; by the running agent, where one runs."""
    answer = cast("wire.Called", _at_desk(config, wire.Call(counter=counter, ticket=ticket), as_json=as_json))
    refusal, number = answer.refused, answer.number
    if as_json:
        print_line({"called": None if refusal else number, "refused": refusal})
    elif refusal:
        typer.secho(f"refused: {refusal}", fg="red", err=True)
    else:
        typer.echo(f"{number} to {counter}" if number else f"{counter} is free; nobody waits")
    raise typer.Exit(REFUSED if refusal else 0)


def _settings(file: Path, *, as_json: bool) -> tuple[Config, QueueSetup]:
    settings = load_config(file, as_json=as_json)
    if settings.queue is None:
        fail(f"{file}: this device has no queue; it needs a section [queue.services.KEY]", as_json=as_json)
    return settings, queue_setup(settings, settings.queue)


def _at_desk(file: Path, ask: wire.AnyAsk, *, as_json: bool) -> wire.AnySay:
    """The running agent's answer, or that of a desk of our own: two programs never write one journal."""
    settings, setup = _settings(file, as_json=as_json)
    return answered(settings.agent.data_dir, ask, lambda: _desk(settings, setup), as_json=as_json)


@contextlib.asynccontextmanager
async def _desk(settings: Config, setup: QueueSetup) -> AsyncIterator[Desk]:
    from edge.app import open_journal

    async with open_journal(settings) as journal:
        desk = QueueService(journal, SystemClock(settings.agent.zone), setup)
        await desk.load()
        yield DeskCommands(queue=desk)


@contextlib.contextmanager
def _reading(settings: Config) -> Iterator[Callable[..., Day]]:
    """The tables as they were last committed."""
    with closing(open_reader(settings.agent.data_dir / JOURNAL_FILE)) as connection:

        def read(day: date, *, is_present: bool) -> Day:
            return tickets.load(connection, (tickets.open_day(connection) if is_present else None) or day)

        yield read


def _day(text: str | None, now: datetime, *, as_json: bool) -> date:
    try:
        return date.fromisoformat(text) if text else now.date()
    except ValueError:
        fail(f"--day {text}: write it as YYYY-MM-DD", as_json=as_json, code=BAD_USAGE)


def _decline(declined: Declined, *, as_json: bool) -> NoReturn:
    is_shut = isinstance(declined.why, Closed)
    why = declined.why.why if isinstance(declined.why, Closed) else declined.why
    opens = declined.why.opens.isoformat() if isinstance(declined.why, Closed) and declined.why.opens else None
    if as_json:
        print_line({"refused": f"closed_{why}" if is_shut else why, "opens": opens})
    typer.secho(f"refused: {why}" + (f", open again {opens}" if opens else ""), fg="red", err=True)
    raise typer.Exit(REFUSED)


def _status_row(day: Day, hall: HallView) -> dict[str, Any]:
    calls = [{"number": one.label, "counter": one.counter.counter, "state": one.state} for one in hall.calls]
    services = [{"service": one.info.service, "waiting": one.waiting, "wait_s": one.wait_s} for one in hall.services]
    shut = hall.closed.why if hall.closed else None
    return {
        "day": day.day.isoformat(),
        "issued": len(day.tickets),
        "closed": shut,
        "calls": calls,
        "services": services,
    }


def _show_status(hall: HallView) -> None:
    table = Table(title=f"closed: {hall.closed.why}" if hall.closed else "open")
    for name in ("service", "waiting", "wait"):
        table.add_column(name)
    for one in hall.services:
        wait = "not today" if one.wait_s is None else f"{one.wait_s / 60:.0f} min"
        table.add_row(one.info.name("vi"), str(one.waiting), wait)
    Console().print(table)
    for call in hall.calls:
        typer.echo(f"{call.counter.name}: {call.label} ({call.state})")


def _show_report(title: str, day: date, rows: tuple[ReportRow, ...]) -> None:
    table = Table(title=f"{day}, by {title}; minutes: median / 9 of 10 / longest")
    for name in (title, "tickets", "served", "no-shows", "left", "waiting", "serving"):
        table.add_column(name, justify="left" if name == title else "right")
    for row in rows:
        spreads = (
            f"{one.median_s / 60:.0f} / {one.p90_s / 60:.0f} / {one.longest_s / 60:.0f}" if one.n else "-"
            for one in (row.waiting, row.serving)
        )  # fmt: skip
        counts = (row.tickets, row.served, row.no_shows, row.left)
        table.add_row(row.key, *map(str, counts), *spreads)
    Console().print(table)
