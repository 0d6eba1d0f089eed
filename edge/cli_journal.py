"""`motcua journal`: look into the ledger, prove that it is whole, take a copy that proves itself."""

import string
import sys
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from edge.cli_common import BAD_USAGE, REFUSED, JsonOption, fail, print_line, refusing
from sync import inspect
from sync.events import Event

app = typer.Typer(no_args_is_help=True, help="The ledger: tail, verify, export, stats.")
Data = Annotated[
    Path, typer.Option("--data", readable=False, help="the device's data folder, a journal file, or an export (.jsonl)")
]
DEFAULT_DATA = Path("/var/lib/motcua")
FOLLOW_EVERY_S = 0.5


@app.command()
def tail(
    data: Data = DEFAULT_DATA,
    count: Annotated[int, typer.Option("-n", min=1, help="how many")] = 20,
    kind: Annotated[str, typer.Option("--type", help="only types that begin so, as in alert.")] = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="go on as events come")] = False,
    as_json: JsonOption = False,
) -> None:
    """The last events; `--json` gives the exact bytes that are signed and sent."""
    with refusing(as_json=as_json):
        try:
            _print_events(inspect.tail(data, count, kind), as_json=as_json)
            if follow:
                _follow(data, kind, as_json=as_json)
        except KeyboardInterrupt:
            raise typer.Exit(0) from None


@app.command()
def verify(
    data: Data = DEFAULT_DATA,
    key: Annotated[
        str | None, typer.Option(help="the device's public key (hex), when it is known from elsewhere")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Prove hashes, order, signatures and receipts; names the first broken, missing or forged row. Exit 1 when not whole."""
    if key is not None and not _is_public_key(key):
        fail("--key takes the 64 hexadecimal digits of a public key", as_json=as_json, code=BAD_USAGE)
    report = inspect.verify(data, key)
    if as_json:
        found = {"ok": report.ok, "events": report.events, "first_bad": report.first_bad, "why": report.why}
        print_line(found)
    elif report.ok:
        typer.echo(f"{data}: whole, {report.events} events")
    else:
        at = f" at seq {report.first_bad}" if report.first_bad is not None else ""
        typer.secho(f"{data}: NOT whole{at}: {report.why}", fg="red", err=True)
    raise typer.Exit(0 if report.ok else REFUSED)


@app.command()
def export(out: Path, data: Data = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Write every kept event as a line of exact bytes, and beside it the bundle that makes the copy verifiable."""
    with refusing(as_json=as_json):
        try:
            exported = inspect.export(data, out)
        except ValueError as error:
            fail(str(error), as_json=as_json)
    if as_json:
        row = {"events": str(exported.events), "bundle": str(exported.bundle), "count": exported.count}
        print_line(row)
    else:
        typer.echo(f"{exported.count} events in {exported.events}; prove them with: motcua journal verify --data {out}")


@app.command()
def stats(data: Data = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """How much the ledger holds, and how far the city has confirmed."""
    with refusing(as_json=as_json):
        found = inspect.stats(data)
    if as_json:
        print_line(msgspec.to_builtins(found) | {"backlog": found.backlog})
        return
    table = Table(title=f"{found.source}: {found.events} events, {found.backlog} not confirmed by the city")
    table.add_column("type")
    table.add_column("events", justify="right")
    for kind, number in found.by_type.items():
        table.add_row(kind, str(number))
    Console().print(table)


def _follow(data: Path, kind: str, *, as_json: bool) -> None:
    seen = inspect.stats(data).head.seq
    while True:
        time.sleep(FOLLOW_EVERY_S)
        fresh = inspect.after(data, seen)
        seen = inspect.seq_of(fresh[-1]) if fresh else seen
        _print_events([body for body in fresh if _short(body).startswith(kind)], as_json=as_json)


def _is_public_key(text: str) -> bool:
    return len(text) == 64 and set(text.lower()) <= set(string.hexdigits)


def _print_events(bodies: list[bytes], *, as_json: bool) -> None:
    for body in bodies:
        if as_json:
            sys.stdout.write(body.decode() + "\n")
        else:
            event = msgspec.json.decode(body, type=Event)
            sys.stdout.write(
                f"{event.seq:>8} {event.time:%d/%m %H:%M:%S} {event.short_type:22} {bytes(event.data).decode()}\n"
            )
    sys.stdout.flush()


def _short(body: bytes) -> str:
    return msgspec.json.decode(body, type=Event).short_type
