"""One frame alone opens no door in anybody's eyes: checksums of eight bits let damaged frames through now and then."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from devices.lock_board.board import BoardPlan, Door, DoorSeen, Seen
from devices.lock_board.codec import DoorPushed, DoorsReply
from devices.lock_board.driver import Board
from devices.lock_board.families import codec_of
from devices.lock_board.link import Link
from devices.lock_board.timing import PollTiming

SHUT, OPEN = True, False  # of a switch that is shorted while the door is closed


class Line:
    """A board of two doors whose frames the test makes up; the second door stays shut."""

    def __init__(self) -> None:
        self.woken = asyncio.Event()
        link = cast("Link", SimpleNamespace(codec=codec_of("xor8a")))
        self.board = Board(BoardPlan("tren", 1, 2), link, PollTiming(shut_push_s=0.02), self.woken.set)
        self.seen: list[Seen] = []
        self.board.watch(self.seen.append)
        self.read(SHUT)
        self.seen.clear()
        self.woken.clear()

    def read(self, contact: bool) -> None:
        self.board._take(DoorsReply(1, (contact, SHUT)))

    def push(self, contact: bool) -> None:
        self.board.take_push(DoorPushed(1, 1, contact))

    @property
    def doors(self) -> list[Door]:
        return [one.door for one in self.seen if isinstance(one, DoorSeen)]


@pytest.fixture
async def line() -> Line:
    return Line()


async def test_an_opening_that_one_reading_alone_tells_is_looked_at_again_at_once(line: Line) -> None:
    line.read(OPEN)
    assert line.doors == []
    assert line.woken.is_set()
    assert line.board._pause_s() == 0.0
    line.read(OPEN)
    assert line.doors == [Door.OPEN]


async def test_what_the_second_reading_denies_never_was(line: Line) -> None:
    line.read(OPEN)
    line.read(SHUT)
    line.read(OPEN)
    assert line.doors == []


async def test_a_push_is_confirmed_by_a_reading(line: Line) -> None:
    line.push(OPEN)
    assert line.doors == []
    line.read(OPEN)
    assert [(one.door, one.pushed) for one in line.seen if isinstance(one, DoorSeen)] == [(Door.OPEN, True)]


async def test_a_door_that_a_spring_shut_before_anybody_read_it_is_told_by_its_two_pushes(line: Line) -> None:
    line.push(OPEN)
    line.read(SHUT)
    line.push(SHUT)
    assert line.doors == [Door.OPEN]


async def test_a_push_that_nothing_else_confirms_never_was(line: Line) -> None:
    line.push(OPEN)
    await asyncio.sleep(line.board._polling.shut_push_s)
    line.read(SHUT)
    line.push(SHUT)
    assert line.doors == []
