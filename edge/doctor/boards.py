"""Lock boards: each is asked for its doors through the driver itself, whose write policy lets nothing but questions out."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path

from config.locker import Locker
from devices.errors import DeviceError
from devices.lock_board.board import BoardSeen, BoardWhy, LockBoard
from devices.lock_board.driver import LockLine
from devices.serial_port import Port, PortLost, PortSettings, PortWhy, open_port
from edge.adapters import locker_wire as wire
from edge.adapters.line_socket import AgentSilent
from edge.adapters.locker_setup import lock_lines
from edge.adapters.locker_socket import AgentLine
from edge.doctor.finding import Finding, Line, broken, good, weak
from edge.doctor.holders import Person
from edge.doctor.ports import look_at_node, lost
from edge.domain.door import Door

LINE_S = 6.0  # until every board of a line was heard, or given up by the driver
LIMIT_S = 20.0
_WHY = {
    BoardWhy.SILENT: ("does not answer", "see its power, swap A and B of the line, and compare `address`, `baud` and `protocol` with its DIP switches"),
    BoardWhy.CORRUPT: ("answers rubbish", "see the wires, `baud` and `protocol`, and that no two boards have one address"),
    BoardWhy.CHANNELS: ("has fewer channels than configured", "correct `channels` of this board: what is printed on it counts"),
    BoardWhy.REFUSED: ("refuses what it is asked", "switch it off and on; if it stays so, replace it"),
}  # fmt: skip


def verdict_of_board(doors: Mapping[int, bool | None], wired: int) -> Finding:
    """`doors`: channel -> is it open, None where nobody can tell, of the channels with a compartment; `wired`: how many there are."""
    open_now, unknown = sum(one is True for one in doors.values()), sum(one is None for one in doors.values())
    found = f"answers, {wired} {'door' if wired == 1 else 'doors'}, {open_now} open"
    if wired and unknown == wired:
        return weak(
            f"{wired} doors, nothing is known of any", "repeat this in a minute; then see the board's power and wires"
        )
    if unknown:
        return weak(f"{found}, {unknown} unknown", "see the wires of their switches; then: motcua locker read")
    if wired > 1 and open_now == wired:
        return weak(
            f"{found}: all of them",
            "if they are closed, set `feedback` to the other one: motcua locker map finds it out",
        )
    return good(found)


def verdict_of_silence(why: BoardWhy) -> Finding:
    found, do = _WHY[why]
    return broken(found, do)


async def look_at_line(locker: Locker, port: str, who: Person) -> AsyncIterator[Line]:
    """A line for each board that hangs on this port."""
    names = sorted(key for key, one in locker.boards.items() if one.port == port)
    is_network = port.startswith("tcp://")
    trouble = None if is_network else look_at_node(Path(port), who)
    if trouble is not None:
        for name in names:
            yield Line("board", name, trouble)
        return
    opener = _Opener()
    (line,) = [one for one in lock_lines(locker, opener.open) if one.plan.port == port]
    async for told in _asked(line, locker, opener):
        yield told


async def doors_of_agent(locker: Locker, board: str, data_dir: Path) -> Finding | None:
    """What the running agent knows of this board's doors; None where it does not say."""
    try:
        async with AgentLine.open(data_dir) as agent:
            cabinet = None if agent is None else await anext(agent.answer(wire.Status()))
    except (AgentSilent, OSError):
        return None
    if not isinstance(cabinet, wire.Cabinet):
        return None
    doors = {one.compartment: one.door for one in cabinet.cabinet.compartments}
    mine = {
        one.channel: _is_open(doors.get(key, Door.UNKNOWN))
        for key, one in locker.compartments.items()
        if one.board == board
    }
    found = verdict_of_board(mine, len(mine))
    return Finding(found.state, f"{found.found}, says the running agent", found.do)


class _Opener:
    """Remembers why the port could not be opened: the driver goes on trying."""

    def __init__(self) -> None:
        self.why: PortWhy | None = None

    async def open(self, address: str, settings: PortSettings) -> Port:
        try:
            return await open_port(address, settings)
        except PortLost as error:
            self.why = error.why
            raise


async def _asked(line: LockLine, locker: Locker, opener: _Opener) -> AsyncIterator[Line]:
    heard = {name: asyncio.Event() for name in line.boards}
    for name, board in line.boards.items():
        board.watch(lambda seen, name=name: heard[name].set() if isinstance(seen, BoardSeen) else None)  # type: ignore[misc]
    running = asyncio.create_task(line.run(), name="lock line")
    try:
        for name, board in line.boards.items():
            with suppress(TimeoutError):
                async with asyncio.timeout(LINE_S):
                    await heard[name].wait()
            yield Line("board", name, await _finding(name, board, locker, opener))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _finding(name: str, board: LockBoard, locker: Locker, opener: _Opener) -> Finding:
    why = board.why
    if why is BoardWhy.PORT or (why is not None and opener.why is not None):
        return lost(locker.boards[name].port, opener.why or PortWhy.UNPLUGGED)
    if why is not None:
        return verdict_of_silence(why)
    try:
        doors = await board.read_all()
    except DeviceError as error:
        return broken(f"answered once, then no more: {error}", "see the wires, then repeat this")
    channels = [one.channel for one in locker.compartments.values() if one.board == name]
    return verdict_of_board({channel: _is_open(Door(doors[channel].value)) for channel in channels}, len(channels))


def _is_open(door: Door) -> bool | None:
    return None if door is Door.UNKNOWN else door is Door.OPEN
