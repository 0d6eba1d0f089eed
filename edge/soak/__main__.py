"""`python -m edge.soak locker|sync`: what `scripts/soak` runs. Exit 0 only when every promise held."""

import asyncio
import json
import logging
import time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from edge.soak import stacks
from edge.soak.campaign import catalogue
from edge.soak.kills import Moment
from edge.soak.locker import FAMILIES, Result, kills_wanted, run
from edge.soak.progress import shown
from edge.soak.promises import Promise

if TYPE_CHECKING:
    from edge.soak.sync import Result as SyncResult

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Long seeded campaigns; exit 0 only when all held.")


@app.callback()
def start() -> None:
    """A name comes first, because there will be more than one campaign."""
    logging.basicConfig(level=logging.CRITICAL)  # the failures are wanted; what came of them is in the table


@app.command()
def locker(
    hours: Annotated[float, typer.Option(min=0.001, help="how long; 0.2 kills 500 agents")] = 0.2,
    seed: Annotated[int, typer.Option(help="the same seed injects the same failures in the same order")] = 1,
    family: Annotated[list[str] | None, typer.Option(help="one protocol only; may be repeated")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one object on stdout")] = False,  # noqa: FBT002 - typer's own way
) -> None:
    """Every failure a dossier locker meets in the field, against every protocol, and agents killed at any moment."""
    unknown = set(family or ()) - set(FAMILIES)
    if unknown:
        raise typer.BadParameter(f"there are: {', '.join(FAMILIES)}")
    result = asyncio.run(_watched(hours, seed, tuple(family or FAMILIES)))
    if as_json:
        print(json.dumps(result.as_json(), ensure_ascii=False))
    else:
        _show(result)
    raise typer.Exit(0 if result.all_held else 1)


@app.command()
def sync(
    events: Annotated[int, typer.Option(min=100, help="at least so many, over all devices")] = 20_000,
    seed: Annotated[int, typer.Option(help="the order of the blows")] = 1,
    cut_s: Annotated[float, typer.Option(min=1, help="how long the link is cut")] = 120.0,
    as_json: Annotated[bool, typer.Option("--json", help="one object on stdout")] = False,  # noqa: FBT002 - typer's own way
) -> None:
    """Brokers, workers, PostgreSQL, devices and the link killed in turn; every row is held against every journal."""
    from edge.soak import sync as campaign  # noqa: PLC0415 - needs the extra `city`

    errors = Console(stderr=True, highlight=False)
    began = time.monotonic()
    result = asyncio.run(
        campaign.run(events, seed, cut_s, lambda what: errors.print(f"{time.monotonic() - began:6.0f} s  {what}"))
    )
    if as_json:
        print(json.dumps(result.as_json(), ensure_ascii=False))
    else:
        _show_sync(result)
    raise typer.Exit(0 if result.all_held else 1)


def _show_sync(result: "SyncResult") -> None:
    console = Console()
    blows = Table(title=f"killed with -9, or cut, under live events (seed {result.seed})")
    for column in ("what", "taken again after, s", ""):
        blows.add_column(column, no_wrap=True)
    for blow in result.blows:
        blows.add_row(blow.what, f"{blow.seconds:.1f}", blow.note)
    console.print(blows)
    found = result.audit
    table = Table(title="every row against every journal")
    table.add_column("what")
    table.add_column("", justify="right")
    numbers = {
        "rows": found.rows, "lost": found.lost, "doubled": found.doubled, "strange": found.strange,
        "out of order": found.unordered, "quarantined": found.quarantined, "chains or proofs broken": len(found.broken),
        "came more than once, counted once": found.repeated, "came before what was missing, asked again": found.asked,
        "seconds until everything was in": round(result.drained_s),
    }  # fmt: skip
    for what, number in numbers.items():
        table.add_row(what, str(number))
    console.print(table)
    for sentence in found.broken:
        console.print(f"broken: {sentence}", markup=False)
    if result.week:
        console.print(result.week.said())
    print(result.figure())


async def _watched(hours: float, seed: int, families: tuple[str, ...]) -> Result:
    with stacks.on_signal(), shown(kills_wanted(hours, families)) as told:
        return await run(hours, seed, told, families=families)


def _show(result: Result) -> None:
    console = Console()
    console.print(_failures(result))
    console.print(_kills(result))
    console.print(_promises(result))
    for sentence in result.promises.sentences:
        console.print(f"broken: {sentence}", markup=False)
    print(result.figure())


def _failures(result: Result) -> Table:
    table = Table(title=f"failures injected (seed {result.seed})")
    table.add_column("failure")
    for family in result.families:
        table.add_column(family, justify="right")
    names = dict.fromkeys(one.name for family in result.families for one in catalogue(family))
    for name in names:
        table.add_row(name, *(_times(result, family, name) for family in result.families))
    return table


def _times(result: Result, family: str, name: str) -> str:
    """A dash where it cannot happen."""
    can_be = any(one.name == name for one in catalogue(family))
    return str(result.failures[family][name]) if can_be else "-"


def _kills(result: Result) -> Table:
    table = Table(title="agents killed with -9")
    table.add_column("moment")
    table.add_column("times", justify="right")
    for moment in Moment:
        table.add_row(moment.value, str(result.kills[moment]))
    table.add_row("of these with somebody at the cabinet", str(result.kills_at_work))
    return table


def _promises(result: Result) -> Table:
    table = Table(title="promises")
    for column in ("promise", "looked", "broken"):
        table.add_column(column, justify="left" if column == "promise" else "right")
    for promise in Promise:
        table.add_row(promise.value, str(result.promises.looked[promise]), str(result.promises.broken[promise]))
    return table


if __name__ == "__main__":
    app()
