"""The board on both databases: what it says of devices, alerts and days, out of events that came the ordinary way."""

from datetime import date, datetime, timedelta

import pytest

from sync import events as e
from sync.city.board import Board
from sync.city.board_terms import AlertRow, DeviceRow, HandoverRow, SatisfactionRow, Scope, StreamFault, WaitRow
from sync.city.database import Database
from sync.city.facts import VIETNAM, milliseconds
from sync.city.store import CityStore
from sync.topics import Presence, Topics
from tests.sync.city_samples import NOW, OTHER_KEY, Sender, early, with_body

DAY = date(2026, 11, 21)
TODAY = Scope(DAY, DAY)
THERE = Topics("phuong-khac", "tu-01")


@pytest.fixture
def store(database: Database) -> CityStore:
    return CityStore(database, clock=lambda: NOW)


@pytest.fixture
def board(database: Database) -> Board:
    return Board(database, clock=lambda: NOW)


def visit(
    name: str, camera: e.LevelName | None, rating: e.LevelName | None = None, counter: str = "quay-01"
) -> e.VisitEnded:
    return e.VisitEnded(
        visit=name, counter=counter, unit="ho-tich", started=NOW, seconds_present=60.0, seconds_usable=50.0,
        evidence="enough" if camera else "not_enough", shares={}, level=rating or camera, level_at_end=None, peak=None, reasons=(),
        rating=rating, camera=camera,
    )  # fmt: skip


def raised(alert: str) -> e.AlertRaised:
    return e.AlertRaised(
        alert=alert,
        visit="v-1",
        counter="quay-01",
        unit="ho-tich",
        why="anger",
        level="angry",
        since=NOW,
        reasons=("brow_down",),
    )


def test_a_device_says_where_it_stands(store: CityStore, board: Board) -> None:
    sender = Sender()
    health = e.DeviceHealth(uptime_s=60.0, memory_mb=99.5, disk_free_mb=5000.0, backlog=12, cameras_live=1)
    started = e.DeviceStarted(boot="boot-1", version="0.5.0", stations=("counter", "locker"))
    store.take(sender.says(started, health, e.DeviceFault(part="camera/quay-01", why="lost")) + sender.signs())
    store.present([(sender.topics, Presence(state="online", boot="boot-1"))])
    (row,) = board.fleet().devices
    now_ms = milliseconds(NOW)
    assert isinstance(row, DeviceRow)
    assert (row.source, row.is_online, row.events, row.signed_upto, row.version) == (sender.source, True, 4, 3, "0.5.0")
    assert (row.stations, row.backlog, row.memory_mb) == (("counter", "locker"), 12, 99.5)
    assert (row.last_event_ms, row.health_ms) == (now_ms, now_ms)
    assert [(part.part, part.why) for part in row.parts] == [("camera/quay-01", "lost")]
    assert (row.faults, row.quarantined) == ((), 0)


def test_a_mended_part_is_no_trouble(store: CityStore, board: Board) -> None:
    sender = Sender()
    store.take(sender.says(e.DeviceFault(part="link", why="lost"), e.DeviceRecovered(part="link", after_s=3.0)))
    assert [device.parts for device in board.fleet().devices] == [()]


def test_a_chain_in_doubt_is_told_with_its_reason(store: CityStore, board: Board) -> None:
    sender = Sender()
    (one,) = sender.visits(1)
    store.take([one])
    store.take([with_body(one, one.body.replace(b"quay-01", b"quay-02", 1).replace(b"quay-02", b"quay-01", 1) + b" ")])
    (row,) = board.fleet().devices
    assert [(fault.kind, fault.times, fault.closed_ms) for fault in row.faults] == [("fork", 1, None)]
    assert row.quarantined == 1
    found = board.device(sender.source)
    assert found is not None
    assert [(put.why, put.seq, put.times) for put in found.quarantine] == [("forked", 1, 1)]
    assert isinstance(found.faults[0], StreamFault)


def test_a_device_nobody_knows_is_none_and_a_retired_history_stays(store: CityStore, board: Board) -> None:
    assert board.device("/sites/a/devices/b") is None
    sender = Sender()
    store.take(sender.visits(3))
    store.retire(sender.source, "ky-thuat")
    store.take(Sender().visits(1))
    found = board.device(sender.source)
    assert found is not None
    assert [(one.generation, one.events, one.retired_by) for one in found.histories] == [
        (2, 1, None),
        (1, 3, "ky-thuat"),
    ]
    assert [row.events for row in board.fleet().devices] == [1]


