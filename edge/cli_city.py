"""`motcua city`: prove what the city holds, look at it in numbers, settle what a person has seen to, publish the daily root."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from config.city import City, CityConfig, load_city
from config.load import ConfigError
from edge import cli_city_command
from edge.cli_city_common import DEFAULT_CONFIG, ConfigOption, SqliteOption, say_done, source_named
from edge.cli_common import BAD_USAGE, REFUSED, JsonOption, fail, fail_configured, print_line, refusing
from sync.city.database import Database, open_database
from sync.city.faults import FaultKind, settle
from sync.city.known import Anybody, KnownDevices, Registered
from sync.city.roots import file_of, make_root, publish_missing, published, roots, roots_due
from sync.city.stats import CityStats, city_stats
from sync.city.store import CityStore
from sync.city.verify import Proofs, recount, sources, verify_city
from sync.keys import DeviceKey, public_key_of

app = typer.Typer(no_args_is_help=True, help="The city's side: verify, stats, settle, retire, recount, root, command.")
app.add_typer(cli_city_command.app, name="command")
DeviceOption = Annotated[str | None, typer.Option("--device", help="one device only, as SITE/DEVICE")]
DeviceArgument = Annotated[str, typer.Argument(help="the device, as SITE/DEVICE")]


@dataclass(frozen=True, slots=True)
class Opened:
    """A city's database, whom it takes events from, and where its key and its published roots are."""

    database: Database
    known: KnownDevices
    data_dir: Path
    roots_dir: Path


