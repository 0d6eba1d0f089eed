"""Whatever is done to the city's rows is named; an untouched city always holds. On SQLite and PostgreSQL."""
# ruff: noqa: S608 - a forger's statements, of our own constants

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from sync.chain import Chain, Head, digest
from sync.city.database import Database
from sync.city.facts import TABLES
from sync.city.known import Known
from sync.city.roots import (
    CAUGHT_UP,
    LOOK_EVERY_S,
    Root,
    RootKeeper,
    RootUnreadable,
    leaves_of,
    make_root,
    publish,
    published,
    roots,
    roots_due,
)
from sync.city.store import CityStore
from sync.city.terms import DeviceState, Judgement
from sync.city.transactions import Transaction
from sync.city.verify import CityReport, Proofs, recount, verify_city
from sync.events import AlertRaised, DeviceStarted, Event, RatingGiven, VisitDropped, VisitStarted
from sync.keys import DeviceKey
from sync.topics import Presence, Topics
from tests.sync.city_samples import DEVICE, KEY, NOW, OTHER_KEY, SOURCE, Sender, later
from tests.sync.test_city import Only

CITY = DeviceKey.from_seed(bytes(32))
SECOND = SOURCE[:-1] + "2"
DAY = date(2026, 11, 21)


@pytest.fixture
def city(database: Database) -> Database:
    """Two devices: 12 events each and a checkpoint behind the 6th and the 12th; a root of the day over both."""
    store = CityStore(database, clock=lambda: NOW)
    for name in ("quay-01", "quay-02"):
        sender = Sender(Topics("phuong-thu-duc", name))
        for _ in range(2):
            store.take(
                sender.says(
                    DeviceStarted(boot="b", version="1", stations=("counter",)),
                    VisitStarted(visit=f"v{sender.head.seq}", counter="quay-01"),
                    RatingGiven(counter="quay-01", visit=f"v{sender.head.seq}", level="angry"),
                    VisitDropped(visit="x", counter="quay-01", why="opted_out"),
                    RatingGiven(counter="quay-01", visit=None, level="satisfied"),
                )
                + sender.signs()
            )
    make_root(database, CITY, DAY, NOW)
    return database


def check(city: Database, **options: object) -> list[tuple[str | None, int | None, str]]:
    report = verify_city(city, proofs=Proofs(city_key=CITY.public), **options)  # type: ignore[arg-type]
    return [(finding.source, finding.seq, finding.why.partition(":")[0]) for finding in report.findings]


def test_an_untouched_city_holds(city: Database) -> None:
    assert verify_city(city, proofs=Proofs(city_key=CITY.public)) == CityReport(2, 24, 1, ())
    assert verify_city(city, source=SOURCE).devices == 1


Tamper = Callable[[Transaction], object]
MINE = f"device = (SELECT id FROM city_chains WHERE source = '{SOURCE}')"


def body_of(writing: Transaction, seq: int) -> bytes:
    ((body,),) = writing.rows(f"SELECT body FROM city_events WHERE {MINE} AND seq = ?", (seq,))
    return bytes(body)


def rewrite(writing: Transaction, seq: int, body: bytes) -> None:
    writing.execute(f"UPDATE city_events SET body = ? WHERE {MINE} AND seq = ?", (body, seq))


def rewrite_one(writing: Transaction) -> None:
    rewrite(writing, 5, body_of(writing, 5).replace(b"satisfied", b"dissatisfied"))


def rewrite_all_behind(writing: Transaction) -> None:
    """Change an event and every hash behind it, the head too, as somebody would who knows how this works."""
    body = body_of(writing, 5).replace(b'"satisfied"', b'"dissatisfied"')
    for seq in range(5, 13):
        rewrite(writing, seq, body)
        if seq < 12:
            body = body_of(writing, seq + 1).replace(old_hash(writing, seq + 1), digest(body).encode())
    writing.execute("UPDATE city_chains SET head = ? WHERE source = ?", (digest(body), SOURCE))


def old_hash(writing: Transaction, seq: int) -> bytes:
    return msgspec.json.decode(body_of(writing, seq), type=Event).prevhash.encode()


