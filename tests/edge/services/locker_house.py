"""A locker over a real journal and a cabinet in memory, played step by step: nothing moves but what a test moves."""

import asyncio
import itertools
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

from edge.domain.door_map import Place
from edge.locker_ports import OpeningView, PrintOutcome, Procedure, Receipt, Refused, SpokenCode, Staff, Step
from edge.ports import Change, Ledger
from edge.services.faults import Faults
from edge.services.locker import LockerService
from edge.services.locker_parts import Furniture
from edge.services.locker_plan import CabinetPlan, LockerSettings
from edge.store.migrations import scripts
from sync.errors import JournalFull
from sync.events import Payload, Recorded
from sync.journal import Journal
from tests.edge.services.fake_doors import FakeDoors
from tests.edge.services.fakes import FakeClock

P = TypeVar("P", bound=Payload)
T = TypeVar("T")
DOSSIER, OTHER = "000.00.00.H29-261124-0012", "000.00.00.H29-261124-0013"
PHONE, OTHER_PHONE = "0912345678", "0987654321"
OFFICER, LEADER, TECHNICIAN = (
    Staff("can-bo-1", "officer"),
    Staff("lanh-dao", "leader"),
    Staff("ky-thuat-1", "technician"),
)
PLACES = {
    f"n{number:02}": Place(
        f"n{number:02}", f"{number:02}", "large" if number == 4 else "small", number >= 3, number, 0, "main", number
    )
    for number in range(1, 5)
}
PLAN = CabinetPlan("Tủ hồ sơ", PLACES, ("main",), ("kiosk", "kiosk-2"))
PROCEDURE = Procedure("khai-sinh", "Đăng ký khai sinh", ("Tờ khai",))


class PlainSeal:
    """Turns letters round: enough to find whether something was sealed at all."""

    def close(self, plain: str) -> bytes:
        return b"sealed:" + plain[::-1].encode()

    def open(self, sealed: bytes) -> str:
        if not sealed.startswith(b"sealed:"):
            raise ValueError
        return sealed.removeprefix(b"sealed:").decode()[::-1]


class FakePrinter:
    def __init__(self) -> None:
        self.printed: list[Receipt] = []
        self.outcome = PrintOutcome.PRINTED
        self.goes_on = asyncio.Event()  # cleared: it hangs
        self.goes_on.set()

    async def print(self, receipt: Receipt) -> PrintOutcome:
        await self.goes_on.wait()
        self.printed.append(receipt)
        return self.outcome


