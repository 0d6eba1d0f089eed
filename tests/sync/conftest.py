"""Journals in temporary directories, and a clock the test moves."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sync.journal import Journal
from tests.sync.broker_fixtures import line, make_mosquitto, mosquitto
from tests.sync.engine_fixtures import city, engine
from tests.sync.identity_fixtures import guarded, town
from tests.sync.postgres_fixtures import database, postgres, where
from tests.sync.rabbit_fixtures import rabbit_town

__all__ = [
    "city", "database", "engine", "guarded", "line", "make_mosquitto", "mosquitto", "postgres", "rabbit_town", "town", "where",
]  # fmt: skip

Opener = Callable[..., Awaitable[Journal]]
TALLY = "-- 001 tally\nCREATE TABLE tally (n INTEGER NOT NULL) STRICT;"


class ManualClock:
    """Wall-clock time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 8, 15, 30, 123_456, tzinfo=timezone(timedelta(hours=7)))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def open_journal(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Opener]:
    """Opens the journal of device `quay-01` in tmp_path; whatever is still open at the end is closed."""
    opened: list[Journal] = []

    async def opener(**given: Any) -> Journal:
        options: dict[str, Any] = {
            "site": "phuong-thu-duc",
            "device": "quay-01",
            "migrations": [TALLY],
            "clock": clock,
        } | given
        journal = await Journal.open(options.pop("data_dir", tmp_path), **options)
        opened.append(journal)
        return journal

    yield partial(opener)
    for journal in opened:
        await journal.close()