def drop_one(writing: Transaction) -> None:
    writing.execute(f"DELETE FROM city_events WHERE {MINE} AND seq = 7")


def drop_the_end(writing: Transaction) -> None:
    """Take the last events away and everything that says they were there."""
    writing.execute(f"DELETE FROM city_events WHERE {MINE} AND seq > 10")
    head = digest(body_of(writing, 10))
    writing.execute("UPDATE city_chains SET seq = 10, head = ? WHERE source = ?", (head, SOURCE))


def reorder(writing: Transaction) -> None:
    third, fourth = body_of(writing, 3), body_of(writing, 4)
    rewrite(writing, 3, fourth)
    rewrite(writing, 4, third)


def double(writing: Transaction) -> None:
    sql = f"INSERT INTO city_events SELECT device, 13, type, at_ms, taken_ms, body FROM city_events WHERE {MINE} AND seq = 12"
    writing.execute(sql)


def forge(writing: Transaction) -> None:
    """Append an event that fits, and the head."""
    head = Head(12, digest(body_of(writing, 12)))
    ((_, kind, _, at_ms, body),), _ = Chain(SOURCE, head, lambda: NOW).extend(
        [RatingGiven(counter="c", visit=None, level="angry")]
    )
    sql = "INSERT INTO city_events SELECT id, 13, ?, ?, 0, ? FROM city_chains WHERE source = ?"
    writing.execute(sql, (kind, at_ms, body, SOURCE))
    writing.execute("UPDATE city_chains SET seq = 13, head = ? WHERE source = ?", (digest(body), SOURCE))


def retype(writing: Transaction) -> None:
    writing.execute(f"UPDATE city_events SET type = 'device.health' WHERE {MINE} AND seq = 5")


@pytest.mark.parametrize(
    ("tamper", "seq", "word"),
    [
        (rewrite_one, 5, "altered"),
        (rewrite_all_behind, 6, "forged"),
        (drop_one, 7, "missing"),
        (drop_the_end, 11, "missing"),
        (reorder, 3, "forged"),
        (double, 13, "forged"),
        (retype, 5, "altered"),
        (forge, None, "facts"),
    ],
)
def test_what_was_done_to_a_row_is_named(city: Database, tamper: Tamper, seq: int | None, word: str) -> None:
    with city.transaction() as writing:
        tamper(writing)
    assert check(city) == [(SOURCE, seq, word)]
    assert check(city, source=SECOND) == []


def test_a_history_rewritten_behind_the_last_signature_is_named_by_the_root(city: Database) -> None:
    """All hashes fit and no checkpoint stands behind it, but it is not what was published."""
    sender = Sender(head=CityStore(city).head(SOURCE))
    CityStore(city).take(sender.visits(1))
    make_root(city, CITY, DAY + timedelta(days=1), NOW)
    with city.transaction() as writing:
        body = body_of(writing, 13).replace(b"quay-01", b"quay-09")
        rewrite(writing, 13, body)
        writing.execute("UPDATE city_chains SET head = ? WHERE source = ?", (digest(body), SOURCE))
    assert (SOURCE, 13, "forged") in check(city)


def test_a_history_cut_behind_a_receipt_is_named(city: Database) -> None:
    store = CityStore(city)
    store.told(store.take(Sender(head=store.head(SOURCE)).visits(1)).due)
    with city.transaction() as writing:
        writing.execute(f"DELETE FROM city_events WHERE {MINE} AND seq > 12")
        writing.execute(
            "UPDATE city_chains SET seq = 12, head = ? WHERE source = ?", (digest(body_of(writing, 12)), SOURCE)
        )
    assert check(city)[0] == (SOURCE, 13, "missing")


def test_a_device_that_was_taken_out_is_named(city: Database) -> None:
    with city.transaction() as writing:
        writing.execute("DELETE FROM city_chains WHERE source = ?", (SOURCE,))
    assert check(city)[0] == (SOURCE, None, "missing")
    assert [why for source, _, why in check(city) if source is None] == ["forged"]
    assert check(city, source=SOURCE) == [(SOURCE, None, "missing")]


