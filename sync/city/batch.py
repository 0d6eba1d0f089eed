"""One batch of arrivals inside its transaction: judge everything, then write table by table. Only the store uses it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sync.chain import Head
from sync.city.chains import CHAINS, Chain, chain_row
from sync.city.facts import Merged, milliseconds, storable
from sync.city.faults import FaultBook, refused_next
from sync.city.judge import Bench, Reading, Standing, Verdict, moment_of, read, source_named
from sync.city.quarantine import STRANGERS, put_away, tally
from sync.city.rolling import write_facts
from sync.city.terms import Arrival, Judgement, Quarantined
from sync.city.transactions import Bulk, Row, Transaction
from sync.topics import Topics
from sync.walk import in_ms

EARLY_PER_DEVICE = 200  # the lowest seq has to go: its turn comes first
_TAKEN = {Judgement.NEW, Judgement.UNKNOWN_VERSION}
_ANSWERED = _TAKEN | {Judgement.DUPLICATE, Judgement.AHEAD, Judgement.FORKED, Judgement.UNCHAINED, Judgement.FORGED}
_ORDINARY = _TAKEN | {Judgement.DUPLICATE, Judgement.AHEAD, Judgement.EARLY}

_EVENTS = Bulk("city_events", "device bigint, seq bigint, type text, at_ms bigint, taken_ms bigint, body bytea")
_EARLY = Bulk(
    "city_early",
    "source text, seq bigint, type text, at_ms bigint, taken_ms bigint, body bytea",
    "ON CONFLICT DO NOTHING",
)


@dataclass(frozen=True, slots=True)
class Due:
    """A device that must be told what the city holds, after the commit. `resend`: something behind it is missing.

    `generation`: of which of its histories this is the head.
    """

    topics: Topics
    source: str
    head: Head
    resend: bool
    generation: int = 1

    def after(self, earlier: "Due | None") -> "Due":
        """The one receipt for two that became due: the newer head, and what was missing is still asked for."""
        return replace(self, resend=True) if earlier and earlier.resend else self


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch. Whatever is not in `quarantined` is held, was held, or will come again."""

    judged: Counter[Judgement] = field(default_factory=Counter)
    due: tuple[Due, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()


class Batch:
    """See the module's line. Used once."""

    def __init__(
        self,
        transaction: Transaction,
        batch: dict[str, list[Reading]],
        chains: dict[str, Chain],
        now: datetime,
    ) -> None:
        self._transaction = transaction
        self._batch = batch
        self._chains = chains
        self._now = now
        self._faults = FaultBook()
        self._quarantined: list[Quarantined] = []
        self._judged: Counter[tuple[str, Judgement]] = Counter()

    def take(self) -> Outcome:
        for source in sorted(self._batch):
            chain = self._chains.get(source)
            bench = chain.bench if chain else Bench(Standing(state=None), {})
            verdicts = [bench.judge(reading) for reading in self._batch[source]]
            self._note(source if chain else None, source, verdicts)
            if chain:
                chain.verdicts = verdicts
                self._follow(chain)
        self._write()
        totals: Counter[Judgement] = Counter()
        for (_, judgement), times in self._judged.items():
            totals[judgement] += times
        return Outcome(totals, tuple(self._due()), tuple(self._quarantined))

    def _due(self) -> Iterable[Due]:
        """Who must be told; whoever's next event was refused is not asked for more behind it."""
        due = list(_due(self._chains.values()))
        waiting = {one.source: one.head.seq for one in due if one.resend}
        refused = refused_next(self._transaction, waiting) if waiting else set()
        return (replace(one, resend=False) if one.source in refused else one for one in due)

    def _note(self, tallied: str | None, source: str, verdicts: Iterable[Verdict]) -> None:
        for verdict in verdicts:
            reading, judgement = verdict.reading, verdict.judgement
            self._judged[tallied or STRANGERS, judgement] += 1
            self._faults.see(source, judgement, reading.seq, reading.arrival.at)
            if judgement not in _ORDINARY:
                arrival = reading.arrival
                self._quarantined.append(Quarantined(source, judgement, reading.seq, arrival.at, arrival.body))

    def _follow(self, chain: Chain) -> None:
        """What the chain's moving on means for the book of faults."""
        for seq, body in chain.bench.denied:
            self._faults.see(chain.source, Judgement.FORKED, seq, self._now)
            self._quarantined.append(Quarantined(chain.source, Judgement.FORKED, seq, self._now, body))
        taken = [verdict for verdict in chain.verdicts if verdict.judgement in _TAKEN]
        for verdict in taken:
            self._faults.see_clock(chain.source, verdict.skew_s, verdict.reading.seq or 0, verdict.reading.arrival.at)
        if taken:
            self._faults.reached(chain.source, chain.bench.head.seq)

    # --- private: writing ---

    def _write(self) -> None:
        moved = [chain for chain in self._chains.values() if chain.bench.head != chain.start]
        facts, events, heads = Merged(), list[Row](), list[Row]()
        for chain in moved:
            for verdict in chain.verdicts:
                if verdict.judgement in _TAKEN:
                    events.append(_event_row(chain, verdict, facts))
            heads.append(chain_row(chain))
        self._transaction.insert(_EVENTS, events)
        self._transaction.insert(CHAINS, heads)
        write_facts(self._transaction, facts, {chain.id for chain in moved if not chain.is_rolled})
        self._write_early(moved)
        put_away(self._transaction, self._quarantined)
        tally(self._transaction, self._judged, self._now)
        self._faults.write(self._transaction, self._now)

    def _write_early(self, moved: Iterable[Chain]) -> None:
        for chain in moved:
            self._transaction.execute(
                "DELETE FROM city_early WHERE source = ? AND seq <= ?", (chain.source, chain.bench.head.seq)
            )
        for chain in self._chains.values():
            rows = [_early_row(chain.source, one.reading) for one in chain.verdicts if _is_waiting(chain, one)]
            if rows:
                self._transaction.insert(_EARLY, rows)
                self._transaction.execute(_BOUND_EARLY, (chain.source, chain.source, EARLY_PER_DEVICE))


_BOUND_EARLY = (
    "DELETE FROM city_early WHERE source = ? AND seq NOT IN "
    "(SELECT seq FROM city_early WHERE source = ? ORDER BY seq DESC LIMIT ?)"
)


def _is_waiting(chain: Chain, verdict: Verdict) -> bool:
    """Whether this is an early copy whose turn has not come within the same batch."""
    return verdict.judgement is Judgement.EARLY and (verdict.reading.seq or 0) > chain.bench.head.seq


def by_source(arrivals: Iterable[Arrival]) -> dict[str, list[Reading]]:
    """Every arrival decoded, each device's in order of seq: what overtook on the way needs no sending again."""
    found: dict[str, list[Reading]] = {}
    for arrival in arrivals:
        reading = read(arrival)
        source = source_named(arrival) or STRANGERS
        found.setdefault(source, []).append(reading)
    for readings in found.values():
        readings.sort(key=lambda reading: (reading.seq or 0, reading.arrival.is_early))
    return found


def _event_row(chain: Chain, verdict: Verdict, facts: Merged) -> Row:
    """The row, and what it says for the pages."""
    arrival, event = verdict.reading.arrival, verdict.reading.event
    assert event is not None  # noqa: S101 - what was taken could be read
    if verdict.payload is not None:
        facts.add(chain.id, verdict.payload, moment_of(event, arrival.at))
    chain.last_event_ms, chain.last_taken_ms = in_ms(event.time) or 0, milliseconds(arrival.at)
    return (chain.id, event.seq, storable(arrival.kind), chain.last_event_ms, chain.last_taken_ms, arrival.body)


def _early_row(source: str, reading: Reading) -> Row:
    arrival, event = reading.arrival, reading.event
    assert event is not None  # noqa: S101 - an early copy could be read
    return (source, event.seq, storable(arrival.kind), milliseconds(event.time), milliseconds(arrival.at), arrival.body)


def _due(chains: Iterable[Chain]) -> Iterable[Due]:
    """Who must be told. What arrived too early for the chain and is still beyond it must come again."""
    for chain in chains:
        judged = {verdict.judgement for verdict in chain.verdicts if not verdict.reading.arrival.is_early}
        if judged & _ANSWERED:
            head = chain.bench.head
            ahead = [one.reading.seq or 0 for one in chain.verdicts if one.judgement is Judgement.AHEAD]
            yield Due(chain.topics, chain.source, head, max(ahead, default=0) > head.seq, chain.generation)
