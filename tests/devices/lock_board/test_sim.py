"""The simulated cabinet itself: doors, people, the wire and its faults, and masters that are not ours."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from devices.lock_board import kerong
from devices.lock_board.sim import Cabinet
from devices.lock_board.sim_doors import POP_S
from devices.lock_board.sim_line import Garble, LineFaults, SimLine
from devices.serial_port import Port, open_port

PROJECT = Path(__file__).parents[3]


async def test_jin0949_style_master_opens_a_door(tmp_path: Path) -> None:
    """A foreign KERONG master: status, unlock lock 5, then status until the hook bit is gone."""
    async with (
        Cabinet("kerong-cu16", [(0, 16)], link=tmp_path / "port") as cabinet,
        Master.at(cabinet.port) as master,
    ):
        assert (await master.ask("02 00 30 03 35", 9)).hex(" ") == "02 00 35 ff ff 00 00 03 38"
        await master.ask("02 04 31 03 3A", 9)
        while (await master.ask("02 00 30 03 35", 9))[3] & 0x10:
            pass
        await cabinet.door(0, 5).push_closed()
        assert (await master.ask("02 00 30 03 35", 9)).hex(" ") == "02 00 35 ff ff 00 00 03 38"
        assert cabinet.door(0, 5).pulses == 1


async def test_kerong_boards_answer_one_after_the_other_when_all_are_asked(tmp_path: Path) -> None:
    async with Cabinet("kerong-cu16", [(0, 16), (1, 16), (9, 16)], link=tmp_path / "port") as cabinet:
        cabinet.door(1, 1).force()
        cabinet.door(9, 2).has_item = True
        async with Master.at(cabinet.port) as master:
            heard = await master.ask("02 F0 32 03 27", 27)
            frames = [kerong.KerongFrame.from_bytes(heard[at : at + 9]) for at in (0, 9, 18)]
            assert [frame.addr >> 4 for frame in frames if frame is not None] == [0, 1, 9]
            assert frames[1] is not None
            assert frames[1].contents == bytes.fromhex("FE FF 00 00")
            assert frames[2] is not None
            assert frames[2].contents == bytes.fromhex("FF FF 02 00")


async def test_ros_style_master_hears_doors_that_people_move(tmp_path: Path) -> None:
    async with Cabinet("xor8a", [(1, 24)], link=tmp_path / "port") as cabinet, Master.at(cabinet.port) as master:
        cabinet.door(1, 5).force()
        assert (await master.listen(5)).hex(" ") == "82 01 05 00 86"
        await cabinet.door(1, 5).push_closed()
        assert (await master.listen(5)).hex(" ") == "82 01 05 11 97"


async def test_two_boards_with_one_address_join_to_one_whole_frame(tmp_path: Path) -> None:
    """The wired AND of both answers: no checksum finds it."""
    async with (
        Cabinet("xor8a", [(1, 24), (1, 24)], link=tmp_path / "port") as cabinet,
        Master.at(cabinet.port) as master,
    ):
        cabinet.boards[0].pushes = False
        cabinet.door(1, 1, nth=0).force()
        one, other = bytes.fromhex("80 01 FF FF FE 33 4C"), bytes.fromhex("80 01 FF FF FF 33 4D")
        joined = bytes(left & right for left, right in zip(one, other, strict=True))
        assert await master.ask("80 01 00 33 B2", 7) == joined == one


async def test_a_bolt_that_is_held_does_not_catch() -> None:
    """Whoever pushes such a door finds it ajar again, until the relay lets go."""
    cabinet = Cabinet("wkly", [(0, 2)])
    door = cabinet.door(0, 1)
    door.hold(power=True)
    async with asyncio.timeout(5.0):
        for _ in range(2):
            await door.wait_open()
            await door.push_closed()
        await door.wait_open()
    door.hold(power=False)
    await door.push_closed()
    await asyncio.sleep(2 * POP_S)
    assert not door.is_open
    assert door.pulses == 1


async def test_power_cut_answers_nothing_and_moves_nothing(tmp_path: Path) -> None:
    async with Cabinet("wkly", [(0, 4)], link=tmp_path / "port") as cabinet:
        cabinet.power_cut()
        async with Master.at(cabinet.port) as master:
            await master.write("57 4B 4C 59 09 00 82 01 83")
            cabinet.door(0, 1).force()
            with pytest.raises(TimeoutError):
                await master.listen(1, timeout_s=0.2)
            assert cabinet.door(0, 1).pulses == 0
            cabinet.power_on()
            assert (await master.ask("57 4B 4C 59 09 00 83 01 82", 11)).hex(" ") == "57 4b 4c 59 0b 00 83 00 01 00 80"


async def test_half_a_request_is_forgotten(tmp_path: Path) -> None:
    async with Cabinet("wkly", [(0, 4)], link=tmp_path / "port") as cabinet, Master.at(cabinet.port) as master:
        await master.write("57 4B 4C 59 09 00")
        await asyncio.sleep(0.2)
        assert len(await master.ask("57 4B 4C 59 08 00 84 85", 14)) == 14


@pytest.mark.parametrize("fault", ["drop", "flip", "insert", "duplicate"])
async def test_faults_are_seeded_and_counted(fault: str) -> None:
    faults = LineFaults()
    setattr(faults, fault, 0.2)

    async def carried(seed: int) -> tuple[bytes, int]:
        line = SimLine(115_200, seed=seed, faults=faults)
        arrived: list[bytes] = []
        line.to_port = arrived.append
        for _ in range(40):
            line.from_board(b"a frame of some bytes")
        while line._timers:
            await asyncio.sleep(0.005)
        return b"".join(arrived), line.injected[fault]

    first, again, other = await carried(5), await carried(5), await carried(6)
    assert first == again
    assert first[0] != other[0]
    assert first[1] > 0


@pytest.mark.parametrize("garble", Garble)
async def test_garbled_line_carries_no_frame_of_either_side(garble: Garble, tmp_path: Path) -> None:
    async with (
        Cabinet("xor8a", [(1, 8)], link=tmp_path / "port", faults=LineFaults(garble=garble)) as cabinet,
        Master.at(cabinet.port) as master,
    ):
        await master.write("8A 01 01 11 9B")
        while not cabinet.line.injected[garble.value]:
            await asyncio.sleep(0.005)
        with pytest.raises(TimeoutError):
            await master.listen(5, timeout_s=0.1)
        assert cabinet.door(1, 1).pulses == 0


async def test_hang_up_by_the_line_itself(tmp_path: Path) -> None:
    async with (
        Cabinet("xor8a", [(1, 8)], link=tmp_path / "port", faults=LineFaults(hang_up=1.0)) as cabinet,
        Master.at(cabinet.port) as master,
    ):
        await master.write("80 01 01 33 B3")
        with pytest.raises(Exception, match="port_unplugged"):
            await master.listen(5)
        assert not is_there(cabinet.port)


async def test_program_shows_doors_and_takes_hands(tmp_path: Path) -> None:
    link = tmp_path / "port"
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "devices.lock_board.sim", "--link", link, "--family", "wkly", "--board", "0",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=PROJECT, env=dict(os.environ),
    )  # fmt: skip
    assert program.stdin is not None
    assert program.stdout is not None
    assert json.loads(await program.stdout.readline()) == {"event": "ready", "port": str(link)}
    async with Master.at(str(link)) as master:
        await master.write("57 4B 4C 59 09 00 82 01 83")
        assert json.loads(await program.stdout.readline()) == {"event": "open", "board": 0, "channel": 1, "pulses": 1}
        program.stdin.write(b"close 0 1\n")
        assert json.loads(await program.stdout.readline())["event"] == "closed"
    program.stdin.close()
    assert await program.wait() == 0


def is_there(name: str) -> bool:
    return os.path.lexists(name)


class Master:
    """Somebody else's program at the port: bytes as they stand in its source, no code of ours."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._heard = b""

    async def write(self, text: str) -> None:
        await self._port.write(bytes.fromhex(text))

    async def listen(self, length: int, timeout_s: float = 5.0) -> bytes:
        async with asyncio.timeout(timeout_s):
            while len(self._heard) < length:
                self._heard += await self._port.read()
        heard, self._heard = self._heard[:length], self._heard[length:]
        return heard

    async def ask(self, text: str, length: int) -> bytes:
        await self.write(text)
        return await self.listen(length)

    @classmethod
    @asynccontextmanager
    async def at(cls, address: str) -> AsyncIterator["Master"]:
        port = await open_port(address)
        try:
            yield cls(port)
        finally:
            await port.close()
