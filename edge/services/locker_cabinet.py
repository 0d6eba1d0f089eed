"""Every compartment of a cabinet, moved one step at a time. What a step changes and tells is durable before anything follows from it.

The one place that sends a pulse: only for an authorisation that is on the disk. A step that a person asked for and that cannot be
written is refused; what happened to a door and cannot be written is kept in memory, nothing opens meanwhile, and it is written
first when the disk takes anything again.
"""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar

from edge.domain.door import Door, Pulse
from edge.domain.locker import Compartment, CompartmentState, Opening
from edge.domain.locker_actions import Action, Authorise, Opened, ReadAll, Refuse, SendPulse
from edge.domain.locker_cabinet import doors_seen
from edge.domain.locker_events import Authorised, BoardLost, Booted, Event, NotWritten, Pulsed, TakeOut, Tick
from edge.domain.locker_step import due_s, step
from edge.locker_ports import BoardChange, DoorChange, Doors
from edge.ports import Clock, Ledger
from edge.services.faults import Faults
from edge.services.locker_changes import Beside, LockerChanges, Work, differs, is_told
from edge.services.locker_plan import CabinetPlan, LockerSettings
from edge.store import lockers as table
from sync.errors import JournalError
from sync.events import Payload

log = logging.getLogger(__name__)

T = TypeVar("T")
STARTING, DISK, BOARDS = "starting", "disk", "boards"  # keys under `page.locker.distrust`
UNWRITTEN_AT_MOST = 1000  # steps of doors while the disk takes nothing; after that doors are read again instead
ORDERS_AT_MOST = 256
NEWS_AT_MOST = 256  # more than the doors of a cabinet: what a board says in one look is taken at once
FLAPS, FLAPS_WITHIN_S = 16, 20.0  # changes of one door in that time: a contact, not a hand
Order: TypeAlias = SendPulse | ReadAll


class NotDurable(Exception):
    """The journal takes nothing now: nothing changed and nothing opens."""


DISK_ERRORS = (NotDurable, JournalError, sqlite3.DatabaseError)  # a torn or unreadable file says so when it is read


