"""Keeps the sums of `sync.city.rollups` in the database: with every batch of facts, and made anew from the facts.

`city_chains.rolled` says up to which seq a device's sums hold. Where that is not its `seq` (written by an older program, or before
there were sums) they count for nothing until they are made anew: by its next batch, or by `catch_up`. All inside the lock on its row.
"""

from collections.abc import Collection, Iterable, Sequence

from sync.city.facts import RATINGS, Merged
from sync.city.rollups import DONE, HOUR_NAMES, READ, Sums, packed, unpacked
from sync.city.transactions import Bulk, Database, Row, Transaction


def _adding(table: str, key: str, names: Sequence[str], ending: str = "") -> Bulk:
    more = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in names)
    key_names = ", ".join(part.split()[0] for part in key.split(", "))
    columns = ", ".join([key, *(f"{name} bigint" for name in names), *(["spans bytea"] if ending else [])])
    return Bulk(table, columns, f"ON CONFLICT ({key_names}) DO UPDATE SET {more}{ending}")


_WAIT_KEY = Bulk("city_waits", "device bigint, day text, hour bigint")
HOURS = _adding("city_hours", "device bigint, day text, counter text, hour bigint", HOUR_NAMES)
HANDOVERS = _adding("city_handovers", "device bigint, day text", DONE)
WAITS = _adding("city_waits", _WAIT_KEY.columns, ("tickets", "served", "gone"), ", spans = excluded.spans")
TABLES = (HOURS, HANDOVERS, WAITS)


def write_facts(transaction: Transaction, facts: Merged, behind: Collection[int]) -> None:
    """What a batch says, and what that changes in the sums; those of the devices `behind` are made anew."""
    changes = Sums()
    for table, names in READ.items():
        found = {key: values for key, values in facts.found(table).items() if key[0] not in behind}
        keys = [] if table is RATINGS else sorted(found)  # a rating never comes twice
        width = len(table.key.split(", "))
        rows = transaction.find(Bulk(table.name, table.key), names, keys) if keys else []
        before = {row[:width]: dict(zip(names, row[width:], strict=True)) for row in rows}
        for key, values in found.items():
            old = before.get(key)
            changes.changed(table, int(str(key[0])), old, values if old is None else old | values)
    facts.write(transaction)
    _add(transaction, changes)
    for device in sorted(behind):
        make_anew(transaction, device)


def make_anew(transaction: Transaction, device: int) -> None:
    """A device's sums out of its facts. The caller holds its row and says there how far they reach."""
    for table in TABLES:
        transaction.execute(f"DELETE FROM {table.table} WHERE device = ?", (device,))  # noqa: S608 - our own names
    found = sums_of(transaction, device)
    for table, rows in zip(TABLES, (found.hour_rows(), found.handover_rows(), found.wait_rows()), strict=True):
        transaction.insert(table, rows)


def sums_of(transaction: Transaction, device: int, days: tuple[str, str] | None = None) -> Sums:
    """From the facts, of all days or of those from one to another."""
    found = Sums()
    for table, names in READ.items():
        sql = f"SELECT {', '.join(names)} FROM {table.name} WHERE device = ?"  # noqa: S608 - our own names
        values: tuple[object, ...] = (device,)
        if days is not None and "day" in names:
            sql, values = f"{sql} AND day >= ? AND day <= ?", (device, *days)
        for row in transaction.stream(sql, values):
            found.add(table, device, dict(zip(names, row, strict=True)))
    return found


def catch_up(database: Database, at_most: int = 20) -> int:
    """Make the sums of some devices anew that are behind, one transaction a device; how many there were to do."""
    with database.reading() as reading:
        waiting = reading.rows("SELECT id FROM city_chains WHERE rolled <> seq ORDER BY id LIMIT ?", (at_most,))
    for (device,) in waiting:
        with database.transaction() as transaction:
            transaction.rows("SELECT id FROM city_chains WHERE id = ? FOR UPDATE", (device,))
            make_anew(transaction, device)
            transaction.execute("UPDATE city_chains SET rolled = seq WHERE id = ?", (device,))
    return len(waiting)


def stored_sums(reading: Transaction, device: int) -> Iterable[tuple[Bulk, list[Row]]]:
    """What is kept of a device, in the order of `Sums`' rows and without rows that come to nothing. For whoever compares."""
    for table in TABLES:
        names = table.names
        sql = f"SELECT {', '.join(names)} FROM {table.table} WHERE device = ? ORDER BY {', '.join(_key_of(table))}"  # noqa: S608
        width = len(_key_of(table))
        rows = [(*row[:-1], bytes(row[-1])) if table is WAITS else row for row in reading.rows(sql, (device,))]
        yield table, sorted(row for row in rows if any(row[width:]))


def _key_of(table: Bulk) -> list[str]:
    return table.ending.partition("(")[2].partition(")")[0].split(", ")


def _add(transaction: Transaction, changes: Sums) -> None:
    transaction.insert(HOURS, changes.hour_rows())
    transaction.insert(HANDOVERS, changes.handover_rows())
    keys = sorted(key for key, values in changes.waits.items() if any(values))
    rows = transaction.find(_WAIT_KEY, ("spans",), keys) if keys else []
    before = {row[:3]: unpacked(row[3]) for row in rows}
    changed = ((key, changes.waits[key]) for key in keys)
    transaction.insert(WAITS, [(*key, *values[:3], packed(before.get(key, 0) + values[3])) for key, values in changed])
