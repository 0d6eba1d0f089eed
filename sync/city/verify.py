"""Proves what the city holds: every device's whole history from its rows, the facts from the history, the roots from both.

Reads one picture of the database beside running workers. Names what does not hold; for each device the first such row.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from sync.chain import Head
from sync.city.chains import chain_name
from sync.city.facts import TABLES, FactTable, Merged
from sync.city.judge import moment_of, payload_of
from sync.city.known import Anybody, KnownDevices
from sync.city.merkle import root_of
from sync.city.rolling import make_anew, stored_sums, sums_of
from sync.city.roots import Leaf, Root, leaves_of, roots
from sync.city.transactions import Database, Row, Transaction
from sync.errors import UNREADABLE
from sync.events import GENESIS, PAYLOADS, Event
from sync.walk import Broken, Claims, StoredEvent, Walk

FACTS_NAMED = 5  # of one device; the rest is only counted
_EVENTS = "SELECT seq, body, type, at_ms, taken_ms FROM city_events WHERE device = ? ORDER BY seq"
_decoder = msgspec.json.Decoder(Event)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold. `source` None: of the roots; `seq` None: no single row can be named."""

    source: str | None
    seq: int | None
    why: str


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """`signed_upto`: everything up to there is vouched for by the device's own key."""

    source: str
    events: int
    signed_upto: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class CityReport:
    devices: int
    events: int
    roots: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return not self.findings


@dataclass(frozen=True, slots=True)
class Proofs:
    """What the database is held against besides itself: roots that were published, the city's public key (hex)."""

    published: Sequence[Root] = ()
    city_key: str | None = None


def verify_city(
    database: Database, known: KnownDevices | None = None, *, source: str | None = None, proofs: Proofs | None = None
) -> CityReport:
    """Check everything, or one device and the roots. Raise DatabaseLost or DatabaseUnusable."""
    held = proofs or Proofs()
    with database.reading() as reading:
        chains = _chains(reading, source)
        found = [_verify_chain(reading, known or Anybody(), chain) for chain in chains]
        findings = [finding for report in found for finding in report.findings]
        findings += _gone(reading, chains, source)
        findings += _over_roots(reading, held)
        if source is None:
            findings += _orphans(reading)
        count = len({root.day for root in (*roots(reading), *held.published)})
    return CityReport(len(found), sum(report.events for report in found), count, tuple(findings))


def recount(database: Database, source: str) -> bool:
    """Make a device's facts anew from its events, as after an update that knows more types. False: no such device."""
    with database.transaction() as transaction:
        devices = transaction.rows("SELECT id FROM city_chains WHERE source = ? ORDER BY id FOR UPDATE", (source,))
        for (device,) in devices:
            _recount(transaction, device)
    return bool(devices)


def sources(database: Database) -> list[str]:
    """Every device of which something is held."""
    with database.reading() as reading:
        return [source for (source,) in reading.rows("SELECT DISTINCT source FROM city_chains ORDER BY source")]


# --- private: one device ---


def _recount(transaction: Transaction, device: int) -> None:
    facts = Merged()
    for _ in _items(transaction, device, facts):
        pass
    for table in TABLES:
        transaction.execute(f"DELETE FROM {table.name} WHERE device = ?", (device,))  # noqa: S608 - our own names
    facts.write(transaction)
    make_anew(transaction, device)
    transaction.execute("UPDATE city_chains SET rolled = seq WHERE id = ?", (device,))


@dataclass(frozen=True, slots=True)
class _Chain:
    """One history of a device: the present one, or one that was retired."""

    id: int
    source: str
    generation: int
    is_current: bool
    head: Head
    trusted: str | None

    @property
    def name(self) -> str:
        return chain_name(self.source, self.generation)


def _chains(reading: Transaction, source: str | None) -> list[_Chain]:
    which, values = (" WHERE source = ?", (source,)) if source else ("", ())
    sql = f"SELECT id, source, generation, retired_ms, seq, head, trusted_key FROM city_chains{which}"  # noqa: S608 - our own words
    found = [
        _Chain(row[0], row[1], row[2], row[3] is None, Head(row[4], row[5]), row[6])
        for row in reading.rows(sql, values)
    ]
    return sorted(found, key=lambda chain: chain.name)


def _gone(reading: Transaction, chains: Sequence[_Chain], source: str | None) -> Iterable[Finding]:
    """Histories that a root, a receipt or a later one of the same device vouches for, and of which nothing is here."""
    there, present = {chain.name for chain in chains}, {chain.source for chain in chains if chain.is_current}
    held = {chain.source: chain.generation for chain in sorted(chains, key=lambda one: one.generation)}  # the newest
    earlier = {chain_name(chain.source, number) for chain in chains for number in range(1, chain.generation)}
    rooted = {name for (name,) in reading.rows("SELECT DISTINCT source FROM city_root_leaves")}
    told = {name for (name,) in reading.rows("SELECT source FROM city_receipts WHERE seq > 0")}
    newest = {chain_name(one, 1 + held.get(one, 0)) for one in told - present}
    for name in sorted(((earlier | rooted) - there) | newest):
        if source is None or name.partition("#")[0] == source:
            yield Finding(name, None, "missing: nothing is held of this history")


