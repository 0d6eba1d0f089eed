"""`motcua locker`: the cabinet in a technician's hand. A running agent is asked over its socket; nobody fights for the port.

Looking needs no login. A door needs a user, a reason and the code of an authenticator app, and the agent, which writes it down.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, Protocol, cast, get_args

import typer
from rich.console import Console
from rich.table import Table

from config.schema import Config
from edge.adapters import locker_wire as wire
from edge.cli_common import BAD_USAGE, JsonOption, fail, load_config, print_line, refusing
from edge.locker_ports import CabinetView, OpeningView, Step

app = typer.Typer(no_args_is_help=True, help="The cabinet by hand: status, read, open, recall, map.")
ConfigOption = Annotated[Path, typer.Option("--config", help="the site's configuration file")]
UserOption = Annotated[str, typer.Option("--user", help="your name in the users file")]
TotpOption = Annotated[
    str | None, typer.Option("--totp", help="the code of your authenticator app; asked when left out")
]
DEFAULT_CONFIG = Path("/etc/motcua/motcua.toml")

WHAT_TO_DO = {
    "not_allowed": "not allowed: the code was wrong or used already (wait for the next one), or your role may not do this",
    "not_there": "there is no such compartment, or nothing is in it to take out; see: motcua locker status",
    "not_trusted": "nothing opens now: the disk or a board is at fault; see: motcua locker status, then the agent's log",
    "busy": "somebody is at a door of this cabinet; wait until it is closed",
    "two_persons": "every door needs two different persons: add --second NAME",
    "wait": "too many wrong codes; wait",
    wire.MALFORMED: "the agent is of another version than this command: restart it",
}


class Line(Protocol):
    """The agent behind its socket, or its locker put together for this command alone."""

    def answer(self, ask: wire.AnyAsk) -> AsyncIterator[wire.AnySay]: ...


@app.command()
def status(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Every compartment with its state and age. Exit 1 when nothing would open now."""

    async def look(line: Line) -> CabinetView:
        return cast("wire.Cabinet", (await asked(line, wire.Status(), as_json=as_json))[0]).cabinet

    cabinet = on_line(config, look, as_json=as_json)
    if as_json:
        print_line(wire.to_builtins(cabinet))
    else:
        _show(cabinet)
    raise typer.Exit(0 if cabinet.trusted else 1)


