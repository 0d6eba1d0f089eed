"""`scripts/soak locker`: agents killed at any moment, then every failure of the catalogue, against all protocols; what held is the result."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

from edge.soak import campaign
from edge.soak.desk import AgentGone
from edge.soak.hardware import BOARDS
from edge.soak.kills import Killing, Moment
from edge.soak.lives import nursery
from edge.soak.progress import News, Told
from edge.soak.promises import Promise, Promises
from edge.soak.site import Site
from edge.soak.watchdog import HUNG_S, Hung, Stuck, watched, where

FAMILIES = tuple(BOARDS)
KILLS_AN_HOUR = 2500
PATIENCE = 3.0  # times `hours` may the killing take on a busy machine
FAILURES_SHARE = 0.4  # of `hours` have the failures at least


@dataclass(slots=True)
class Result:
    """What was done and what held. `failures`: how often each was injected, by protocol."""

    seed: int
    families: tuple[str, ...]
    failures: dict[str, Counter[str]] = field(default_factory=dict)
    kills: Counter[Moment] = field(default_factory=Counter)
    kills_wanted: int = 0
    kills_at_work: int = 0
    start_s: list[float] = field(default_factory=list)
    promises: Promises = field(default_factory=Promises)
    openings: int = 0
    handovers: int = 0
    seconds: float = 0.0

    @property
    def injected(self) -> int:
        return sum(count.total() for count in self.failures.values())

    @property
    def all_held(self) -> bool:
        return self.promises.all_held and self.kills.total() >= self.kills_wanted

    def figure(self) -> str:
        """The last line."""
        looked, broken = self.promises.looked.total(), self.promises.broken.total()
        return (
            f"soak locker: {self.injected} failures injected, {self.kills.total()} of {self.kills_wanted} agents killed,"
            f" {self.openings} openings, {self.handovers} handovers, {looked} looks, {broken} promises broken"
        )

    def as_json(self) -> dict[str, Any]:
        start_s = round(median(self.start_s), 3) if self.start_s else None
        return {
            "name": "locker", "seed": self.seed, "seconds": round(self.seconds), "all_held": self.all_held,
            "failures": {name: dict(count) for name, count in self.failures.items()},
            "kills": {moment.value: self.kills[moment] for moment in Moment}, "kills_wanted": self.kills_wanted,
            "kills_at_work": self.kills_at_work, "start_to_all_doors_read_s": start_s,
            "promises": {one.value: [self.promises.looked[one], self.promises.broken[one]] for one in Promise},
            "broken": self.promises.sentences, "openings": self.openings, "handovers": self.handovers,
        }  # fmt: skip


async def run(
    hours: float, seed: int, told: Told, *, families: tuple[str, ...] = FAMILIES, folder: Path | None = None
) -> Result:
    """Both legs within `hours`, and longer where the machine is busy: what has begun is brought to its end."""
    result = Result(seed, families, kills_wanted=kills_wanted(hours, families))
    began_s, long_s = monotonic(), hours * 3600
    with tempfile.TemporaryDirectory(prefix="motcua-soak-", dir=folder) as name:
        await _kill(result, Path(name), PATIENCE * long_s, told)
        await _fail(result, Path(name), max(began_s + long_s, monotonic() + FAILURES_SHARE * long_s), told)
    result.seconds = monotonic() - began_s
    return result


def kills_wanted(hours: float, families: tuple[str, ...]) -> int:
    """At least one of each protocol."""
    return max(len(families), round(KILLS_AN_HOUR * hours))


async def _kill(result: Result, folder: Path, within_s: float, told: Told) -> None:
    shares = _shares(result.kills_wanted, result.families)
    async with asyncio.TaskGroup() as group:
        for place, (family, lives) in enumerate(shares.items()):
            site = _site(family, folder / f"kills-{family}", result.seed * 100 + place, told)
            group.create_task(_lives(result, site, lives, within_s, told), name=f"kills {family}")


async def _lives(result: Result, site: Site, lives: int, within_s: float, told: Told) -> None:
    async with nursery(site.folder / "agents.log") as home, Killing(site, home).open() as killing:
        until_s = monotonic() + within_s
        for _ in range(lives):
            if monotonic() >= until_s:
                break
            if not await _has_ended(killing, killing.one_life()):
                break
            told(News.KILL, site.family)
        await _has_ended(killing, killing.last_life())
    result.kills += killing.toll.kills
    result.kills_at_work += killing.toll.at_work
    result.start_s += killing.toll.start_s
    _take(result, site)


async def _has_ended(killing: Killing, life: Coroutine[Any, Any, None]) -> bool:
    """The next agent may live whatever became of this one, unless it holds up even who cuts it off."""
    promises = killing.site.promises
    try:
        await watched(life, HUNG_S, killing.stands_still)
    except (Hung, AgentGone, TimeoutError) as error:
        promises.hold(Promise.RECOVERED, held=False, what=f"{killing.site.family}, a life: {where(error)}")
        return not isinstance(error, Stuck)
    promises.hold(Promise.ENDS, held=True, what="a life")
    return True


async def _fail(result: Result, folder: Path, until_s: float, told: Told) -> None:
    async with asyncio.TaskGroup() as group:
        for place, family in enumerate(result.families):
            site = _site(family, folder / f"failures-{family}", result.seed * 100 + 50 + place, told)
            count = result.failures[family] = Counter()
            group.create_task(_failures(result, site, until_s, count, told), name=f"failures {family}")


async def _failures(result: Result, site: Site, until_s: float, count: Counter[str], told: Told) -> None:
    await campaign.play(site, until_s, count, lambda name: told(News.FAILURE, name))
    _take(result, site)


def _site(family: str, folder: Path, seed: int, told: Told) -> Site:
    folder.mkdir()
    site = Site(family, folder, seed)
    site.promises.on_broken = lambda sentence: told(News.BROKEN, sentence)
    return site


def _take(result: Result, site: Site) -> None:
    result.promises.take(site.promises)
    result.openings += site.witness.cycles
    result.handovers += site.auditor.handovers


def _shares(total: int, families: tuple[str, ...]) -> Mapping[str, int]:
    """As evenly as it goes."""
    each, rest = divmod(total, len(families))
    return {family: each + (place < rest) for place, family in enumerate(families)}
