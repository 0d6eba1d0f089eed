"""Random stories of a cabinet: people, doors that do as they like, boards that fall silent, power cuts at any moment.

The rules and the real tables are driven as the service drives them; a power cut leaves what the tables hold and nothing else.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edge.domain.door import Door, Pulse
from edge.domain.locker import Compartment, CompartmentState, LockerRules, OpenFor, Purpose
from edge.domain.locker_actions import (
    Action,
    Authorise,
    Closed,
    Collected,
    Deposited,
    Ended,
    IssueCode,
    KillCode,
    Loaded,
    Opened,
    ReadAll,
    Refuse,
    Released,
    Reserved,
    SendPulse,
    UseUpCode,
)
from edge.domain.locker_cabinet import doors_seen, is_busy, is_offerable
from edge.domain.locker_events import (
    Aged,
    Authorised,
    BoardLost,
    Booted,
    BringBack,
    Cancel,
    Claim,
    Event,
    Found,
    NotWritten,
    Pulsed,
    Recall,
    Reserve,
    TakeOut,
    Tick,
)
from edge.domain.locker_step import due_s, step
from edge.store import lockers
from edge.store.migrations import scripts

NAMES = ("01", "02", "03")
RULES = LockerRules()
doors = st.sampled_from(NAMES)
WELL = st.integers(0, 8)
OFFICER_SAYS = (
    Found(inside=True, by="an"),
    Found(inside=False, by="an"),
    TakeOut("an"),
    TakeOut(None),
    BringBack("an"),
    Aged(),
)
HANDOVERS = (Loaded, Deposited, Collected)


class Cabinet(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.disk = sqlite3.connect(":memory:", isolation_level=None)
        for script in scripts():
            self.disk.executescript(script)
        lockers.add_missing(self.disk, NAMES, 0.0)
        self.now_s = 0.0
        self.serial = 0
        self.is_open = dict.fromkeys(NAMES, False)  # what the doors really do
        self.memory: dict[str, Compartment] = {}
        self.orders: list[Authorise | SendPulse] = []
        # what was seen and told, kept over power cuts as the journal keeps it
        self.sent: set[tuple[str, int]] = set()
        self.pulsed_s: dict[str, float] = {}  # since the last power cut
        self.seen: dict[str, list[Door]] = {name: [] for name in NAMES}
        self.live_codes: set[str] = set()
        self.issued: dict[str, int] = {}
        self.used: dict[str, int] = {}
        self.stays_begun: set[str] = set()
        self.stays_over: list[str] = []

    def teardown(self) -> None:
        self.disk.close()

    # --- the service, in small ---

    def step(self, name: str, event: Event) -> tuple[Action, ...]:
        after, actions = step(self.memory[name], event, self.now_s, RULES)
        self.check(self.memory[name], event, after, actions)
        self.keep({name: after}, actions)
        return actions

    def look(self, seen: dict[str, Door]) -> None:
        for name, door in seen.items():
            self.seen[name].append(door)
        changed, actions = doors_seen(self.memory, seen, self.now_s, RULES)
        assert not [action for action in actions if isinstance(action, SendPulse | Authorise)], "seeing opens nothing"
        spent = {action.compartment for action in actions if isinstance(action, UseUpCode | Opened)}
        assert spent <= {name for name, door in seen.items() if door is Door.OPEN}
        assert not [action for action in actions if isinstance(action, HANDOVERS)]
        self.keep(changed, actions)

    def keep(self, changed: dict[str, Compartment], actions: tuple[Action, ...]) -> None:
        with self.transaction():
            for after in changed.values():
                lockers.save(self.disk, after, self.now_s)
            for action in actions:
                if isinstance(action, Authorise):
                    opening = changed[action.compartment].opening
                    assert opening is not None
                    lockers.authorise(self.disk, action, opening, self.now_s)
        self.memory |= changed
        for action in actions:
            self.told(action)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.disk.execute("BEGIN")
        yield
        self.disk.execute("COMMIT")

    def told(self, action: Action) -> None:
        match action:
            case Authorise():
                self.orders.append(action)
            case SendPulse(compartment=name):
                assert self.now_s - self.pulsed_s.get(name, -RULES.cool_down_s) >= RULES.cool_down_s - 1e-6
                self.pulsed_s[name] = self.now_s
                self.orders.append(action)
            case Reserved(stay=stay):
                self.stays_begun.add(stay)
            case IssueCode(stay=stay):
                self.live_codes.add(stay)
                self.issued[stay] = self.issued.get(stay, 0) + 1
            case UseUpCode(stay=stay):
                assert stay in self.live_codes, "one code opens one door once"
                self.live_codes.discard(stay)
                self.used[stay] = self.used.get(stay, 0) + 1
            case KillCode(stay=stay):
                self.live_codes.discard(stay)
            case Released(stay=stay) | Collected(stay=stay):
                self.stays_over.append(stay)

    def check(self, before: Compartment, event: Event, after: Compartment, actions: tuple[Action, ...]) -> None:
        """What every single step owes."""
        pulses = [action for action in actions if isinstance(action, SendPulse)]
        assert not pulses or isinstance(event, Authorised)
        if isinstance(event, Booted):
            assert actions == (ReadAll(),)
        if any(isinstance(action, HANDOVERS) for action in actions):
            assert isinstance(event, Tick)
            assert before.state is CompartmentState.CLOSED
            assert before.opening is not None
            assert before.opening.opened_s is not None
            seen = [door for door in self.seen[before.compartment] if door is not Door.UNKNOWN]
            assert seen[-1] is Door.CLOSED
            assert Door.OPEN in seen
        if any(isinstance(action, Ended) and action.why is None for action in actions):
            assert any(isinstance(action, Closed) for action in actions), "unknown is never success"
        if before.stay is not None and after.stay is None:
            ends = [action for action in actions if isinstance(action, Released | Collected)]
            assert [before.stay] == [action.stay for action in ends]
        if any(isinstance(action, Refuse) for action in actions):
            assert before == after

    def new(self, kind: str) -> str:
        self.serial += 1
        return f"{kind}{self.serial}"

    # --- people ---

    @initialize()
    def first_start(self) -> None:
        self.power_cut()
        self.read_doors(NAMES)

    @rule(name=doors, purpose=st.sampled_from(Purpose), well=WELL)
    def reserve(self, name: str, purpose: Purpose, well: int) -> None:
        if not is_busy(self.memory.values(), RULES):
            self.step(name, Reserve(self.new("s"), self.new("o"), purpose, "an"))
            self.all_goes_well(well)

    @rule()
    def a_result_is_loaded(self) -> None:
        free = [name for name in NAMES if is_offerable(self.memory[name], self.now_s, RULES)]
        if free and not is_busy(self.memory.values(), RULES):
            self.step(free[0], Reserve(self.new("s"), self.new("o"), Purpose.RESULT, "an"))
            self.all_goes_well(8)

    @rule(well=WELL, again=st.booleans())
    def type_the_code(self, well: int, again: bool) -> None:
        """Two keypads may do so at once; the service looks the code up first."""
        for name in [name for name in NAMES if self.memory[name].stay in self.live_codes][:1]:
            for _ in range(1 + again):
                self.step(name, Claim(self.new("o"), OpenFor.PICKUP, "kiosk"))
            self.all_goes_well(well)

    @rule(name=doors, what_for=st.sampled_from([OpenFor.COLLECT, OpenFor.LOAD, OpenFor.TEST]), well=WELL)
    def officer_opens(self, name: str, what_for: OpenFor, well: int) -> None:
        self.step(name, Claim(self.new("o"), what_for, "an"))
        self.all_goes_well(well)

    @rule(name=doors, second=st.sampled_from([None, "binh"]), well=WELL)
    def officer_recalls(self, name: str, second: str | None, well: int) -> None:
        self.step(name, Recall(self.new("o"), "an", "fault", second))
        self.all_goes_well(well)

    @rule(name=doors, what=st.integers(0, len(OFFICER_SAYS) - 1))
    def officer_says(self, name: str, what: int) -> None:
        self.step(name, OFFICER_SAYS[what])

    @rule(name=doors)
    def officer_puts_all_right(self, name: str) -> None:
        """Closes the door, looks, and says what is inside."""
        self.is_open[name] = False
        self.read_doors([name])
        self.step(name, BringBack("an"))
        self.step(name, Found(inside=self.memory[name].is_loaded, by="an"))

    @rule(name=doors)
    def reissue(self, name: str) -> None:
        """A stay that lost its code (an item left inside, a frozen door) gets a new one."""
        compartment = self.memory[name]
        if compartment.stay is not None and compartment.is_loaded and compartment.purpose is Purpose.RESULT:
            self.live_codes.add(compartment.stay)
            self.issued[compartment.stay] = self.issued.get(compartment.stay, 0) + 1

    @rule(name=doors)
    def go_away(self, name: str) -> None:
        opening = self.memory[name].opening
        if opening is not None:
            self.step(name, Cancel(opening.opening))

    # --- the agent's work ---

    @rule(well=WELL)
    def all_goes_well(self, well: int) -> None:
        """So many steps as they should be, wherever the story is."""
        for _ in range(well):
            if self.orders:
                self.do_next(Pulse.ANSWERED, opens=True, wrong=None, is_full=False)
            elif opening := self.in_state(CompartmentState.OPENING):
                self.read_doors([opening])
                self.time_passes(2.0)
            elif opened := self.in_state(CompartmentState.OPEN) or self.in_state(CompartmentState.LEFT_OPEN):
                self.is_open[opened] = False
                self.read_doors([opened])
            elif self.in_state(CompartmentState.CLOSED):
                self.time_passes(RULES.settle_s)
            else:
                self.read_doors(NAMES)

    @precondition(lambda self: self.orders)
    @rule(
        outcome=st.sampled_from(Pulse),
        opens=st.booleans(),
        wrong=st.sampled_from([None, None, None, *NAMES]),
        is_full=st.booleans(),
    )
    def do_next(self, outcome: Pulse, opens: bool, wrong: str | None, is_full: bool) -> None:
        order = self.orders.pop(0)
        if isinstance(order, Authorise):
            event = NotWritten(order.opening) if is_full else Authorised(order.opening, order.pulse)
            self.step(order.compartment, event)
            return
        if not self.may_pulse(order):
            return
        if outcome in {Pulse.ANSWERED, Pulse.LOST} and opens:
            self.is_open[wrong or order.compartment] = True
        self.step(order.compartment, Pulsed(order.opening, outcome))

    def may_pulse(self, order: SendPulse) -> bool:
        """As the service: an opening that was over before the pulse could leave is not pulsed."""
        opening = self.memory[order.compartment].opening
        if opening is None or opening.opening != order.opening:
            return False
        on_disk = {(row.opening, row.pulse) for row in lockers.authorisations(self.disk, order.stay)}
        assert (order.opening, opening.pulses) in on_disk, "no door without an authorisation on disk"
        assert opening.pulses <= RULES.max_pulses
        assert (order.opening, opening.pulses) not in self.sent, "never sent twice"
        self.sent.add((order.opening, opening.pulses))
        return True

    @rule(after_s=st.sampled_from([0.05, 1.0, 5.0, 6.0, 30.0, 200.0]))
    def time_passes(self, after_s: float) -> None:
        self.now_s += after_s
        for name in NAMES:
            due = due_s(self.memory[name], RULES)
            if due is not None and due <= self.now_s:
                self.step(name, Tick())

    @rule()
    def a_jam(self) -> None:
        """The door does not move, however often it is told to."""
        for _ in range(4):
            while self.orders:
                self.do_next(Pulse.ANSWERED, opens=False, wrong=None, is_full=False)
            self.time_passes(RULES.open_within_s)
            self.read_doors(NAMES)
            self.time_passes(RULES.cool_down_s)

    @rule(wrong=doors, both=st.booleans())
    def the_electrician_swapped_two_wires(self, wrong: str, both: bool) -> None:
        """Whatever is on its way opens another door, or another door too."""
        for _ in range(2):
            if self.orders:
                self.do_next(Pulse.ANSWERED, opens=True, wrong=wrong, is_full=False)
        if both and (opening := self.in_state(CompartmentState.OPENING)):
            self.is_open[opening] = True
        self.read_doors(NAMES)

    # --- doors ---

    def in_state(self, state: CompartmentState) -> str | None:
        return next((name for name in NAMES if self.memory[name].state is state), None)

    def read_doors(self, names: Iterable[str]) -> None:
        self.look({name: Door.OPEN if self.is_open[name] else Door.CLOSED for name in sorted(names)})

    @rule(names=st.sets(doors, min_size=1))
    def doors_are_read(self, names: set[str]) -> None:
        self.read_doors(names)

    @rule(name=doors, what=st.sampled_from(["close", "force", "spring"]))
    def somebody_moves_a_door(self, name: str, what: str) -> None:
        if what == "spring":
            self.look({name: Door.OPEN})
            self.look({name: Door.CLOSED})
        self.is_open[name] = what == "force"

    @rule(name=doors, is_board=st.booleans())
    def a_door_cannot_be_read(self, name: str, is_board: bool) -> None:
        self.seen[name].append(Door.UNKNOWN)
        if is_board:
            self.step(name, BoardLost())
        else:
            self.look({name: Door.UNKNOWN})

    @rule()
    def power_cut(self) -> None:
        """What is in memory goes; the clock begins anew; people may do what they like in the dark."""
        self.orders.clear()
        self.pulsed_s.clear()
        self.now_s = 0.0
        self.memory = {name: row.compartment for name, row in lockers.load(self.disk).items()}
        for name in NAMES:
            self.step(name, Booted())
        assert not self.orders, "nothing opens by itself"

    # --- at every moment ---

    @invariant()
    def what_is_on_the_disk_is_what_is_known(self) -> None:
        for name, row in lockers.load(self.disk).items():
            known = self.memory[name]
            state = known.before if known.state is CompartmentState.UNKNOWN else known.state
            assert (state, known.stay, known.is_loaded) == (
                row.compartment.state, row.compartment.stay, row.compartment.is_loaded
            )  # fmt: skip

    @invariant()
    def no_code_is_used_more_often_than_issued(self) -> None:
        assert all(count <= self.issued[stay] for stay, count in self.used.items())

    @invariant()
    def every_stay_is_in_one_compartment_or_over_once(self) -> None:
        inside = [one.stay for one in self.memory.values() if one.stay is not None]
        assert sorted(inside + self.stays_over) == sorted(self.stays_begun)


Cabinet.TestCase.settings = settings(max_examples=50, stateful_step_count=40)
TestCabinet = Cabinet.TestCase
