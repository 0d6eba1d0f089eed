"""The city's store: takes what continues a chain, and nothing else; the same on SQLite and PostgreSQL."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.chain import Head
from sync.city import batch, quarantine
from sync.city.database import Database, open_database
from sync.city.facts import milliseconds
from sync.city.faults import FaultKind, forget_old, open_faults, settle
from sync.city.known import Known, Registered
from sync.city.quarantine import quarantined
from sync.city.receipts import arrival_of, presence_of
from sync.city.store import CityStore, Due, Outcome
from sync.city.terms import Arrival, DeviceState, Judgement
from sync.city.transactions import Transaction
from sync.topics import Presence, Topics, topics_of
from tests.sync.city_samples import DEVICE, KEY, NOW, OTHER_KEY, SOURCE, Sender, changed, early, later, with_body

J = Judgement


class Only:
    """A registry that knows these devices."""

    def __init__(self, **known: Known) -> None:
        self._known = {f"/sites/phuong-thu-duc/devices/{name.replace('_', '-')}": one for name, one in known.items()}

    def known(self, _: Transaction, sources: Sequence[str]) -> dict[str, Known]:
        return {source: self._known[source] for source in sources if source in self._known}


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self):  # type: ignore[no-untyped-def]
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(database: Database, clock: Clock) -> CityStore:
    return CityStore(database, clock=clock)


def judged(outcome: Outcome) -> dict[Judgement, int]:
    return {judgement: times for judgement, times in outcome.judged.items() if times}


def bodies(database: Database) -> list[bytes]:
    with database.reading() as reading:
        return [body for (body,) in reading.rows("SELECT body FROM city_events ORDER BY device, seq")]


def faults(database: Database, source: str = SOURCE) -> dict[FaultKind, tuple[int | None, int]]:
    with database.reading() as reading:
        return {fault.kind: (fault.seq, fault.times) for fault in open_faults(reading, [source])}


def told(outcome: Outcome) -> list[tuple[int, bool]]:
    return [(due.head.seq, due.resend) for due in outcome.due]


def test_events_in_order_are_new_and_again_are_duplicates(store: CityStore) -> None:
    sender = Sender()
    chain = sender.visits(4) + sender.signs()
    assert judged(store.take(chain)) == {J.NEW: 5}
    assert judged(store.take(chain)) == {J.DUPLICATE: 5}
    assert judged(store.take(chain + chain)) == {J.DUPLICATE: 10}
    assert (store.unique(), store.head(SOURCE)) == (5, sender.head)
    assert bodies(store.database) == [arrival.body for arrival in chain]


def test_what_is_behind_a_gap_is_asked_for_and_the_gap_is_a_fault_while_it_lasts(store: CityStore) -> None:
    one, two, three, four = Sender().visits(4)
    assert told(store.take([one])) == [(1, False)]
    assert told(store.take([four])) == [(1, True)]
    assert faults(store.database) == {FaultKind.GAP: (4, 1)}
    assert told(store.take([three, two])) == [(3, False)]
    assert faults(store.database) == {FaultKind.GAP: (4, 1)}
    assert told(store.take([four])) == [(4, False)]
    assert faults(store.database) == {}


def test_what_overtook_within_a_batch_needs_no_sending_again(store: CityStore) -> None:
    one, two, three = Sender().visits(3)
    assert told(store.take([three, one, two])) == [(3, False)]
    assert faults(store.database) == {}


def test_a_gap_of_some_time_stays_in_the_book(store: CityStore, clock: Clock) -> None:
    one, two, three = Sender().visits(3)
    store.take([one, three])
    clock.now += timedelta(minutes=2)
    store.take([two, three])
    with store.database.transaction() as writing:
        found = writing.rows("SELECT kind, closed_ms - since_ms FROM city_faults")
        assert forget_old(writing, clock.now + timedelta(days=399)) == 0
        assert forget_old(writing, clock.now + timedelta(days=401)) == 1
    assert found == [("gap", 120_000)]


def test_a_restored_backup_is_a_fork_and_is_told_the_truth(store: CityStore) -> None:
    sender = Sender()
    past = sender.visits(2)
    backup = sender.head
    store.take(past + sender.visits(3))
    restored = Sender(head=backup)
    again = restored.visits(2)
    outcome = store.take([changed(one, data={"visit": "other", "counter": "c"}) for one in again])
    assert judged(outcome) == {J.FORKED: 2}
    assert [(due.head, due.resend) for due in outcome.due] == [(sender.head, False)]
    assert faults(store.database)[FaultKind.FORK] == (4, 2)


def test_nobody_is_asked_again_and_again_for_what_was_refused(store: CityStore) -> None:
    """The next event does not fit, so what is behind it cannot come: resending would go on for ever."""
    sender = Sender()
    store.take(sender.visits(3))
    wrong = Sender(head=Head(3, "f" * 64)).visits(3)
    assert told(store.take(wrong)) == [(3, False)]
    assert told(store.take(wrong[1:])) == [(3, False)]
    assert set(faults(store.database)) == {FaultKind.UNCHAINED, FaultKind.GAP}
    assert told(store.take(sender.visits(3))) == [(6, False)]
    assert set(faults(store.database)) == {FaultKind.UNCHAINED}
    with store.database.transaction() as writing:
        assert settle(writing, SOURCE, FaultKind.UNCHAINED, "lan", NOW)
        assert not settle(writing, SOURCE, FaultKind.UNCHAINED, "lan", NOW)
    assert faults(store.database) == {}


def test_two_devices_with_one_key_are_a_fork(store: CityStore) -> None:
    first, second = Sender(), Sender()
    store.take(first.visits(2))
    outcome = store.take(second.says(*[]) + [changed(one, id="another") for one in second.visits(2)])
    assert judged(outcome) == {J.FORKED: 2}
    assert judged(store.take(first.visits(1))) == {J.NEW: 1}
    assert set(faults(store.database)) == {FaultKind.FORK}


def test_an_early_copy_is_kept_until_its_turn(store: CityStore) -> None:
    sender = Sender()
    one, two, three = sender.visits(3)
    outcome = store.take([one, early(three)])
    assert (judged(outcome), told(outcome)) == ({J.NEW: 1, J.EARLY: 1}, [(1, False)])
    outcome = store.take([early(three)])
    assert (judged(outcome), outcome.due) == ({J.DUPLICATE: 1}, ())
    assert waiting(store.database) == [(3, three.body)]
    store.take([two])
    assert waiting(store.database) == [(3, three.body)]
    store.take([three])
    assert (waiting(store.database), faults(store.database)) == ([], {})


def test_an_early_copy_that_the_chain_denies_is_a_fork(store: CityStore) -> None:
    one, two = Sender().visits(2)
    lie = early(changed(two, data={"visit": "w", "counter": "c"}))
    assert judged(store.take([lie])) == {J.EARLY: 1}
    assert judged(store.take([early(two)])) == {J.FORKED: 1}
    outcome = store.take([one, two])
    assert [(one.why, one.seq, one.body) for one in outcome.quarantined] == [(J.FORKED, 2, lie.body)]
    assert (waiting(store.database), set(faults(store.database))) == ([], {FaultKind.FORK})


def test_early_copies_are_bounded_and_the_first_in_turn_has_to_go(
    store: CityStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "EARLY_PER_DEVICE", 3)
    chain = Sender().visits(8)
    store.take([early(one) for one in chain[1:]])
    assert [seq for seq, _ in waiting(store.database)] == [6, 7, 8]


def waiting(database: Database) -> list[tuple[int, bytes]]:
    with database.reading() as reading:
        return [(seq, body) for seq, body in reading.rows("SELECT seq, body FROM city_early ORDER BY seq")]


# --- who belongs ---


def test_only_registered_devices_are_taken_from_and_told(database: Database) -> None:
    mine = Known(DeviceState.ACTIVE, (KEY.public,))
    gone = Known(DeviceState.REVOKED, (KEY.public,))
    store = CityStore(database, Only(quay_01=mine, quay_02=gone))
    arrivals = [Sender(Topics("phuong-thu-duc", name)).visits(1)[0] for name in ("quay-01", "quay-02", "quay-03")]
    outcome = store.take(arrivals)
    assert judged(outcome) == {J.NEW: 1, J.REVOKED: 1, J.UNREGISTERED: 1}
    assert [due.source for due in outcome.due] == [SOURCE]
    assert {(one.source[-7:], one.why) for one in outcome.quarantined} == {
        ("quay-02", J.REVOKED), ("quay-03", J.UNREGISTERED),
    }  # fmt: skip
    assert store.unique() == 1


def test_a_revoked_device_that_is_admitted_again_is_mended(database: Database) -> None:
    chain = Sender().visits(2)
    CityStore(database, Only(quay_01=Known(DeviceState.REVOKED))).take(chain)
    assert set(faults(database)) == {FaultKind.REVOKED}
    CityStore(database, Only(quay_01=Known(DeviceState.ACTIVE))).take(chain)
    assert faults(database) == {}


def test_a_checkpoint_of_a_foreign_key_is_forged(database: Database) -> None:
    store = CityStore(database, Only(quay_01=Known(DeviceState.ACTIVE, (KEY.public,))))
    thief = Sender(key=OTHER_KEY)
    outcome = store.take(thief.visits(1) + thief.signs())
    assert (judged(outcome), told(outcome)) == ({J.NEW: 1, J.FORGED: 1}, [(1, False)])


def test_the_first_key_is_kept_where_anybody_may_come(store: CityStore) -> None:
    sender = Sender()
    store.take(sender.visits(1) + sender.signs())
    sender.key = OTHER_KEY
    assert judged(store.take(sender.signs())) == {J.FORGED: 1}


_REGISTRY = """-- 999 registry of a test
CREATE TABLE IF NOT EXISTS enrolled_devices (
  source TEXT PRIMARY KEY, site TEXT NOT NULL, device TEXT NOT NULL, serial TEXT NOT NULL, event_key TEXT NOT NULL,
  state TEXT NOT NULL, generation BIGINT NOT NULL, registered BIGINT NOT NULL,
  certificate_serial TEXT NOT NULL, certificate_ends BIGINT NOT NULL, revoked BIGINT, why_revoked TEXT
);
CREATE TABLE IF NOT EXISTS enrolled_keys (
  event_key TEXT PRIMARY KEY, source TEXT NOT NULL, since BIGINT NOT NULL
);
"""


def test_the_registrys_tables_say_who_belongs(where: Path | str, database: Database) -> None:
    with closing(open_database(where, [_REGISTRY])) as registry, registry.transaction() as writing:
        for name, state in (("quay-01", "active"), ("quay-02", "revoked")):
            values = (
                f"/sites/phuong-thu-duc/devices/{name}",
                "phuong-thu-duc",
                name,
                "serial",
                "key",
                state,
                1,
                1,
                "c",
                1,
            )
            writing.execute("INSERT INTO enrolled_devices VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)", values)
        for key, since in ((KEY.public, 2), (OTHER_KEY.public, 1)):
            writing.execute("INSERT INTO enrolled_keys VALUES (?, ?, ?)", (key, SOURCE, since))
    registry.close()
    with database.reading() as reading:
        known = Registered().known(reading, [SOURCE, SOURCE[:-1] + "2", SOURCE[:-1] + "3"])
    assert known == {
        SOURCE: Known(DeviceState.ACTIVE, (OTHER_KEY.public, KEY.public)),
        SOURCE[:-1] + "2": Known(DeviceState.REVOKED),
    }


# --- what is kept of the rest ---


def test_what_does_not_count_is_kept_once_with_its_reason(store: CityStore) -> None:
    (one,) = Sender().visits(1)
    junk = with_body(one, b"junk\0")
    for _ in range(3):
        store.take([junk, junk, with_body(one, b"x" * 70_000)])
    with store.database.reading() as reading:
        rows = reading.rows("SELECT why, seq, size, times, length(body) FROM city_quarantine ORDER BY why")
        kept = quarantined(reading, SOURCE)
        tallies = reading.rows("SELECT source, judgement, times FROM city_tallies ORDER BY judgement")
    assert rows == [("too_big", None, 70_000, 3, 4_000), ("unreadable", None, 5, 6, 5)]
    assert {(one.why, one.body[:5]) for one in kept} == {(J.TOO_BIG, b"xxxxx"), (J.UNREADABLE, b"junk\0")}
    assert tallies == [(SOURCE, "too_big", 3), (SOURCE, "unreadable", 6)]
    assert faults(store.database) == {FaultKind.TOO_BIG: (None, 3), FaultKind.UNREADABLE: (None, 6)}


def test_the_quarantine_is_bounded_and_the_tallies_are_not(store: CityStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "PER_DEVICE", 3)
    monkeypatch.setattr(quarantine, "IN_ALL", 4)
    for name in ("quay-01", "quay-02"):
        (one,) = Sender(Topics("phuong-thu-duc", name)).visits(1)
        for number in range(5):
            store.take([later(with_body(one, b"junk %d" % number), seconds=number)])
    with store.database.reading() as reading:
        kept = [(one.source[-1], one.body) for one in quarantined(reading)]
        ((tallied,),) = reading.rows("SELECT sum(times) FROM city_tallies")
    assert sorted(kept) == [(device, b"junk %d" % number) for device in "12" for number in (3, 4)]
    assert tallied == 10


def test_a_wrong_clock_is_a_fault_until_it_is_right(store: CityStore) -> None:
    sender = Sender()
    sender.now += timedelta(days=800)
    ahead = sender.visits(2)
    store.take([later(one, days=-800) for one in ahead])
    with store.database.reading() as reading:
        (fault,) = open_faults(reading, [SOURCE])
    assert (fault.kind, fault.seconds, fault.seq) == (FaultKind.CLOCK_SKEW, 800 * 86_400.0, 2)
    sender.now = NOW
    store.take(sender.visits(1))
    assert faults(store.database) == {}


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CityStore]:
    with closing(open_database(tmp_path_factory.mktemp("city") / "city.sqlite")) as database:
        yield CityStore(database)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.dictionaries(st.sampled_from(["id", "source", "type", "time", "seq", "prevhash", "data"]), JSON), JSON)
def test_nothing_that_comes_can_stop_a_batch(quick: CityStore, fields: dict[str, object], visit: object) -> None:
    (one,) = Sender().visits(1)
    honest = Sender(Topics("phuong-thu-duc", "quay-02"), head=quick.head(SOURCE[:-1] + "2"))
    batch = [
        changed(one, **fields),
        early(changed(one, **fields)),
        changed(one, data={"visit": visit, "counter": "\0" + "x" * 5_000}),
        *honest.visits(1),
    ]
    assert quick.take(batch).judged[J.NEW] >= 1
    assert quick.head(honest.source) == honest.head


# --- several at once, and again ---


def test_what_was_held_is_held_after_a_restart(where: Path | str) -> None:
    for arrival in Sender().visits(5):
        database = open_database(where)
        assert judged(CityStore(database).take([arrival])) == {J.NEW: 1}
        database.close()


def test_workers_that_get_the_same_messages_at_once_make_one_row_of_each(where: Path | str) -> None:
    """Three workers, six devices, every message at each of them, in other batches and orders: nobody waits crosswise."""
    senders = [Sender(Topics("phuong-thu-duc", f"quay-0{n}")) for n in range(6)]
    chains = {sender.source: sender.visits(40) for sender in senders}
    mixed = [arrival for arrivals in zip(*chains.values(), strict=True) for arrival in arrivals]
    failures: list[BaseException] = []

    def work(step: int) -> None:
        database = open_database(where)
        try:
            for start in range(0, len(mixed), step):
                CityStore(database).take(mixed[start : start + step][:: 1 if step % 2 else -1])
        except Exception as error:  # noqa: BLE001 - told to the test
            failures.append(error)
        database.close()

    threads = [threading.Thread(target=work, args=(step,)) for step in (7, 12, 31)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    database = open_database(where)
    CityStore(database).take(mixed)
    assert sorted(bodies(database)) == sorted(arrival.body for arrival in mixed)
    database.close()


# --- presence and topics ---


def test_who_comes_online_is_told_at_once_and_asked_when_we_were_away(store: CityStore) -> None:
    online, offline = Presence(state="online", boot="b1"), Presence(state="offline", boot="b1")
    assert store.present([(DEVICE, online)]) == (Due(DEVICE, SOURCE, Head(), resend=False),)
    sender = Sender()
    store.take(sender.visits(2))
    assert store.present([(DEVICE, offline)]) == ()
    assert store.present([(DEVICE, online)]) == (Due(DEVICE, SOURCE, sender.head, resend=False),)
    assert store.present([(DEVICE, online)]) == (Due(DEVICE, SOURCE, sender.head, resend=True),)
    assert store.present([(DEVICE, Presence(state="online", boot="b2"))])[0].resend is False
    assert store.present([(Topics("s s", "#"), online)]) == ()
    with store.database.reading() as reading:
        assert reading.rows("SELECT source, state, boot, since_ms FROM city_presence") == [
            (SOURCE, "online", "b2", milliseconds(NOW))
        ]


def test_the_newest_receipt_is_noted(store: CityStore) -> None:
    sender = Sender()
    first = store.take(sender.visits(2)).due
    store.told(store.take(sender.visits(1)).due)
    store.told(first)
    with store.database.reading() as reading:
        assert reading.rows("SELECT * FROM city_receipts") == [(SOURCE, 3, sender.head.hash, milliseconds(NOW))]


def test_a_receipt_is_noted_of_the_history_that_is_there_and_one_of_nothing_always(store: CityStore) -> None:
    def noted() -> list[int]:
        with store.database.reading() as reading:
            return [seq for (seq,) in reading.rows("SELECT seq FROM city_receipts")]

    online = [(DEVICE, Presence(state="online", boot="b1"))]
    store.told(store.present(online))
    assert noted() == [0]
    store.take(Sender().visits(3))
    store.retire(SOURCE, "lan")
    nothing = store.present(online)
    store.take(Sender(key=OTHER_KEY).visits(2))
    store.told(nothing)
    assert noted() == [0]
    due = store.present(online)
    assert [(one.head.seq, one.generation) for one in due] == [(2, 2)]
    store.told(due)
    assert noted() == [2]


def test_a_stranger_is_not_noted(database: Database) -> None:
    assert CityStore(database, Only()).present([(DEVICE, Presence(state="online", boot="b"))]) == ()
    with database.reading() as reading:
        assert reading.rows("SELECT * FROM city_presence") == []


@pytest.mark.parametrize(
    ("topic", "whose"),
    [
        ("motcua/v1/s/d/ev/visit.started", Topics("s", "d")),
        ("motcua/v1/s/d/status", None),
        ("motcua/v2/s/d/ev/visit.started", None),
        ("motcua/v1/s/d/ev/visit.started/more", None),
        ("", None),
    ],
)
def test_only_event_topics_are_events(topic: str, whose: Topics | None) -> None:
    assert topics_of(topic) == whose
    arrival = arrival_of(topic, b"x", NOW)
    assert (arrival.topics if arrival else None) == whose


def test_early_copies_and_presence_have_topics_of_their_own() -> None:
    assert arrival_of("motcua/v1/s/d/early/a.b", b"x", NOW) == Arrival(
        Topics("s", "d"), "a.b", b"x", NOW, is_early=True
    )
    presence = Presence(state="online", boot="b")
    assert presence_of("motcua/v1/s/d/status", b'{"state":"online","boot":"b"}') == (Topics("s", "d"), presence)
    assert presence_of("motcua/v1/s/d/status", b"") is None
    assert presence_of("motcua/v1/s/d/ack", b'{"state":"online","boot":"b"}') is None
