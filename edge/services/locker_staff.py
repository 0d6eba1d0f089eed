"""What officers and technicians may do at a cabinet. `edge.locker_ports.StaffDesk`: each answer is a value, never a raise."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from edge.domain.locker import OpenFor, Purpose
from edge.domain.locker_events import BringBack, Claim, Found, Recall, Reserve, TakeOut
from edge.domain.overdue import RecallWhy, refuse_second
from edge.locker_ports import (
    CabinetView,
    HistoryRow,
    OpeningView,
    OverdueRow,
    RefusalWhy,
    Refused,
    Scans,
    SpokenCode,
    Staff,
    Step,
    TraceRow,
)
from edge.services.locker_parts import NOT_ALLOWED, NOT_THERE, LockerParts, Newcomer, dossier_of, mobile
from edge.services.locker_plan import MAY_HANDLE, MAY_REPAIR
from edge.services.locker_reissue import Reissue
from edge.services.locker_view import LockerView
from edge.store import stays
from edge.store.locker_holds import Hold
from edge.store.stays import Stay

log = logging.getLogger(__name__)

NEXT_DOOR_S = 0.3  # between two pulses of a recall of all: the supply dips
LONGEST_PULSE_S = 60.0


class StaffCounter:
    """`edge.locker_ports.StaffDesk`. `run` opens the doors of a recall of all, one after the other."""

    def __init__(self, parts: LockerParts, view: LockerView, reissue: Reissue) -> None:
        self._parts = parts
        self._view = view
        self._reissue = reissue
        self._recalls: asyncio.Queue[tuple[str, Recall]] = asyncio.Queue(len(parts.plan.places) or 1)

    # --- looking ---

    def cabinet(self) -> CabinetView:
        return self._view.cabinet()

    def subscribe(self, callback: Callable[[CabinetView], None]) -> Callable[[], None]:
        return self._view.subscribe(callback)

    def subscribe_opening(self, opening: str, callback: Callable[[OpeningView], None]) -> Callable[[], None]:
        return self._parts.openings.subscribe(opening, callback)

    async def overdue(self) -> tuple[OverdueRow, ...]:
        return await self._view.overdue()

    async def history(self, text: str) -> tuple[HistoryRow, ...] | Refused:
        return await self._view.history(text)

    def trace(self) -> tuple[TraceRow, ...]:
        return self._parts.doors.trace()

    def subscribe_trace(self, callback: Callable[[TraceRow], None]) -> Callable[[], None]:
        return self._parts.doors.subscribe_trace(callback)

    def channels(self) -> Mapping[str, tuple[str, int]]:
        return {key: (place.board, place.channel) for key, place in self._parts.plan.places.items()}

    def scans(self) -> Scans | None:
        return self._parts.furniture.desk_scans

    # --- dossiers ---

    async def load(
        self, by: Staff, dossier: str, phone: str, *, size: str | None = None, low: bool = False
    ) -> OpeningView | Refused:
        code, number = dossier_of(dossier), mobile(phone)
        if by.role not in MAY_HANDLE:
            return NOT_ALLOWED
        if isinstance(code, Refused):
            return code
        if isinstance(number, Refused):
            return number
        sizes = self._parts.settings.doors.sizes
        new = Newcomer(self._parts.fresh(), Purpose.RESULT, by.name, number, dossier=code)
        wanted = size if size in sizes else sizes[0]
        return await self._parts.in_turn(lambda: self._load(by, new, wanted, low=low))

    async def empty(self, by: Staff, stay: str) -> Refused | None:
        compartment = self._parts.of_stay(stay)
        if by.role not in MAY_HANDLE:
            return NOT_ALLOWED
        return NOT_THERE if compartment is None else await self._told(compartment, Found(inside=False, by=by.name))

    async def collect(self, by: Staff, compartment: str) -> OpeningView | Refused:
        return await self._open(by, MAY_HANDLE, compartment, Claim(self._parts.fresh(), OpenFor.COLLECT, by.name))

    async def reissue(self, by: Staff, stay: str, via: str) -> SpokenCode | Refused | None:
        if by.role not in MAY_HANDLE:
            return NOT_ALLOWED
        return await self._parts.in_turn(lambda: self._reissue.reissue(by, stay, via))

    async def recall(self, by: Staff, compartment: str, why: str) -> OpeningView | Refused:
        if why not in set(RecallWhy):
            return NOT_ALLOWED
        return await self._open(by, MAY_HANDLE, compartment, Recall(self._parts.fresh(), by.name, why))

    async def recall_all(self, by: Staff, why: str, second: Staff) -> tuple[OpeningView, ...] | Refused:
        refusal = refuse_second((by.name, by.role), (second.name, second.role), MAY_HANDLE)
        if refusal is not None:
            return Refused(RefusalWhy(refusal.value))
        if why not in set(RecallWhy):
            return NOT_ALLOWED
        if not self._recalls.empty():
            return Refused(RefusalWhy.BUSY)
        plan, begun = self._parts.plan, []
        for compartment in plan.places:
            recall = Recall(self._parts.fresh(), by.name, why, second.name)
            begun.append(self._parts.openings.begin(recall.opening, compartment, plan.number(compartment)))
            self._recalls.put_nowait((compartment, recall))
        log.warning("locker: every door is opened by=%s second=%s why=%s", by.name, second.name, why)
        return tuple(begun)

    # --- doors ---

    async def test(self, by: Staff, compartment: str) -> OpeningView | Refused:
        return await self._open(by, MAY_REPAIR, compartment, Claim(self._parts.fresh(), OpenFor.TEST, by.name))

    async def out_of_service(self, by: Staff, compartment: str) -> Refused | None:
        if by.role not in MAY_REPAIR:
            return NOT_ALLOWED
        return await self._told(compartment, TakeOut(by.name))

    async def back_in_service(self, by: Staff, compartment: str) -> Refused | None:
        if by.role not in MAY_REPAIR:
            return NOT_ALLOWED
        return await self._told(compartment, BringBack(by.name))

    async def run(self) -> None:
        """Open what a recall of all asked for. After a restart nothing of it is left: two persons ask again."""
        while True:
            compartment, recall = await self._recalls.get()
            await self._parts.in_turn(lambda: self._recall_one(compartment, recall))  # noqa: B023 - awaited here
            await self._until_moved(recall.opening)
            await asyncio.sleep(NEXT_DOOR_S)

    # --- in turn ---

    async def _open(
        self, by: Staff, may: frozenset[str], compartment: str, event: Claim | Recall
    ) -> OpeningView | Refused:  # fmt: skip
        if by.role not in may:
            return NOT_ALLOWED
        return await self._parts.in_turn(lambda: self._opened(compartment, event))

    async def _opened(self, compartment: str, event: Claim | Recall) -> OpeningView | Refused:
        is_for_paper = isinstance(event, Claim) and event.what_for is OpenFor.COLLECT
        refusal = self._parts.refused_now(is_staff=not is_for_paper)
        if compartment not in self._parts.cabinet.compartments:
            return NOT_THERE
        return refusal or await self._parts.opened(compartment, event)

    async def _told(self, compartment: str, event: Found | TakeOut | BringBack) -> Refused | None:
        if compartment not in self._parts.cabinet.compartments:
            return NOT_THERE
        return await self._parts.in_turn(lambda: self._parts.asked(compartment, event))

    async def _load(self, by: Staff, new: Newcomer, size: str, *, low: bool) -> OpeningView | Refused:
        refusal = self._parts.refused_now()
        if refusal is not None:
            return refusal
        dossier = new.dossier.canonical if new.dossier else ""
        known = await self._parts.ledger.read(lambda connection: stays.result_of(connection, dossier))
        if known is not None:
            return await self._load_again(by, known, new)
        held = self._parts.held_for(dossier)
        if held is not None and self._parts.is_offerable(held.compartment):
            return await self._load_held(by, held, new)
        compartment = self._parts.free(size, low=low)
        if compartment is None:
            return Refused(RefusalWhy.NO_ROOM)
        return await self._begin(by, compartment, new, held)

    async def _load_held(self, by: Staff, held: Hold, new: Newcomer) -> OpeningView | Refused:
        """Where the city keeps room for it, under the name that the city knows."""
        return await self._begin(by, held.compartment, replace(new, stay=held.stay), held)

    async def _begin(self, by: Staff, compartment: str, new: Newcomer, held: Hold | None) -> OpeningView | Refused:
        """What the city kept free for it is free again, wherever it goes."""
        reserve = Reserve(new.stay, self._parts.fresh(), Purpose.RESULT, by.name)
        outcome = await self._parts.opened(compartment, reserve, self._parts.begun(new, compartment, held))
        if held is not None and isinstance(outcome, OpeningView):
            self._parts.holds.pop(held.compartment, None)
        return outcome

    async def _load_again(self, by: Staff, known: Stay, new: Newcomer) -> OpeningView | Refused:
        """Into the compartment that was reserved for it, with the number given now."""
        compartment = self._parts.of_stay(known.stay)
        if compartment is None or self._parts.cabinet.compartments[compartment].is_loaded:
            return Refused(RefusalWhy.ALREADY_INSIDE)
        claim = Claim(self._parts.fresh(), OpenFor.LOAD, by.name)
        return await self._parts.opened(compartment, claim, self._parts.renumbered(known.stay, new.phone))

    async def _recall_one(self, compartment: str, recall: Recall) -> None:
        """Others wait for nobody: what cannot be opened now says why, and the next door follows."""
        refusal = await self._parts.asked(compartment, recall)
        if refusal is not None:
            self._parts.openings.show(recall.opening, Step.FAILED, "not_sent")

    async def _until_moved(self, opening: str) -> None:
        moved = asyncio.Event()
        unsubscribe = self._parts.openings.subscribe(opening, lambda _: moved.set())
        view = self._parts.openings.get(opening)
        try:
            if view is not None and view.step is Step.OPENING:
                async with asyncio.timeout(LONGEST_PULSE_S):
                    await moved.wait()
        except TimeoutError:
            log.warning("locker: a recalled door did not move; the next one follows")
        finally:
            unsubscribe()
