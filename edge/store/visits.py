"""The tables of visits, ratings and opt-outs. For the counter service, inside the journal's transactions."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from edge.domain.level import Level
from edge.domain.verdict import Summary
from edge.store.times import hour_of


@dataclass(frozen=True, slots=True)
class OpenVisit:
    """A visit that began and has not ended: after a crash, one that nobody can finish any more."""

    visit: str
    counter: str
    started_s: float


def begin(connection: sqlite3.Connection, visit: str, counter: str, started: datetime) -> None:
    row = (visit, counter, *hour_of(started), started.timestamp())
    connection.execute("INSERT INTO visits (visit, counter, day, hour, started_s) VALUES (?, ?, ?, ?, ?)", row)


def end(connection: sqlite3.Connection, summary: Summary, ended: datetime) -> None:
    shares = json.dumps({level.value: round(share, 4) for level, share in summary.shares.items()})
    connection.execute(
        "UPDATE visits SET ended_s = ?, seconds_usable = ?, evidence = ?, camera = ?, shares = ? WHERE visit = ?",
        (ended.timestamp(), summary.seconds_usable, summary.evidence, summary.camera, shares, summary.visit),
    )


def drop(connection: sqlite3.Connection, visit: str, counter: str, at: datetime) -> None:
    """Forget the visit and its rating, keep the count, and remember that whoever is there is not to be measured."""
    connection.execute("DELETE FROM visits WHERE visit = ?", (visit,))
    connection.execute("DELETE FROM ratings WHERE visit = ?", (visit,))
    connection.execute(
        "INSERT INTO dropped_visits VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET visits = visits + 1",
        (counter, *hour_of(at)),
    )
    connection.execute("INSERT OR REPLACE INTO opted_out VALUES (?, ?)", (counter, at.timestamp()))


def opted_out_left(connection: sqlite3.Connection, counter: str) -> None:
    connection.execute("DELETE FROM opted_out WHERE counter = ?", (counter,))


def opted_out(connection: sqlite3.Connection) -> frozenset[str]:
    """The counters where somebody stood who had opted out."""
    return frozenset(counter for (counter,) in connection.execute("SELECT counter FROM opted_out"))


def rate(connection: sqlite3.Connection, visit: str | None, counter: str, level: Level, at: datetime) -> None:
    """One rating a visit: the last press counts."""
    connection.execute(
        "INSERT INTO ratings (visit, counter, day, hour, at_s, level) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (visit) DO UPDATE SET level = excluded.level, at_s = excluded.at_s",
        (visit, counter, *hour_of(at), at.timestamp(), level),
    )


def unfinished(connection: sqlite3.Connection) -> tuple[OpenVisit, ...]:
    rows = connection.execute("SELECT visit, counter, started_s FROM visits WHERE ended_s IS NULL ORDER BY started_s")
    return tuple(OpenVisit(*row) for row in rows)


def rating_of(connection: sqlite3.Connection, visit: str) -> Level | None:
    row = connection.execute("SELECT level FROM ratings WHERE visit = ?", (visit,)).fetchone()
    return None if row is None else Level(row[0])
