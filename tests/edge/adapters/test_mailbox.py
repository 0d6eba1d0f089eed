"""When a listener is slow the oldest readings go, and the news about the camera stays."""

import asyncio

from edge.adapters.mailbox import Mailbox
from edge.ports import CameraChange, CameraState, Reading

EyesMailbox = Mailbox[Reading | CameraChange]


def reading(at: float) -> Reading:
    return Reading("quay-01", at, ())


async def everything(mailbox: EyesMailbox) -> list[Reading | CameraChange]:
    items = []
    while True:
        try:
            async with asyncio.timeout(0.01):
                items.append(await mailbox.get())
        except TimeoutError:
            return items


async def test_the_oldest_readings_make_room() -> None:
    mailbox: EyesMailbox = Mailbox(3)
    for at in range(10):
        mailbox.put(reading(at))
    assert await everything(mailbox) == [reading(7), reading(8), reading(9)]
    assert mailbox.dropped == 7


async def test_camera_changes_survive_a_flood_of_readings_in_their_order() -> None:
    mailbox: EyesMailbox = Mailbox(4)
    lost, live = (CameraChange("quay-01", state) for state in (CameraState.LOST, CameraState.LIVE))
    mailbox.put(lost)
    mailbox.put(reading(1))
    mailbox.put(live)
    for at in range(2, 9):
        mailbox.put(reading(at))
    assert await everything(mailbox) == [lost, live, reading(7), reading(8)]


async def test_only_changes_are_bounded_too_and_the_last_one_stays() -> None:
    mailbox: EyesMailbox = Mailbox(2)
    states = (CameraState.LOST, CameraState.LIVE, CameraState.WORKER_DOWN)
    for state in states:
        mailbox.put(CameraChange("quay-01", state))
    assert await everything(mailbox) == [CameraChange("quay-01", state) for state in states[1:]]


async def test_a_waiting_listener_is_woken() -> None:
    mailbox: EyesMailbox = Mailbox(2)
    waiting = asyncio.create_task(mailbox.get())
    await asyncio.sleep(0)
    mailbox.put(reading(1))
    assert await waiting == reading(1)
