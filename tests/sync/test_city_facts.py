"""What each event says for the pages, and that it is the same however the events came in batches."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync import events as e
from sync.city.database import Database, open_database
from sync.city.facts import (
    ALERTS,
    ANSWERS,
    LOCKER_FAULTS,
    MACHINES,
    PART_FAULTS,
    RATINGS,
    STAYS,
    TABLES,
    TICKETS,
    VISITS,
    FactTable,
    Merged,
    Moment,
    milliseconds,
    storable,
)
from sync.city.store import CityStore
from sync.city.verify import verify_city
from tests.sync.city_samples import NOW, Sender

AT = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)  # half past midnight in Vietnam, the next day
MS = milliseconds(AT)
WHEN = {"day": "2026-11-22", "hour": 0}
SUMMARY = e.VisitEnded(
    visit="v", counter="c", unit="u", started=AT, seconds_present=9.5, seconds_usable=3, evidence="enough",
    shares={}, level="satisfied", level_at_end=None, peak=None, reasons=(), rating=None, camera="satisfied",
)  # fmt: skip
ENDED = {
    "counter": "c", "unit": "u", **WHEN, "at_ms": MS, "seconds_present": 9.5, "seconds_usable": 3, "evidence": "enough",
    "level": "satisfied", "camera": "satisfied", "dropped": 0,
}  # fmt: skip
RAISED = e.AlertRaised(alert="a", visit="v", counter="c", unit="u", why="anger", level="angry", since=AT, reasons=())


def called(call: int) -> e.TicketCalled:
    return e.TicketCalled(ticket="t", number="A1", service="s", counter="c", call=call, waited_s=60.0)


CASES: list[tuple[FactTable, list[e.Payload], dict[str, object]]] = [
    (VISITS, [e.VisitStarted(visit="v", counter="c"), SUMMARY], ENDED),
    (
        VISITS,
        [SUMMARY, e.RatingGiven(counter="c", visit="v", level="angry")],
        ENDED | {"level": "angry", "rating": "angry"},
    ),
    (
        VISITS,
        [e.VisitStarted(visit="v", counter="c"), e.VisitDropped(visit="v", counter="c", why="opted_out")],
        {"counter": "c", **WHEN, "at_ms": MS, "dropped": 1},
    ),
    (RATINGS, [e.RatingGiven(counter="c", visit=None, level="angry")], {"counter": "c", "level": "angry", **WHEN, "at_ms": MS}),
    (
        ALERTS,
        [
            RAISED,
            e.AlertSms(alert="a", ref="1", contact="x", status="submitted"),
            e.AlertSms(alert="a", ref="1", contact="x", status="delivered"),
            e.AlertAcknowledged(alert="a", by="x", via="sms"),
            e.AlertContested(alert="a", by="x", role="officer"),
            e.AlertClosed(alert="a", why="contested"),
        ],
        {
            "visit": "v", "counter": "c", "unit": "u", "why": "anger", "level": "angry", **WHEN, "since_ms": MS,
            "raised_ms": MS, "sms": "delivered", "acknowledged_ms": MS, "acknowledged_via": "sms", "closed_ms": MS,
            "closed_why": "contested", "contested_ms": MS, "contested_role": "officer",
        },
    ),
    (
        STAYS,
        [
            e.LockerReserved(stay="s", compartment="01", purpose="result", dossier="H1", procedure="p", by="x"),
            e.LockerLoaded(stay="s", compartment="01", dossier="H1", by="x"),
            e.LockerOverdue(stay="s", compartment="01", dossier="H1", days=3, step="reminded"),
            e.LockerOverdue(stay="s", compartment="01", dossier="H1", days=7, step="overdue"),
            e.LockerCollected(stay="s", compartment="01", purpose="result", dossier="H1", by="x"),
        ],
        {
            "compartment": "01", "purpose": "result", "procedure": "p", "dossier": "H1", "reserved_ms": MS, "loaded_ms": MS,
            "collected_ms": MS, "overdue_ms": MS, "overdue_step": "overdue", "overdue_days": 7,
        },
    ),
    (
        STAYS,
        [
            e.LockerDeposited(stay="s", compartment="01", procedure="p", receipt="r"),
            e.LockerRecalled(stay="s", compartment="01", dossier=None, by="x", why="fire"),
            e.LockerRecalled(stay=None, compartment="02", dossier=None, by="x", why="fire"),
            e.LockerReleased(stay="s", compartment="01", why="recalled"),
        ],
        {
            "compartment": "01", "purpose": "deposit", "procedure": "p", "deposited_ms": MS, "recalled_ms": MS,
            "recalled_why": "fire", "released_ms": MS, "released_why": "recalled",
        },
    ),
    (
        LOCKER_FAULTS,
        [e.LockerFault(compartment="01", stay=None, why="forced")],
        {"compartment": "01", "why": "forced", "at_ms": MS},
    ),
    (
        TICKETS,
        [
            e.TicketIssued(ticket="t", number="A1", service="s", has_priority=True, ahead=2, wait_s=300),
            called(1),
            called(2),
            e.TicketServed(ticket="t", service="s", counter="c", waited_s=60.0, served_s=120),
        ],
        {
            "service": "s", "has_priority": 1, **WHEN, "issued_ms": MS, "promised_s": 300, "called_ms": MS, "counter": "c",
            "waited_s": 60.0, "served_ms": MS, "served_s": 120,
        },
    ),
    (
        TICKETS,
        [
            e.TicketIssued(ticket="t", number="A1", service="s", has_priority=False, ahead=2, wait_s=None),
            e.TicketSkipped(ticket="t", service="s", counter=None, why="transferred", to="z"),
        ],
        {"service": "z", "has_priority": 0, **WHEN, "issued_ms": MS, "left_ms": MS, "left_why": "transferred"},
    ),
    (
        MACHINES,
        [
            e.DeviceStarted(boot="b", version="1", stations=("counter", "locker")),
            e.DeviceHealth(uptime_s=1, memory_mb=2, disk_free_mb=3, backlog=4, cameras_live=5),
            e.ConfigChanged(sha256="ab"),
            e.DeviceStarted(boot="c", version="2", stations=("counter", "locker")),
        ],
        {
            "version": "2", "boot": "c", "stations": "counter,locker", "started_ms": MS, "health_ms": MS, "uptime_s": 1,
            "memory_mb": 2, "disk_free_mb": 3, "backlog": 4, "cameras_live": 5, "config_sha256": "ab", "config_ms": MS,
        },
    ),
    (
        PART_FAULTS,
        [e.DeviceFault(part="camera/c", why="lost"), e.DeviceRecovered(part="camera/c", after_s=3)],
        {"is_open": 0, "why": "lost", "since_ms": MS, "recovered_ms": MS},
    ),
    (
        ANSWERS,
        [e.CommandAnswered(command="k", name="device.identify", outcome="refused", why="late")],
        {"name": "device.identify", "outcome": "refused", "why": "late", "at_ms": MS},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("table", "payloads", "values"), CASES, ids=[f"{c[0].name}-{len(c[1])}" for c in CASES])
def test_events_become_one_row(table: FactTable, payloads: list[e.Payload], values: dict[str, object]) -> None:
    merged = Merged()
    for seq, payload in enumerate(payloads, 1):
        merged.add(7, payload, Moment(seq, AT))
    (row,) = merged.rows(table)
    named = dict(zip(table.names, row[-len(table.names) :], strict=True))
    assert {name: value for name, value in named.items() if value is not None} == values


def test_every_table_is_covered_by_a_case() -> None:
    assert {table.name for table, *_ in CASES} == {table.name for table in TABLES}


@pytest.mark.parametrize(
    ("value", "kept"),
    [("a\0b", "ab"), ("x" * 999, "x" * 200), (10**30, 2**63 - 1), (-(10**30), 1 - 2**63), (0.5, 0.5), (None, None)],
)
def test_what_no_database_could_hold_is_cut(value: object, kept: object) -> None:
    assert storable(value) == kept  # type: ignore[arg-type]


def everything() -> list[e.Payload]:
    return [payload for _, payloads, _ in CASES for payload in payloads]


def test_every_fact_can_be_written_and_recounted(database: Database) -> None:
    sender = Sender()
    CityStore(database).take(sender.says(*everything()))
    assert verify_city(database).findings == ()
    with database.reading() as reading:
        counts = {table.name: len(reading.rows(table.query, (1,))) for table in TABLES}
    assert counts == {table.name: 2 if table is RATINGS else 1 for table in TABLES}


@settings(max_examples=25)  # each example is a database with its syncs
@given(st.lists(st.integers(1, 12), max_size=12))
def test_it_is_the_same_in_whatever_batches_it_came(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    database = open_database(tmp_path_factory.mktemp("city") / "city.sqlite")
    sender, store, start = Sender(), CityStore(database, clock=lambda: NOW), 0
    chain = sender.says(*everything())
    for size in (*sizes, len(chain)):
        store.take(chain[start : start + size])
        start += size
    assert verify_city(database).findings == ()
    database.close()