def test_facts_that_the_events_do_not_say_are_named(city: Database) -> None:
    with city.transaction() as writing:
        writing.execute(f"UPDATE city_visits SET rating = 'satisfied' WHERE {MINE} AND visit = 'v0'")
        writing.execute(f"DELETE FROM city_ratings WHERE {MINE}")
        writing.execute(
            "INSERT INTO city_alerts (device, alert) SELECT id, 'a' FROM city_chains WHERE source = ?", (SECOND,)
        )
    found = verify_city(city).findings
    assert [finding.why for finding in found if finding.source == SECOND] == [
        "facts: city_alerts a is not what the events say"
    ]
    assert [finding.why.split()[1:3] for finding in found if finding.source == SOURCE] == [
        ["city_visits", "v0"], ["city_ratings", "3"], ["city_ratings", "5"], ["city_ratings", "9"], ["city_ratings", "11"],
    ]  # fmt: skip
    assert recount(city, SOURCE)
    assert recount(city, SECOND)
    assert verify_city(city).ok
    assert not recount(city, "/sites/s/devices/d")


def test_a_retired_history_stays_proven_beside_the_new_one(city: Database) -> None:
    store = CityStore(city, clock=lambda: NOW)
    new = Sender(key=OTHER_KEY)
    arrivals = new.visits(2) + new.signs()
    assert store.take(arrivals).judged[Judgement.FORKED] == 3
    assert store.retire(SOURCE, "lan")
    assert not store.retire("/sites/s/devices/d", "lan")
    assert store.take(arrivals).judged[Judgement.NEW] == 3
    store.told(store.take(arrivals).due)
    make_root(city, CITY, DAY + timedelta(days=1), NOW)
    assert verify_city(city, proofs=Proofs(city_key=CITY.public)) == CityReport(3, 27, 2, ())
    with city.reading() as reading:
        leaves = leaves_of(reading, (DAY + timedelta(days=1)).isoformat())
    assert [(leaf.source, leaf.seq) for leaf in leaves] == [(SOURCE, 12), (SOURCE + "#2", 3), (SECOND, 12)]
    with city.transaction() as writing:
        for generation, seq in ((1, 7), (2, 2)):
            mine = "(SELECT id FROM city_chains WHERE source = ? AND generation = ?)"
            writing.execute(f"DELETE FROM city_events WHERE device = {mine} AND seq = ?", (SOURCE, generation, seq))
    assert check(city) == [(SOURCE, 7, "missing"), (SOURCE + "#2", 2, "missing")]
    assert recount(city, SOURCE)


@pytest.mark.parametrize("roots", [1, 0])
def test_a_retired_history_that_was_taken_out_altogether_is_named(city: Database, roots: int) -> None:
    """By the root over it, or else because the one behind it has a number."""
    store = CityStore(city, clock=lambda: NOW)
    store.retire(SOURCE, "lan")
    store.told(store.take(Sender(key=OTHER_KEY).visits(2)).due)
    assert verify_city(city).ok
    with city.transaction() as writing:
        ((old,),) = writing.rows("SELECT id FROM city_chains WHERE source = ? AND generation = 1", (SOURCE,))
        for name in ("city_events", *(one.name for one in TABLES)):
            writing.execute(f"DELETE FROM {name} WHERE device = ?", (old,))
        writing.execute("DELETE FROM city_chains WHERE id = ?", (old,))
        for name in () if roots else ("city_roots", "city_root_leaves"):
            writing.execute(f"DELETE FROM {name}")
    assert check(city) == check(city, source=SOURCE) == [(SOURCE, None, "missing")]
    assert check(city, source=SECOND) == []


def test_a_present_history_that_was_taken_out_is_named_by_its_receipt(city: Database) -> None:
    store = CityStore(city, clock=lambda: NOW)
    store.retire(SOURCE, "lan")
    store.told(store.take(Sender(key=OTHER_KEY).visits(2)).due)
    with city.transaction() as writing:
        mine = "(SELECT id FROM city_chains WHERE retired_ms IS NULL AND source = ?)"
        for name in ("city_events", *(one.name for one in TABLES)):
            writing.execute(f"DELETE FROM {name} WHERE device = {mine}", (SOURCE,))
        writing.execute("DELETE FROM city_chains WHERE retired_ms IS NULL AND source = ?", (SOURCE,))
    assert check(city) == check(city, source=SOURCE) == [(SOURCE + "#2", None, "missing")]


