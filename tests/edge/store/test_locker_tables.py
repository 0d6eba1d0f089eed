"""The locker's tables by themselves: what comes back, what is refused, what is forgotten."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace

import pytest

from edge.domain.code_check import StoredCode
from edge.domain.door import Pulse
from edge.domain.locker import Compartment, CompartmentState, OpenFor, Purpose
from edge.domain.locker_actions import Authorise, FaultWhy
from edge.store import locker_codes, lockers, stays
from edge.store.migrations import scripts
from edge.store.stays import AlreadyThere, Stay
from tests.edge.domain.compartments import FREE, PICKUP, SAMPLES

DOSSIER = "000.00.00.H29-261124-0012"
STAY = Stay(
    "s1", "07", Purpose.RESULT, "an", 10.0, DOSSIER, DOSSIER.lower(), "birth", "BN-7K3P-M2QX", b"sealed", b"tail", "en"
)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(":memory:", isolation_level=None)
    made.execute("PRAGMA foreign_keys=ON")
    for script in scripts():
        made.executescript(script)
    yield made
    made.close()


def as_stored(compartment: Compartment) -> Compartment:
    """What a restart leaves of a compartment."""
    state = compartment.before if compartment.state is CompartmentState.UNKNOWN else compartment.state
    opening = compartment.opening
    if opening is not None:
        opened_s = None if opening.opened_s is None else 0.0
        opening = replace(
            opening, since_s=0.0, sent_s=None, asked_s=None, again_s=None, opened_s=opened_s, is_refused=False
        )
    return Compartment(
        compartment.compartment, state or CompartmentState.FREE, before=None, taken_from=compartment.taken_from,
        stay=compartment.stay, purpose=compartment.purpose, is_loaded=compartment.is_loaded,
        is_overdue=compartment.is_overdue, opening=opening,
    )  # fmt: skip


@pytest.mark.parametrize("state", CompartmentState)
def test_a_compartment_in_each_state_comes_back(connection: sqlite3.Connection, state: CompartmentState) -> None:
    lockers.save(connection, SAMPLES[state], 50.0)

    row = lockers.load(connection)["07"]
    assert (as_stored(SAMPLES[state]), 50.0, 0, None) == (row.compartment, row.since_s, row.openings, row.fault)


def test_a_start_changes_nothing_that_is_configured_still(connection: sqlite3.Connection) -> None:
    lockers.add_missing(connection, ["07", "08"], 1.0)
    lockers.save(connection, SAMPLES[CompartmentState.OCCUPIED], 2.0)
    lockers.add_missing(connection, ["07", "08", "09"], 3.0)

    states = {name: (row.compartment.state, row.since_s) for name, row in lockers.load(connection).items()}
    assert states == {"07": ("occupied", 2.0), "08": ("free", 1.0), "09": ("free", 3.0)}


def test_since_moves_with_the_state_only(connection: sqlite3.Connection) -> None:
    occupied = SAMPLES[CompartmentState.OCCUPIED]
    lockers.save(connection, occupied, 1.0)
    lockers.save(connection, replace(occupied, inside=True), 2.0)
    lockers.save(connection, replace(occupied, state=CompartmentState.UNKNOWN, before=CompartmentState.OCCUPIED), 3.0)
    assert lockers.load(connection)["07"].since_s == 1.0

    lockers.save(connection, SAMPLES[CompartmentState.OVERDUE], 4.0)
    assert lockers.load(connection)["07"].since_s == 4.0


def test_wear_and_fault(connection: sqlite3.Connection) -> None:
    lockers.add_missing(connection, ["07"], 1.0)
    lockers.count_opening(connection, "07")
    lockers.count_opening(connection, "07")
    lockers.note_fault(connection, "07", FaultWhy.FORCED)
    lockers.save(connection, FREE, 2.0)

    row = lockers.load(connection)["07"]
    assert (row.openings, row.fault) == (2, FaultWhy.FORCED)


def test_a_pulse_is_authorised_once(connection: sqlite3.Connection) -> None:
    asked = Authorise("07", "s1", "o1", 1)
    lockers.authorise(connection, asked, PICKUP, 5.0)
    with pytest.raises(sqlite3.IntegrityError):
        lockers.authorise(connection, asked, PICKUP, 6.0)
    lockers.authorise(connection, replace(asked, pulse=2), PICKUP, 7.0)
    lockers.note_pulse(connection, "o1", 1, Pulse.LOST)

    rows = lockers.authorisations(connection, "s1")
    assert [(row.pulse, row.outcome, row.at_s) for row in rows] == [(1, Pulse.LOST, 5.0), (2, None, 7.0)]
    assert {OpenFor.PICKUP} == {row.what_for for row in rows}


def test_authorisations_of_a_stay_that_goes_on_are_kept(connection: sqlite3.Connection) -> None:
    stays.begin(connection, STAY)
    lockers.authorise(connection, Authorise("07", "s1", "o1", 1), PICKUP, 5.0)
    lockers.authorise(connection, Authorise("08", "o2", "o2", 1), PICKUP, 5.0)
    assert lockers.purge_authorisations(connection, 100.0) == 1

    stays.end(connection, "s1", "collected", 20.0)
    assert lockers.purge_authorisations(connection, 100.0) == 1


def test_a_stay_comes_back(connection: sqlite3.Connection) -> None:
    stays.begin(connection, STAY)

    assert (
        STAY == stays.find(connection, "s1") == stays.now_in(connection, "07") == stays.result_of(connection, DOSSIER)
    )
    assert stays.current(connection) == (STAY,)
    assert not [secret for secret in ("sealed", "tail'", "h29") if secret in repr(STAY)]


@pytest.mark.parametrize(
    "other",
    [replace(STAY, stay="s2", dossier="x", receipt=None), replace(STAY, stay="s2", compartment="08", receipt=None)],
)
def test_one_stay_a_door_and_one_result_a_dossier(connection: sqlite3.Connection, other: Stay) -> None:
    stays.begin(connection, STAY)
    with pytest.raises(AlreadyThere):
        stays.begin(connection, other)

    stays.end(connection, "s1", "collected", 20.0)
    stays.begin(connection, other)
    assert (other,) == stays.current(connection)


def test_one_dossier_may_bring_papers_twice(connection: sqlite3.Connection) -> None:
    stays.begin(connection, replace(STAY, purpose=Purpose.DEPOSIT))
    stays.begin(connection, replace(STAY, stay="s2", compartment="08", receipt=None, purpose=Purpose.DEPOSIT))

    assert [stay.stay for stay in stays.history(connection, dossier=DOSSIER)] == ["s1", "s2"]


def test_the_way_of_a_stay_and_what_is_forgotten(connection: sqlite3.Connection) -> None:
    stays.begin(connection, STAY)
    stays.note_loaded(connection, "s1", 11.0)
    stays.note_reminded(connection, "s1", 12.0)
    stays.note_overdue(connection, "s1", 13.0)
    stays.end(connection, "s1", "recalled", 14.0)

    ended = stays.find(connection, "s1")
    assert ended == replace(STAY, loaded_s=11.0, reminded_s=12.0, overdue_s=13.0, over_s=14.0, over_why="recalled")
    assert stays.current(connection) == ()
    assert [stays.forget_phones(connection, before_s) for before_s in (14.0, 15.0, 16.0)] == [0, 1, 0]
    assert replace(ended, phone=None, phone_tail=None) == stays.find(connection, "s1")
    assert stays.purge(connection, 15.0) == 1


def test_one_number_is_forgotten_alone(connection: sqlite3.Connection) -> None:
    stays.begin(connection, STAY)
    stays.forget_phone(connection, "s1")

    assert replace(STAY, phone=None, phone_tail=None) == stays.find(connection, "s1")


def test_history_by_receipt_finds_the_result_of_its_dossier(connection: sqlite3.Connection) -> None:
    stays.begin(connection, replace(STAY, purpose=Purpose.DEPOSIT))
    stays.begin(connection, replace(STAY, stay="s2", compartment="08", receipt=None, reserved_s=20.0))
    stays.begin(connection, replace(STAY, stay="s3", compartment="09", receipt="BN-2222-2222", dossier=None))

    assert [stay.stay for stay in stays.history(connection, receipt="BN-7K3P-M2QX")] == ["s1", "s2"]
    assert [stay.stay for stay in stays.history(connection, receipt="BN-2222-2222")] == ["s3"]


def a_code(connection: sqlite3.Connection, stay: Stay = STAY, sealed: bytes | None = None) -> StoredCode:
    if stays.find(connection, stay.stay) is None:
        stays.begin(connection, stay)
    number = locker_codes.next_number(connection, stay.stay)
    code = StoredCode(stay.stay, number, f"digest {number}".encode())
    locker_codes.issue(connection, code, 30.0, sealed)
    return code


def test_a_code_is_found_by_all_that_a_citizen_may_know(connection: sqlite3.Connection) -> None:
    code = a_code(connection)

    assert code == locker_codes.of_stay(connection, "s1")
    assert (code,) == locker_codes.of_dossier(connection, DOSSIER)
    assert (code,) == locker_codes.of_receipt(connection, "BN-7K3P-M2QX")
    assert (code,) == locker_codes.of_phone_tail(connection, b"tail")
    assert () == locker_codes.of_dossier(connection, "another") == locker_codes.of_phone_tail(connection, b"another")


def test_a_phone_tail_of_two_people(connection: sqlite3.Connection) -> None:
    codes = (
        a_code(connection),
        a_code(connection, replace(STAY, stay="s2", compartment="08", dossier="y", receipt=None)),
    )

    assert codes == locker_codes.of_phone_tail(connection, b"tail")


def test_a_reissue_kills_the_one_before(connection: sqlite3.Connection) -> None:
    a_code(connection, sealed=b"first")
    second = a_code(connection, sealed=b"second")

    assert second.number == 2
    assert (second,) == locker_codes.of_dossier(connection, DOSSIER)
    assert None is locker_codes.owed(connection, "s1", 1)
    assert [row[0] for row in connection.execute("SELECT sealed_code FROM locker_codes ORDER BY turn")] == [
        None,
        b"second",
    ]


def test_wrong_attempts_are_remembered(connection: sqlite3.Connection) -> None:
    code = replace(a_code(connection), wrong=10, is_dead=True)
    locker_codes.save_attempts(connection, [code])

    assert code == locker_codes.of_stay(connection, "s1")
    assert None is locker_codes.owed(connection, "s1", 1)
    assert replace(a_code(connection), wrong=0) == locker_codes.of_stay(connection, "s1")


def test_a_used_code_and_a_stay_that_is_over_match_nothing(connection: sqlite3.Connection) -> None:
    a_code(connection)
    locker_codes.use_up(connection, "s1", 40.0)
    assert locker_codes.of_dossier(connection, DOSSIER) == ()

    a_code(connection)
    stays.end(connection, "s1", "recalled", 50.0)
    assert locker_codes.of_dossier(connection, DOSSIER) == ()


def test_a_killed_code_is_found_dead_and_owed_to_nobody(connection: sqlite3.Connection) -> None:
    code = a_code(connection, sealed=b"x")
    locker_codes.kill(connection, "s1")

    assert (replace(code, is_dead=True),) == locker_codes.of_dossier(connection, DOSSIER)
    assert None is locker_codes.owed(connection, "s1", 1)


def test_a_code_is_owed_until_it_was_sent(connection: sqlite3.Connection) -> None:
    a_code(connection, sealed=b"sealed code")
    owed = locker_codes.owed(connection, "s1", 1)
    assert owed is not None
    assert (owed.sealed, "sealed code" in repr(owed)) == (b"sealed code", False)

    locker_codes.note_sent(connection, "s1", 1, 31.0)
    assert None is locker_codes.owed(connection, "s1", 1)
    assert connection.execute("SELECT sealed_code FROM locker_codes").fetchone() == (None,)
    assert None is not locker_codes.of_stay(connection, "s1")


def test_codes_go_with_their_stay(connection: sqlite3.Connection) -> None:
    a_code(connection)
    stays.end(connection, "s1", "collected", 50.0)
    stays.purge(connection, 60.0)

    assert connection.execute("SELECT count(*) FROM locker_codes").fetchone() == (0,)


def test_wrong_attempts_at_a_keypad(connection: sqlite3.Connection) -> None:
    assert locker_codes.wrong_at(connection, "kiosk") == 0
    for wrong in (4, 5):
        locker_codes.save_keypad(connection, "kiosk", wrong)

    assert (locker_codes.wrong_at(connection, "kiosk"), locker_codes.wrong_at(connection, "desk")) == (5, 0)