class Cabinet:
    """`load`, then `run` for ever. Whoever wants a step asks in turn; nobody else touches the compartments."""

    def __init__(
        self, plan: CabinetPlan, settings: LockerSettings, changes: LockerChanges, *, ledger: Ledger, doors: Doors,
        faults: Faults, clock: Clock, told: Callable[[Work], None],
    ) -> None:  # fmt: skip
        """`told` is called on the loop with each step that is durable, and with none of those that are not."""
        self.plan = plan
        self.compartments: dict[str, Compartment] = {}
        self.openings: dict[str, int] = {}  # how often each door was seen open: its wear
        self.is_read = False  # every door since the agent started
        self.is_disk_well = True
        self.lost_boards: dict[str, str] = {}
        self._settings = settings
        self._changes = changes
        self._ledger = ledger
        self._doors = doors
        self._faults = faults
        self._clock = clock
        self._told = told
        self._turn = asyncio.Lock()
        self._acting: set[asyncio.Task[Any]] = set()
        self._unwritten: list[Work] = []
        self._orders: asyncio.Queue[Order] = asyncio.Queue(ORDERS_AT_MOST)
        self._is_read_ordered = False
        self._seen_at: dict[str, float] = {}
        self._moves: dict[str, deque[float]] = {}
        self._flapping: dict[str, float] = {}  # taken out of service for its sensor, which moved last then

    # --- what may be asked ---

    def why_not_trusted(self) -> str | None:
        """None when doors may be opened."""
        if not self.is_disk_well:
            return DISK
        is_dark = all(one.door is Door.UNKNOWN for one in self.compartments.values())
        if not self.is_read or (is_dark and not self.lost_boards):
            return STARTING
        return BOARDS if len(self.lost_boards) >= len(self.plan.boards) else None

    def distrust(self, error: Exception) -> None:
        """The disk took nothing or gave nothing: nothing opens until it does both."""
        was_well, self.is_disk_well = self.is_disk_well, False
        if was_well:
            log.error("locker: nothing opens, the journal fails: %s %s", type(error).__name__, error)
            self._told(self._work({}, ()))  # every screen hears of it

    async def in_turn(self, act: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run `act` alone, to its end even when whoever asked goes away: table and memory must not part."""

        async def alone() -> T:
            async with self._turn:
                return await act()

        task = asyncio.create_task(alone(), name="locker turn")
        self._acting.add(task)
        task.add_done_callback(self._acting.discard)
        return await asyncio.shield(task)

    async def ask(self, compartment: str, event: Event, beside: Beside | None = None) -> Refuse | None:
        """In turn: a step that somebody asks for. `beside` is written in the same transaction, before the step.

        Why nothing changed, or None. Raise NotDurable.
        """
        after, actions = step(self.compartments[compartment], event, self._clock.monotonic(), self._settings.doors)
        refusal = next((action for action in actions if isinstance(action, Refuse)), None)
        if refusal is None:
            await self._write(self._work({compartment: after}, actions, beside), is_asked=True)
        return refusal

    async def write(self, beside: Beside) -> None:
        """In turn: change tables beside the compartments. Raise NotDurable."""
        await self._write(self._work({}, (), beside), is_asked=True)

    async def happened(self, compartment: str, event: Event, beside: Beside | None = None) -> None:
        """Something became of a compartment, whether the disk takes it now or later."""
        await self.in_turn(lambda: self._happened(compartment, event, beside))

    async def seen(self, doors: Mapping[str, Door]) -> None:
        await self.in_turn(lambda: self._seen(doors))

    async def read_doors(self) -> None:
        """Ask every board and compare."""
        asked_at = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._settings.read_within_s):
                doors = await self._doors.read()
        except TimeoutError:
            log.warning("locker: the boards did not answer in time")
            doors = {}
        fresh = {
            key: doors.get(key, Door.UNKNOWN)
            for key in self.plan.places
            if self._seen_at.get(key, 0.0) <= asked_at and not self._is_put_aside(key)
        }
        await self.seen(fresh)
        self.is_read = True

    # --- life ---

    async def load(self) -> None:
        """What the disk says, and of no door what it is: nothing opens before all were read."""
        rows = await self._ledger.read(table.load)
        self.openings = {key: row.openings for key, row in rows.items()}
        stored = {key: row.compartment for key, row in rows.items() if key in self.plan.places or row.compartment.stay}
        self.compartments = {key: stored.get(key, Compartment(key)) for key in {**self.plan.places, **stored}}
        for key in self.compartments:
            await self._happened(key, Booted())

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            news: asyncio.Queue[DoorChange | BoardChange] = asyncio.Queue(NEWS_AT_MOST)
            group.create_task(self._watch(news), name="locker-doors")
            group.create_task(self._take_for_ever(news), name="locker-news")
            group.create_task(self._carry_out_for_ever(), name="locker-pulses")
            group.create_task(self._tick_for_ever(), name="locker-ticks")
            group.create_task(self._mind_the_disk(), name="locker-disk")

    async def tick(self) -> None:
        """Step what is due by now."""
        now_s = self._clock.monotonic()
        for key, compartment in tuple(self.compartments.items()):
            due = due_s(compartment, self._settings.doors)
            if due is not None and due <= now_s:
                await self.happened(key, Tick())
        for key in [one for one, moved_s in self._flapping.items() if now_s - moved_s >= FLAPS_WITHIN_S]:
            del self._flapping[key]
            self._order(ReadAll())

    async def carry_out(self) -> None:
        """The pulses and reads that are waiting now; `run` does them as they come."""
        while not self._orders.empty():
            await self._perform(self._orders.get_nowait())

    async def retry_disk(self) -> None:
        """Write what is owed; when the disk takes it, the cabinet is trusted again."""
        if not self.is_disk_well:
            await self.in_turn(self._retry)

    async def take(self, *changes: DoorChange | BoardChange) -> None:
        """What came at once is judged at once: the doors of one look belong together."""
        moved: dict[str, DoorChange] = {}
        for change in changes:
            if isinstance(change, BoardChange) or change.compartment in moved:
                await self._moved(moved)
                moved = {}
            if isinstance(change, BoardChange):
                await self._board(change)
            elif change.compartment in self.plan.places and change.at >= self._seen_at.get(change.compartment, 0.0):
                self._seen_at[change.compartment] = change.at
                if self._is_put_aside(change.compartment):
                    self._flapping[change.compartment] = change.at
                else:
                    moved[change.compartment] = change
        await self._moved(moved)

    async def _moved(self, moved: Mapping[str, DoorChange]) -> None:
        if moved:
            await self.seen({key: change.door for key, change in moved.items()})
        for key, change in moved.items():
            if self._flaps(change):
                log.warning("locker: the sensor of compartment=%s cannot be right", key)
                await self.happened(key, TakeOut(None))
                self._flapping[key] = change.at

    # --- steps ---

    async def _happened(self, compartment: str, event: Event, beside: Beside | None = None) -> None:
        after, actions = step(self.compartments[compartment], event, self._clock.monotonic(), self._settings.doors)
        await self._write(self._work({compartment: after}, actions, beside), is_asked=False)

    async def _seen(self, doors: Mapping[str, Door]) -> None:
        changed, actions = doors_seen(self.compartments, doors, self._clock.monotonic(), self._settings.doors)
        await self._write(self._work(changed, actions), is_asked=False)

    def _work(
        self, changed: Mapping[str, Compartment], actions: Iterable[Action], beside: Beside | None = None
    ) -> Work:
        return Work(dict(changed), tuple(actions), self._clock.now(), beside)

    async def _write(self, work: Work, *, is_asked: bool) -> None:
        """Make a step durable where it must be, then take it over and do what it asks for."""
        if not self._is_for_disk(work) or await self._try([*self._unwritten, work]):
            self._take_over(work)
        elif is_asked or len(self._unwritten) >= UNWRITTEN_AT_MOST:
            if is_asked:
                raise NotDurable
            log.error("locker: more happened than can be kept while the disk takes nothing")
            return
        else:
            self._unwritten.append(work)
            self.compartments |= work.changed
        await self._follow(work.actions)

    def _is_for_disk(self, work: Work) -> bool:
        is_stored = any(differs(self.compartments.get(key), after) for key, after in work.changed.items())
        return is_stored or work.beside is not None or is_told(work.actions)

    def _take_over(self, work: Work) -> None:
        self.compartments |= work.changed
        for action in work.actions:
            if isinstance(action, Opened):
                self.openings[action.compartment] = self.openings.get(action.compartment, 0) + 1
        self._told(work)

    async def _try(self, batch: list[Work]) -> bool:
        """One transaction for all of it."""
        owed = batch[:-1] if batch else []
        try:
            await self._ledger.transact(lambda connection: self._changes.write(connection, batch))
        except JournalError as error:
            self.distrust(error)
            return False
        self._unwritten.clear()
        self.is_disk_well = True
        for work in owed:
            self._told(work)
        return True

    async def _follow(self, actions: Iterable[Action]) -> None:
        for action in actions:
            if isinstance(action, Authorise):
                is_written = self.is_disk_well
                event = Authorised(action.opening, action.pulse) if is_written else NotWritten(action.opening)
                await self._happened(action.compartment, event)
            elif isinstance(action, SendPulse | ReadAll):
                self._order(action)

    async def _retry(self) -> None:
        owed = list(self._unwritten)
        try:
            await self._ledger.read(table.load)
        except DISK_ERRORS:
            return
        if await self._try([*owed, self._work({}, (), self._changes.probe)]):
            log.warning("locker: the journal takes everything again; %d steps written late", len(owed))
            self._told(self._work({}, ()))
            self._order(ReadAll())
            for board, why in self.lost_boards.items():
                await self._report(self._faults.fault(f"board/{board}", why))

    # --- hands and eyes ---

    def _order(self, order: Order) -> None:
        """All reads asked for meanwhile are one; pulses are as many as doors being opened, so there is always room."""
        is_read = isinstance(order, ReadAll)
        if not (is_read and self._is_read_ordered):
            self._orders.put_nowait(order)
        self._is_read_ordered |= is_read

    async def _carry_out_for_ever(self) -> None:
        await self.read_doors()
        while True:
            await self._perform(await self._orders.get())

    async def _perform(self, order: Order) -> None:
        if isinstance(order, SendPulse):
            await self._pulse(order)
        else:
            self._is_read_ordered = False
            await self.read_doors()

    async def _pulse(self, order: SendPulse) -> None:
        """Send it, unless the opening is over; one that waited for too long (this part was restarted) is surely not sent."""
        now = self.compartments[order.compartment]
        opening = now.opening
        if opening is None or opening.opening != order.opening or now.state is not CompartmentState.OPENING:
            return
        is_late = self._clock.monotonic() - (opening.sent_s or 0.0) > self._settings.doors.open_within_s
        try:
            async with asyncio.timeout(self._settings.pulse_within_s):
                pulse = Pulse.NOT_SENT if is_late else await self._doors.pulse(order.compartment, order.stay)
        except TimeoutError:
            pulse = Pulse.LOST
        await self.happened(order.compartment, Pulsed(order.opening, pulse), _noted(opening, pulse))

    async def _watch(self, news: "asyncio.Queue[DoorChange | BoardChange]") -> None:
        """A full queue waits: the boards keep what is not fetched, or tell everything anew."""
        async for change in self._doors.watch():
            await news.put(change)

    async def _take_for_ever(self, news: "asyncio.Queue[DoorChange | BoardChange]") -> None:
        while True:
            together = [await news.get()]
            while not news.empty():
                together.append(news.get_nowait())
            await self.take(*together)

    def _flaps(self, change: DoorChange) -> bool:
        """More changes in a short time than people make."""
        moves = self._moves.setdefault(change.compartment, deque(maxlen=FLAPS))
        moves.append(change.at)
        is_flapping = len(moves) == FLAPS and change.at - moves[0] < FLAPS_WITHIN_S
        if is_flapping:
            moves.clear()
        return is_flapping

    def _is_put_aside(self, compartment: str) -> bool:
        """Out of service for its sensor, which is not believed before it has been calm: a bad contact neither forces nor freezes."""
        is_out = self.compartments[compartment].state is CompartmentState.OUT_OF_SERVICE
        return is_out and compartment in self._flapping

    async def _board(self, change: BoardChange) -> None:
        """Told once when lost and once when back."""
        part = f"board/{change.board}"
        if change.why is None:
            if self.lost_boards.pop(change.board, None) is not None:
                self._order(ReadAll())
            await self._report(self._faults.recovered(part))
        else:
            is_new = change.board not in self.lost_boards
            self.lost_boards[change.board] = change.why
            for key in self.plan.of_board(change.board) if is_new else ():
                await self.happened(key, BoardLost())
            await self._report(self._faults.fault(part, change.why))
        self._told(self._work({}, ()))

    async def _report(self, told: Awaitable[None]) -> None:
        """A fault that the journal cannot take now is on the health strip as the journal's own."""
        try:
            await told
        except JournalError as error:
            log.error("locker: %s", error)  # noqa: TRY400 - the sentence is enough

    async def _tick_for_ever(self) -> None:
        while True:
            await self.tick()
            await asyncio.sleep(self._settings.tick_s)

    async def _mind_the_disk(self) -> None:
        while True:
            await self.retry_disk()
            await asyncio.sleep(self._settings.disk_retry_s)


def _noted(opening: Opening, pulse: Pulse) -> Beside:
    """What became of an authorised pulse, for the history."""

    def change(connection: sqlite3.Connection) -> tuple[Payload, ...]:
        table.note_pulse(connection, opening.opening, opening.pulses, pulse)
        return ()

    return change
