"""What a campaign looks with: the witness, the auditor and the promises see what is wrong, and nothing where all is well."""

from pathlib import Path
from random import Random

import pytest

from edge.domain.door import Door
from edge.domain.locker import CompartmentState, Purpose
from edge.locker_ports import CabinetView, CompartmentView
from edge.soak.audit import LATE_S, Auditor
from edge.soak.promises import Promise, Promises
from edge.soak.town import Town
from edge.soak.witness import Witness
from sync.events import (
    LockerCodeIssued,
    LockerCollected,
    LockerLoaded,
    LockerOpened,
    LockerReserved,
    Payload,
)
from sync.journal import Journal

DOSSIER = "000.00.00.H29-261124-00001"


class Watch:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def witness(watch: Watch) -> Witness:
    return Witness(watch)


def cycle(witness: Witness, compartment: str = "n01") -> None:
    witness.moved(compartment, is_open=True)
    witness.moved(compartment, is_open=False)


def test_each_time_a_door_was_open_and_closed_proves_one_handover(witness: Witness) -> None:
    cycle(witness)
    assert [witness.take_closing("n01", 0.0) for _ in range(2)] == [True, False]


def test_a_door_that_is_still_open_proves_no_handover(witness: Witness) -> None:
    witness.moved("n01", is_open=True)
    assert not witness.take_closing("n01", 0.0)
    assert witness.take_opening("n01", 0.0)


def test_what_closed_long_ago_proves_nothing(witness: Witness, watch: Watch) -> None:
    cycle(witness)
    assert not witness.take_closing("n01", watch.now_s + 1.0)


def test_the_same_news_twice_is_one_opening(witness: Witness) -> None:
    for is_open in (True, True, False, False):
        witness.moved("n01", is_open=is_open)
    assert witness.cycles == 1


async def told(folder: Path, *payloads: Payload) -> None:
    async with await Journal.open(folder, site="s", device="d") as journal:
        await journal.record(*payloads)


def reserved(stay: str = "s1") -> LockerReserved:
    return LockerReserved(stay=stay, compartment="n01", purpose="result", dossier=DOSSIER, by="can-bo")


COLLECTED = LockerCollected(stay="s1", compartment="n01", purpose="result", dossier=DOSSIER, by="kiosk")
OPENED = LockerOpened(compartment="n01", stay="s1", purpose="pickup", by="kiosk")
CODE = LockerCodeIssued(stay="s1", dossier=DOSSIER, number=1, why="loaded", via="sms", by="can-bo")
LOADED = LockerLoaded(stay="s1", compartment="n01", dossier=DOSSIER, by="can-bo")


@pytest.mark.parametrize(
    ("payloads", "openings", "broken"),
    [
        ((reserved(), LOADED), 1, set()),
        ((reserved(), LOADED), 0, {Promise.HANDED_OVER}),
        ((reserved(), CODE, OPENED, COLLECTED), 1, set()),
        ((reserved(), CODE, OPENED), 0, {Promise.NOT_INVENTED}),
        ((reserved(), CODE, OPENED, OPENED), 2, {Promise.ONCE}),
        ((reserved(), COLLECTED, COLLECTED), 2, {Promise.ONCE}),
        ((reserved(), reserved("s2")), 0, {Promise.NOT_INVENTED}),
    ],
)
async def test_the_auditor_finds_what_did_not_happen(
    tmp_path: Path, witness: Witness, watch: Watch, payloads: tuple[Payload, ...], openings: int, broken: set[Promise]
) -> None:
    promises = Promises()
    auditor = Auditor(tmp_path, witness, promises)
    for _ in range(openings):
        cycle(witness)
    await told(tmp_path, *payloads)
    auditor.look(watch.now_s)
    auditor.verify()
    assert set(promises.broken) == broken


async def test_a_door_that_closed_while_the_agent_was_dead_still_counts(
    tmp_path: Path, witness: Witness, watch: Watch
) -> None:
    promises = Promises()
    auditor = Auditor(tmp_path, witness, promises)
    cycle(witness)
    auditor.look(watch.now_s + LATE_S - 1.0)
    await told(tmp_path, reserved(), LOADED)
    auditor.look(watch.now_s + LATE_S)
    assert promises.all_held
    assert auditor.knows("loaded", DOSSIER)


async def test_a_damaged_journal_breaks_its_promise(tmp_path: Path, witness: Witness) -> None:
    promises = Promises()
    await told(tmp_path, *[reserved(f"s{number}") for number in range(50)])
    file = tmp_path / "journal.sqlite"
    octets = bytearray(file.read_bytes())
    place = octets.rfind(b"can-bo")
    octets[place : place + 6] = b"nobody"
    file.write_bytes(octets)
    Auditor(tmp_path, witness, promises).verify()
    assert promises.broken[Promise.JOURNAL] == 1


class NoDoors:
    def push(self, compartment: str) -> None:
        raise AssertionError("nobody pushes here")


@pytest.fixture
def town() -> Town:
    return Town(Random(1), lambda _: [], NoDoors(), Promises())


def view(state: CompartmentState, dossier: str | None) -> CabinetView:
    purpose = Purpose.RESULT if dossier else None
    one = CompartmentView("n01", "01", "small", False, 0, 0, 1, 1, state, Door.CLOSED, purpose=purpose, dossier=dossier)
    return CabinetView("Tủ", True, None, (one,))


@pytest.mark.parametrize(
    ("state", "is_inside", "broken"),
    [
        (CompartmentState.OCCUPIED, True, set()),
        (CompartmentState.OCCUPIED, False, {Promise.NOT_INVENTED}),
        (CompartmentState.FREE, False, set()),
        (CompartmentState.FREE, True, {Promise.KEPT}),
        (CompartmentState.OPEN_UNKNOWN, True, set()),
        (CompartmentState.OPEN_UNKNOWN, False, set()),
    ],
)
def test_what_the_picture_says_for_certain_is_held_against_what_lies_there(
    town: Town, state: CompartmentState, is_inside: bool, broken: set[Promise]
) -> None:
    paper = town.new_paper()
    if is_inside:
        town.inside["n01"] = paper
    town.check(view(state, paper.name if state is not CompartmentState.FREE else None))
    assert set(town._promises.broken) == broken


def test_many_sentences_are_counted_and_some_are_kept() -> None:
    promises, other = Promises(), Promises()
    for number in range(200):
        promises.hold(Promise.KEPT, False, str(number))
    other.hold(Promise.ONCE, True, "")
    other.take(promises)
    assert other.broken == {Promise.KEPT: 200}
    assert other.looked.total() == 201
    assert 0 < len(other.sentences) < 200
