"""The locker station put together: a cabinet of doors, its desks, its codes, its upkeep. For `edge.adapters.locker_setup` and tests.

`await locker.load()`, then `run` under the supervisor. `desks` go to the pages, `codes` to the SMS post.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from functools import partial

from edge.domain.locker_actions import Deposited, Ended, Fault, FaultWhy, Warn, WarnWhy
from edge.domain.locker_actions import Opened as DoorOpened
from edge.locker_ports import Doors, LockerDesks, PrintOutcome, Receipt, Seal, Step
from edge.ports import Clock, Ledger
from edge.services.faults import Faults
from edge.services.locker_alarms import Alarms
from edge.services.locker_cabinet import Cabinet
from edge.services.locker_changes import LockerChanges, Work
from edge.services.locker_citizen import CitizenCounter
from edge.services.locker_city import CityCounter
from edge.services.locker_codes import Codes
from edge.services.locker_openings import Openings
from edge.services.locker_parts import Furniture, LockerParts, fresh_id
from edge.services.locker_plan import CabinetPlan, LockerSettings
from edge.services.locker_reissue import Reissue
from edge.services.locker_staff import StaffCounter
from edge.services.locker_upkeep import Upkeep
from edge.services.locker_view import LockerView
from edge.store import lockers, stays
from edge.store.stays import Stay
from sync.errors import JournalError
from sync.events import Payload

log = logging.getLogger(__name__)

PRINT_WITHIN_S = 60.0
_AS_SAID = {"not_written": "disk", "not_trusted": "not_sent"}  # keys under `page.locker.why`
RECEIPTS_AT_MOST = 32  # waiting for a printer that hangs; the SMS says the same


class LockerService:
    """Everything of one cabinet. `wake_post` is called when an SMS may wait in the outbox."""

    def __init__(
        self, plan: CabinetPlan, settings: LockerSettings, *, ledger: Ledger, doors: Doors, seal: Seal, faults: Faults,
        clock: Clock, furniture: Furniture | None = None, wake_post: Callable[[], None] = lambda: None,
        fresh: Callable[[], str] = fresh_id,
    ) -> None:  # fmt: skip
        self.codes = Codes(settings, ledger=ledger, seal=seal, clock=clock)
        self.openings = Openings()
        self.wake_post = wake_post
        changes = LockerChanges(plan, self.codes)
        self.cabinet = Cabinet(
            plan, settings, changes, ledger=ledger, doors=doors, faults=faults, clock=clock, told=self._told
        )
        self.view = LockerView(self.cabinet, ledger, clock)
        self.parts = LockerParts(
            plan, settings, ledger, doors, seal, clock, self.cabinet, self.codes, self.openings, furniture or Furniture(), fresh
        )  # fmt: skip
        self.staff = StaffCounter(self.parts, self.view, Reissue(self.parts, changes))
        self.citizen = CitizenCounter(self.parts)
        self.city = CityCounter(self.parts, changes, self.view.changed)
        self.upkeep = Upkeep(self.parts, changes)
        self.desks = LockerDesks(self.citizen, self.staff)
        self.alarms = Alarms(plan, faults)
        self._deposited: asyncio.Queue[tuple[str, str]] = asyncio.Queue(RECEIPTS_AT_MOST)
        self._to_print: asyncio.Queue[tuple[str, Receipt]] = asyncio.Queue(RECEIPTS_AT_MOST)

    async def load(self) -> None:
        """What the disk says. Nothing opens before `run` has read the doors."""
        plan, now_s = self.parts.plan, self.parts.clock.now().timestamp()
        try:
            await self.parts.ledger.transact(partial(_add_missing, plan=plan, now_s=now_s))
        except (
            JournalError
        ) as error:  # nothing will open; the agent starts all the same, so that its screens can say so
            log.error("locker: %s", error)  # noqa: TRY400 - the sentence is enough
        await self.cabinet.load()
        self.alarms.unlisted(key for key in self.cabinet.compartments if key not in plan.places)
        await self.codes.load(plan.keypads)
        await self.city.load()
        await self.view.refresh()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.cabinet.run(), name="locker-cabinet")
            group.create_task(self.staff.run(), name="locker-recalls")
            group.create_task(self.upkeep.run(), name="locker-upkeep")
            group.create_task(self.city.run(), name="locker-holds")
            group.create_task(self.view.run(), name="locker-view")
            group.create_task(self.alarms.run(), name="locker-alarms")
            group.create_task(_for_ever(self.receipt_next), name="locker-receipts")
            group.create_task(_for_ever(self.print_next), name="locker-printing")

    def sms_changed(self, _stay: str) -> None:
        """For the SMS post: the status of a stay's SMS is another."""
        self.view.changed()

    # --- what a durable step means for screens ---

    def _told(self, work: Work) -> None:
        receipts = {action.compartment for action in work.actions if isinstance(action, Deposited)}
        for action in work.actions:
            match action:
                case DoorOpened(compartment=compartment):
                    self._show(work, compartment, Step.OPEN)
                case Warn(compartment=compartment, why=WarnWhy.CLOSE_IT):
                    self._show(work, compartment, Step.CLOSE_IT)
                case Ended(compartment=compartment, opening=opening, why=why):
                    self._ended(compartment, opening, why, is_deposit=compartment in receipts)
                case Fault(compartment=compartment, why=why):
                    log.warning("locker: fault compartment=%s why=%s", compartment, why)
                    if why is FaultWhy.LEFT_OPEN:
                        self._show(work, compartment, Step.CLOSE_IT, why.value)
        self.alarms.told(work)
        if work.actions:
            self.wake_post()
        self.view.changed()

    def _show(self, work: Work, compartment: str, step: Step, why: str | None = None) -> None:
        opening = work.changed[compartment].opening
        if opening is not None:
            self.openings.show(opening.opening, step, why)

    def _ended(self, compartment: str, opening: str, why: str | None, *, is_deposit: bool) -> None:
        log.info("locker: opening %s of compartment=%s ended why=%s", opening, compartment, why)
        if is_deposit and not self._deposited.full():
            self._deposited.put_nowait((compartment, opening))
        else:
            self.openings.show(opening, Step.DONE if why is None else Step.FAILED, _AS_SAID.get(why or "", why))

    # --- receipts ---

    async def receipt_next(self) -> None:
        """Wait for a deposit that is done and tell its screen at once; the paper follows when the printer has time."""
        compartment, opening = await self._deposited.get()
        row = await self.parts.ledger.read(lambda connection: stays.now_in(connection, compartment))
        receipt = row.receipt if row else None
        self.openings.show(opening, Step.DONE, receipt=receipt)
        if row is None or receipt is None:
            return
        if self.parts.furniture.printer is None:
            self.openings.printed(opening, PrintOutcome.NO_PRINTER)
        elif self._to_print.full():
            self.openings.printed(opening, PrintOutcome.OFFLINE)
        else:
            self._to_print.put_nowait((opening, self._slip(row, receipt)))

    async def print_next(self) -> None:
        """Wait for a receipt, print it, tell its screen."""
        opening, receipt = await self._to_print.get()
        outcome = await self._print(receipt)
        log.info("locker: receipt of opening %s %s", opening, outcome)
        self.openings.printed(opening, outcome)

    async def _print(self, receipt: Receipt) -> PrintOutcome:
        """Once: what became of a job that nobody heard of again is unknown, and the SMS says the same as the paper."""
        printer = self.parts.furniture.printer
        assert printer is not None  # noqa: S101 - nothing is put in the queue without one
        try:
            async with asyncio.timeout(PRINT_WITHIN_S):
                return await printer.print(receipt)
        except TimeoutError:
            return PrintOutcome.UNKNOWN

    def _slip(self, row: Stay, receipt: str) -> Receipt:
        number, now = self.parts.plan.number(row.compartment), self.parts.clock.now()
        return Receipt(receipt, self._procedure(row), number, now, row.lang)

    def _procedure(self, row: Stay) -> str:
        known = self.parts.furniture.procedures(row.lang)
        return next((one.name for one in known if one.key == row.procedure), row.procedure or "")


async def _for_ever(step: Callable[[], Awaitable[None]]) -> None:
    while True:
        await step()


def _add_missing(connection: sqlite3.Connection, plan: CabinetPlan, now_s: float) -> tuple[Payload, ...]:
    lockers.add_missing(connection, plan.places, now_s)
    return ()
