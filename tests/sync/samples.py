"""Sample payloads and changes that several test files use."""

import sqlite3
from collections.abc import Awaitable, Callable, Sequence

from sync.events import Payload, RatingGiven, VisitStarted
from sync.journal import Journal

Opener = Callable[..., Awaitable[Journal]]
VISIT = VisitStarted(visit="v1", counter="quay-01")
RATING = RatingGiven(counter="quay-01", visit="v1", level="satisfied")


def tally(*payloads: Payload) -> Callable[[sqlite3.Connection], Sequence[Payload]]:
    def change(connection: sqlite3.Connection) -> Sequence[Payload]:
        connection.execute("INSERT INTO tally VALUES (1)")
        return payloads

    return change


def count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM tally").fetchone()[0])
