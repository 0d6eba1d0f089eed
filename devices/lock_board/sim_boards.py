"""Simulated boards on one line: they hear everything, answer what is addressed to them, and two with one address at once.

What a family understands is in `sim_firmware.py`.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from devices.lock_board.sim_doors import SimDoor

THINK_S = 0.003  # a board reads, decides and turns its transceiver round
SETTLE_S = 0.04  # a board that tells the door after a pulse looks then
PULSE_S = 0.5
GAP_S = 0.1  # half a request is forgotten after that


@dataclass(slots=True)
class SimBoard:
    """One board. `pushes`: it reports doors unasked, where its family can. `says_after_unlock`: it answers an unlock at all."""

    address: int
    doors: Sequence[SimDoor]
    is_on: bool = True
    pushes: bool = True
    says_after_unlock: bool = True
    pulse_s: float = PULSE_S
    heard: list[bytes] = field(default_factory=list)  # every whole frame addressed to it

    def door(self, channel: int) -> SimDoor | None:
        return self.doors[channel - 1] if 1 <= channel <= len(self.doors) else None

    def contacts(self) -> list[bool]:
        return [door.shorted() for door in self.doors]


Answer = Callable[[], bytes]  # made when it is sent, so that it tells the door of that moment


@dataclass(frozen=True, slots=True)
class Reply:
    answer: Answer
    after_s: float = THINK_S


class Firmware(Protocol):
    """One family's board program. Pure but for the doors it moves."""

    baud: int

    def frame_length(self, octets: bytes) -> int | None:
        """Of the whole frame at the start of `octets`; 0 when none stands here, None when it is not complete."""

    def is_addressed(self, board: SimBoard, frame: bytes) -> bool: ...
    def reply(self, board: SimBoard, frame: bytes) -> Reply | None:
        """Do what the frame says."""

    def pushed(self, board: SimBoard, door: SimDoor) -> bytes | None:
        """What the board says by itself when a door moved."""


class SimBoards:
    """All boards of one line behind one firmware. `say` is where their frames go."""

    def __init__(self, firmware: Firmware, boards: Sequence[SimBoard], say: Callable[[bytes], None]) -> None:
        self._firmware = firmware
        self._boards = boards
        self._say = say
        self._buffer = b""
        self._timers: set[asyncio.TimerHandle] = set()
        self._gap = asyncio.get_running_loop().call_later(0, self._forget)
        for board in boards:
            for door in board.doors:
                door.on_change = self._pusher(board)

    def hear(self, octets: bytes) -> None:
        self._gap.cancel()
        self._buffer += octets
        while self._buffer:
            length = self._firmware.frame_length(self._buffer)
            if length is None:
                self._gap = self._later(GAP_S, self._forget)
                return
            frame, self._buffer = self._buffer[:length], self._buffer[max(length, 1) :]
            if frame:
                self._obey(frame)

    def reset(self) -> None:
        """Power was cut: whatever they were about to say is gone."""
        self._buffer = b""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def _obey(self, frame: bytes) -> None:
        replies: dict[float, list[Answer]] = {}
        for board in self._boards:
            if not board.is_on or not self._firmware.is_addressed(board, frame):
                continue
            board.heard.append(frame)
            reply = self._firmware.reply(board, frame)
            if reply is not None:
                replies.setdefault(reply.after_s, []).append(reply.answer)
        for after_s, answers in replies.items():
            self._later(after_s, _speaker(answers, self._say))

    def _pusher(self, board: SimBoard) -> Callable[[SimDoor], None]:
        def push(door: SimDoor) -> None:
            frame = self._firmware.pushed(board, door) if board.is_on and board.pushes else None
            if frame is not None:
                self._later(THINK_S, _speaker([lambda: frame], self._say))

        return push

    def _forget(self) -> None:
        self._buffer = b""

    def _later(self, after_s: float, action: Callable[[], None]) -> asyncio.TimerHandle:
        def act() -> None:
            self._timers.discard(timer)
            action()

        timer = asyncio.get_running_loop().call_later(after_s, act)
        self._timers.add(timer)
        return timer


def _speaker(answers: Sequence[Answer], say: Callable[[bytes], None]) -> Callable[[], None]:
    """Several at one moment: the line carries the wired AND of them, which may be a whole frame again."""

    def speak() -> None:
        frames = [answer() for answer in answers]
        longest = max(map(len, frames))
        joined = bytearray(b"\xff" * longest)
        for frame in frames:
            for place, octet in enumerate(frame.ljust(longest, b"\xff")):
                joined[place] &= octet
        say(bytes(joined))

    return speak
