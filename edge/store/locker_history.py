"""What the journal tells of one dossier or receipt: the events of all its stays. For the locker's desk, read only."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from edge.store import stays

_SQL = """
SELECT type, at_ms, CAST(body AS TEXT) FROM events
WHERE type GLOB 'locker.*' AND json_extract(CAST(body AS TEXT), '$.data.stay') IN (SELECT value FROM json_each(?)) ORDER BY seq
"""


@dataclass(frozen=True, slots=True)
class Told:
    """`kind` is the event's short type."""

    at_s: float
    kind: str
    values: Mapping[str, str | int | None]


def of(connection: sqlite3.Connection, dossier: str | None, receipt: str | None) -> tuple[Told, ...]:
    """Oldest first. Events that the journal has given up are not there any more."""
    known = [row.stay for row in stays.history(connection, dossier=dossier, receipt=receipt)]
    found = connection.execute(_SQL, (json.dumps(known),))
    return tuple(Told(at_ms / 1000, kind, _values(body)) for kind, at_ms, body in found)


def _values(body: str) -> dict[str, str | int | None]:
    """Numbers are shown as whole ones."""
    event = json.loads(body)["data"]
    return {key: round(value) if isinstance(value, float) else value for key, value in event.items()}
