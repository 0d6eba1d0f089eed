"""The directory: the city's word, what is kept of it, and what is said when the city is silent."""

from datetime import datetime, timedelta

import pytest

from edge.domain.dossier import DossierCode
from edge.domain.dossier_status import DossierRecord, DossierStatus, DossierStep, Found, NotFound, Source
from edge.guide_ports import Changes, CityUnavailable
from edge.services.directory import DirectoryService
from edge.services.faults import Faults
from edge.store import directory as table
from sync.events import DeviceFault, DeviceRecovered, DossierLookedUp
from tests.edge.services.memory_ledger import MemoryLedger
from tests.edge.web.morning import MORNING

CODE = DossierCode.parse("H29.19-261124-0012")
OTHER = DossierCode.parse("000.00.19.H29-261125-00031")


def record(
    code: DossierCode = CODE, status: DossierStatus = DossierStatus.IN_PROGRESS, minutes: int = 0
) -> DossierRecord:
    promised = (MORNING + timedelta(days=5)).date()
    return DossierRecord(code, status, MORNING + timedelta(minutes=minutes), DossierStep.REVIEW, promised)


class FakeClock:
    def now(self) -> datetime:
        return MORNING

    def monotonic(self) -> float:
        return 0.0


class FakeCity:
    """Two changes a page."""

    def __init__(self, *records: DossierRecord) -> None:
        self.records = list(records)
        self.is_silent = False
        self.marks: list[str] = []

    async def ask(self, code: DossierCode) -> DossierRecord | None:
        self._speak()
        return next((one for one in reversed(self.records) if one.code == code), None)

    async def changes(self, mark: str) -> Changes:
        self._speak()
        self.marks.append(mark)
        start = int(mark or 0)
        page = tuple(self.records[start : start + 2])
        return Changes(page, str(start + len(page)), is_last=start + 2 >= len(self.records))

    def _speak(self) -> None:
        if self.is_silent:
            raise CityUnavailable("silent")


class Box:
    def __init__(self, city: FakeCity | None) -> None:
        self.city = city
        self.ledger = MemoryLedger(lambda: MORNING)
        self.directory = self.again()

    def again(self) -> DirectoryService:
        """As after a restart."""
        return DirectoryService(self.ledger, FakeClock(), Faults(self.ledger, FakeClock()), self.city, "huong-dan")

    def looked_up(self) -> list[tuple[str, str | None]]:
        events = [one for one in self.ledger.events if isinstance(one, DossierLookedUp)]
        return [(one.outcome, one.status) for one in events]


async def test_the_city_is_asked_and_its_word_is_kept_over_a_restart() -> None:
    box = Box(FakeCity(record()))
    assert await box.directory.look_up(CODE) == Found(record(), Source.CITY)
    assert box.city is not None
    box.city.is_silent = True
    assert await box.again().look_up(CODE) == Found(record(), Source.LAST_SYNC)
    assert box.looked_up() == [("city", "in_progress"), ("last_sync", "in_progress")]


async def test_a_silent_city_and_an_unknown_code_is_no_answer_not_unknown() -> None:
    city = FakeCity()
    box = Box(city)
    assert await box.directory.look_up(CODE) is NotFound.UNKNOWN
    city.is_silent = True
    assert await box.directory.look_up(CODE) is NotFound.NO_ANSWER
    assert box.looked_up() == [("unknown", None), ("no_answer", None)]


async def test_the_city_outranks_what_was_kept_also_when_it_knows_nothing() -> None:
    city = FakeCity(record())
    box = Box(city)
    await box.directory.look_up(CODE)
    city.records.clear()
    assert await box.directory.look_up(CODE) is NotFound.UNKNOWN
    city.is_silent = True
    assert await box.directory.look_up(CODE) is NotFound.NO_ANSWER


async def test_without_a_city_only_what_was_kept_is_answered() -> None:
    box = Box(None)
    assert await box.directory.look_up(CODE) is NotFound.NO_ANSWER
    await box.directory.sync()
    assert box.ledger.events == [DossierLookedUp(place="huong-dan", outcome="no_answer", status=None)]


async def test_a_sync_brings_everything_once_and_goes_on_where_it_stopped() -> None:
    city = FakeCity(record(), record(OTHER), record(CODE, DossierStatus.READY, minutes=9))
    box = Box(city)
    await box.directory.sync()
    assert box.directory.codes() == (str(CODE), str(OTHER))
    city.records.append(record(OTHER, DossierStatus.REFUSED, minutes=20))
    await box.again().sync()
    assert city.marks == ["", "2", "3"]
    city.is_silent = True
    answer = await box.again().look_up(OTHER)
    assert isinstance(answer, Found)
    assert answer.record.status is DossierStatus.REFUSED


async def test_an_older_word_never_replaces_a_newer_one() -> None:
    box = Box(FakeCity(record(CODE, DossierStatus.READY, minutes=30)))
    await box.directory.look_up(CODE)
    box.ledger._connection.execute("BEGIN")
    table.save(box.ledger._connection, (record(CODE, DossierStatus.RECEIVED, minutes=-30),))
    box.ledger._connection.execute("COMMIT")
    kept = await box.ledger.read(lambda connection: table.find(connection, CODE, MORNING.tzinfo))
    assert kept == record(CODE, DossierStatus.READY, minutes=30)


async def test_a_lost_city_is_told_once_and_so_is_its_return() -> None:
    city = FakeCity(record())
    box = Box(city)
    city.is_silent = True
    for _ in range(3):
        await box.directory.sync()
    city.is_silent = False
    for _ in range(2):
        await box.directory.sync()
    told = [one for one in box.ledger.events if isinstance(one, DeviceFault | DeviceRecovered)]
    assert [(type(one), one.part) for one in told] == [(DeviceFault, "directory"), (DeviceRecovered, "directory")]


@pytest.mark.parametrize(("is_silent", "source"), [(False, Source.CITY), (True, Source.LAST_SYNC)])
async def test_a_full_disk_keeps_no_answer_from_who_asks(*, is_silent: bool, source: Source) -> None:
    city = FakeCity(record())
    box = Box(city)
    await box.directory.sync()
    box.ledger.is_full, city.is_silent = True, is_silent
    assert await box.directory.look_up(CODE) == Found(record(), source)
    assert box.ledger.events == []


@pytest.mark.parametrize("column", ["code", "status", "step", "promised", "as_of"])
def test_what_is_kept_has_no_room_for_a_name(column: str) -> None:
    ledger = MemoryLedger(lambda: MORNING)
    columns = {row[1] for row in ledger._connection.execute("PRAGMA table_info(dossiers)")}
    assert column in columns
    assert len(columns) == 5


async def test_no_event_says_which_dossier_it_was() -> None:
    box = Box(FakeCity(record()))
    await box.directory.look_up(CODE)
    assert "0012" not in repr(box.ledger.events)
