"""What the city holds: every device's events once, in order, chained, as the exact bytes that came; and what they say.

`CityStore.take` is the whole ingest: one transaction a batch. Several workers may take at once, also the same messages:
a device's row is locked first, in order of the names, so every event is one row and nobody waits crosswise.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from sync.chain import Head, source_of
from sync.city.batch import Batch, Due, Outcome, by_source
from sync.city.chains import generations, lock_chains
from sync.city.facts import milliseconds, storable
from sync.city.faults import FaultKind, settle
from sync.city.known import Anybody, KnownDevices
from sync.city.quarantine import STRANGERS
from sync.city.terms import Arrival, DeviceState
from sync.city.transactions import Bulk, Database, Transaction
from sync.topics import Presence, Topics

__all__ = ["CityStore", "Due", "Outcome"]


class CityStore:
    """Blocking. Every call may raise DatabaseLost (take the same batch again, nothing of it counts) or DatabaseUnusable."""

    def __init__(
        self, database: Database, known: KnownDevices | None = None, clock: Callable[[], datetime] | None = None
    ) -> None:
        self.database = database
        self._known = known or Anybody()
        self._clock = clock or _utc

    def take(self, arrivals: Sequence[Arrival]) -> Outcome:
        """Judge and keep a batch, in one transaction. Idempotent."""
        batch = by_source(arrivals)
        with self.database.transaction() as transaction:
            known = self._known.known(transaction, sorted(batch.keys() - {STRANGERS}))
            chains = lock_chains(transaction, {source: batch[source] for source in batch if source in known}, known)
            return Batch(transaction, batch, chains, self._clock()).take()

    def head(self, source: str) -> Head:
        """Where the chain of a device ends here."""
        with self.database.reading() as reading:
            row = reading.row("SELECT seq, head FROM city_chains WHERE source = ? AND retired_ms IS NULL", (source,))
        return Head(*row) if row else Head()

    def unique(self) -> int:
        """How many events are held."""
        with self.database.reading() as reading:
            ((count,),) = reading.rows("SELECT coalesce(sum(seq), 0) FROM city_chains")
        return int(count)

    def retire(self, source: str, by: str) -> bool:
        """End a device's history here, so that a new one may begin at 1: its journal was lost, replaced or restored.

        What was held stays and stays proven. False: nothing is held of it.
        """
        now = self._clock()
        with self.database.transaction() as transaction:
            if not transaction.execute(_RETIRE, (milliseconds(now), by, source)):
                return False
            for table in ("city_receipts", "city_early"):
                transaction.execute(f"DELETE FROM {table} WHERE source = ?", (source,))  # noqa: S608 - the two above
            for kind in (FaultKind.FORK, FaultKind.UNCHAINED, FaultKind.FORGED, FaultKind.GAP):
                settle(transaction, source, kind, by, now)
        return True

    def present(self, seen: Sequence[tuple[Topics, Presence]]) -> tuple[Due, ...]:
        """Note who is there. For each known device that came online: what to tell it at once.

        It must send again when it was online in this boot all the time: then it is we who were away. A revoked one is not there.
        """
        named = {source: one for one in seen if (source := _source(one[0]))}
        with self.database.transaction() as transaction:
            known = self._known.known(transaction, sorted(named))
            now_ms = milliseconds(self._clock())
            for source in (one for one in known if known[one].state is DeviceState.REVOKED):
                topics, said = named[source]
                named[source] = topics, Presence(state="offline", boot=said.boot)
            due = [_present(transaction, source, *named[source], now_ms) for source in sorted(known)]
        return tuple(one for one in due if one)

    def told(self, due: Iterable[Due]) -> None:
        """Note which receipts went out: for the pages, and `verify` holds the history against them.

        Nothing is noted of a history that was retired since it was read.
        """
        now_ms = milliseconds(self._clock())
        told = {one.source: one for one in due}
        with self.database.transaction() as transaction:
            present = generations(transaction, sorted(told))
            kept = [told[source] for source in sorted(told) if _is_of(told[source], present)]
            transaction.insert(_RECEIPTS, [(one.source, one.head.seq, one.head.hash, now_ms) for one in kept])


_RETIRE = "UPDATE city_chains SET retired_ms = ?, retired_by = ? WHERE source = ? AND retired_ms IS NULL AND seq > 0"
_RECEIPTS = Bulk(
    "city_receipts",
    "source text, seq bigint, head text, told_ms bigint",
    "ON CONFLICT (source) DO UPDATE SET seq = excluded.seq, head = excluded.head, told_ms = excluded.told_ms "
    "WHERE excluded.seq >= city_receipts.seq",
)
_PRESENT = (
    "INSERT INTO city_presence VALUES (?, ?, ?, ?, ?) ON CONFLICT (source) DO UPDATE SET since_ms = CASE WHEN "
    "city_presence.state = excluded.state AND city_presence.boot = excluded.boot THEN city_presence.since_ms "
    "ELSE excluded.since_ms END, state = excluded.state, boot = excluded.boot, seen_ms = excluded.seen_ms"
)


def _present(transaction: Transaction, source: str, topics: Topics, presence: Presence, now_ms: int) -> Due | None:
    now = (presence.state, storable(presence.boot))
    before = transaction.row("SELECT state, boot FROM city_presence WHERE source = ? FOR UPDATE", (source,))
    transaction.execute(_PRESENT, (source, *now, now_ms, now_ms))
    row = transaction.row(
        "SELECT seq, head, generation FROM city_chains WHERE source = ? AND retired_ms IS NULL", (source,)
    )
    if presence.state != "online":
        return None
    if row is None:  # told as well: once it has heard of a city, it sends again when that is silent
        return Due(topics, source, Head(), resend=before == now)
    return Due(topics, source, Head(row[0], row[1]), before == now, generation=row[2])


def _is_of(due: Due, present: Mapping[str, int]) -> bool:
    """A receipt of nothing is of any history."""
    return due.head.seq == 0 or present.get(due.source) == due.generation


def _source(topics: Topics) -> str | None:
    try:
        return source_of(topics.site, topics.device)
    except ValueError:
        return None


def _utc() -> datetime:
    return datetime.now(UTC)