@app.command()
def read(
    compartment: Annotated[str | None, typer.Argument(help="one of [locker.compartments]; all when left out")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Ask the boards now whether the doors are open. Exit 1 when one cannot be read."""

    async def look(line: Line) -> dict[str, str]:
        return cast("wire.Doors", (await asked(line, wire.Read(compartment=compartment), as_json=as_json))[0]).doors

    doors = on_line(config, look, as_json=as_json)
    for one, door in sorted(doors.items()):
        if as_json:
            print_line({"compartment": one, "door": door})
        else:
            typer.echo(f"{one:12} {door}")
    raise typer.Exit(1 if "unknown" in doors.values() else 0)


@app.command("open")
def open_one(
    compartment: str,
    user: UserOption,
    why: Annotated[str, typer.Option(help=" | ".join(get_args(wire.Why)))] = "test",
    totp: TotpOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Open one empty compartment to test it, and follow its door until it is closed."""
    _known(why, get_args(wire.Why), as_json=as_json)
    ask = wire.Open(compartment=compartment, why=cast("wire.Why", why))
    _open(config, [_login(user, totp)], ask, as_json=as_json)


@app.command()
def recall(
    user: UserOption,
    why: Annotated[str, typer.Option(help=" | ".join(get_args(wire.RecallWhy)))],
    compartment: Annotated[str | None, typer.Argument(help="left out with --all")] = None,
    every: Annotated[bool, typer.Option("--all", help="every door, one after the other: needs --second")] = False,
    totp: TotpOption = None,
    second: Annotated[str | None, typer.Option(help="the second person, for --all")] = None,
    second_totp: Annotated[str | None, typer.Option(help="the second person's code; asked when left out")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Take out what lies in a compartment, with a reason. `--all` needs two persons."""
    _known(why, get_args(wire.RecallWhy), as_json=as_json)
    if every == (compartment is not None):
        fail("name one compartment, or give --all", as_json=as_json, code=BAD_USAGE)
    if every and second is None:
        fail(WHAT_TO_DO["two_persons"], as_json=as_json, code=BAD_USAGE)
    logins = [_login(user, totp)] + ([_login(second, second_totp, is_second=True)] if second else [])
    ask = wire.Recall(compartment=compartment, why=cast("wire.RecallWhy", why))
    _open(config, logins, ask, as_json=as_json)


@app.command("map")
def map_doors(
    user: UserOption, totp: TotpOption = None, config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False
) -> None:
    """Open each door once, ask which number moved, and print the lines for the configuration."""
    from edge.cli_locker_map import map_cabinet

    login = _login(user, totp)
    settings = load_config(config, as_json=as_json)

    async def go(line: Line) -> bool:
        await asked(line, login, as_json=as_json)
        return await map_cabinet(line, settings, as_json=as_json)

    raise typer.Exit(0 if on_line(config, go, as_json=as_json) else 1)


def on_line(config: Path, go: Callable[[Line], Coroutine[Any, Any, Any]], *, as_json: bool, alone: bool = True) -> Any:
    """Run `go` with the running agent, or, where `alone` allows it and none runs, with the locker put together here."""
    settings = load_config(config, as_json=as_json)
    if settings.locker is None:
        fail(f"{config}: no [locker] is configured", as_json=as_json)

    async def with_line() -> Any:
        async with _line(settings, as_json=as_json, alone=alone) as line:
            return await go(line)

    with refusing(as_json=as_json):
        return asyncio.run(with_line())


async def asked(line: Line, ask: wire.AnyAsk, *, as_json: bool) -> list[wire.AnySay]:
    """The whole answer; a refusal ends the command with what to do."""
    return [say async for say in answers(line, ask, as_json=as_json)]


async def answers(line: Line, ask: wire.AnyAsk, *, as_json: bool) -> AsyncIterator[wire.AnySay]:
    """Line by line, without the last `Done`."""
    async for say in line.answer(ask):
        if isinstance(say, wire.Refusal):
            wait = f" {say.wait_s:.0f} s" if say.wait_s else ""
            fail(WHAT_TO_DO.get(say.why, say.why) + wait, as_json=as_json)
        if not isinstance(say, wire.Done):
            yield say


@contextlib.asynccontextmanager
async def _line(settings: Config, *, as_json: bool, alone: bool) -> AsyncIterator[Line]:
    from edge.adapters.locker_setup import open_terminal
    from edge.adapters.locker_socket import AgentLine

    async with AgentLine.open(settings.agent.data_dir) as agent:
        if agent is not None:
            yield agent
        elif not alone:
            fail("the agent does not run: start it (systemctl start motcua), then ask again", as_json=as_json)
        else:
            async with open_terminal(settings) as terminal:
                yield terminal


def _open(config: Path, logins: list[wire.Login], ask: wire.Open | wire.Recall, *, as_json: bool) -> None:
    async def go(line: Line) -> list[OpeningView]:
        for login in logins:
            await asked(line, login, as_json=as_json)
        return [show(say.opening, as_json=as_json) async for say in answers(line, ask, as_json=as_json)
                if isinstance(say, wire.Opening)]  # fmt: skip

    views = on_line(config, go, as_json=as_json, alone=False)
    last = {view.opening: view.step for view in views}
    raise typer.Exit(0 if set(last.values()) == {Step.DONE} else 1)


def show(view: OpeningView, *, as_json: bool) -> OpeningView:
    """One step of an opening, as it happens."""
    if as_json:
        print_line({"compartment": view.compartment, "number": view.number, "step": view.step.value, "why": view.why})
    else:
        typer.echo(f"door {view.number}: {view.step.value}" + (f" ({view.why})" if view.why else ""))
    return view


def _login(user: str, totp: str | None, *, is_second: bool = False) -> wire.Login:
    code = totp or typer.prompt(f"code of {user}'s authenticator app", hide_input=True)
    return wire.Login(user=user, totp=code, is_second=is_second)


def _known(why: str, whys: tuple[str, ...], *, as_json: bool) -> None:
    if why not in whys:
        fail(f"--why takes one of: {', '.join(whys)}", as_json=as_json, code=BAD_USAGE)


def _show(cabinet: CabinetView) -> None:
    trust = "trusted" if cabinet.trusted else f"NOTHING OPENS NOW ({cabinet.why})"
    table = Table(title=f"{cabinet.name}: {trust}")
    for heading in ("compartment", "number", "size", "state", "door", "dossier", "since", "sms", "why"):
        table.add_column(heading)
    for one in cabinet.compartments:
        since = f"{one.since:%d/%m %H:%M}" if one.since else ""
        table.add_row(one.compartment, one.number, one.size, one.state.value, one.door.value, one.dossier or "", since,
                      one.sms or "", one.why or "")  # fmt: skip
    Console().print(table)
