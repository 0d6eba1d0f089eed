"""The questions statistics ask of the tables: plain rows of counts. For the statistics service."""

import sqlite3
from typing import NamedTuple


class Count(NamedTuple):
    """`what` is a level, or None where there is none."""

    counter: str
    hour: int
    what: str | None
    visits: int


def camera(connection: sqlite3.Connection, day: str) -> list[Count]:
    """Visits with enough evidence, by the level the camera judged."""
    return _counts(
        connection,
        "SELECT counter, hour, camera, count(*) FROM visits WHERE day = ? AND evidence = 'enough' GROUP BY 1, 2, 3",
        day,
    )


def not_enough(connection: sqlite3.Connection, day: str) -> list[Count]:
    return _counts(
        connection,
        "SELECT counter, hour, NULL, count(*) FROM visits WHERE day = ? AND evidence = 'not_enough' GROUP BY 1, 2",
        day,
    )


def ratings(connection: sqlite3.Connection, day: str) -> list[Count]:
    return _counts(connection, "SELECT counter, hour, level, count(*) FROM ratings WHERE day = ? GROUP BY 1, 2, 3", day)


def dropped(connection: sqlite3.Connection, day: str) -> list[Count]:
    return _counts(connection, "SELECT counter, hour, NULL, visits FROM dropped_visits WHERE day = ?", day)


def alerts(connection: sqlite3.Connection, day: str, *, contested: bool) -> list[Count]:
    return _counts(
        connection,
        "SELECT counter, hour, NULL, count(*) FROM alerts WHERE day = ? AND (state = 'contested') = ? GROUP BY 1, 2",
        day,
        int(contested),
    )


def camera_and_rating(connection: sqlite3.Connection, since: str, until: str) -> list[tuple[str, str, int]]:
    """(camera level, rating, visits) of the visits that have both; both days count."""
    found = connection.execute(
        "SELECT camera, level, count(*) FROM visits JOIN ratings USING (visit)"
        " WHERE visits.day BETWEEN ? AND ? AND camera IS NOT NULL GROUP BY 1, 2",
        (since, until),
    )
    return [(camera_level, rating, int(count)) for camera_level, rating, count in found]


def _counts(connection: sqlite3.Connection, question: str, *values: str | int) -> list[Count]:
    return [Count(*row) for row in connection.execute(question, values)]
