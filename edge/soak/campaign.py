"""The first leg of a campaign: every failure of the catalogue, in a seeded order, against one protocol after another at the same time."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from time import monotonic

from edge.soak import failures_codes, failures_disk, failures_doors, failures_line
from edge.soak.desk import AgentGone
from edge.soak.failures import CATALOGUE, Failure
from edge.soak.promises import Promise
from edge.soak.site import Site
from edge.soak.stage import NotRecovered, Stage
from edge.soak.watchdog import HUNG_S, Hung, Stuck, watched, where

LOST = (AgentGone, NotRecovered, TimeoutError, Hung)
SOURCES = (failures_line, failures_doors, failures_codes, failures_disk)


def catalogue(family: str) -> list[Failure]:
    """What can happen to boards of this protocol."""
    return [one for one in CATALOGUE if family not in one.but_not]


async def play(site: Site, until_s: float, count: Counter[str], told: Callable[[str], None]) -> None:
    """Failure after failure until the monotonic clock says `until_s`; the books are closed at the end. `told` after each."""
    try:
        async with Stage(site).open() as stage:
            await stage.settled()
            for one in _order(site):
                if monotonic() >= until_s:
                    break
                await turn(stage, one)
                count[one.name] += 1
                told(one.name)
    except LOST as error:
        site.promises.hold(Promise.RECOVERED, held=False, what=f"{site.family} was given up: {where(error)}")
    site.close_books()


async def turn(stage: Stage, one: Failure) -> None:
    """What does not come back in time has not recovered. Raise one of LOST where a new start does not help either."""
    what = one.name
    stage.site.promises.scene = f"{stage.site.family}, {what}"
    try:
        await watched(_played(stage, one), HUNG_S, _telling(stage, what))
    except LOST as error:
        stage.hold(Promise.RECOVERED, held=False, what=f"{stage.site.family}, {what}: {where(error)}")
        if isinstance(error, Stuck):
            raise
        await watched(_anew(stage), HUNG_S, _telling(stage, f"a new start after {what}"))
    else:
        stage.hold(Promise.RECOVERED, held=True, what=what)
        stage.hold(Promise.ENDS, held=True, what=what)


def _telling(stage: Stage, what: str) -> Callable[[str], Awaitable[None]]:
    async def hung(stacks: str) -> None:
        stage.site.stands_still(what, stacks)

    return hung


async def _played(stage: Stage, one: Failure) -> None:
    await one.play(stage)
    await stage.settled()


async def _anew(stage: Stage) -> None:
    await stage.mend()
    await stage.restart()
    await stage.settled()


def _order(site: Site) -> Iterator[Failure]:
    """Every failure once in each round, each round in another order."""
    failures = catalogue(site.family)
    while True:
        yield from site.chance.sample(failures, len(failures))
