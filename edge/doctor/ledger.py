"""The journal, read without touching it: how much it holds, what waits for the city, when the retention ran last."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from edge.doctor.finding import Finding, broken, good, not_tested, weak
from edge.doctor.storage import shown_size
from edge.domain.retention import RetentionRules, is_late
from edge.store import purge
from sync.errors import JournalDamaged, JournalError
from sync.inspect import ask
from sync.marks import read_marks
from sync.schema import JOURNAL_FILE

OLD_BACKLOG_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Seen:
    """`oldest_waiting_s`: when the oldest event that the city has not was written, in epoch seconds."""

    events: int
    backlog: int
    oldest_waiting_s: float | None
    octets: int


def seen_of(data_dir: Path, *, is_running: bool) -> Seen:
    """Blocking. Raise JournalError, PermissionError."""
    file = data_dir / JOURNAL_FILE
    octets = file.stat().st_size if file.exists() else 0

    def query(connection: sqlite3.Connection) -> Seen:
        (count,) = connection.execute("SELECT count(*) FROM events").fetchone()
        (head,) = connection.execute("SELECT coalesce(max(seq), 0) FROM ledger_head").fetchone()
        city = read_marks(connection).city
        (oldest_ms,) = connection.execute("SELECT min(at_ms) FROM events WHERE seq > ?", (city,)).fetchone()
        return Seen(count, max(0, head - city), _seconds(oldest_ms), octets)

    return ask(data_dir, query, at_rest=not is_running)


def verdict_of_journal(seen: Seen, now_s: float, *, has_city: bool) -> Finding:
    found = f"{seen.events:,} events, {shown_size(seen.octets)}"
    if not has_city:
        return good(f"{found}; no city is configured, so everything is kept here")
    found = f"{found}, {seen.backlog:,} not yet at the city"
    if seen.oldest_waiting_s is not None and now_s - seen.oldest_waiting_s > OLD_BACKLOG_S:
        return weak(f"{found}, the oldest for {(now_s - seen.oldest_waiting_s) / 3600:.0f} h", "see the line `broker` here; they are sent by themselves once it is good")  # fmt: skip
    return good(found)


def verdict_of_retention(purged_s: float | None, now_s: float, *, is_running: bool) -> Finding:
    """`purged_s`: when it ran last, in epoch seconds."""
    if purged_s is None:
        return not_tested("has never run: the agent does it a minute after its first start")
    found = f"ran {ago(now_s - purged_s)}"
    if not is_late(purged_s, now_s, RetentionRules()):
        return good(found)
    if is_running:
        return broken(
            f"{found}, although the agent runs",
            "start it anew: sudo systemctl restart motcua; then see: journalctl -u motcua -n 50",
        )
    return weak(f"{found}: what is too old is still kept", "start the agent: sudo systemctl start motcua")


def look_at_journal(data_dir: Path, now_s: float, *, is_running: bool, has_city: bool) -> Finding:
    """Blocking."""
    if not (data_dir / JOURNAL_FILE).exists():
        return not_tested("none yet: the agent has not run over this folder")
    try:
        return verdict_of_journal(seen_of(data_dir, is_running=is_running), now_s, has_city=has_city)
    except (JournalError, sqlite3.Error) as error:
        why = error.why if isinstance(error, JournalDamaged) else f"cannot be read: {error}"
        return broken(why, f"keep the file, and see: motcua journal verify --data {data_dir}")


def look_at_retention(data_dir: Path, now_s: float, *, is_running: bool) -> Finding:
    """Blocking."""
    if not (data_dir / JOURNAL_FILE).exists():
        return not_tested("has never run: the agent has not run over this folder")
    try:
        purged_s = ask(data_dir, purge.last_run, at_rest=not is_running)
        return verdict_of_retention(purged_s, now_s, is_running=is_running)
    except (JournalError, sqlite3.Error):
        return not_tested("the journal says when it ran, and cannot be read")


def last_event(data_dir: Path, zone: tzinfo, *, is_running: bool) -> datetime | None:
    """When the last event was written; None where nobody can say. Blocking."""
    try:
        last_s = ask(data_dir, _last_s, at_rest=not is_running)
    except (JournalError, OSError, sqlite3.Error):
        return None
    return None if last_s is None else datetime.fromtimestamp(last_s, zone)


def ago(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s ago"
    return f"{seconds / 60:.0f} minutes ago" if seconds < 7200 else f"{seconds / 3600:.0f} hours ago"


def _last_s(connection: sqlite3.Connection) -> float | None:
    """By its time, not its seq: a clock that went back has written earlier times behind it."""
    (last_ms,) = connection.execute("SELECT max(at_ms) FROM events").fetchone()
    return _seconds(last_ms)


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000
