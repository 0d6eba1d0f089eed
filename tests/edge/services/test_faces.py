"""The book of faces over a real journal: consent and template are one, a withdrawal leaves nothing, nobody else is greeted."""

import json
import logging
import random
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from edge.adapters.seal import DeviceSeal
from edge.domain.consent import ChosenName, Ended, EnrolmentRules, Shot, Unfit
from edge.domain.recognition import Aliveness, Look, Numbers, Outcome, RatePoint, RecognitionRules, mean_of
from edge.domain.retention import RetentionRules
from edge.face_ports import Application, Enrolled, Refused
from edge.services.faces import RETENTION, FaceBook
from edge.services.faults import Faults
from edge.services.retention import RetentionService
from edge.store.faces import everybody
from edge.store.migrations import scripts
from sync import inspect
from sync.errors import JournalFull
from sync.events import ConsentGiven, ConsentWithdrawn, Event, Payload, PrivacyPurged, VisitStarted
from sync.journal import Journal
from tests.edge.services.fakes import FakeClock

RULES = RecognitionRules((RatePoint(0.01, 0.30), RatePoint(0.001, 0.40)))
SEAL = DeviceSeal(bytes(range(32)))
NAME = "cô Bưởi Xanh"


def numbers(seed: int) -> Numbers:
    chance = random.Random(seed)
    return mean_of([tuple(chance.gauss(0, 1) for _ in range(128))])


def shots(seed: int, many: int = 3) -> tuple[Shot, ...]:
    return (Shot(1, width_px=150, sharpness=0.2, brightness=120, numbers=numbers(seed)),) * many


def looks(seed: int, many: int = 6) -> list[Look]:
    return [Look(numbers(seed), 200, 0.3) for _ in range(many)]


def application(seed: int, **changed: object) -> Application:
    one = Application(ChosenName.parse(NAME), shots(seed), "quay-01", "0123456789abcdef", Aliveness.LIVE)
    return replace(one, **changed)  # type: ignore[arg-type]


class House:
    """A book over a journal on the disk."""

    def __init__(self, folder: Path, journal: Journal, clock: FakeClock, seal: DeviceSeal = SEAL) -> None:
        self.folder, self.journal, self.clock = folder, journal, clock
        self.book = FaceBook(
            journal, seal, clock, model="sface", recognition=RULES, enrolment=EnrolmentRules(alike=0.3)
        )  # fmt: skip

    async def enrolled(self, seed: int, **changed: object) -> Enrolled:
        answer = await self.book.enrol(application(seed, **changed))
        assert isinstance(answer, Enrolled)
        return answer

    def events(self, kind: type[Payload]) -> list[Payload]:
        bodies = inspect.tail(self.folder, 10_000, kind.TYPE)
        return [kind_of(body) for body in bodies]

    def bytes_on_disk(self) -> bytes:
        return b"".join(file.read_bytes() for file in sorted(self.folder.glob("journal.sqlite*")))


def kind_of(body: bytes) -> Payload:
    return msgspec.json.decode(body, type=Event).payload()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    clock = FakeClock()
    journal = await Journal.open(tmp_path, site="phuong-mau", device="kiosk-01", migrations=scripts(), clock=clock.now)
    async with journal:
        yield House(tmp_path, journal, clock)


async def test_who_enrolled_is_greeted_by_the_chosen_name(house: House) -> None:
    person = await house.enrolled(1)
    await house.enrolled(2, name=ChosenName.parse("anh Ba"))
    greeting = await house.book.recognise(looks(1), Aliveness.LIVE)
    assert greeting.decision.person == person.person
    assert greeting.name is not None
    assert greeting.name.reveal() == NAME


async def test_the_consent_is_in_the_journal_and_says_what_why_when_and_to_whom(house: House) -> None:
    person = await house.enrolled(1)
    assert house.events(ConsentGiven) == [
        ConsentGiven(person=person.person, what="face", why="greeting", by="quay-01", notice="0123456789abcdef")
    ]
    assert person.consent.given_at == house.clock.now()
    assert (person.consent.what, person.consent.why, person.consent.given_to) == ("face", "greeting", "quay-01")


@pytest.mark.parametrize("alive", [Aliveness.UNSURE, Aliveness.NOT_LIVE])
async def test_a_face_that_may_be_a_picture_is_not_greeted(house: House, alive: Aliveness) -> None:
    await house.enrolled(1)
    greeting = await house.book.recognise(looks(1), alive)
    assert (greeting.decision.outcome, greeting.name) == (Outcome.NOT_LIVE, None)