def _verify_chain(reading: Transaction, known: KnownDevices, chain: _Chain) -> DeviceReport:
    registered = known.known(reading, [chain.source]).get(chain.source)
    keys = (registered.keys if registered else ()) or ((chain.trusted,) if chain.trusted else ())
    facts = Merged()
    findings: tuple[Finding, ...]
    walk = Walk(Claims(chain.source, keys[-1] if keys else "", chain.head, older_keys=keys))
    try:
        walk.claims.receipts.update(_vouched(reading, chain))
        walk.over(_items(reading, chain.id, facts))
        findings = tuple(_over_facts(reading, chain.name, chain.id, facts))
    except Broken as broken:
        findings = (Finding(chain.name, broken.seq, broken.why),)
    return DeviceReport(chain.name, walk.events, walk.signed_upto, findings)


def _vouched(reading: Transaction, chain: _Chain) -> dict[int, str]:
    """What the roots and the last receipt say of this chain. Raise Broken where they contradict each other."""
    found: dict[int, str] = {}
    sql = "SELECT seq, head FROM city_root_leaves WHERE source = ? UNION SELECT seq, head FROM city_receipts WHERE source = ?"
    told = chain.source if chain.is_current else ""
    for seq, head in reading.rows(sql + " ORDER BY seq", (chain.name, told)):
        if found.setdefault(seq, head) != head:
            raise Broken(seq, "forged: roots and receipts vouch for different hashes of it")
    return found


def _items(transaction: Transaction, device: int, facts: Merged) -> Iterator[StoredEvent]:
    """The rows as the walk wants them, and what they say for the pages put into `facts` on the way."""
    for seq, body, kind, at_ms, taken_ms in transaction.stream(_EVENTS, (device,)):
        _count(device, body, taken_ms, facts)
        known = PAYLOADS.get(kind)
        yield StoredEvent(seq, body, (kind, known.KEEP.value if known else "", at_ms))


def _count(device: int, body: bytes, taken_ms: int, facts: Merged) -> None:
    try:
        event = _decoder.decode(body)
    except UNREADABLE:
        return  # the walk names it
    payload = payload_of(event)
    if payload is not None and event.time.tzinfo is not None:
        facts.add(device, payload, moment_of(event, datetime.fromtimestamp(taken_ms / 1000, UTC)))


def _over_facts(reading: Transaction, source: str, device: int, facts: Merged) -> Iterable[Finding]:
    wrong = [what for table in TABLES for what in _differences(reading, table, device, facts)]
    wrong += _wrong_sums(reading, device) if not wrong else []
    for what in wrong[:FACTS_NAMED]:
        yield Finding(source, None, f"facts: {what} is not what the events say")
    if len(wrong) > FACTS_NAMED:
        yield Finding(source, None, f"facts: and {len(wrong) - FACTS_NAMED} more rows")


def _differences(reading: Transaction, table: FactTable, device: int, facts: Merged) -> Iterable[str]:
    width = len(table.key.split(", "))
    said = {row[:width]: row for row in facts.rows(table)}
    there: dict[Row, Row] = {row[:width]: row for row in reading.rows(table.query, (device,))}
    for key in sorted(said.keys() | there.keys()):
        if said.get(key) != there.get(key):
            yield f"{table.name} {'/'.join(str(part) for part in key[1:])}".rstrip()


def _wrong_sums(reading: Transaction, device: int) -> Iterable[str]:
    """Sums that are not what the facts come to; of a device whose sums are behind nothing is asked."""
    if reading.row("SELECT id FROM city_chains WHERE id = ? AND rolled <> seq", (device,)):
        return
    found = sums_of(reading, device)
    right = (found.hour_rows(), found.handover_rows(), found.wait_rows())
    for (table, stored), wanted in zip(stored_sums(reading, device), right, strict=True):
        if stored != wanted:
            wrong = min(set(stored) ^ set(wanted))
            yield f"{table.table} {wrong[1]}"


# --- private: roots, and what belongs to nobody ---


def _over_roots(reading: Transaction, proofs: Proofs) -> Iterable[Finding]:
    """The chain of roots, their signatures, their leaves; and that every published one is among them."""
    previous, there = GENESIS, dict[str, Root]()
    for root in roots(reading):
        there[root.day] = root
        if root.previous != previous:
            yield Finding(None, None, f"root {root.day}: another root stood before it")
        if proofs.city_key is not None and not root.is_from(proofs.city_key):
            yield Finding(None, None, f"root {root.day}: not signed by the city")
        if not _fits(root, leaves_of(reading, root.day)):
            yield Finding(None, None, f"root {root.day}: its devices and heads were changed")
        previous = root.hash
    for root in proofs.published:
        if proofs.city_key is not None and not root.is_from(proofs.city_key):
            yield Finding(None, None, f"root {root.day}: what was published is not signed by the city")
        elif root.day not in there:
            yield Finding(None, None, f"root {root.day}: it was published and is missing here")
        elif there[root.day] != root:
            yield Finding(None, None, f"root {root.day}: another one was published")


def _fits(root: Root, leaves: Sequence[Leaf]) -> bool:
    return len(leaves) == root.devices and root_of([bytes(leaf) for leaf in leaves]).hex() == root.root


def _orphans(reading: Transaction) -> Iterable[Finding]:
    sql = "SELECT DISTINCT device FROM city_events WHERE device NOT IN (SELECT id FROM city_chains) ORDER BY device"
    for (device,) in reading.rows(sql):
        yield Finding(None, None, f"forged: rows of a device that is not there (number {device})")
