"""The technician's look into the ears: asked for while somebody looks, told to the visitor, handed on to whoever looks."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from edge.voice_ports import EarsChange, EarsState, SoundLevel, Trace, TraceItem, Verdict
from tests.edge.services.test_guide import Room

LEVEL = SoundLevel(-30.0, 0.9)
TRACE = Trace("tôi tên là An", (), Verdict.OUT_OF_SET, 0.1, 0.1, 1.0, 0.4)


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    made = Room()
    running = asyncio.create_task(made.guide.hearing.run())
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_the_ears_are_asked_from_the_first_looker_to_the_last(room: Room) -> None:
    seen: list[TraceItem] = []
    assert not room.guide.ears.lookers
    leave = [room.guide.hearing.subscribe(seen.append), room.guide.hearing.subscribe(seen.append)]
    await room.until(lambda: len(seen) == 2)
    assert seen == [EarsChange(EarsState.LISTENING)] * 2
    room.guide.ears.show(LEVEL, TRACE)
    await room.until(lambda: len(seen) == 6)
    assert seen[2:] == [LEVEL, LEVEL, TRACE, TRACE]
    leave[0]()
    await asyncio.sleep(0)
    assert room.guide.ears.lookers
    leave[1]()
    await room.until(lambda: not room.guide.ears.lookers)


async def test_the_visitor_s_screen_says_that_somebody_looks(room: Room) -> None:
    told: list[bool] = []
    room.desk.subscribe(lambda view: told.append(view.is_overheard))
    leave = room.guide.hearing.subscribe(lambda _: None)
    await room.until(lambda: room.desk.view().is_overheard)
    leave()
    leave()  # a page may be told twice that it is over
    await room.until(lambda: not room.desk.view().is_overheard)
    assert told == [True, False]


async def test_nobody_looks_while_it_does_not_run() -> None:
    room = Room()
    room.guide.hearing.subscribe(lambda _: None)
    await asyncio.sleep(0)
    assert not room.desk.view().is_overheard
    assert not room.guide.ears.lookers


def test_words_are_in_no_repr() -> None:
    assert "An" not in repr(TRACE)