def test_who_came_online_and_said_nothing_yet_is_not_missing(city: Database) -> None:
    store = CityStore(city, clock=lambda: NOW)
    store.told(store.present([(Topics("phuong-thu-duc", "tu-01"), Presence(state="online", boot="b"))]))
    assert verify_city(city).ok


@pytest.mark.parametrize("events", [0, 2, 20])
def test_a_receipt_that_a_retirement_overtook_is_no_gap(city: Database, events: int) -> None:
    """Receipts go out a moment after their commit. `events`: of the new history by then; the old one had 12."""
    store = CityStore(city, clock=lambda: NOW)
    due = store.take(Sender(head=store.head(SOURCE)).visits(1)).due
    online = store.present([(DEVICE, Presence(state="online", boot="b"))])
    store.retire(SOURCE, "lan")
    if events:
        store.take(Sender(key=OTHER_KEY).visits(events))
    store.told(due)
    store.told(online)
    assert verify_city(city).ok


def test_the_registered_key_counts_and_an_older_one_too(city: Database) -> None:
    for keys, ok in (((KEY.public,), True), ((KEY.public, OTHER_KEY.public), True), ((OTHER_KEY.public,), False)):
        known = Known(DeviceState.ACTIVE, keys)
        assert verify_city(city, Only(quay_01=known, quay_02=known)).ok is ok


def test_a_wrong_clocks_events_recount_to_the_same(database: Database) -> None:
    sender = Sender()
    sender.now += timedelta(days=800)
    alert = AlertRaised(
        alert="a", visit="v", counter="c", unit="u", why="anger", level="angry", since=sender.now, reasons=()
    )
    CityStore(database).take([later(one, days=-800, microseconds=123) for one in sender.says(alert)])
    with database.reading() as reading:
        assert reading.rows("SELECT day, hour FROM city_alerts") == [("2026-11-21", 8)]
    assert verify_city(database).ok


# --- roots ---


def test_a_root_is_made_once_a_day_when_the_day_is_over(city: Database) -> None:
    evening = NOW.replace(hour=16, minute=59)  # 23:59 in Vietnam
    assert roots_due(city, evening) == []
    midnight = NOW.replace(hour=17, minute=0) + timedelta(days=1)
    assert roots_due(city, midnight) == [date(2026, 11, 22)]
    first = make_root(city, CITY, date(2026, 11, 22), midnight)
    assert make_root(city, OTHER_KEY, date(2026, 11, 22), midnight) == first
    assert roots_due(city, midnight) == []
    with city.reading() as reading:
        before, after = roots(reading)
    assert (after, after.previous, after.devices, after.is_from(CITY.public)) == (first, before.hash, 2, True)
    assert not msgspec.structs.replace(after, devices=3).is_from(CITY.public)


def test_a_keeper_publishes_what_was_made_and_never_got_out(city: Database, tmp_path: Path) -> None:
    keeper = RootKeeper(city, CITY, tmp_path / "roots")
    tomorrow = NOW + timedelta(days=1)
    first = keeper.turn(tomorrow, 0.0)
    assert (first and first.day, [root.day for root in published(tmp_path / "roots")]) == ("2026-11-21", ["2026-11-21"])
    assert keeper.turn(tomorrow + timedelta(days=1), LOOK_EVERY_S - 1) is None
    second = keeper.turn(tomorrow + timedelta(days=1), LOOK_EVERY_S + 1)
    assert second is not None
    assert second.day == "2026-11-22"
    assert keeper.turn(tomorrow + timedelta(days=1), 3 * LOOK_EVERY_S) is None
    assert [root.day for root in published(tmp_path / "roots")] == ["2026-11-21", "2026-11-22"]


