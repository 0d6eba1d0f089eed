"""The sums behind the figures: equal to a count over every fact, in whatever order and pieces the events came."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync import events as e
from sync.city.board import Board
from sync.city.board_terms import Scope
from sync.city.database import Database, open_database
from sync.city.facts import VIETNAM
from sync.city.rolling import catch_up
from sync.city.rollups import SPANS_AT_MOST, packed, spans_of, unpacked
from sync.city.store import CityStore
from sync.city.terms import Arrival
from sync.city.verify import recount, verify_city
from sync.topics import Topics
from tests.sync import figures_by_facts as counted
from tests.sync.city_samples import NOW, OTHER_KEY, SOURCE, Sender

FIRST = date(2026, 11, 20)
SPANS = [Scope(FIRST, FIRST + timedelta(days=2)), Scope(FIRST + timedelta(days=1), FIRST + timedelta(days=1))]
MIDNIGHT = datetime(2026, 11, 20, 16, 57, tzinfo=UTC)  # three minutes before it, in Vietnam
LEVELS: tuple[e.LevelName, ...] = ("very_satisfied", "satisfied", "neutral", "dissatisfied", "angry")
levels = st.sampled_from(LEVELS)
names = st.sampled_from("abc")
counters = st.sampled_from(("quay-01", "quay-02"))


def ended(visit: str, counter: str, camera: e.LevelName | None, rating: e.LevelName | None) -> e.VisitEnded:
    return e.VisitEnded(
        visit=visit, counter=counter, unit="ho-tich", started=NOW, seconds_present=60.0, seconds_usable=50.0,
        evidence="enough" if camera else "not_enough", shares={}, level=rating or camera, level_at_end=None, peak=None,
        reasons=(), rating=rating, camera=camera,
    )  # fmt: skip


def raised(alert: str, counter: str) -> e.AlertRaised:
    return e.AlertRaised(
        alert=alert, visit="a", counter=counter, unit="ho-tich", why="anger", level="angry", since=NOW, reasons=()
    )


payloads = st.one_of(
    st.builds(lambda v, c: e.VisitStarted(visit=v, counter=c), names, counters),
    st.builds(ended, names, counters, st.none() | levels, st.none() | levels),
    st.builds(lambda v, c: e.VisitDropped(visit=v, counter=c, why="opted_out"), names, counters),
    st.builds(lambda v, c, o: e.RatingGiven(visit=v, counter=c, level=o), st.none() | names, counters, levels),
    st.builds(raised, names, counters),
    st.builds(lambda a: e.AlertContested(alert=a, by="quay-01", role="officer"), names),
    st.builds(lambda s: e.LockerLoaded(stay=s, compartment="01", dossier="H29.19-261101-0001", by="quay-01"), names),
    st.builds(lambda s: e.LockerCollected(stay=s, compartment="01", purpose="result", dossier="H29.19-261101-0001", by="citizen"), names),
    st.builds(lambda s: e.LockerDeposited(stay=s, compartment="01", procedure="khai-sinh", receipt="R-1"), names),
    st.builds(lambda s: e.LockerRecalled(stay=s, compartment="01", dossier=None, why="fire", by="a"), names),
    st.builds(lambda t: e.TicketIssued(ticket=t, number="A1", service="ho-tich", has_priority=False, ahead=0, wait_s=None), names),
    st.builds(lambda t, w: e.TicketCalled(ticket=t, number="A1", service="ho-tich", counter="quay-01", call=1, waited_s=w), names, st.floats(0, 5_000)),
    st.builds(lambda t, w: e.TicketServed(ticket=t, service="ho-tich", counter="quay-01", waited_s=w, served_s=9.0), names, st.floats(0, 5_000)),
    st.builds(lambda t: e.TicketSkipped(ticket=t, service="ho-tich", counter="quay-01", why="no_show"), names),
)  # fmt: skip
happenings = st.lists(st.tuples(payloads, st.integers(0, 1), st.integers(0, 400)), max_size=40)


def agree(database: Database) -> None:
    """For every span of days, and `verify` says the same."""
    for scope in SPANS:
        found = Board(database, clock=lambda: NOW).figures(scope)
        assert found.satisfaction == counted.satisfaction(database, scope)
        done = tuple(row for row in found.handovers if row.loaded or row.collected or row.deposited or row.recalled)
        assert [(row.site, row.loaded, row.collected, row.deposited, row.recalled) for row in done] == [
            (row.site, row.loaded, row.collected, row.deposited, row.recalled)
            for row in counted.handovers(database, scope)
        ]
        assert found.waits == counted.waits(database, scope)
    assert verify_city(database).findings == ()


def told(what: Iterable[tuple[e.Payload, int, int]]) -> list[Arrival]:
    """By two devices of two sites, around midnight."""
    senders = (Sender(), Sender(Topics("phuong-khac", "tu-01"), OTHER_KEY))
    arrivals: list[Arrival] = []
    at = MIDNIGHT
    for payload, who, seconds in what:
        at += timedelta(seconds=seconds)
        senders[who].now = at
        arrivals += senders[who].says(payload)
    return arrivals


@settings(max_examples=25)  # each example is a database with its syncs
@given(happenings, st.integers(1, 15), st.booleans())
def test_sums_are_what_the_facts_come_to(
    tmp_path_factory: pytest.TempPathFactory, what: list[tuple[e.Payload, int, int]], size: int, is_behind: bool
) -> None:
    database = open_database(tmp_path_factory.mktemp("city") / "city.sqlite")
    store, arrivals = CityStore(database, clock=lambda: NOW), told(what)
    for start in range(0, len(arrivals), size):
        store.take(arrivals[start : start + size])
        if is_behind and start == 0:
            older_program(database)
    agree(database)
    database.close()


def older_program(database: Database) -> None:
    """What a worker that knows no sums leaves: they stay where they were."""
    with database.transaction() as writing:
        writing.execute("UPDATE city_chains SET rolled = 0")
        writing.execute("UPDATE city_hours SET alerts = alerts + 7")


EVERYTHING = [
    (e.VisitStarted(visit="a", counter="quay-01"), 0, 0),
    (ended("a", "quay-01", "neutral", None), 0, 300),  # over midnight: the visit is the next day's
    (ended("b", "quay-02", "angry", "satisfied"), 1, 0),
    (e.RatingGiven(visit="b", counter="quay-02", level="angry"), 1, 5),
    (e.RatingGiven(visit=None, counter="quay-02", level="neutral"), 1, 5),
    (e.VisitDropped(visit="a", counter="quay-01", why="opted_out"), 0, 5),
    (raised("a", "quay-01"), 0, 5),
    (e.AlertContested(alert="a", by="quay-01", role="officer"), 0, 60),
    (e.LockerLoaded(stay="a", compartment="01", dossier="H29.19-261101-0001", by="quay-01"), 1, 0),
    (e.LockerRecalled(stay="a", compartment="01", dossier=None, why="fire", by="a"), 1, 90),
    (e.TicketIssued(ticket="a", number="A1", service="h", has_priority=False, ahead=0, wait_s=None), 0, 0),
    (e.TicketCalled(ticket="a", number="A1", service="h", counter="quay-01", call=1, waited_s=95.0), 0, 95),
    (e.TicketServed(ticket="a", service="h", counter="quay-01", waited_s=95.0, served_s=9.0), 0, 9),
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 4, 100])
def test_it_is_so_on_both_databases(database: Database, size: int) -> None:
    store, arrivals = CityStore(database, clock=lambda: NOW), told(EVERYTHING)
    for start in range(0, len(arrivals), size):
        store.take(arrivals[start : start + size])
    agree(database)
    assert len(counted.satisfaction(database, SPANS[0])) == 2


def test_sums_that_are_behind_are_not_believed_and_catch_up(database: Database) -> None:
    CityStore(database, clock=lambda: NOW).take(told(EVERYTHING))
    older_program(database)
    agree(database)
    assert catch_up(database) == 2
    assert catch_up(database) == 0
    agree(database)


def test_a_wrong_sum_is_named_and_recount_makes_it_right(database: Database) -> None:
    CityStore(database, clock=lambda: NOW).take(told(EVERYTHING))
    with database.transaction() as writing:
        writing.execute("UPDATE city_hours SET contested = contested + 1 WHERE contested > 0")
    assert [(one.source, one.why) for one in verify_city(database).findings] == [
        (SOURCE, "facts: city_hours 2026-11-21 is not what the events say")
    ]
    assert recount(database, SOURCE)
    agree(database)


def test_a_histogram_is_one_number() -> None:
    many, one = {0: 3, 60: 2**32 - 1, 90: 1}, {0: 1, (SPANS_AT_MOST - 1) * 30: 7}
    number = sum(count << (32 * (span // 30)) for span, count in many.items())
    assert spans_of(unpacked(packed(number))) == many
    other = sum(count << (32 * (span // 30)) for span, count in one.items())
    assert spans_of(number + other - other + (1 << 96)) == {0: 3, 60: 2**32 - 1, 90: 2}
    assert spans_of(0) == {}


def test_half_past_midnight_is_the_new_day(database: Database) -> None:
    assert MIDNIGHT.astimezone(VIETNAM).date() == FIRST
    CityStore(database, clock=lambda: NOW).take(told([(ended("a", "quay-01", "neutral", None), 0, 200)]))
    assert [row.hour for row in Board(database).figures(SPANS[1]).satisfaction] == [0]
