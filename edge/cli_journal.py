"""`motcua journal`: look into the ledger, prove that it is whole, take a copy that proves itself."""

import json
import string
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from edge.cli_common import BAD_USAGE, REFUSED, JsonOption, fail, print_line, refusing
from sync import inspect

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
    """The last events; `--json` gives the exact bytes that are signed and sent. Exit 1 when one of them is damaged."""
    shown = _Shown(data, as_json=as_json)
    with refusing(as_json=as_json), suppress(KeyboardInterrupt):
        shown.show(inspect.last_rows(data, count, kind))
        if follow:
            _follow(shown, kind)
    raise typer.Exit(REFUSED if shown.has_damage else 0)


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


def _follow(shown: "_Shown", kind: str) -> None:
    seen = inspect.stats(shown.data).head.seq
    while True:
        time.sleep(FOLLOW_EVERY_S)
        fresh = inspect.rows_after(shown.data, seen)
        seen = fresh[-1].seq if fresh else seen
        shown.show([row for row in fresh if row.type.startswith(kind)])


def _is_public_key(text: str) -> bool:
    return len(text) == 64 and set(text.lower()) <= set(string.hexdigits)


class _Shown:
    """Rows on stdout, a line each. `has_damage`: one of them was no event any more."""

    def __init__(self, data: Path, *, as_json: bool) -> None:
        self.data = data
        self.has_damage = False
        self._as_json = as_json

    def show(self, rows: list[inspect.Row]) -> None:
        for row in rows:
            event = row.event
            if event is None:
                self._show_damage(row.seq)
            elif self._as_json:
                sys.stdout.write(row.body.decode() + "\n")
            else:
                sys.stdout.write(
                    f"{event.seq:>8} {event.time:%d/%m %H:%M:%S} {event.short_type:22} {bytes(event.data).decode()}\n"
                )
        sys.stdout.flush()

    def _show_damage(self, seq: int) -> None:
        self.has_damage = True
        why = f"damaged, see: motcua journal verify --data {self.data}"
        sys.stdout.write(f"seq {seq}: {why}\n" if not self._as_json else json.dumps({"seq": seq, "error": why}) + "\n")