def test_live_alerts_are_those_nobody_closed(store: CityStore, board: Board) -> None:
    sender = Sender()
    store.take(sender.says(raised("C-1"), raised("C-2"), e.AlertAcknowledged(alert="C-1", by="lanh-dao", via="page")))
    store.take(sender.says(e.AlertClosed(alert="C-2", why="nobody_answered")))
    (alert,) = board.fleet().alerts
    assert isinstance(alert, AlertRow)
    assert (alert.alert, alert.acknowledged_ms, alert.is_confirmed) == ("C-1", milliseconds(NOW), True)


def test_an_alert_of_a_retired_history_is_live_no_more(store: CityStore, board: Board) -> None:
    sender = Sender()
    store.take(sender.says(raised("C-1")))
    store.retire(sender.source, "ky-thuat")
    assert board.fleet().alerts == ()
    store.take(Sender(key=OTHER_KEY).says(raised("C-2")))
    assert [alert.alert for alert in board.fleet().alerts] == ["C-2"]


def test_what_a_restored_backup_sends_again_after_a_retirement_counts_twice(store: CityStore, board: Board) -> None:
    """Why it has to begin a new journal."""
    sender = Sender()
    backup = sender.says(visit("v-1", "angry"))
    store.take(backup + sender.says(visit("v-2", "neutral")))
    store.retire(sender.source, "ky-thuat")
    store.take(backup)
    (row,) = board.figures(TODAY).satisfaction
    assert (row.camera["angry"], row.camera["neutral"]) == (2, 1)


def test_an_urgent_copy_is_shown_as_not_confirmed_until_its_turn(store: CityStore, board: Board) -> None:
    sender = Sender()
    waiting = sender.visits(2)
    (alert,) = sender.says(raised("C-9"))
    store.take([early(alert)])
    assert [(one.alert, one.level, one.is_confirmed) for one in board.fleet().alerts] == [("C-9", "angry", False)]
    store.take([*waiting, alert])
    assert [(one.alert, one.is_confirmed) for one in board.fleet().alerts] == [("C-9", True)]


def test_an_urgent_copy_may_close_what_is_confirmed(store: CityStore, board: Board) -> None:
    sender = Sender()
    store.take(sender.says(raised("C-1")))
    sender.visits(2)  # still on the device
    store.take([early(one) for one in sender.says(e.AlertClosed(alert="C-1", why="acknowledged"))])
    assert board.fleet().alerts == ()


def test_camera_and_ratings_stand_side_by_side(store: CityStore, board: Board) -> None:
    sender = Sender()
    told = sender.says(
        visit("v-1", "satisfied", "very_satisfied"), visit("v-2", "satisfied", "angry"), visit("v-3", "neutral"), visit("v-4", None),
        e.VisitDropped(visit="v-5", counter="quay-01", why="opted_out"), visit("v-6", None, "satisfied"),
        e.RatingGiven(counter="quay-01", visit=None, level="neutral"), raised("C-1"), raised("C-2"),
        e.AlertContested(alert="C-2", by="quay-01", role="officer"),
    )  # fmt: skip
    store.take(told)
    (row,) = board.figures(TODAY).satisfaction
    camera = {"very_satisfied": 0, "satisfied": 2, "neutral": 1, "dissatisfied": 0, "angry": 0}
    ratings = {"very_satisfied": 1, "satisfied": 1, "neutral": 1, "dissatisfied": 0, "angry": 1}
    expected = SatisfactionRow(
        "phuong-thu-duc", "quay-01", 8, camera, ratings, 2, 1, both=2, same=1, alerts=1, contested=1
    )
    assert row == expected


def test_a_dropped_visit_counts_for_nothing_but_itself(store: CityStore, board: Board) -> None:
    sender = Sender()
    store.take(sender.says(visit("v-1", "angry"), e.VisitDropped(visit="v-1", counter="quay-01", why="opted_out")))
    (row,) = board.figures(TODAY).satisfaction
    assert (sum(row.camera.values()), row.not_enough, row.dropped) == (0, 0, 1)


