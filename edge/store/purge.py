"""Deletes what is older than the retention rules allow, and remembers that it did. For the retention service."""

import sqlite3
from datetime import datetime

from edge.domain.retention import Cutoffs
from edge.store import locker_outbox, lockers, stays


def purge(connection: sqlite3.Connection, cutoffs: Cutoffs, now: datetime) -> dict[str, int]:
    """How many rows went, or lost their details, by kind; zero is reported too."""
    visits_day = datetime.fromtimestamp(cutoffs.visits_s, now.tzinfo).date().isoformat()
    counted = {
        "visits": _run(connection, "DELETE FROM visits WHERE started_s < ?", cutoffs.visits_s),
        "visit_details": _run(
            connection, "UPDATE visits SET shares = NULL WHERE started_s < ? AND shares IS NOT NULL", cutoffs.visit_details_s
        ),
        "ratings": _run(connection, "DELETE FROM ratings WHERE at_s < ?", cutoffs.visits_s),
        "dropped_visits": _run(connection, "DELETE FROM dropped_visits WHERE day < ?", visits_day),
        "alert_notes": _run(
            connection, "UPDATE alerts SET note = NULL WHERE raised_s < ? AND note IS NOT NULL", cutoffs.alert_notes_s
        ),
        "alert_sms": _run(
            connection, "DELETE FROM alert_sms WHERE told_s < ? AND status <> 'queued'", cutoffs.sms_s
        ),
        "locker_sms": locker_outbox.purge(connection, cutoffs.sms_s),
        "alerts": _run(connection, "DELETE FROM alerts WHERE raised_s < ?", cutoffs.visits_s),
        "tickets": _run(connection, "DELETE FROM tickets WHERE day < ?", visits_day),
        "dossiers": _run(connection, "DELETE FROM dossiers WHERE as_of < ?", cutoffs.visits_s),
        "ticket_runs": _run(connection, "DELETE FROM ticket_runs WHERE day < ?", visits_day),
    } | _of_locker(connection, cutoffs)  # fmt: skip
    connection.execute("DELETE FROM retention_runs")
    connection.execute("INSERT INTO retention_runs VALUES (?)", (now.timestamp(),))
    return counted


def last_run(connection: sqlite3.Connection) -> float | None:
    row = connection.execute("SELECT max(ran_s) FROM retention_runs").fetchone()
    return None if row[0] is None else float(row[0])


def _of_locker(connection: sqlite3.Connection, cutoffs: Cutoffs) -> dict[str, int]:
    """A citizen's number goes soon after the stay is over; the stay itself, without it, answers questions for longer."""
    return {
        "locker_phones": stays.forget_phones(connection, cutoffs.locker_phones_s)
        + locker_outbox.give_up(connection, cutoffs.locker_phones_s),
        "locker_authorisations": lockers.purge_authorisations(connection, cutoffs.locker_stays_s),
        "locker_stays": stays.purge(connection, cutoffs.locker_stays_s),
    }


def _run(connection: sqlite3.Connection, statement: str, before: float | str) -> int:
    return connection.execute(statement, (before,)).rowcount