def test_a_keeper_writes_over_no_root_that_was_published(
    city: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The database came back from a backup."""
    with city.reading() as reading:
        (other,) = roots(reading)
    other = msgspec.structs.replace(other, day="2026-11-22", devices=9).signed(CITY)
    file = publish(other, tmp_path)
    keeper = RootKeeper(city, CITY, tmp_path)
    newest = keeper.turn(NOW + timedelta(days=2), 0.0)
    assert (newest and newest.day, published(tmp_path)[-1]) == ("2026-11-22", other)
    assert [str(file) in record.__dict__["why"] for record in caplog.records] == [True]


def test_days_on_which_nobody_made_a_root_are_caught_up_with(city: Database, tmp_path: Path) -> None:
    """Each over what had arrived by its end; the file of each is written; the newest goes out."""
    sender, new = Sender(head=CityStore(city).head(SOURCE)), Sender(Topics("phuong-thu-duc", "quay-03"))
    for days, arrivals in ((1, sender.visits(3)), (3, new.visits(2)), (3, sender.visits(1)), (4, sender.visits(5))):
        CityStore(city).take([later(one, days=days) for one in arrivals])
    keeper = RootKeeper(city, CITY, tmp_path)
    newest = keeper.turn(NOW + timedelta(days=5), 0.0)
    assert (newest and newest.day, keeper.newest) == ("2026-11-25", newest)
    names = [f"2026-11-{day}" for day in range(21, 26)]
    assert [root.day for root in published(tmp_path)] == names
    with city.reading() as reading:
        held = [[(leaf.source[-2:], leaf.seq) for leaf in leaves_of(reading, day)] for day in names]
    assert held == [
        [("01", 12), ("02", 12)],
        [("01", 15), ("02", 12)],
        [("01", 15), ("02", 12)],
        [("01", 16), ("02", 12), ("03", 2)],
        [("01", 21), ("02", 12), ("03", 2)],
    ]
    assert check(city) == []
    assert roots_due(city, NOW + timedelta(days=5)) == []


def test_the_first_root_is_of_the_first_days_events(database: Database) -> None:
    CityStore(database, clock=lambda: NOW).take(Sender().visits(1))
    due = roots_due(database, NOW + timedelta(days=3))
    assert due == [DAY, DAY + timedelta(days=1), DAY + timedelta(days=2)]
    assert len(roots_due(database, NOW + timedelta(days=9_999))) == CAUGHT_UP


def test_roots_that_were_changed_are_named(city: Database) -> None:
    make_root(city, CITY, DAY + timedelta(days=1), NOW)
    with city.transaction() as writing:
        writing.execute("UPDATE city_root_leaves SET head = ? WHERE place = 0 AND day = ?", ("f" * 64, DAY.isoformat()))
    assert (None, None, "root 2026-11-21") in check(city)
    with city.transaction() as writing:
        for table in ("city_roots", "city_root_leaves"):
            writing.execute(f"DELETE FROM {table} WHERE day = ?", (DAY.isoformat(),))
    assert check(city) == [(None, None, "root 2026-11-22")]


def test_the_database_is_held_against_what_was_published(city: Database, tmp_path: Path) -> None:
    with city.reading() as reading:
        (root,) = roots(reading)
    assert publish(root, tmp_path / "roots") == tmp_path / "roots" / "root-2026-11-21.json"
    kept = published(tmp_path / "roots")
    assert kept == [root]
    assert verify_city(city, proofs=Proofs(kept, CITY.public)).ok
    lie = msgspec.structs.replace(root, root="f" * 64)
    for others, why in (
        ([lie], "not signed"), ([lie.signed(CITY)], "another"), ([msgspec.structs.replace(root, day="2026-11-19").signed(CITY)], "missing"),
    ):  # fmt: skip
        (finding,) = verify_city(city, proofs=Proofs(others, CITY.public)).findings
        assert why in finding.why
    (tmp_path / "roots" / "root-2026-11-21.json").write_text("{}")
    with pytest.raises(RootUnreadable):
        published(tmp_path / "roots")


def test_a_city_without_events_has_a_root_too(database: Database) -> None:
    root = make_root(database, CITY, DAY, NOW)
    assert isinstance(root, Root)
    assert (root.devices, verify_city(database).ok) == (0, True)


def test_every_table_of_facts_is_there(database: Database) -> None:
    with database.reading() as reading:
        assert [reading.rows(table.query, (1,)) for table in TABLES] == [[]] * len(TABLES)
