"""What a campaign shows on stderr while it runs: bars on a terminal, elsewhere a line now and then; a broken promise at once."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from enum import Enum
from time import monotonic
from typing import TypeAlias

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

EVERY_S = 30.0  # a line, where there is no terminal


class News(Enum):
    KILL = "agents killed"
    FAILURE = "failures injected"
    BROKEN = "promises broken"


Told: TypeAlias = Callable[[News, str], None]  # what happened, and which


@contextlib.contextmanager
def shown(kills_wanted: int) -> Iterator[Told]:
    console = Console(stderr=True)
    told = _bars if console.is_terminal else _lines
    with told(console, kills_wanted) as tell:
        yield tell


@contextlib.contextmanager
def _bars(console: Console, kills_wanted: int) -> Iterator[Told]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        totals = {News.KILL: kills_wanted}
        tasks = {one: bars.add_task(one.value, total=totals.get(one), start=False) for one in (News.KILL, News.FAILURE)}

        def tell(news: News, what: str) -> None:
            if news is News.BROKEN:
                console.print(f"broken: {what}", markup=False)
            else:
                bars.start_task(tasks[news])
                bars.advance(tasks[news])

        yield tell


@contextlib.contextmanager
def _lines(console: Console, kills_wanted: int) -> Iterator[Told]:
    count: Counter[News] = Counter()
    began_s = last_s = monotonic()

    def tell(news: News, what: str) -> None:
        nonlocal last_s
        count[news] += 1
        if news is News.BROKEN:
            console.print(f"broken: {what}", markup=False, soft_wrap=True)
        if monotonic() - last_s >= EVERY_S:
            last_s = monotonic()
            told = ", ".join(f"{count[one]} {one.value}" for one in News)
            console.print(
                f"{last_s - began_s:.0f} s: {told} ({kills_wanted} to be killed)", markup=False, soft_wrap=True
            )

    yield tell
