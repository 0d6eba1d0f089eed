"""The tables by themselves: what a script makes, what a purge takes."""

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone

import pytest

from edge.domain.chain import raised
from edge.domain.dossier import DossierCode
from edge.domain.dossier_status import DossierRecord, DossierStatus
from edge.domain.escalation import Why
from edge.domain.level import Level
from edge.domain.queue import Day, Move, Told
from edge.domain.retention import RetentionRules, cutoffs
from edge.domain.ticket import Priority, Ticket, TicketState
from edge.domain.verdict import Evidence, Summary
from edge.store import alerts, counts, directory, faults, outbox, purge, tickets, visits
from edge.store.migrations import scripts

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=timezone(timedelta(hours=7)))
RULES = RetentionRules(visits_days=730, visit_details_days=90, alert_notes_days=100, sms_days=60)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(":memory:", isolation_level=None)
    for script in scripts():
        made.executescript(script)
    yield made
    made.close()


def a_visit(connection: sqlite3.Connection, name: str, started: datetime) -> None:
    visits.begin(connection, name, "q1", started)
    shares = {Level.SATISFIED: 1.0}
    summary = Summary(
        name, 0, 60, 50, Evidence.ENOUGH, shares, Level.SATISFIED, Level.SATISFIED, Level.SATISFIED, (), None
    )
    visits.end(connection, summary, started + timedelta(minutes=1))
    visits.rate(connection, name, "q1", Level.NEUTRAL, started)


def an_alert(connection: sqlite3.Connection, name: str, at: datetime) -> alerts.AlertRow:
    chain, told = raised(("leader", "head"), at.timestamp(), 2, 300)
    row = alerts.AlertRow(
        name, "v", "q1", "u", at.timestamp(), at.timestamp(), Why.ANGER, Level.ANGRY, ("smile",), chain
    )
    alerts.insert(connection, row, at)
    outbox.queue(connection, name, told, at)
    alerts.save_contest(connection, name, "lan", "officer", "ghi chú")
    return row


def test_every_script_names_itself() -> None:
    assert all(script.startswith("-- edge ") for script in scripts())


def test_no_table_has_room_for_a_name_a_number_or_a_picture(connection: sqlite3.Connection) -> None:
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    columns = {row[1]: row[2] for name in names for row in connection.execute(f"PRAGMA table_info({name})")}

    blobs = {name for name, kind in columns.items() if kind == "BLOB"}
    assert {name for name in blobs if not name.startswith(("sealed_", "keyed_"))} == set()
    assert not {"phone", "msisdn", "number", "name", "text", "image", "embedding"} & set(columns)


def test_an_alert_comes_back_as_it_went_in(connection: sqlite3.Connection) -> None:
    row = an_alert(connection, "7K3P", NOW)
    found = alerts.find(connection, "7K3P")

    assert found is not None
    assert (row.chain, row.reasons, row.why, row.level) == (found.chain, found.reasons, found.why, found.level)
    assert found.note == "ghi chú"


def test_an_id_in_use_is_passed_over(connection: sqlite3.Connection) -> None:
    an_alert(connection, "7K3P", NOW)

    assert alerts.first_free(connection, ["7K3P", "AQ23"]) == "AQ23"
    assert alerts.first_free(connection, ["7K3P"]) is None


def test_a_contact_is_queued_once(connection: sqlite3.Connection) -> None:
    an_alert(connection, "7K3P", NOW)
    outbox.queue(connection, "7K3P", ["leader", "duty"], NOW + timedelta(hours=1))

    assert [row.contact for row in outbox.of_alert(connection, "7K3P")] == ["leader", "head", "duty"]


def a_ticket(connection: sqlite3.Connection, day: date) -> None:
    ticket = Ticket(1, "A", 1, "ho-tich", Priority.NONE, 0.0, TicketState.SERVED, over_s=1.0)
    tickets.save(connection, Move(Day(day, {1: ticket}, {"q1": 1}), ((Told.SERVED, ticket, "q1"),)))


def test_a_purge_takes_each_kind_at_its_age_and_says_what(connection: sqlite3.Connection) -> None:
    for name, days in (("old", 800), ("middle", 120), ("new", 1)):
        a_visit(connection, name, NOW - timedelta(days=days))
        an_alert(connection, f"A{name}", NOW - timedelta(days=days))
    connection.execute("UPDATE alert_sms SET status = 'delivered'")
    visits.drop(connection, "nobody", "q1", NOW - timedelta(days=800))
    for days in (800, 1):
        a_ticket(connection, (NOW - timedelta(days=days)).date())
        code = DossierCode.parse(f"H29.19-261121-{days:04}")
        directory.save(connection, [DossierRecord(code, DossierStatus.READY, NOW - timedelta(days=days))])

    gone = purge.purge(connection, cutoffs(NOW.timestamp(), RULES), NOW)

    expected = {
        "visits": 1,
        "visit_details": 1,
        "ratings": 1,
        "dropped_visits": 1,
        "alert_notes": 2,
        "alert_sms": 4,
        "locker_sms": 0,
        "locker_phones": 0,
        "locker_authorisations": 0,
        "locker_stays": 0,
        "alerts": 1,
        "dossiers": 1,
        "tickets": 1,
        "ticket_runs": 1,
    }
    assert expected == gone
    assert connection.execute("SELECT visit, shares FROM visits").fetchall() == [
        ("middle", None),
        ("new", '{"satisfied": 1.0}'),
    ]
    assert NOW.timestamp() == purge.last_run(connection)
    assert not any(purge.purge(connection, cutoffs(NOW.timestamp(), RULES), NOW).values())


def test_an_sms_not_sent_yet_is_not_purged(connection: sqlite3.Connection) -> None:
    an_alert(connection, "7K3P", NOW - timedelta(days=70))
    purge.purge(connection, cutoffs(NOW.timestamp(), RULES), NOW)

    assert len(outbox.of_alert(connection, "7K3P")) == 2


def test_a_visit_counts_for_the_sites_own_day_and_hour(connection: sqlite3.Connection) -> None:
    a_visit(connection, "late", NOW.replace(hour=0, minute=30))

    assert [counts.Count("q1", 0, "satisfied", 1)] == counts.camera(connection, "2026-11-21")


def test_a_fault_in_a_new_way_keeps_its_beginning(connection: sqlite3.Connection) -> None:
    faults.save(connection, "camera/q1", "black", 1.0)
    faults.save(connection, "camera/q1", "lost", 2.0)

    assert faults.load(connection) == {"camera/q1": ("lost", 1.0)}
    faults.clear(connection, "camera/q1")
    assert faults.load(connection) == {}
