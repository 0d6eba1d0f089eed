"""What the groups of the command line share: options, one JSON object a line, errors that say what to do."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from config.load import ConfigError, load
from config.schema import Config

JsonOption = Annotated[bool, typer.Option("--json", help="one JSON object a line on stdout, nothing else there")]
DataOption = Annotated[Path | None, typer.Option("--data", help="folder of the run's files")]
REFUSED, BAD_USAGE = 1, 2


def print_line(value: dict[str, Any]) -> None:
    """One JSON object as one line on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def fail(message: str, *, as_json: bool = False, code: int = REFUSED) -> NoReturn:
    """Say what is wrong on stderr (and on stdout as JSON when asked) and exit."""
    if as_json:
        print_line({"error": message})
    typer.secho(message, fg="red", err=True)
    raise typer.Exit(code)


def load_config(file: Path, *, as_json: bool = False) -> Config:
    """Exit 2 with every mistake when the file cannot be used."""
    try:
        return load(file)
    except ConfigError as error:
        if as_json:
            keys = ("path", "value", "why", "likely")
            rows = [{key: getattr(mistake, key) for key in keys} for mistake in error.mistakes]
            print_line({"ok": False, "file": str(error.file), "mistakes": rows})
        lines = [f"{error.file}: {mistake}" for mistake in error.mistakes]
        typer.secho("\n".join([*lines, "nothing was started"]), fg="red", err=True)
        raise typer.Exit(BAD_USAGE) from error
