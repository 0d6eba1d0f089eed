"""Arrivals that do not count, kept for a person to look at, and how often each judgement was passed.

Bounded: so many a device and so many in all; the one seen longest ago has to go. The tallies count what went too, so
nothing is dropped silently.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from sync.city.facts import milliseconds
from sync.city.terms import Judgement, Quarantined
from sync.city.transactions import Bulk, Transaction

PER_DEVICE = 100
IN_ALL = 10_000
KEPT_BYTES = 4_000  # of a body; its hash and size are of the whole
STRANGERS = "strangers"  # whose topics no device can have, or that nobody enrolled: one tally for them all

_ROWS = Bulk(
    "city_quarantine",
    "source text, why text, seq bigint, sha256 text, size bigint, first_ms bigint, last_ms bigint, times bigint, body bytea",
    "ON CONFLICT (source, why, sha256) DO UPDATE SET times = city_quarantine.times + excluded.times, "
    "last_ms = excluded.last_ms",
)
_TALLIES = Bulk(
    "city_tallies",
    "source text, judgement text, times bigint, last_ms bigint",
    "ON CONFLICT (source, judgement) DO UPDATE SET times = city_tallies.times + excluded.times, last_ms = excluded.last_ms",
)
_BOUND_DEVICE = (
    "DELETE FROM city_quarantine WHERE source = ? AND id NOT IN "
    "(SELECT id FROM city_quarantine WHERE source = ? ORDER BY last_ms DESC, id DESC LIMIT ?)"
)
_BOUND_ALL = "DELETE FROM city_quarantine WHERE id NOT IN (SELECT id FROM city_quarantine ORDER BY last_ms DESC, id DESC LIMIT ?)"


def put_away(transaction: Transaction, found: Sequence[Quarantined]) -> None:
    """The same bytes for the same reason are one row, however often they come."""
    rows: dict[tuple[str, str, str], list[object]] = {}
    for one in found:
        checksum, at_ms = hashlib.sha256(one.body).hexdigest(), milliseconds(one.at)
        key = (one.source, one.why.value, checksum)
        row = rows.setdefault(key, [*key[:2], one.seq, checksum, len(one.body), at_ms, at_ms, 0, one.body[:KEPT_BYTES]])
        row[6], row[7] = at_ms, int(str(row[7])) + 1
    if rows:
        transaction.insert(_ROWS, [rows[key] for key in sorted(rows)])
        _bound(transaction, sorted({source for source, *_ in rows}))


def tally(transaction: Transaction, judged: Counter[tuple[str, Judgement]], now: datetime) -> None:
    """Count judgements, for ever."""
    now_ms = milliseconds(now)
    rows = [(source, judgement.value, times, now_ms) for (source, judgement), times in sorted(judged.items())]
    transaction.insert(_TALLIES, rows)


def quarantined(transaction: Transaction, source: str | None = None, last: int = 100) -> list[Quarantined]:
    """The newest, of one device or of all; bodies are cut."""
    where, values = ("WHERE source = ? ", (source,)) if source else ("", ())
    sql = f"SELECT source, why, seq, last_ms, body FROM city_quarantine {where}ORDER BY last_ms DESC, id DESC LIMIT ?"  # noqa: S608 - our own words
    return [
        Quarantined(source, Judgement(why), seq, datetime.fromtimestamp(last_ms / 1000, UTC), body)
        for source, why, seq, last_ms, body in transaction.rows(sql, (*values, last))
    ]


def _bound(transaction: Transaction, sources: Sequence[str]) -> None:
    for source in sources:
        transaction.execute(_BOUND_DEVICE, (source, source, PER_DEVICE))
    ((count,),) = transaction.rows("SELECT count(*) FROM city_quarantine")
    if count > IN_ALL:
        transaction.execute(_BOUND_ALL, (IN_ALL,))