async def test_a_stranger_is_nobody(house: House) -> None:
    await house.enrolled(1)
    greeting = await house.book.recognise(looks(99), Aliveness.LIVE)
    assert (greeting.decision.outcome, greeting.name) == (Outcome.NOBODY, None)


async def test_what_cannot_be_enrolled_leaves_no_trace(house: House) -> None:
    before = house.journal.head
    two = replace(shots(1)[0], faces=2)
    assert await house.book.enrol(application(1, shots=(two,))) == Refused(Unfit.SEVERAL_FACES, 0)
    assert await house.book.enrol(application(1, alive=Aliveness.NOT_LIVE)) == Refused(Unfit.NOT_LIVE)
    assert house.journal.head == before
    assert await house.book.people() == ()


async def test_nobody_is_enrolled_twice_unless_the_old_template_goes(house: House) -> None:
    first = await house.enrolled(1)
    assert await house.book.enrol(application(1)) == Refused(Unfit.KNOWN_ALREADY, person=first.person)
    second = await house.enrolled(1, replaces=first.person)
    assert [one.person for one in await house.book.people()] == [second.person]
    assert house.events(ConsentWithdrawn) == [
        ConsentWithdrawn(person=first.person, what="face", why="enrolled_again", by="quay-01")
    ]


async def test_a_withdrawal_deletes_and_says_so(house: House) -> None:
    person = await house.enrolled(1)
    assert await house.book.forget(person.person, Ended.PERSON_ASKED, "quay-02")
    assert not await house.book.forget(person.person, Ended.PERSON_ASKED, "quay-02")
    assert await house.journal.read(everybody) == ()
    assert (await house.book.recognise(looks(1), Aliveness.LIVE)).name is None
    assert await house.book.export(person.person) is None
    assert house.events(ConsentWithdrawn) == [
        ConsentWithdrawn(person=person.person, what="face", why="person_asked", by="quay-02")
    ]


async def test_the_bytes_of_a_withdrawn_template_are_in_no_file_of_the_journal(house: House) -> None:
    """Sealed bytes, but bytes: among rows that come, change, and go, with everything else that the journal writes."""
    chance = random.Random(7)
    kept: dict[str, list[bytes]] = {}
    for seed in range(40):
        person = (await house.enrolled(seed, shots=shots(seed))).person
        row = next(row for row in await house.journal.read(everybody) if row.person == person)
        kept[person] = [row.name, row.template]
        await house.journal.record(VisitStarted(visit=f"v{seed}", counter="q1"))
        house.clock.advance(7200)
        await house.book.recognise(looks(seed), Aliveness.LIVE)  # rewrites the row
    assert all(sealed[:24] in house.bytes_on_disk() for pieces in kept.values() for sealed in pieces)
    gone = chance.sample(sorted(kept), 25)
    for person in gone:
        assert await house.book.forget(person, Ended.PERSON_ASKED, "quay-01")
        disk = house.bytes_on_disk()
        assert not [piece for sealed in kept[person] for piece in pieces_of(sealed) if piece in disk]
    disk = house.bytes_on_disk()
    assert all(sealed[:24] in disk for person in kept.keys() - set(gone) for sealed in kept[person])


def pieces_of(sealed: bytes, size: int = 24) -> list[bytes]:
    return [sealed[at : at + size] for at in range(0, len(sealed) - size + 1, size)]


async def test_without_the_two_measures_the_bytes_would_stay(house: House) -> None:
    """The test above can fail."""
    person = (await house.enrolled(1)).person
    (row,) = await house.journal.read(everybody)

    def carelessly(connection: object) -> tuple[Payload, ...]:
        connection.execute("DELETE FROM face_people WHERE person = ?", (person,))  # type: ignore[attr-defined]
        return ()

    await house.journal.transact(carelessly)
    assert row.template[40:64] in house.bytes_on_disk()


