"""The first leg of a campaign: every failure of the catalogue, in a seeded order, against one protocol after another at the same time."""

import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from time import monotonic

from edge.soak import failures_codes, failures_disk, failures_doors, failures_line
from edge.soak.desk import AgentGone
from edge.soak.failures import CATALOGUE, Failure
from edge.soak.promises import Promise
from edge.soak.site import Site
from edge.soak.stage import NotRecovered, Stage

SOURCES = (failures_line, failures_doors, failures_codes, failures_disk)


def catalogue(family: str) -> list[Failure]:
    """What can happen to boards of this protocol."""
    return [one for one in CATALOGUE if family not in one.but_not]


async def play(site: Site, until_s: float, count: Counter[str], told: Callable[[], None]) -> None:
    """Failure after failure until the monotonic clock says `until_s`; the books are closed at the end. `told` after each."""
    async with Stage(site).open() as stage:
        await stage.settled()
        for one in _order(site):
            if monotonic() >= until_s:
                break
            await _turn(stage, one)
            count[one.name] += 1
            told()
    site.close_books()


async def _turn(stage: Stage, one: Failure) -> None:
    """What does not come back in time has not recovered."""
    stage.site.promises.scene = f"{stage.site.family}, {one.name}"
    try:
        await one.play(stage)
        await stage.settled()
    except (AgentGone, NotRecovered, TimeoutError) as error:
        stage.hold(Promise.RECOVERED, held=False, what=f"{stage.site.family}, {one.name}: {_where(error)}")
        await stage.mend()
        await stage.restart()
        await stage.settled()
    else:
        stage.hold(Promise.RECOVERED, held=True, what=one.name)


def _where(error: BaseException) -> str:
    """What was waited for in vain: the innermost function of the campaign itself."""
    names = [frame.name for frame in traceback.extract_tb(error.__traceback__) if "soak" in frame.filename]
    return f"{type(error).__name__} in {' < '.join(reversed(names[-4:]))}"


def _order(site: Site) -> Iterator[Failure]:
    """Every failure once in each round, each round in another order."""
    failures = catalogue(site.family)
    while True:
        yield from site.chance.sample(failures, len(failures))
