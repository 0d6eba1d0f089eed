"""Every frame of the references: as our driver sends it, as it is understood, and as our simulated boards answer it."""

import asyncio
from pathlib import Path

import pytest

from devices.lock_board.codec import Heard, Request
from devices.lock_board.families import FAMILIES, codec_of
from devices.lock_board.sim import Cabinet
from devices.lock_board.write_policy import Reach, WritePolicy, WriteRefused
from devices.serial_port import open_port
from tests.devices.lock_board.vectors import EXCHANGES, HEARD, NEVER_SENT, SENT, Exchange, frame


@pytest.mark.parametrize(("family", "request_", "expected"), SENT)
def test_driver_sends_what_others_send(family: str, request_: Request, expected: str) -> None:
    assert request_.frame == frame(expected)


@pytest.mark.parametrize(("family", "built", "expected"), NEVER_SENT)
def test_frames_that_never_leave_are_known_and_refused(family: str, built: bytes, expected: str) -> None:
    assert built == frame(expected)
    codec = codec_of(family)
    address = max(codec.boards[0], frame(expected)[1] if family == "xor8a" else codec.boards[0])
    policy = WritePolicy(codec, {address: Reach(8, 500 if family == "kerong-cu16" else None)})
    for channel in range(1, 9):
        policy.permit_unlock(address, channel)
    with pytest.raises(WriteRefused):
        policy.let_out(built)


@pytest.mark.parametrize(("family", "asked", "octets", "expected"), HEARD)
def test_replies_of_others_are_understood(family: str, asked: Request | None, octets: str, expected: Heard) -> None:
    codec = codec_of(family)
    assert codec.parse(frame(octets), asked) == (len(frame(octets)), expected)
    if asked is not None:
        assert codec.answer(asked, expected) == expected


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda one: f"{one.family}-{one.request}-{one.reply}")
async def test_simulated_board_answers_other_masters(exchange: Exchange, tmp_path: Path) -> None:
    boards = [(exchange.board, exchange.channels)]
    async with Cabinet(exchange.family, boards, link=tmp_path / "port") as cabinet:
        cabinet.board(exchange.board).pushes = False
        for channel in exchange.open_doors:
            cabinet.door(exchange.board, channel).force()
        for channel in exchange.jammed:
            cabinet.door(exchange.board, channel).jam()
        heard = await ask_raw(cabinet, frame(exchange.request), len(frame(exchange.reply or "")))
        assert heard == (frame(exchange.reply) if exchange.reply else b"")
        pulsed = tuple(door.channel for door in cabinet.doors() if door.pulses)
        assert pulsed == exchange.pulsed


def test_every_family_has_vectors() -> None:
    for table in (SENT, HEARD):
        assert {row[0] for row in table} == set(FAMILIES)


async def ask_raw(cabinet: Cabinet, request: bytes, length: int) -> bytes:
    """What a master without any of our code does: write, read that many bytes; with none expected, until the board has obeyed."""
    port = await open_port(cabinet.port)
    try:
        await port.write(request)
        heard = b""
        async with asyncio.timeout(5):
            while len(heard) < length:
                heard += await port.read()
            while not length and cabinet.boards and not cabinet.boards[0].heard:
                await asyncio.sleep(0.005)
    finally:
        await port.close()
    return heard
