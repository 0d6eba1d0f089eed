"""`motcua setup`: the technician's wizard. Finds devices, names them by what stays, opens each door once, writes the site's configuration."""

import asyncio
import logging
import os
import pwd
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from config.load import ConfigError
from edge.cli_common import BAD_USAGE, INTERRUPTED, REFUSED, JsonOption, fail, print_line, quiet_natives, refusing
from edge.cli_locker import DEFAULT_CONFIG
from edge.setup.base import STATIONS
from edge.setup.job import Given, NothingToWrite
from edge.setup.terminal import InputEnded, KeyboardLines, Terminal, Unanswered
from edge.setup.wizard import Order, Refused, set_up

_QUIET = ("config", "devices", "edge", "models", "sync", "asyncio")


def setup(
    config: Annotated[Path, typer.Option("--config", help="the file to write")] = DEFAULT_CONFIG,
    stations: Annotated[
        list[str] | None, typer.Option("--station", help=f"{' | '.join(STATIONS)}; may be repeated; else as installed")
    ] = None,
    ports: Annotated[
        list[str] | None,
        typer.Option("--port", help="look at this serial port or tcp://HOST:PORT only; may be repeated"),
    ] = None,
    cameras: Annotated[
        list[str] | None, typer.Option("--camera", help="look through this camera only (rtsp://...); may be repeated")
    ] = None,
    printers: Annotated[
        list[str] | None, typer.Option("--printer", help="a printer in the network, tcp://HOST:9100")
    ] = None,
    site: Annotated[str | None, typer.Option(help="the ward or commune, as people write it")] = None,
    device: Annotated[str | None, typer.Option(help="short name of this device")] = None,
    leader: Annotated[str | None, typer.Option(help="mobile number of the centre's leader")] = None,
    head: Annotated[str | None, typer.Option(help="mobile number of the units' head, where it is asked")] = None,
    data: Annotated[Path | None, typer.Option("--data", help="the device's data folder")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="ask nothing: every default, no door is opened")] = False,
    as_json: JsonOption = False,
) -> None:
    """Find what is plugged in, ask what it is for, open each door once, and write a configuration that passes its check.

    Where nobody is at the terminal every question takes its default; one that has none ends it with exit 2.
    """
    chosen = tuple(one for given in stations or () for one in given.split(","))
    if unknown := [one for one in chosen if one not in STATIONS]:
        fail(f"--station {unknown[0]}: there are {', '.join(STATIONS)}", as_json=as_json, code=BAD_USAGE)
    file = config.absolute()
    _become_owner(file.parent, as_json=as_json)
    order = Order(
        file, tuple(dict.fromkeys(chosen)), Given(site, device, leader, head), data and data.absolute(),
        tuple(ports or ()), tuple(cameras or ()), tuple(printers or ()),
    )  # fmt: skip
    is_attended = sys.stdin is not None and sys.stdin.isatty() and not yes
    _hush()
    with refusing(as_json=as_json), quiet_natives():
        _run(order, Terminal(KeyboardLines(sys.stdin.fileno()) if is_attended else None), as_json=as_json)


def _run(order: Order, terminal: Terminal, *, as_json: bool) -> None:
    def tell_program(row: dict[str, Any]) -> None:
        if as_json:
            print_line(row)

    try:
        asyncio.run(set_up(order, terminal, tell_program))
    except (Refused, NothingToWrite) as error:
        terminal.tell()
        fail(str(error), as_json=as_json)
    except Unanswered as error:
        fail(str(error), as_json=as_json, code=BAD_USAGE)
    except ConfigError as error:
        if as_json:
            print_line({"ok": False, "file": str(order.file), "mistakes": error.rows()})
        terminal.tell()
        terminal.tell("\n".join(f"{order.file}: {mistake}" for mistake in error.mistakes), "red")
        fail("it would not pass its check, so nothing was written")
    except (KeyboardInterrupt, InputEnded, asyncio.CancelledError):
        terminal.tell()
        terminal.tell("interrupted; what was not written yet is as it was")
        raise typer.Exit(INTERRUPTED) from None


def _become_owner(folder: Path, *, as_json: bool) -> None:
    """Root becomes the user to whom the folder belongs, as whom the agent runs: it reads what is written, and meets its own rights."""
    try:
        owner = folder.stat().st_uid
    except FileNotFoundError:
        fail(
            f"{folder} is not there; run sudo scripts/install first, or name a file: --config site.toml",
            as_json=as_json,
        )
    except PermissionError:
        fail(f"{folder} is closed to this user; run: sudo motcua setup", as_json=as_json)
    if os.geteuid() == 0 and owner != 0:
        try:
            person = pwd.getpwuid(owner)
        except KeyError:
            fail(f"{folder} belongs to the user number {owner}, whom this system does not know; give it to the agent's user: sudo chown -R motcua {folder}", as_json=as_json)  # fmt: skip
        os.initgroups(person.pw_name, person.pw_gid)
        os.setgid(person.pw_gid)
        os.setuid(owner)
        unreadable = [file for file in (os.__file__, __file__) if not os.access(file, os.R_OK)]
        if unreadable:
            fail(f"{folder} is {person.pw_name}'s, who cannot read this program ({unreadable[0]}); use the installed one", as_json=as_json)  # fmt: skip
    if not os.access(folder, os.W_OK | os.X_OK):
        fail(f"{folder} is closed to this user; run: sudo motcua setup", as_json=as_json, code=REFUSED)


def _hush() -> None:
    """What the drivers log of a lost device is told in words; --verbose still shows it."""
    if not logging.getLogger("edge").isEnabledFor(logging.DEBUG):
        for name in _QUIET:
            logging.getLogger(name).setLevel(logging.CRITICAL)
