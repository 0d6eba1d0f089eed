"""Tells staff of doors that are in trouble, each once, and when they are well again: tiles of the health strip. Supervised by the app."""

import asyncio
import logging
from collections.abc import Iterable

from edge.domain.locker import CompartmentState
from edge.domain.locker_actions import Fault, FaultWhy
from edge.services.faults import Faults
from edge.services.locker_changes import Work
from edge.services.locker_plan import CabinetPlan
from sync.errors import JournalError

log = logging.getLogger(__name__)

AGAIN_S = 5.0  # the journal took nothing: the strip shows that by itself
WHY = "page.locker.why"
_BY_STAFF = frozenset({FaultWhy.OUT_OF_SERVICE, FaultWhy.BACK_IN_SERVICE})
_WELL = frozenset({
    CompartmentState.FREE, CompartmentState.OCCUPIED, CompartmentState.OVERDUE, CompartmentState.OUT_OF_SERVICE,
})  # fmt: skip


class Alarms:
    """`told` takes every durable step; `run` reports, `tell` is one round of it."""

    def __init__(self, plan: CabinetPlan, faults: Faults) -> None:
        self._plan = plan
        self._faults = faults
        self._wanted: dict[str, str | None] = {}  # the newest of each compartment: as many as there are doors
        self._came = asyncio.Event()

    def told(self, work: Work) -> None:
        for action in work.actions:
            if isinstance(action, Fault) and action.why not in _BY_STAFF:
                self._wanted[action.compartment] = action.why.value
        for key, compartment in work.changed.items():
            is_new = any(isinstance(action, Fault) and action.compartment == key for action in work.actions)
            if compartment.state in _WELL and not is_new:
                self._wanted[key] = None
        if self._wanted:
            self._came.set()

    def unlisted(self, compartments: Iterable[str]) -> None:
        """Something lies in compartments that are not configured any more: nobody can open them."""
        for key in compartments:
            log.error("locker: compartment=%s is not configured and is not empty", key)
            self._wanted[key] = FaultWhy.OUT_OF_SERVICE.value
            self._came.set()

    async def run(self) -> None:
        while True:
            await self._came.wait()
            if not await self.tell():
                await asyncio.sleep(AGAIN_S)

    async def tell(self) -> bool:
        """False when the journal takes nothing: nothing is forgotten."""
        self._came.clear()
        while self._wanted:
            compartment, why = next(iter(self._wanted.items()))
            part = f"locker/{self._plan.number(compartment)}"
            try:
                if why is not None:
                    await self._faults.fault(part, f"{WHY}.{why}")
                elif self._faults.why(part) is not None:
                    await self._faults.recovered(part)
            except JournalError as error:
                log.error("locker: %s", error)  # noqa: TRY400 - the sentence is enough
                self._came.set()
                return False
            if self._wanted.get(compartment) == why:
                del self._wanted[compartment]
        return True
