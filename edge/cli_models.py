"""`motcua models`: list, pull and verify the model files of `models/manifest.toml`."""

import os
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from rich.table import Table

from edge.cli_common import JsonOption, ending_in_order, fail, print_line
from models import fetch

app = typer.Typer(no_args_is_help=True, help="Model files: list, pull, verify.")
Names = Annotated[
    list[str] | None, typer.Argument(help="files or sets (default, demo, all, ...); default when left out")
]
Directory = Annotated[Path | None, typer.Option("--dir", help="where the files lie")]


def mirror() -> Path | None:
    """The mirror directory, read from MOTCUA_MODELS once at start."""
    named = os.environ.get("MOTCUA_MODELS")
    return Path(named) if named else None


@app.command("list")
def list_files(directory: Directory = None, as_json: JsonOption = False) -> None:
    """Which files there are, what they are for, and which are here or in the mirror (MOTCUA_MODELS)."""
    results = _verified(directory, None, as_json=as_json)
    if as_json:
        for result in results:
            print_line(_row(result) | {"purpose": result.file.purpose, "licence": result.file.licence})
        return
    table = Table("file", "set", "size", "licence", "state", "purpose")
    for one in results:
        size = f"{one.file.size_bytes / 1e6:.1f} MB"
        table.add_row(one.file.name, one.file.set.value, size, one.file.licence, one.state.value, one.file.purpose)
    Console().print(table)


@app.command()
def pull(names: Names = None, directory: Directory = None, as_json: JsonOption = False) -> None:
    """Bring files here, each verified by its SHA-256. Safe to repeat; an interrupted download goes on where it was."""
    folder = directory or fetch.default_directory()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bars:
        try:
            with ending_in_order():
                results = fetch.pull(
                    names or ["default"], folder, mirror(), _Bars(bars), tell_wait=partial(_tell_wait, folder)
                )
        except fetch.ModelFileError as error:
            fail(str(error), as_json=as_json)
    for result in results:
        if as_json:
            print_line({"name": result.file.name, "outcome": result.outcome.value, "path": str(result.path)})
        if result.why:
            typer.secho(f"{result.why}\n  everything works without it, less well", fg="yellow", err=True)
    if not as_json:
        outcomes = Counter(result.outcome for result in results)
        here, fetched = len(results) - outcomes[fetch.PullOutcome.LEFT_OUT], outcomes[fetch.PullOutcome.FETCHED]
        typer.echo(f"models: {here} files in {folder} ({fetched} fetched now)", err=True)


@app.command()
def verify(names: Names = None, directory: Directory = None, as_json: JsonOption = False) -> None:
    """Hash the files that are here or in the mirror (MOTCUA_MODELS); exit 1 when a needed one is missing, or one is not what the manifest says."""
    results = _verified(directory, names or ["default"], as_json=as_json)
    for result in results:
        if as_json:
            print_line(_row(result))
        else:
            typer.echo(f"{result.state.value:8} {result.file.name}")
    bad = [result.file.name for result in results if not _is_good(result)]
    if bad:
        where = f" --dir {directory}" if directory else ""
        fail(f"models: some files are missing or wrong; run: motcua models pull{where} {' '.join(bad)}")


def located(name: str, *, as_json: bool) -> Path:
    """Path of a pulled file, or the error that says how to pull it."""
    try:
        return fetch.locate(name, fetch.default_directory(), mirror())
    except fetch.ModelFileError as error:
        fail(str(error), as_json=as_json)


class _Bars:
    """A progress bar a file."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, step: fetch.Progress) -> None:
        if step.label not in self._tasks:
            self._tasks[step.label] = self._progress.add_task(step.label, total=step.total_bytes)
        self._progress.update(self._tasks[step.label], completed=step.done_bytes, total=step.total_bytes)


def _tell_wait(folder: Path) -> None:
    typer.secho(f"{folder}: another pull is running; this one begins when it has ended (Ctrl-C gives up)", err=True)


def _verified(directory: Path | None, names: list[str] | None, *, as_json: bool) -> list[fetch.VerifyResult]:
    try:
        return fetch.verify(directory or fetch.default_directory(), names or "all", mirror())
    except fetch.ModelFileError as error:
        fail(str(error), as_json=as_json)


def _is_good(result: fetch.VerifyResult) -> bool:
    is_done_without = result.state is fetch.VerifyState.MISSING and not result.file.needed
    return result.state is fetch.VerifyState.OK or is_done_without


def _row(result: fetch.VerifyResult) -> dict[str, str]:
    row = {"name": result.file.name, "version": result.file.version, "set": result.file.set.value}
    return row | {"state": result.state.value, "path": str(result.path)}
