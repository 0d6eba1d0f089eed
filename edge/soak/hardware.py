"""A simulated cabinet with a bystander: every unlock that reaches a board and every door that moves is noted as it happens.

Compartments are named `n01`, `n02`, ... over the boards in their order.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from devices.lock_board.families import codec_of
from devices.lock_board.sim import Cabinet
from devices.lock_board.sim_doors import SimDoor
from devices.lock_board.sim_firmware import FIRMWARES

Place: TypeAlias = tuple[int, int]  # board's address, channel
BOARDS: Mapping[str, tuple[int, ...]] = {
    "xor8a": (1, 2),
    "kerong-cu16": (0, 1),
    "kerong-cu48": (0, 1),
    "wkly": (0, 1),
    "modbus": (1, 2),
}
CHANNELS = 6  # doors a board
_OPEN_ALL = {  # never sent by the agent; here a bit error or a fool sends it to the first board
    "xor8a": bytes.fromhex("8A 01 00 11 9A"),
    "kerong-cu16": bytes.fromhex("02 00 33 03 38"),
    "wkly": bytes.fromhex("57 4B 4C 59 08 00 86 87"),
    "modbus": bytes.fromhex("01 0F 00 00 00 08 01 FF BE D5"),
}


class Hardware:
    """`on_unlock` hears of an unlock before the board does; `on_read` of every question for doors; `on_move` of doors."""

    def __init__(
        self, family: str, link: Path, *, seed: int = 0, boards: Sequence[int] | None = None, channels: int = CHANNELS
    ) -> None:
        """`boards`: their addresses; without them the two of a campaign."""
        self.family = family
        self.poll_ms = 100  # as the agent is configured; 500 is its own
        self.boards = tuple(BOARDS[family] if boards is None else boards)
        self.cabinet = Cabinet(family, [(board, channels) for board in self.boards], link=link, seed=seed)
        places = [(board, channel) for board in self.boards for channel in range(1, channels + 1)]
        self.places: dict[str, Place] = {f"n{number:02}": place for number, place in enumerate(places, start=1)}
        self.unlocks: list[str] = []  # as they reached the boards
        self.on_unlock: Callable[[str], None] = lambda _: None
        self.on_read: Callable[[int], None] = lambda _: None
        self.on_move: Callable[[str, bool], None] = lambda _, __: None
        codec = codec_of(family)
        self.unlock_frames = {codec.unlock(*place).frame: name for name, place in self.places.items()}
        self._reads = {codec.read_all(board, channels).frame: board for board in self.boards}
        self._to_board: Callable[[bytes], None] = self.cabinet.line.to_board
        self.cabinet.line.to_board = self._hear
        self._to_heal: list[Callable[[], None]] = []
        self._pushing: set[asyncio.Task[None]] = set()
        self._doors = {name: self.cabinet.door(*place) for name, place in self.places.items()}
        for name, door in self._doors.items():
            self._watch(name, door)

    def door(self, compartment: str) -> SimDoor:
        return self._doors[compartment]

    def push(self, compartment: str) -> None:
        """Somebody closes a door."""
        task = asyncio.get_running_loop().create_task(self.door(compartment).push_closed(), name="push")
        self._pushing.add(task)
        task.add_done_callback(self._pushing.discard)

    def pulses(self) -> int:
        return sum(door.pulses for door in self._doors.values())

    def force(self, compartment: str) -> None:
        """Somebody has a crowbar."""
        self.door(compartment).force()

    def read_frame(self, nth: int) -> bytes:
        """The question for all doors of the nth board, as any master sends it."""
        return list(self._reads)[nth]

    def push_frame(self) -> bytes:
        """A closed door that its board reports unasked; nothing where boards of the family never do."""
        if self.family not in FIRMWARES:
            return b""
        board = self.cabinet.boards[0]
        return FIRMWARES[self.family]().pushed(board, board.doors[-1]) or b""

    def open_all(self) -> None:
        """The first board obeys a frame that opens every door, wherever it came from."""
        self._to_board(_OPEN_ALL[self.family])

    def at_heal(self, action: Callable[[], None]) -> None:
        """Undo something when everything is mended."""
        self._to_heal.append(action)

    def heal(self) -> None:
        """A technician was here: everything works again."""
        while self._to_heal:
            self._to_heal.pop()()
        for board in self.cabinet.boards:
            board.is_on = board.says_after_unlock = True
        for door in self._doors.values():
            door.free()
            door.is_open_short = door.has_item = False
        self.cabinet.plug_in()

    def _watch(self, name: str, door: SimDoor) -> None:
        before = door.on_change

        def moved(door: SimDoor) -> None:
            self.on_move(name, door.is_open)
            before(door)

        door.on_change = moved

    def _hear(self, octets: bytes) -> None:
        """One request at a time stands on the line, so what comes is one frame, or what a fault made of it."""
        if (name := self.unlock_frames.get(octets)) is not None:
            self.unlocks.append(name)
            self.on_unlock(name)
        elif (board := self._reads.get(octets)) is not None:
            self.on_read(board)
        self._to_board(octets)


def compartments_text(hardware: Hardware, *, without: str | None = None) -> str:
    """The `[locker.boards]` and `[locker.compartments]` of a configuration, perhaps without one."""
    boards = hardware.boards
    lines = [_board(hardware, address) for address in boards]
    lines += [_compartment(name, place, boards) for name, place in hardware.places.items() if name != without]
    return "\n".join(lines)


def _board(hardware: Hardware, address: int) -> str:
    channels = sum(place[0] == address for place in hardware.places.values())
    return (
        f'[locker.boards.b{address}]\nprotocol = "{hardware.family}"\nport = "{hardware.cabinet.port}"\n'
        f"address = {address}\nchannels = {channels}\npoll_ms = {hardware.poll_ms}\n"
    )


def _compartment(name: str, place: Place, boards: Sequence[int]) -> str:
    row, column = boards.index(place[0]), place[1] - 1
    return (
        f'[locker.compartments.{name}]\nboard = "b{place[0]}"\nchannel = {place[1]}\nnumber = "{name[1:]}"\n'
        f"row = {row}\ncolumn = {column}\n"
    )
