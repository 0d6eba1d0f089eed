"""The command `motcua` (DESIGN 5). Exit 0: done; 1: refused or found wrong; 2: bad usage, nothing started.

Each group of commands lives in its own `edge/cli_*.py` (`edge/cli_lazy.py` knows where); heavy libraries are imported inside the
commands that need them.
"""

import asyncio
import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from config.load import ConfigError
from edge.adapters import logs
from edge.cli_common import (
    INTERRUPTED,
    REFUSED,
    DataOption,
    JsonOption,
    fail,
    fail_configured,
    load_config,
    print_line,
    refusing,
    sentence,
)
from edge.cli_lazy import LateGroup
from edge.cli_missing import missing

app = typer.Typer(
    cls=LateGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals may hold a telephone number
    help="Một Cửa Edge: the agent of a one-stop public service centre.",
)

ConfigArgument = Annotated[Path, typer.Option("--config", readable=False, help="the site's configuration file (TOML)")]


@app.callback()
def start(verbose: Annotated[bool, typer.Option("--verbose", "-v", help="log every step")] = False) -> None:
    logs.setup(verbose=verbose)


@app.command()
def run(config: ConfigArgument) -> None:
    """Run the agent until it is told to stop (SIGTERM or Ctrl-C)."""
    from edge.adapters.model_files import with_mirror
    from edge.adapters.restart import on_trial, restart
    from edge.adapters.service_manager import ServiceManager
    from edge.app import run_agent
    from edge.cli_models import mirror

    if not os.access(config, os.R_OK):
        load_config(config)  # says why
    manager = ServiceManager.of(os.environ, os.getpid())
    with refusing(), on_trial(config):
        is_anew = asyncio.run(run_agent(with_mirror(load_config(config), mirror()), config, manager))
    if is_anew:
        restart()


@app.command()
def check(config: ConfigArgument = Path("/etc/motcua/motcua.toml"), as_json: JsonOption = False) -> None:
    """Check a configuration file: every mistake at once, nothing is started."""
    from edge.doctor.holders import Person
    from edge.doctor.rights import mistakes_of_rights

    settings = load_config(config, as_json=as_json)
    who = Person.of_agent(config.absolute().parent)  # for root whoever the configuration belongs to, and so the agent
    if mistakes := mistakes_of_rights(config, who):
        fail_configured(ConfigError(config, mistakes), as_json=as_json)
    counters, contacts = len(settings.counters), len(settings.contacts)
    if as_json:
        print_line({"ok": True, "file": str(config), "counters": counters, "contacts": contacts})
        return
    typer.echo(f"{config}: good ({counters} counters, {contacts} contacts)")


@app.command()
def demo(
    seconds: Annotated[float | None, typer.Option(min=5, help="play the story, print what happened, exit")] = None,
    headless: Annotated[bool, typer.Option(help="no browser hint, no live table")] = False,
    camera: Annotated[str | None, typer.Option(help="a real camera: 0, or /dev/v4l/by-id/...")] = None,
    port: Annotated[int, typer.Option(help="where the pages are", min=0, max=65535)] = 8080,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Play a whole simulated centre on real models: counters, modem, broker, pages on 127.0.0.1."""
    from edge.cli_models import mirror
    from edge.demo import DemoFailed, DemoOptions, play

    options = DemoOptions(
        seconds=seconds, headless=headless or as_json, camera=camera, port=port, data_dir=data, mirror=mirror()
    )
    try:
        with refusing(as_json=as_json):
            outcome = asyncio.run(play(options))
    except DemoFailed as error:
        fail(str(error), as_json=as_json)
    except (KeyboardInterrupt, asyncio.CancelledError):
        typer.echo(
            "the demo was ended" if seconds is None else "interrupted: the story was not told to its end", err=True
        )
        raise typer.Exit(0 if seconds is None else INTERRUPTED) from None  # a story cut short has not been told
    if as_json:
        print_line(outcome.as_json())
    else:
        outcome.show()
    raise typer.Exit(0 if outcome.is_whole else 1)


def main() -> None:
    """Run one command. Exit 1 with one sentence where its packages are not installed, or even its output cannot be written."""
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for good; closed by whoever started us
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name need not be UTF-8; stderr does so by itself
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except ModuleNotFoundError as error:
        if (told := missing(error)) is None:
            raise
        typer.secho(told, fg="red", err=True)
        sys.exit(REFUSED)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still held back goes nowhere
        said = sentence(error) if error.filename else f"the output cannot be written: {sentence(error)}"
        typer.secho(said, fg="red", err=True)
        sys.exit(REFUSED)
