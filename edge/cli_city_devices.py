"""`motcua city devices`: the boxes that belong. Put them on the list, give tokens, see them, revoke them, serve enrolment."""

import asyncio
import contextlib
import getpass
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.city import CityConfig
from edge.cli_city import DeviceArgument, load_city_config
from edge.cli_city import app as city
from edge.cli_city_common import DEFAULT_CONFIG, ConfigOption, say_done, source_named
from edge.cli_common import JsonOption, fail, print_line, refusing
from sync.city.terms import Device, DeviceState

if TYPE_CHECKING:  # the server's libraries load when a command wants them
    from edge.adapters.city_enrolment import Gate
    from sync.city.enrol_server import EnrolServer
    from sync.city.registry import Registry

app = typer.Typer(no_args_is_help=True, help="The boxes that belong: init, allow, token, list, revoke, log, serve.")
city.add_typer(app, name="devices")  # here, so that `edge.cli_city` need not know of it
ByOption = Annotated[str | None, typer.Option("--by", help="who does it; else the user at the machine")]


@app.command()
def init(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Make the authority, the city's own certificate and the broker's files; what is there and good stays. Safe to repeat."""
    from edge.adapters.city_enrolment import lay_out

    settings = load_city_config(config, before_init=True, as_json=as_json)
    with refusing(as_json=as_json):
        written = lay_out(settings)
    with _gate(settings, as_json=as_json) as gate:
        missed = _settle(gate, as_json=as_json)
    said = ["ready", *(f"written: {path}" for path in written)]
    say_done("\n".join(said + missed), as_json=as_json)


@app.command()
def allow(
    serials: list[str],
    note: Annotated[str, typer.Option(help="where it came from, as in a delivery's number")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="take them off the list again")] = False,
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Put bought boxes on the list of those that may enrol, by their serial numbers."""
    with _gate(load_city_config(config, as_json=as_json), as_json=as_json) as gate:
        for serial in serials:
            with refusing(as_json=as_json):
                is_new = _listed(gate.registry, serial, _who(by), None if remove else note)
            verb = "off" if remove else "on"
            say_done(f"{serial}: {'now' if is_new else 'already'} {verb} the list", as_json=as_json)


@app.command()
def token(
    device: DeviceArgument,
    serial: Annotated[str | None, typer.Option(help="for this box only")] = None,
    hours: Annotated[float, typer.Option(min=0.1, max=720, help="how long it is good")] = 24,
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """A token for one place, good once. It is shown now and never again; who has it can take that place."""
    source = source_named(device, as_json=as_json)
    site, _, name = device.partition("/")
    with _gate(load_city_config(config, as_json=as_json), as_json=as_json) as gate, refusing(as_json=as_json):
        made = gate.registry.issue_token(
            gate.authority.fingerprint, site, name, _who(by), serial=serial, life=timedelta(hours=hours)
        )
        url = f"https://{gate.section.names[0]}:{gate.section.port}"
    if as_json:
        print_line({"source": source, "token": made.reveal(), "city": url})
    else:
        typer.echo(f"motcua enrol --city {url} --token {made.reveal()}")


@app.command("list")
def list_devices(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Every enrolled device with its box, its certificate's end and its state."""
    with _gate(load_city_config(config, as_json=as_json), as_json=as_json) as gate, refusing(as_json=as_json):
        devices = gate.registry.devices()
    if as_json:
        for one in devices:
            print_line(_row(one))
    else:
        _print(devices)


@app.command()
def revoke(
    device: DeviceArgument,
    why: Annotated[str, typer.Option(help="for the log, as in 'stolen, report 12/2026'")],
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Refuse a device from now on and cut its connection. Exit 1 when the broker could not be told: repeat it then."""
    from sync.city.broker_users import BrokerNotReached

    source = source_named(device, as_json=as_json)
    with _gate(load_city_config(config, as_json=as_json), as_json=as_json) as gate, refusing(as_json=as_json):
        names = gate.registry.revoke(source, why, _who(by))
        if names is None:
            fail(f"{device} was never enrolled", as_json=as_json)
        try:
            gate.brokers.cut(names)
        except BrokerNotReached as error:
            fail(f"revoked in the registry, but the broker was not told; repeat this command: {error}", as_json=as_json)
    say_done(f"{device}: revoked and cut off", as_json=as_json)


@app.command()
def log(
    device: Annotated[str | None, typer.Argument(help="one device, as SITE/DEVICE; else all")] = None,
    last: Annotated[int, typer.Option("-n", min=1, max=100_000)] = 50,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Who allowed, enrolled, renewed, revoked and was refused."""
    source = source_named(device, as_json=as_json) if device else None
    with _gate(load_city_config(config, as_json=as_json), as_json=as_json) as gate, refusing(as_json=as_json):
        rows = gate.registry.audit(source, last)
    for row in rows:
        if as_json:
            fields = {"at": row.at.isoformat(), "what": row.what.value, "source": row.source, "serial": row.serial}
            print_line(fields | {"by": row.by, "detail": row.detail})
        else:
            who = row.source or row.serial or ""
            typer.echo(f"{row.at.astimezone():%d/%m/%Y %H:%M:%S} {row.what.value:15} {who:50} {row.by:16} {row.detail}")


@app.command()
def certificate(
    names: list[str],
    out: Annotated[Path, typer.Option(help="the PEM file: key and certificate")],
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """A server certificate for a broker's node, by its host names and addresses; renewed when it is time. Safe to repeat."""
    from sync.city.authority import now_utc, server_files

    with _gate(load_city_config(config, as_json=as_json), as_json=as_json) as gate, refusing(as_json=as_json):
        is_new = server_files(gate.authority, out, names, now_utc())
    say_done(f"{out}: {'written' if is_new else 'still good'}", as_json=as_json)


@app.command()
def serve(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Serve enrolment and renewal, and keep the brokers as the registry says, until told to stop."""
    with _gate(load_city_config(config)) as gate, refusing():
        asyncio.run(_serve(gate.server()))


# --- private ---


@contextlib.contextmanager
def _gate(settings: CityConfig, *, as_json: bool = False) -> "Iterator[Gate]":
    from edge.adapters.city_enrolment import opened_gate
    from sync.city.database import open_database

    with contextlib.ExitStack() as undo:
        with refusing(as_json=as_json):
            database = open_database(settings.city.where())
            undo.callback(database.close)
            gate = undo.enter_context(opened_gate(settings, database))
        yield gate


async def _serve(server: "EnrolServer") -> None:
    """Until SIGTERM or SIGINT."""
    running = asyncio.create_task(server.run(), name="enrolment")
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running


def _listed(registry: "Registry", serial: str, by: str, note: str | None) -> bool:
    """Without a note it goes off the list. Whether that changed anything."""
    return registry.disallow(serial, by) if note is None else registry.allow(serial, note, by)


def _settle(gate: "Gate", *, as_json: bool) -> list[str]:
    """A broker that is not there yet is no mistake: its nodes need certificates of this authority first."""
    from sync.city.broker_users import BrokerNotReached

    with refusing(as_json=as_json):
        try:
            gate.brokers.settle()
        except BrokerNotReached as error:
            return [
                f"not told yet: {error}",
                "start it, and repeat this command (motcua city serve does so each minute)",
            ]
    return []


def _who(by: str | None) -> str:
    return by or getpass.getuser()


def _row(one: Device) -> dict[str, str | None]:
    return {
        "source": one.source,
        "serial": one.serial,
        "state": one.state.value,
        "key": one.key,
        "registered": one.registered.isoformat(),
        "certificate_ends": _iso(one.certificate_ends),
        "revoked": _iso(one.revoked),
        "why_revoked": one.why_revoked,
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _print(devices: list[Device]) -> None:
    table = Table(title=f"{len(devices)} devices")
    for column in ("device", "box", "state", "certificate ends", "why"):
        table.add_column(column)
    for one in devices:
        style = "red" if one.state is DeviceState.REVOKED else None
        ends = f"{one.certificate_ends:%d/%m/%Y}" if one.certificate_ends else "-"
        cells = (f"{one.site}/{one.device}", one.serial, one.state.value, ends, one.why_revoked or "")
        table.add_row(*map(Text, cells), style=style)  # as it was typed: a bracket is no markup
    Console().print(table)
