"""`motcua doctor`: every part of this device looked at, one line each, and what to do about what is not good."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from edge.cli_common import INTERRUPTED, JsonOption, load_config, print_line, quiet_natives
from edge.cli_locker import DEFAULT_CONFIG
from edge.doctor.finding import Line, State
from edge.doctor.plan import case_of, plan_of
from edge.doctor.report import WIDTH, printed, summary, waiting_for
from edge.doctor.rounds import Key, Rounds

CLEAR = "\r\x1b[K"
_QUIET = ("config", "devices", "edge", "models", "sync", "asyncio", "httpx")


def doctor(
    config: Annotated[Path, typer.Option("--config", help="the site's configuration file")] = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Test camera, microphone, ports, boards, modem, printer, models, broker, disk, clock; say what to do.

    A running agent is left alone: its devices are not opened, what it says of them counts. Exit 1 when something is broken.
    """
    from edge.adapters.model_files import with_mirror
    from edge.cli_models import mirror

    settings = with_mirror(load_config(config, as_json=as_json), mirror())
    _hush()
    teller = _Teller(as_json=as_json)

    async def examine() -> None:
        plan, rounds = plan_of(await case_of(settings, config)), Rounds(teller.tell, teller.wait)
        await rounds.one_by_one(plan.first)
        await rounds.together(plan.then)

    try:
        with quiet_natives():
            asyncio.run(examine())
    except (KeyboardInterrupt, asyncio.CancelledError):
        teller.end()
        typer.echo("interrupted: the rest was not looked at", err=True)
        raise typer.Exit(INTERRUPTED) from None  # exit 1 says that something is broken
    teller.end()
    raise typer.Exit(1 if State.BROKEN in teller.states else 0)


class _Teller:
    """Lines on stdout; what is being looked at on the terminal, overwritten."""

    def __init__(self, *, as_json: bool) -> None:
        self.states: list[State] = []
        self._as_json = as_json
        self._shows_progress = sys.stderr.isatty() and not as_json

    def tell(self, line: Line) -> None:
        self.states.append(line.finding.state)
        if self._as_json:
            print_line(line.as_json())
            return
        self._clear()
        printed(line)

    def wait(self, keys: Sequence[Key]) -> None:
        if self._shows_progress and keys:
            sys.stderr.write(f"{CLEAR}{waiting_for(keys)[:WIDTH]}")
            sys.stderr.flush()

    def end(self) -> None:
        if not self._as_json:
            self._clear()
            typer.echo(summary(self.states))

    def _clear(self) -> None:
        if self._shows_progress:
            sys.stdout.flush()
            sys.stderr.write(CLEAR)
            sys.stderr.flush()


def _hush() -> None:
    """What the drivers log of a lost device stands in the lines, in words; --verbose still shows it."""
    if not logging.getLogger("edge").isEnabledFor(logging.DEBUG):
        for name in _QUIET:
            logging.getLogger(name).setLevel(logging.CRITICAL)