async def test_nothing_personal_is_in_clear_anywhere(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    person = await house.enrolled(1)
    await house.book.recognise(looks(1), Aliveness.LIVE)
    await house.book.enrol(application(1))
    await house.book.forget(person.person, Ended.PERSON_ASKED, "quay-01")
    told = caplog.text.encode() + b"".join(inspect.tail(house.folder, 10_000, ""))
    for place in (house.bytes_on_disk(), told, f"{person!r} {application(1)!r} {house.book.__dict__!r}".encode()):
        assert NAME.encode() not in place
        assert not re.search(rb"Xanh", place)
        assert not [value for value in numbers(1)[:8] if str(value)[:8].encode() in place]
    assert b"template" not in told


async def test_who_was_not_seen_for_a_year_is_purged_and_the_purge_tells_it(house: House) -> None:
    lapsed, present = await house.enrolled(1), await house.enrolled(2)
    for _ in range(2):
        house.clock.advance(timedelta(days=200).total_seconds())
        await house.book.recognise(looks(2), Aliveness.LIVE)
    retention = RetentionService(
        house.journal, Faults(house.journal, house.clock), house.clock, RetentionRules(), also={"faces": house.book.purge_unused}
    )  # fmt: skip
    gone = await retention.purge()
    assert gone["faces"] == 1
    assert [one.person for one in await house.book.people()] == [present.person]
    assert house.events(ConsentWithdrawn) == [
        ConsentWithdrawn(person=lapsed.person, what="face", why="unused", by=RETENTION)
    ]
    (purged,) = house.events(PrivacyPurged)
    assert isinstance(purged, PrivacyPurged)
    assert purged.rows["faces"] == 1


async def test_a_full_journal_keeps_no_greeting_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    person = await house.enrolled(1)
    house.clock.advance(7200)

    async def refuse(*_: object, **__: object) -> None:
        raise JournalFull("the journal has reached its size bound")

    with monkeypatch.context() as full:
        full.setattr(house.journal, "transact", refuse)
        name = await house.book.greet(person.person)
    assert name is not None
    assert name.reveal() == NAME
    await house.book.greet(person.person)
    assert (await house.book.people())[0].used_at == house.clock.now(), "what was not noted is noted with the next one"


async def test_a_restart_knows_everybody_again(house: House) -> None:
    person = await house.enrolled(1)
    again = House(house.folder, house.journal, house.clock)
    assert await again.book.load() == ()
    assert await again.book.people() == (person,)
    assert (await again.book.recognise(looks(1), Aliveness.LIVE)).decision.person == person.person


async def test_another_devices_key_reads_nobody(house: House) -> None:
    person = await house.enrolled(1)
    other = House(house.folder, house.journal, house.clock, DeviceSeal(bytes(32)))
    assert await other.book.load() == (person.person,)
    assert await other.book.people() == ()


async def test_templates_that_were_swapped_on_the_disk_are_not_believed(house: House) -> None:
    first, second = await house.enrolled(1), await house.enrolled(2)

    def swap(connection: object) -> tuple[Payload, ...]:
        rows = {row.person: row.template for row in everybody(connection)}  # type: ignore[arg-type]
        for one, other in ((first, second), (second, first)):
            connection.execute(  # type: ignore[attr-defined]
                "UPDATE face_people SET sealed_template = ? WHERE person = ?", (rows[other.person], one.person)
            )
        return ()

    await house.journal.transact(swap)
    again = House(house.folder, house.journal, house.clock)
    assert set(await again.book.load()) == {first.person, second.person}
    assert (await again.book.recognise(looks(1), Aliveness.LIVE)).name is None


async def test_templates_of_another_network_are_not_compared(house: House) -> None:
    person = await house.enrolled(1)
    later = FaceBook(
        house.journal, SEAL, house.clock, model="another", recognition=RULES, enrolment=EnrolmentRules(alike=0.3)
    )  # fmt: skip
    assert await later.load() == (person.person,)


async def test_the_export_holds_all_that_is_kept(house: House) -> None:
    person = await house.enrolled(1)
    kept = await house.book.export(person.person)
    assert kept is not None
    assert json.loads(json.dumps(kept)) == kept
    assert (kept["name"], kept["why"], kept["given_to"]) == (NAME, "greeting", "quay-01")
    assert kept["template"] == pytest.approx(numbers(1), abs=1e-5)


async def test_a_reader_in_the_way_is_met_again_at_the_next_purge(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await house.enrolled(1)
    (row,) = await house.journal.read(everybody)

    async def busy() -> bool:
        return False

    with monkeypatch.context() as patch:
        patch.setattr(house.journal, "forget_log", busy)
        assert await house.book.forget(person.person, Ended.PERSON_ASKED, "quay-01")
    assert row.template[40:64] in house.bytes_on_disk()
    assert await house.book.purge_unused() == 0
    assert row.template[40:64] not in house.bytes_on_disk()
