"""What goes wrong with doors, sensors, coils and the people at them. For `edge.soak.failures`."""

import asyncio
import contextlib
from collections.abc import Callable

from devices.lock_board.sim_doors import Sensor as DoorSensor
from devices.lock_board.sim_doors import SimDoor
from edge.locker_ports import Step
from edge.soak.failures import failure
from edge.soak.orders import LEADER, OFFICER, Empty, Load, Recall
from edge.soak.papers import Where
from edge.soak.promises import Promise
from edge.soak.stage import Stage, is_done

BIT_ERROR_CANNOT = ("kerong-cu48",)  # it has no frame that opens all
LONG_S = 1.6  # longer than the screen asks and staff are told


async def _with_door(stage: Stage, spoil: Callable[[SimDoor], None]) -> None:
    """A citizen comes for a result whose door is spoilt; afterwards its code has opened the door once or still does."""
    paper = await stage.waiting()
    spoil(stage.hardware.door(stage.town.where_is(paper)))
    await stage.pick_up(paper)
    await stage.code_still_opens(paper)


@failure("door jams")
async def jams(stage: Stage) -> None:
    paper = await stage.waiting()
    compartment = stage.town.where_is(paper)
    door = stage.hardware.door(compartment)
    door.jam()
    pulses = door.pulses
    said = await stage.pick_up(paper)
    stage.hold(Promise.NOT_SUCCESS, not is_done(said), f"{compartment}: done at a door that is jammed")
    stage.hold(Promise.ONCE, 1 <= door.pulses - pulses <= 3, f"{compartment}: {door.pulses - pulses} pulses")
    await stage.code_still_opens(paper)


@failure("coil too hot: the board refuses")
async def hot(stage: Stage) -> None:
    await _with_door(stage, lambda door: setattr(door, "is_hot", True))


@failure("spring closes at once")
async def snaps(stage: Stage) -> None:
    await _with_door(stage, lambda door: setattr(door, "shuts_after_s", stage.chance.uniform(0.01, 0.1)))


@failure("sensor stuck closed")
async def stuck_closed(stage: Stage) -> None:
    paper = await stage.waiting()
    stage.hardware.door(stage.town.where_is(paper)).sensor = DoorSensor.STUCK_CLOSED
    said = await stage.pick_up(paper)
    stage.hold(Promise.NOT_SUCCESS, not is_done(said), "done, and the sensor never said open")
    await stage.settled()


@failure("sensor stuck open")
async def stuck_open(stage: Stage) -> None:
    paper = await stage.waiting()
    compartment = stage.town.where_is(paper)
    stage.hardware.door(compartment).sensor = DoorSensor.STUCK_OPEN
    await stage.reported(compartment)
    said = await stage.pick_up(paper)
    stage.hold(Promise.NOT_SUCCESS, not is_done(said), "done, and the sensor never said closed")


@failure("sensor flaps")
async def flaps(stage: Stage) -> None:
    compartment = stage.free()
    stage.hardware.door(compartment).sensor = DoorSensor.FLAPPING
    await stage.reported(compartment)


@failure("feedback inverted")
async def inverted(stage: Stage) -> None:
    compartment = stage.free()
    stage.hardware.door(compartment).is_open_short = True
    await stage.reported(compartment)


@failure("door forced")
async def forced(stage: Stage) -> None:
    paper = await stage.waiting()
    compartment = stage.town.where_is(paper)
    stage.town.forget_all()
    stage.hardware.force(compartment)
    await stage.reported(compartment)


@failure("every door opened by a bit error", but_not=BIT_ERROR_CANNOT)
async def all_open(stage: Stage) -> None:
    stage.town.forget_all()
    doors = {name: stage.hardware.door(name).unlocks for name in stage.hardware.places}
    stage.site.line_is_honest = False
    stage.hardware.open_all()
    await asyncio.sleep(0.1)
    for name, before in doors.items():
        if stage.hardware.door(name).unlocks > before:
            await stage.reported(name)


@failure("relay held on")
async def held(stage: Stage) -> None:
    compartment = stage.free()
    stage.town.forget_all()
    stage.hardware.door(compartment).hold(power=True)
    await stage.reported(compartment)


@failure("locks swapped by the electrician")
async def swapped(stage: Stage) -> None:
    """The pulse of one compartment opens another one: seen, told, and nobody is told that all is well."""
    paper = await stage.waiting()
    compartment, other = stage.town.where_is(paper), stage.free()
    right, wrong = stage.hardware.door(compartment), stage.hardware.door(other)
    stage.site.line_is_honest = False
    right.bolt_of = wrong
    stage.hardware.at_heal(lambda: setattr(right, "bolt_of", None))
    said = await stage.pick_up(paper)
    stage.hold(Promise.NOT_SUCCESS, not is_done(said), "done, and another door opened")
    await stage.reported(other, ("wrong_door", "forced"))