def test_days_and_sites_are_a_choice(store: CityStore, board: Board) -> None:
    here, there = Sender(), Sender(THERE, OTHER_KEY)
    store.take(here.says(visit("v-1", "neutral")) + there.says(visit("v-2", "neutral")))
    assert [row.site for row in board.figures(TODAY).satisfaction] == ["phuong-khac", "phuong-thu-duc"]
    assert [row.site for row in board.figures(Scope(DAY, DAY, ("phuong-khac",))).satisfaction] == ["phuong-khac"]
    assert board.figures(Scope(DAY, DAY, ())).satisfaction == ()
    before = DAY - timedelta(days=1)
    assert board.figures(Scope(before, before)).satisfaction == ()


def test_lockers_say_what_was_done_and_what_lies_in_them(store: CityStore, board: Board) -> None:
    sender = Sender()
    stays = [
        e.LockerLoaded(stay=f"s-{n}", compartment=f"0{n}", dossier=f"H29.19-261101-000{n}", by="quay-01")
        for n in (1, 2, 3)
    ]
    store.take(sender.says(
        *stays, e.LockerCollected(stay="s-1", compartment="01", purpose="result", dossier="H29.19-261101-0001", by="citizen"),
        e.LockerDeposited(stay="s-4", compartment="04", procedure="khai-sinh", receipt="R-1"),
        e.LockerOverdue(stay="s-2", compartment="02", dossier="H29.19-261101-0002", days=6, step="overdue"),
    ))  # fmt: skip
    figures = board.figures(TODAY)
    assert figures.handovers == (HandoverRow("phuong-thu-duc", loaded=3, collected=1, deposited=1, held=3, overdue=1),)
    (late,) = figures.overdue
    assert (late.device, late.compartment, late.dossier, late.days) == ("quay-01", "02", "H29.19-261101-0002", 6)


def test_waiting_is_told_to_half_a_minute(store: CityStore, board: Board) -> None:
    sender = Sender()
    told: list[e.Payload] = []
    for n, waited in enumerate((60.0, 89.9, 90.0)):
        ticket, number = f"20261121-A{n}", f"A{n}"
        told.append(
            e.TicketIssued(ticket=ticket, number=number, service="ho-tich", has_priority=False, ahead=0, wait_s=None)
        )
        called = e.TicketCalled(
            ticket=ticket, number=number, service="ho-tich", counter="quay-01", call=1, waited_s=waited
        )
        told.append(called)
    told.append(e.TicketIssued(ticket="A9", number="A9", service="ho-tich", has_priority=False, ahead=0, wait_s=None))
    store.take(sender.says(*told))
    (row,) = board.figures(TODAY).waits
    assert row == WaitRow("phuong-thu-duc", 8, tickets=4, served=0, left=0, spans={60: 2, 90: 1})


def test_the_day_is_the_citys_own(store: CityStore, board: Board) -> None:
    """Half past midnight in Vietnam is still yesterday in UTC."""
    sender = Sender()
    sender.now = datetime(2026, 11, 21, 0, 30, tzinfo=VIETNAM)
    store.take(sender.says(visit("v-1", "neutral"), raised("C-1")))
    (row,) = board.figures(TODAY).satisfaction
    assert (row.hour, row.camera["neutral"], row.alerts) == (0, 1, 1)


def test_strangers_are_counted_and_not_listed(store: CityStore, board: Board, database: Database) -> None:
    with database.transaction() as writing:
        values = ("/sites/x/devices/y", "unregistered", 1, 1, 1)
        writing.execute(
            "INSERT INTO city_faults (source, kind, since_ms, last_ms, times) VALUES (?, ?, ?, ?, ?)", values
        )
    store.take(Sender().visits(1))
    fleet = board.fleet()
    assert (len(fleet.devices), fleet.strangers) == (1, 1)


def test_an_enrolled_box_that_never_spoke_is_there(board: Board, database: Database) -> None:
    with database.transaction() as writing:
        values = ("/sites/a/devices/b", "a", "b", "SN1", "00", "active", 1, 1000, "01", 5_000)
        marks = ", ".join("?" * len(values))
        columns = "source, site, device, serial, event_key, state, generation, registered, certificate_serial, certificate_ends"
        writing.execute(f"INSERT INTO enrolled_devices ({columns}) VALUES ({marks})", values)  # noqa: S608 - our own names
    (row,) = board.fleet().devices
    assert (row.source, row.is_online, row.events, row.certificate_ends_ms) == ("/sites/a/devices/b", None, 0, 5_000)
