"""The devices' own rows, locked for one batch: where each chain ends, what is held at the seqs that arrive, early copies.

Only `sync.city.batch` and `sync.city.store` use it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sync.chain import Head
from sync.city.judge import Bench, Reading, Standing, Verdict
from sync.city.known import Known
from sync.city.transactions import Bulk, Row, Transaction
from sync.topics import Topics

_CHUNK = 500  # parameters a statement
CHAINS = Bulk(
    "city_chains",
    "source text, generation bigint, site text, device text, seq bigint, head text, trusted_key text, signed_upto bigint, "
    "last_event_ms bigint, last_taken_ms bigint, rolled bigint",
    "ON CONFLICT (source) WHERE retired_ms IS NULL DO UPDATE SET seq = excluded.seq, head = excluded.head, "
    "trusted_key = excluded.trusted_key, signed_upto = excluded.signed_upto, last_event_ms = excluded.last_event_ms, last_taken_ms = excluded.last_taken_ms, "
    "rolled = excluded.rolled",
)
_NEW_CHAINS = Bulk(CHAINS.table, CHAINS.columns, "ON CONFLICT DO NOTHING")


@dataclass(slots=True)
class Chain:
    """A device's row, locked, and the bench that judges its arrivals."""

    id: int
    source: str
    generation: int
    topics: Topics
    bench: Bench
    start: Head
    last_event_ms: int | None
    last_taken_ms: int | None
    is_rolled: bool  # whether its sums hold what is here already
    verdicts: list[Verdict]


def chain_name(source: str, generation: int) -> str:
    """What the daily roots call a chain: the device, and which of its histories where it is not the first."""
    return source if generation == 1 else f"{source}#{generation}"


def lock_chains(
    transaction: Transaction, batch: Mapping[str, list[Reading]], known: Mapping[str, Known]
) -> dict[str, Chain]:
    """The devices' rows, made where they are new and held until the end, and a bench for each."""
    sources = sorted(batch)
    rows = _chain_rows(transaction, sources)
    fresh = [source for source in sources if source not in rows]
    if fresh:
        _make(transaction, {source: batch[source][0].arrival.topics for source in fresh})
        rows |= _chain_rows(transaction, fresh)
    early = _early_copies(transaction, sources)
    return {
        source: _chain(transaction, rows[source], batch[source], known[source], early.get(source, {}))
        for source in sources
    }


def _chain_rows(transaction: Transaction, sources: Sequence[str]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for some in _chunks(sources):
        sql = (
            "SELECT source, id, generation, seq, head, trusted_key, signed_upto, last_event_ms, last_taken_ms, rolled "  # noqa: S608 - only marks
            f"FROM city_chains WHERE source IN ({', '.join('?' * len(some))}) AND retired_ms IS NULL "
            "ORDER BY source FOR UPDATE"
        )
        found |= {row[0]: row for row in transaction.rows(sql, some)}
    return found


def generations(transaction: Transaction, sources: Sequence[str]) -> dict[str, int]:
    """Which of its histories each device goes on with; nobody can retire one of them before the end."""
    return {source: row[2] for source, row in _chain_rows(transaction, sources).items()}


def _chain(
    transaction: Transaction,
    row: Row,
    readings: list[Reading],
    known: Known,
    early: dict[int, bytes],
) -> Chain:
    source, device, generation, seq, head, trusted, signed_upto, last_event_ms, last_taken_ms, rolled = row
    keys = known.keys or ((trusted,) if trusted else ())
    start = Head(seq, head)
    again = sorted({reading.seq for reading in readings if reading.seq is not None and 1 <= reading.seq <= seq})
    bench = Bench(Standing(start, keys, known.state), _held(transaction, device, again), early, signed_upto)
    topics = readings[0].arrival.topics
    return Chain(device, source, generation, topics, bench, start, last_event_ms, last_taken_ms, rolled == seq, [])


def _held(transaction: Transaction, device: int, seqs: Sequence[int]) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for some in _chunks(seqs):
        marks = ", ".join("?" * len(some))
        sql = f"SELECT seq, body FROM city_events WHERE device = ? AND seq IN ({marks})"  # noqa: S608 - only marks
        found.update(transaction.rows(sql, (device, *some)))
    return found


def _early_copies(transaction: Transaction, sources: Sequence[str]) -> dict[str, dict[int, bytes]]:
    found: dict[str, dict[int, bytes]] = {}
    for some in _chunks(sources):
        marks = ", ".join("?" * len(some))
        sql = f"SELECT source, seq, body FROM city_early WHERE source IN ({marks})"  # noqa: S608 - only marks
        for source, seq, body in transaction.rows(sql, some):
            found.setdefault(source, {})[seq] = body
    return found


def _make(transaction: Transaction, fresh: Mapping[str, Topics]) -> None:
    """The first history of a device is generation 1; one that was retired is followed by the next."""
    generations: dict[str, int] = {}
    for some in _chunks(sorted(fresh)):
        marks = ", ".join("?" * len(some))
        sql = f"SELECT source, max(generation) FROM city_chains WHERE source IN ({marks}) GROUP BY source"  # noqa: S608 - only marks
        generations.update(transaction.rows(sql, some))
    rows = [_fresh_row(source, generations.get(source, 0) + 1, fresh[source]) for source in sorted(fresh)]
    transaction.insert(_NEW_CHAINS, rows)


def _fresh_row(source: str, generation: int, topics: Topics) -> Row:
    start = Head()
    return (source, generation, topics.site, topics.device, start.seq, start.hash, None, 0, None, None, start.seq)


def chain_row(chain: Chain) -> Row:
    """Its sums hold as much as itself from now on."""
    head, bench = chain.bench.head, chain.bench
    trusted = bench.keys[0] if bench.keys else None
    return (
        chain.source, chain.generation, chain.topics.site, chain.topics.device, head.seq, head.hash, trusted, bench.signed_upto,
        chain.last_event_ms, chain.last_taken_ms, head.seq,
    )  # fmt: skip


def _chunks(values: Sequence[object]) -> Iterable[Sequence[object]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))