@failure("door left open")
async def left_open(stage: Stage) -> None:
    paper = await stage.waiting()
    compartment = stage.town.where_is(paper)
    stage.town.hands.is_careless = True
    stage.at_open(lambda name: stage.later(LONG_S, lambda: stage.hardware.push(name)))
    said = await stage.pick_up(paper)
    stage.hold(Promise.HANDED_OVER, is_done(said), f"{compartment}: closed late, and the screen said {said!r}")
    stage.site.audit()
    stage.hold(Promise.REPORTED, stage.site.auditor.faults[compartment, "left_open"], f"{compartment}: not told")


@failure("door closes on nothing")
async def closed_on_nothing(stage: Stage) -> None:
    """An officer opens, puts nothing in, closes, and says so after the code went out: the stay is over, the code opens nothing."""
    paper = stage.town.new_paper()
    said = await stage.town.follow(stage.desk, Load(paper.name, paper.phone), lambda _: None)
    if is_done(said) and said.view is not None:  # type: ignore[union-attr]
        view = stage.view(said.view.compartment)  # type: ignore[union-attr]
        with contextlib.suppress(TimeoutError):
            await stage.told(paper)
        await stage.town.follow(stage.desk, Empty(view.stay or ""), lambda _: None)
        refused = await stage.pick_up(paper)
        stage.hold(Promise.ONCE, not is_done(refused), "a code opened a compartment that was emptied")


@failure("paper left inside")
async def left_inside(stage: Stage) -> None:
    """The citizen opens, takes nothing and closes: open and closed were seen, so it counts. The next one finds it."""
    paper = await stage.waiting()
    compartment = stage.town.where_is(paper)
    code = stage.town.code_of(paper)
    if not is_done(await stage.town.forgets(stage.desk, paper)):  # it was not opened for them: the code still does
        await stage.code_still_opens(paper)
        return
    again = await stage.pick_up(paper, code)
    stage.hold(Promise.ONCE, not is_done(again), f"{compartment}: the code opened it twice")
    stage.town.found(compartment)


@failure("many doors at once")
async def recall_of_all(stage: Stage) -> None:
    """Two persons open every door: one after the other, the supply does not dip. The bystander measures the pauses."""
    staff = stage.station.service.desks.staff
    stage.town.takes_everything()
    views = await staff.recall_all(OFFICER, "fire", LEADER)
    alone = await staff.recall_all(OFFICER, "fire", OFFICER)
    stage.hold(Promise.ONCE, not isinstance(alone, tuple), "every door opened for one person")
    if isinstance(views, tuple):
        for view in views:
            await _ended(stage, view.opening)


async def _ended(stage: Stage, opening: str) -> None:
    async with asyncio.timeout(30.0):
        while (view := stage.station.service.desks.citizen.opening(opening)) is not None:
            if view.step in {Step.DONE, Step.FAILED}:
                return
            await asyncio.sleep(0.02)


@failure("somebody pulls the wrong door while one is opened")
async def neighbour(stage: Stage) -> None:
    """A door forced in the very moment of a pulse is a wrong door: the cabinet is frozen for citizens until staff have looked."""
    paper = await stage.waiting()
    other = stage.free()
    stage.at_unlock(lambda: stage.hardware.force(other))
    await stage.pick_up(paper)
    await stage.reported(other)


@failure("door opened late")
async def late(stage: Stage) -> None:
    """The latch sticks, the citizen pulls after the time is over: still that opening, or an alarm, never silence."""
    paper = await stage.waiting()
    compartment = stage.town.where_is(paper)
    door = stage.hardware.door(compartment)
    door.jam()
    stage.later(stage.chance.uniform(1.0, 4.0), door.force)
    await stage.pick_up(paper)
    await stage.code_still_opens(paper)


@failure("recalled while the citizen stands there")
async def contended(stage: Stage) -> None:
    paper = await stage.waiting()
    compartment = stage.town.where_is(paper)
    recalled = asyncio.create_task(stage.town.follow(stage.desk, Recall(compartment), stage.town.reach_of_staff(paper)))
    said = await stage.pick_up(paper)
    await recalled
    stage.hold(Promise.ONCE, stage.town.taken[paper.name] <= 1, "given out twice")
    stage.hold(Promise.NOT_SUCCESS, not is_done(said) or paper.where is not Where.INSIDE, "done, and it lies inside")