@app.command()
def verify(
    config: ConfigOption = DEFAULT_CONFIG,
    sqlite: SqliteOption = None,
    device: DeviceOption = None,
    roots: Annotated[
        Path | None, typer.Option("--roots", help="folder of published roots kept elsewhere; else the city's own")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="the city's public key (hex), when it is known from elsewhere")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Prove every device's history, the facts and the daily roots; names what does not hold. Exit 1 when not whole."""
    source = source_named(device, as_json=as_json) if device else None
    with opened(config, sqlite, as_json=as_json) as city, refusing(as_json=as_json):
        copies = published(roots or city.roots_dir)
        if roots and not copies:
            fail(f"{roots}: no published root (root-DAY.json) is here", as_json=as_json)
        proofs = Proofs(copies, key or public_key_of(city.data_dir))
        report = verify_city(city.database, city.known, source=source, proofs=proofs)
        if device and report.ok and not report.events:
            fail(f"{device} has no events here", as_json=as_json)
    if as_json:
        print_line({"ok": report.ok} | msgspec.to_builtins(report))
    elif report.ok:
        typer.echo(f"whole: {report.devices} devices, {report.events} events, {report.roots} roots")
    for finding in () if as_json else report.findings:
        at = f" at seq {finding.seq}" if finding.seq is not None else ""
        typer.secho(f"{finding.source or 'the city'}: NOT whole{at}: {finding.why}", fg="red", err=True)
    raise typer.Exit(0 if report.ok else REFUSED)


@app.command()
def stats(config: ConfigOption = DEFAULT_CONFIG, sqlite: SqliteOption = None, as_json: JsonOption = False) -> None:
    """Devices, events, what is open and what was refused."""
    with opened(config, sqlite, as_json=as_json) as city, refusing(as_json=as_json):
        found = city_stats(city.database)
    if as_json:
        print_line(msgspec.to_builtins(found) | {"events": found.events, "online": found.online})
    else:
        _print_stats(found)


@app.command("settle")
def settle_fault(
    device: DeviceArgument,
    kind: Annotated[FaultKind, typer.Argument(help="which fault")],
    by: Annotated[str, typer.Option(help="who has seen to it")],
    config: ConfigOption = DEFAULT_CONFIG,
    sqlite: SqliteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Close a fault that waits for a person: the reason is known and put right."""
    source = source_named(device, as_json=as_json)
    with (
        opened(config, sqlite, as_json=as_json) as city,
        refusing(as_json=as_json),
        city.database.transaction() as writing,
    ):
        if not settle(writing, source, kind, by, datetime.now(UTC)):
            fail(f"{device} has no open fault {kind.value}", as_json=as_json)
    say_done(f"{device}: {kind.value} settled", as_json=as_json)


@app.command()
def retire(
    device: DeviceArgument,
    by: Annotated[str, typer.Option(help="who decided so")],
    config: ConfigOption = DEFAULT_CONFIG,
    sqlite: SqliteOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a device's history and let a new one begin: its storage was replaced. What is held stays.

    After a restored backup the device needs a new journal as well: sync/city/README.md says how.
    """
    source = source_named(device, as_json=as_json)
    with opened(config, sqlite, as_json=as_json) as city, refusing(as_json=as_json):
        if not CityStore(city.database).retire(source, by):
            fail(f"{device} has no events here", as_json=as_json)
    say_done(f"{device}: a new history may begin", as_json=as_json)


@app.command("recount")
def recount_facts(
    device: Annotated[str | None, typer.Argument(help="the device, as SITE/DEVICE")] = None,
    every: Annotated[bool, typer.Option("--all", help="every device, one after the other")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    sqlite: SqliteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make facts and the sums over them anew from the events, as after an update of the city that knows more types."""
    if every == (device is not None):
        fail("name a device, or say --all", as_json=as_json, code=BAD_USAGE)
    wanted = source_named(device, as_json=as_json) if device else None
    with opened(config, sqlite, as_json=as_json) as city, refusing(as_json=as_json):
        named = [wanted] if wanted else sources(city.database)
        found = [source for source in named if recount(city.database, source)]
        if wanted and not found:
            fail(f"{device} has no events here", as_json=as_json)
    say_done(f"{device or f'{len(found)} devices'}: recounted", as_json=as_json)


@app.command()
def root(config: ConfigOption = DEFAULT_CONFIG, sqlite: SqliteOption = None, as_json: JsonOption = False) -> None:
    """Make the roots that are due, yesterday's and those of missed days, and write each to its file. Safe to repeat; for a timer."""
    now = datetime.now(UTC)
    with opened(config, sqlite, as_json=as_json) as city, refusing(as_json=as_json):
        key = DeviceKey.load_or_create(city.data_dir)
        made = [make_root(city.database, key, day, now) for day in roots_due(city.database, now)]
        with city.database.reading() as reading:
            refused = publish_missing(roots(reading), city.roots_dir, made)
        for one in made:
            path = file_of(city.roots_dir, one)
            if as_json:
                print_line(msgspec.to_builtins(one) | {"file": str(path)})
            else:
                typer.echo(f"{path}: {one.devices} devices, root {one.root}")
    if refused:
        more = f" (so {len(refused) - 1} days more)" if refused[1:] else ""
        fail(f"{refused[0]}{more}", as_json=as_json)
    if not made:
        say_done("nothing due", as_json=as_json)


@app.command()
def worker(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Run one worker on RabbitMQ until it is told to stop. Start as many as there is work for, on as many machines."""
    from edge.adapters.city_engine import opened_worker, run_worker

    settings = load_city_config(config)
    if settings.engine is None or settings.city.database != "postgres":
        fail("workers need [engine] and database = 'postgres' in the city's file", as_json=False, code=BAD_USAGE)
    with refusing(), opened_worker(settings) as one:
        asyncio.run(run_worker(one))


def load_city_config(file: Path, *, before_init: bool = False, as_json: bool = False) -> CityConfig:
    """Exit 2 with every mistake when the file cannot be used."""
    try:
        return load_city(file, before_init=before_init)
    except ConfigError as error:
        fail_configured(error, as_json=as_json)


@contextlib.contextmanager
def opened(config: Path, sqlite: Path | None, *, as_json: bool = False) -> Iterator[Opened]:
    """The city's database by its configuration, or a SQLite file alone. Exits with a sentence when it cannot be opened."""
    city = (
        City(name="-", data_dir=sqlite.parent, admits="anybody")
        if sqlite
        else load_city_config(config, as_json=as_json).city
    )
    with refusing(as_json=as_json):
        if sqlite and not sqlite.is_file():
            fail(f"{sqlite}: there is no city here", as_json=as_json)
        database = open_database(sqlite or city.where())
    try:
        known = Registered() if city.admits == "registered" else Anybody()
        yield Opened(database, known, city.data_dir, city.roots_dir)
    finally:
        database.close()


# --- private ---


def _print_stats(found: CityStats) -> None:
    table = Table(
        title=f"{len(found.devices)} devices, {found.online} online, {found.events} events, "
        f"{found.quarantined} quarantined, last root {found.last_root or 'never'}"
    )
    for column in ("device", "events", "signed up to", "last taken", "online", "open faults"):
        table.add_column(column)
    for one in found.devices:
        last = datetime.fromtimestamp(one.last_taken_ms / 1000).astimezone() if one.last_taken_ms else None
        online = {True: "yes", False: "no", None: "-"}[one.online]
        cells = (str(one.events), str(one.signed_upto), f"{last:%d/%m %H:%M:%S}" if last else "-", online)
        table.add_row(one.source.removeprefix("/sites/").replace("/devices/", "/"), *cells, ", ".join(one.faults))
    Console().print(table)
