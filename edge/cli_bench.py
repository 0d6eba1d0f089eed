"""`motcua bench NAME`: side-by-side benchmarks. Prints a table and its budgets; exit 0 only when every budget held."""

import importlib
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from edge.cli_common import REFUSED, JsonOption, fail, print_line

BENCHMARKS = {
    "counter": "frames, CPU, latency and memory of the counter beside the peer `fer` on the same frames",
    "expression": "accuracy on labelled photographs, with a confusion matrix as picture and JSON",
    "journal": "durable appends beside the bare SQLite limit on the same disk, and the drain to a broker beside bare paho",
}


def bench(
    name: Annotated[
        str | None, typer.Argument(help="; ".join(f"{key}: {what}" for key, what in BENCHMARKS.items()))
    ] = None,
    out: Annotated[Path, typer.Option(help="where pictures and JSON go")] = Path("out/bench"),
    seconds: Annotated[float, typer.Option(min=1, help="how long each measurement lasts")] = 20.0,
    photos: Annotated[Path | None, typer.Option(help="expression: folder (or zip) of labelled photographs")] = None,
    labels: Annotated[Path | None, typer.Option(help="expression: CSV with file, label, identity, bucket")] = None,
    fer: Annotated[Path | None, typer.Option(help="expression: folder (or zip) of FER2013 PublicTest")] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure, beside a peer or a limit, in one run."""
    if name not in BENCHMARKS:
        fail(f"name one of: {', '.join(BENCHMARKS)}", as_json=as_json, code=2)
    out.mkdir(parents=True, exist_ok=True)
    options = {"out": out, "seconds": seconds, "photos": photos, "labels": labels, "fer": fer}
    try:
        result: dict[str, Any] = importlib.import_module(f"edge.bench.{name}").run(**options)
    except BenchUnusable as error:
        fail(str(error), as_json=as_json, code=2)
    if as_json:
        print_line({"name": name} | result)
    else:
        _show(name, result)
    raise typer.Exit(0 if result.get("ok", True) else REFUSED)


class BenchUnusable(Exception):
    """Something the benchmark needs is missing; the message says what to do."""


def _show(name: str, result: dict[str, Any]) -> None:
    table = Table(title=f"bench {name}")
    columns = list(dict.fromkeys(key for row in result["rows"] for key in row))
    for column in columns:
        table.add_column(column)
    for row in result["rows"]:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    Console().print(table)
    for note in result.get("notes", ()):
        Console().print(note)


def _cell(value: object) -> str:
    return "" if value is None else f"{value:,.3f}" if isinstance(value, float) else str(value)
