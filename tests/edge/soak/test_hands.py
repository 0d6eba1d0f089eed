"""Hands at the doors: each opening is closed by one person, who does not close the next one."""

import asyncio
from random import Random

from edge.soak.hands import Hands


class Doors:
    """Doors that tell when they are pushed."""

    def __init__(self) -> None:
        self.pushed: asyncio.Queue[str] = asyncio.Queue()

    def push(self, compartment: str) -> None:
        self.pushed.put_nowait(compartment)


async def test_a_door_that_opens_is_closed_after_a_while() -> None:
    doors = Doors()
    hands = Hands(Random(1), doors, pause_s=(0.02, 0.03))
    hands.door_moved("n01", is_open=True)
    assert doors.pushed.empty()
    async with asyncio.timeout(2.0):
        assert await doors.pushed.get() == "n01"


async def test_who_finds_the_door_closed_does_not_close_the_next_opening() -> None:
    """Staff pushed it meanwhile; it opens again in the moment when the first person would have reached for it."""
    doors = Doors()
    hands = Hands(Random(1), doors, pause_s=(0.03, 0.03))
    hands.door_moved("n01", is_open=True)
    hands.door_moved("n01", is_open=False)
    hands.pause_s = (60.0, 60.0)
    hands.door_moved("n01", is_open=True)
    hands.pause_s = (0.06, 0.06)
    hands.door_moved("n02", is_open=True)
    async with asyncio.timeout(2.0):
        assert await doors.pushed.get() == "n02"


async def test_a_careless_person_leaves_it_open() -> None:
    doors = Doors()
    hands = Hands(Random(1), doors, pause_s=(0.01, 0.01))
    hands.is_careless = True
    hands.door_moved("n01", is_open=True)
    hands.is_careless = False
    hands.door_moved("n02", is_open=True)
    async with asyncio.timeout(2.0):
        assert await doors.pushed.get() == "n02"
    assert doors.pushed.empty()
