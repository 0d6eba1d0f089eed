"""A device that was offline for a week: how fast its journal drains over a line with a round trip of 100 ms. For `edge.soak.sync`."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.soak.sync_line import Lines
from sync.events import VisitStarted
from sync.journal import Journal
from sync.link import Link, LinkOptions
from sync.mqtt import Broker, Version
from sync.uplink import Tuning

WEEK = 604_800  # events, one a second
ROUND_TRIP_S = 0.1
WINDOW = 100
EVENTS = 5_000  # journalled and drained; the week is arithmetic
_WITHIN_S = 300.0
_SHARE = 0.5  # of what the window or the machine allows, whichever is less


@dataclass(frozen=True, slots=True)
class Week:
    """Events a second, on a line without delay and on the long one."""

    near: float
    far: float

    @property
    def allowed(self) -> float:
        return min(WINDOW / ROUND_TRIP_S, self.near)

    @property
    def held(self) -> bool:
        return self.far >= _SHARE * self.allowed

    def said(self) -> str:
        return (
            f"a week offline ({WEEK:,} events) drains in {WEEK / self.far / 60:.0f} min at {self.far:.0f} events/s over a round trip "
            f"of {ROUND_TRIP_S * 1000:.0f} ms; window {WINDOW} allows {WINDOW / ROUND_TRIP_S:.0f}/s, without delay it was {self.near:.0f}/s"
        )


async def week(folder: Path, nodes: Sequence[tuple[str, int]]) -> Week:
    """Two journals of the same events, one after the other. Raise TimeoutError."""
    return Week(
        await _drained(folder / "week-near", nodes, 0.0), await _drained(folder / "week-far", nodes, ROUND_TRIP_S / 2)
    )


async def _drained(folder: Path, nodes: Sequence[tuple[str, int]], delay_s: float) -> float:
    """Up to the last acknowledgement of the broker; the city's receipts are held against it by the audit."""
    opened = await Journal.open(folder, site="phuong-thu-duc", device=folder.name)
    async with Lines(nodes, delay_s) as lines, opened as journal:
        for _ in range(EVENTS // 500):
            await journal.record(*[VisitStarted(visit="v", counter="c")] * 500)
        (host, port), *others = lines.ends
        options = LinkOptions(versions=(Version.V311,), tuning=Tuning(window=WINDOW, progress_every_s=0.05))
        began, last = time.perf_counter(), journal.head.seq
        task = asyncio.create_task(Link(journal, Broker(host, port, others=tuple(others)), options).run(), name="week")
        try:
            async with asyncio.timeout(_WITHIN_S):
                while journal.marks.broker < last:  # noqa: ASYNC110 - the watermark moves without an event of its own
                    await asyncio.sleep(0.02)
                rate = last / (time.perf_counter() - began)
                while journal.backlog:  # noqa: ASYNC110 - the same
                    await asyncio.sleep(0.1)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    return rate
