"""`motcua city serve` and `motcua city report`: the city's server with its pages, and the nightly report by hand."""

import asyncio
import contextlib
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import edge.cli_city_devices  # noqa: F401 - whoever loads this module, the last of the city's, has all of its commands
from edge.cli_city import app as city
from edge.cli_city import load_city_config
from edge.cli_city_common import DEFAULT_CONFIG, ConfigOption
from edge.cli_common import BAD_USAGE, DataOption, JsonOption, fail, print_line, refusing

if TYPE_CHECKING:
    from config.city import CityConfig
    from edge.demo_city import DemoCity, DemoOptions


@city.command()
def serve(
    config: ConfigOption = DEFAULT_CONFIG,
    demo: Annotated[int | None, typer.Option(min=1, max=3_000, help="a made-up city of so many devices, live")] = None,
    port: Annotated[int, typer.Option(help="where a demo's pages are", min=0, max=65535)] = 8090,
    days: Annotated[int, typer.Option(help="a demo's past", min=0, max=60)] = 2,
    per_s: Annotated[float, typer.Option(help="a demo's events a second", min=0, max=500)] = 20.0,
    seconds: Annotated[float | None, typer.Option(help="end a demo after so long", min=1)] = None,
    data: DataOption = None,
) -> None:
    """Run the city's server until told to stop: pages, ingest over one broker, enrolment, commands, daily root, nightly report."""
    if demo is None:
        settings = load_city_config(config)
        with refusing():
            from edge.city_app import run_city

            asyncio.run(run_city(settings))
        return
    from edge.demo_city import DemoOptions

    options = DemoOptions(demo, days=days, per_s=per_s, port=port, data_dir=data)
    with refusing(), contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_demo(options, seconds))


@city.command()
def report(
    day: Annotated[str | None, typer.Option("--day", help="as 2026-11-28; else yesterday")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    out: Annotated[Path | None, typer.Option(help="folder; else the city's own")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the report of a day, over one that is there: as the figures are now."""
    settings, wanted = load_city_config(config, as_json=as_json), _day(day, as_json=as_json)
    with refusing(as_json=as_json):
        path = asyncio.run(_report(settings, wanted, out))
    if as_json:
        print_line({"ok": True, "file": str(path)})
    else:
        typer.echo(str(path))


def _day(text: str | None, *, as_json: bool) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        fail(f"{text}: write a day as 2026-11-28", as_json=as_json, code=BAD_USAGE)


async def _report(settings: "CityConfig", day: date | None, out: Path | None) -> Path:
    from datetime import timedelta

    from config.strings import load_strings
    from edge.adapters.fleet_reports import ReportKeeper
    from edge.city_app import open_desk
    from edge.web.words import Words

    with contextlib.ExitStack() as stack:
        desk = open_desk(settings, stack)
        words = Words(load_strings(), settings.web.language)
        keeper = ReportKeeper(desk, words, settings.city.name, out or settings.city.data_dir / "reports")
        return await keeper.make(day or desk.now().date() - timedelta(days=1))


async def _demo(options: "DemoOptions", seconds: float | None) -> None:
    import signal

    from edge.demo_city import open_demo

    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with open_demo(options, lambda said: typer.echo(said, err=True)) as demo:
        _greet(demo)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ended.wait()


def _greet(demo: "DemoCity") -> None:
    typer.echo(f"http://127.0.0.1:{demo.city.web.port}  {datetime.now().astimezone():%H:%M:%S}")
    for user in demo.users:
        typer.echo(f"  {user.name}: PIN {user.pin}; its code stands on the login page")