class FullDisk:
    """The journal, and a disk that takes nothing while `is_full`."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.is_full = False
        self.is_torn = False
        self.follow = journal.follow

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        if self.is_torn:
            raise sqlite3.DatabaseError("database disk image is malformed")
        return await self._journal.read(query)

    async def transact(self, change: Change, *, grouped: bool = False) -> tuple[Recorded, ...]:
        self._refuse()
        return await self._journal.transact(change, grouped=grouped)

    async def record(self, *payloads: Payload, grouped: bool = False) -> tuple[Recorded, ...]:
        self._refuse()
        return await self._journal.record(*payloads, grouped=grouped)

    def _refuse(self) -> None:
        if self.is_full or self.is_torn:
            raise JournalFull("no room")


class House:
    """One life of the agent. `killed` drops it and starts the next over the same files, doors and clock."""

    def __init__(
        self, folder: Path, journal: Journal, clock: FakeClock, doors: FakeDoors, life: int, settings: LockerSettings
    ) -> None:
        self.folder, self.journal, self.clock, self.doors, self.settings = folder, journal, clock, doors, settings
        self.disk = FullDisk(journal)
        ledger: Ledger = self.disk
        self.faults = Faults(ledger, clock)
        self.printer = FakePrinter()
        self._life = life
        ids = map(f"id-{life}-{{}}".format, itertools.count(1))
        self.locker = LockerService(
            PLAN, settings, ledger=ledger, doors=doors, seal=PlainSeal(), faults=self.faults, clock=clock,
            furniture=Furniture(self.printer, lambda _lang: (PROCEDURE,)), fresh=lambda: next(ids),
        )  # fmt: skip
        self.citizen, self.staff, self.cabinet = self.locker.citizen, self.locker.staff, self.locker.cabinet
        doors.before_pulse = self._check_authorised

    @classmethod
    async def open(
        cls, folder: Path, clock: FakeClock | None = None, doors: FakeDoors | None = None, life: int = 1,
        settings: LockerSettings | None = None, *, is_read: bool = True,
    ) -> Self:  # fmt: skip
        clock = clock or FakeClock()
        journal = await Journal.open(folder, site="phuong-mau", device="tu-01", migrations=scripts(), clock=clock.now)
        house = cls(
            folder,
            journal,
            clock,
            doors or FakeDoors(tuple(PLACES), clock),
            life,
            settings or LockerSettings(b"s" * 32),
        )
        await house.faults.load()
        await house.locker.load()
        if is_read:
            await house.cabinet.read_doors()
            await house.flow()
        return house

    async def killed(self, *, is_read: bool = True) -> Self:
        """The agent died, its doors did not."""
        await self.journal.close()
        self.doors.news.clear()
        return await self.open(self.folder, self.clock, self.doors, self._life + 1, self.settings, is_read=is_read)

    async def flow(self) -> None:
        """What doors tell is heard and what was ordered is done, until all is quiet."""
        while self.doors.news or not self.cabinet._orders.empty():
            while news := tuple(self.doors.news):
                self.doors.news.clear()
                await self.cabinet.take(*news)
            await self.cabinet.carry_out()
        while not self.locker._deposited.empty():
            await self.locker.receipt_next()
        while not self.locker._to_print.empty():
            await self.locker.print_next()
        await self.locker.view.refresh()

    async def passes(self, seconds: float, by: float = 0.5) -> None:
        for _ in range(round(seconds / by)):
            self.clock.advance(by)
            await self.cabinet.tick()
            await self.flow()

    async def pulls(self, compartment: str) -> None:
        self.doors.pull(compartment)
        await self.flow()

    async def pushes(self, compartment: str) -> None:
        """Closed, and for long enough to be believed."""
        self.doors.push(compartment)
        await self.flow()
        await self.passes(1.5)

    def step(self, opening: OpeningView | Refused) -> Step:
        return self.view(opening).step

    def view(self, opening: OpeningView | Refused) -> OpeningView:
        assert isinstance(opening, OpeningView), opening
        view = self.citizen.opening(opening.opening)
        assert view is not None
        return view

    async def loaded(self, dossier: str = DOSSIER, phone: str = PHONE) -> str:
        """A result lies in a compartment; its key."""
        view = self.view(await self.staff.load(OFFICER, dossier, phone))
        await self.flow()
        await self.pushes(view.compartment)
        assert self.step(view) is Step.DONE
        await self.passes(10)
        return view.compartment

    async def code(self, dossier: str = DOSSIER) -> str:
        """What the SMS says."""
        ((stay, number),) = await self.rows(
            "SELECT stay, max(turn) FROM locker_codes JOIN locker_stays USING (stay) WHERE dossier = ? AND over_s IS NULL",
            dossier,
        )
        code = await self.locker.codes.to_send(str(stay), int(str(number)))
        assert code is not None
        return code.reveal()

    async def spoken(self, dossier: str = DOSSIER) -> str:
        spoken = await self.staff.reissue(OFFICER, await self.stay(dossier), "phone")
        assert isinstance(spoken, SpokenCode)
        return spoken.code.reveal()

    async def stay(self, dossier: str = DOSSIER) -> str:
        ((stay,),) = await self.rows("SELECT stay FROM locker_stays WHERE dossier = ? AND over_s IS NULL", dossier)
        return str(stay)

    async def events(self, kind: type[P]) -> list[P]:
        found: list[P] = []
        async for recorded in self.journal.follow(after=0):
            if isinstance(recorded.payload, kind):
                found.append(recorded.payload)
            if recorded.seq >= self.journal.head.seq:
                break
        return found

    async def rows(self, question: str, *values: object) -> list[tuple[object, ...]]:
        return await self.journal.read(lambda connection: connection.execute(question, values).fetchall())

    def state(self, compartment: str) -> str:
        return self.cabinet.compartments[compartment].state.value

    def _check_authorised(self, compartment: str, _stay: str) -> None:
        """Another connection sees only what is committed: the authorisation must be there before the pulse."""
        with sqlite3.connect(f"file:{self.journal.path}?mode=ro", uri=True) as other:
            opening = self.cabinet.compartments[compartment].opening
            assert opening is not None
            found = other.execute(
                "SELECT 1 FROM locker_authorisations WHERE opening = ? AND pulse = ? AND compartment = ? AND outcome IS NULL",
                (opening.opening, opening.pulses, compartment),
            ).fetchone()
        other.close()
        assert found, f"a pulse for {compartment} without an authorisation on the disk"
