"""A simulated cabinet: boards of one family on a pty or behind a TCP converter, doors that people use, a line that fails.

`async with Cabinet(...)` inside a program, or `python -m devices.lock_board.sim --link PATH --family xor8a`.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from devices.lock_board.sim_boards import SimBoard, SimBoards
from devices.lock_board.sim_doors import SimDoor
from devices.lock_board.sim_firmware import FIRMWARES
from devices.lock_board.sim_line import LineFaults, SimLine
from devices.lock_board.sim_port import PtySocket, TcpSocket

MODBUS = "modbus"


class Cabinet:
    """`boards`: (address, channels) of each; one address twice is what an installer gets wrong. `link`: the port's name.

    Without a `link` it listens on a TCP port of 127.0.0.1. `port` is what a driver opens. `line.faults` are the knobs of
    the wire, those of a door are its own; `door(...).pulses` counts what reached a bolt.
    """

    def __init__(
        self, family: str, boards: Sequence[tuple[int, int]], *, link: Path | None = None,
        seed: int = 0, baud: int | None = None, faults: LineFaults | None = None, minds_baud: bool = False,
    ) -> None:  # fmt: skip
        self.family = family
        self.boards = [
            SimBoard(address, [SimDoor(address, channel, seed) for channel in range(1, channels + 1)])
            for address, channels in boards
        ]
        self._far_end: SimBoards | None = None
        self._modbus = None
        if family == MODBUS:
            from devices.lock_board.sim_modbus import SimModbus  # noqa: PLC0415 - pymodbus' server is heavy

            self._modbus = SimModbus(self.boards, self._from_board)
            self.line = SimLine(baud or self._modbus.baud, seed=seed, faults=faults)
            self.line.to_board = self._modbus.hear
        else:
            firmware = FIRMWARES[family]()
            self.line = SimLine(baud or firmware.baud, seed=seed, faults=faults)
            self._far_end = SimBoards(firmware, self.boards, self._from_board)
            self.line.to_board = self._far_end.hear
        self._socket: PtySocket | TcpSocket
        self._socket = TcpSocket(self.line) if link is None else PtySocket(self.line, link, minds_baud=minds_baud)
        self.line.to_port = self._socket.write
        self.line.hang_up = self.unplug

    @property
    def port(self) -> str:
        return self._socket.port

    def board(self, address: int, nth: int = 0) -> SimBoard:
        """`nth`: among boards of one address."""
        return [board for board in self.boards if board.address == address][nth]

    def door(self, address: int, channel: int, nth: int = 0) -> SimDoor:
        return self.board(address, nth).doors[channel - 1]

    def doors(self) -> Iterator[SimDoor]:
        for board in self.boards:
            yield from board.doors

    async def __aenter__(self) -> Self:
        if self._modbus is not None:
            await self._modbus.start()
        await self._socket.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()
        await self._socket.stop()
        if self._modbus is not None:
            await self._modbus.stop()

    # --- what happens to a cabinet ---

    def unplug(self) -> None:
        """The port vanishes under whoever has it open."""
        self.line.clear()
        self._socket.hang_up()

    def plug_in(self) -> None:
        """It is back, under the same name."""
        self._socket.plug_in()

    def power_cut(self, address: int | None = None) -> None:
        """Of one board or all. Doors stay as they are; nothing is answered, nothing moves."""
        for board in self._chosen(address):
            board.is_on = False
        if address is None:
            self._reset()

    def power_on(self, address: int | None = None) -> None:
        for board in self._chosen(address):
            board.is_on = True

    def _chosen(self, address: int | None) -> Iterator[SimBoard]:
        return (board for board in self.boards if address in {None, board.address})

    def _reset(self) -> None:
        self.line.clear()
        for far_end in (self._far_end, self._modbus):
            if far_end is not None:
                far_end.reset()

    def _from_board(self, octets: bytes) -> None:
        self.line.from_board(octets)


async def serve(arguments: argparse.Namespace) -> None:
    """Until end of input. Doors that move go out as JSON lines; `open|close|jam|free BOARD CHANNEL` lines come in."""
    boards = [(address, arguments.channels) for address in arguments.board or [1]]
    async with Cabinet(arguments.family, boards, link=arguments.link, seed=arguments.seed) as cabinet:
        _print({"event": "ready", "port": cabinet.port})
        watchers = [asyncio.create_task(_tell(door)) for door in cabinet.doors()]
        await _hands(cabinet)
        for watcher in watchers:
            watcher.cancel()


async def _tell(door: SimDoor) -> None:
    while True:
        await door.wait_open()
        _print({"event": "open", "board": door.board, "channel": door.channel, "pulses": door.pulses})
        await door.wait_closed()
        _print({"event": "closed", "board": door.board, "channel": door.channel, "pulses": door.pulses})


async def _hands(cabinet: Cabinet) -> None:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    try:
        while line := await reader.readline():
            verb, *place = line.decode().split()
            await _act(cabinet.door(*map(int, place)), verb)
    finally:
        transport.close()


async def _act(door: SimDoor, verb: str) -> None:
    match verb:
        case "open":
            door.force()
        case "close":
            await door.push_closed()
        case "jam":
            door.jam()
        case "free":
            door.free()


def _print(event: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def _parse(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lock_board.sim", description="A cabinet of lock boards on a pty.")
    parser.add_argument("--link", type=Path, help="where the port appears; without it a TCP port is told")
    parser.add_argument("--family", choices=[*FIRMWARES, MODBUS], default="xor8a")
    parser.add_argument("--board", type=int, action="append", metavar="ADDRESS")
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(argv)


if __name__ == "__main__":
    asyncio.run(serve(_parse()))
