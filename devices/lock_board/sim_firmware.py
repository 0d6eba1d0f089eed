"""The programs of simulated boards: frames of a master in, replies out. One class a family; Modbus is pymodbus' own server.

What a board does on "open all" and the like is simulated too, because other people's masters send it.
"""

import asyncio
from collections.abc import Callable, Sequence

from devices.lock_board import kerong, kerong48, wkly, xor8a
from devices.lock_board.sim_boards import SETTLE_S, THINK_S, Firmware, Reply, SimBoard
from devices.lock_board.sim_doors import SimDoor


class Xor8aBoard:
    """A 0x82 query for the firmware stays unanswered: what an answer looks like is not known."""

    baud = 9600

    def frame_length(self, octets: bytes) -> int | None:
        if octets[0] not in set(xor8a.Head):
            return 0
        lengths = {xor8a.Head.UNLOCK: (5, 6), xor8a.Head.UNLOCK_MANY: (6,)}.get(xor8a.Head(octets[0]), (5,))
        for length in lengths:
            if len(octets) >= length and xor8a.Xor8aFrame.from_bytes(octets[:length]) is not None:
                return length
        return None if len(octets) < max(lengths) else 0

    def is_addressed(self, board: SimBoard, frame: bytes) -> bool:
        return frame[1] == board.address

    def reply(self, board: SimBoard, frame: bytes) -> Reply | None:
        match xor8a.Head(frame[0]):
            case xor8a.Head.UNLOCK:
                return self._unlock(board, frame)
            case xor8a.Head.READ:
                return self._read(board, frame[2])
            case xor8a.Head.UNLOCK_MANY:
                mask = int.from_bytes(frame[2:5], "little")
                _pulse_all([door for place, door in enumerate(board.doors) if mask >> place & 1], board.pulse_s)
            case xor8a.Head.HOLD | xor8a.Head.RELEASE:
                door = board.door(frame[2])
                if door is None:
                    return None
                door.hold(power=frame[0] == xor8a.Head.HOLD)
            case xor8a.Head.PUSH:
                return None
        return Reply(lambda: frame)

    def pushed(self, board: SimBoard, door: SimDoor) -> bytes | None:
        return xor8a.door_pushed(board.address, door.channel, shorted=door.shorted()).to_bytes()

    def _unlock(self, board: SimBoard, frame: bytes) -> Reply | None:
        lock = frame[2]
        if lock == xor8a.ALL_LOCKS:
            _pulse_all(board.doors, board.pulse_s)
            return Reply(lambda: frame, SETTLE_S * max(len(board.doors), 1))
        door = board.door(lock)
        if door is None or not door.pulse(float(frame[4]) if len(frame) == 6 else board.pulse_s):
            return None
        if not board.says_after_unlock:
            return None
        return Reply(lambda: xor8a.unlock_reply(board.address, lock, shorted=door.shorted()).to_bytes(), SETTLE_S)

    def _read(self, board: SimBoard, lock: int) -> Reply | None:
        if lock == xor8a.ALL_LOCKS:
            return Reply(lambda: xor8a.doors_reply(board.address, board.contacts()).to_bytes())
        door = board.door(lock)
        if door is None:
            return None
        return Reply(lambda: xor8a.door_reply(board.address, lock, shorted=door.shorted()).to_bytes())


class KerongBoard:
    """CU16: always 16 hooks, whatever is connected. An unlock is answered with a status, or not at all."""

    baud = 19200

    def frame_length(self, octets: bytes) -> int | None:
        if octets[0] != kerong.START or (len(octets) > 2 and octets[2] not in set(kerong.Cmd)):
            return 0
        length = 5 + kerong.DATA_LENGTH[kerong.Cmd(octets[2])] if len(octets) > 2 else 5
        if len(octets) < length:
            return None
        return length if kerong.KerongFrame.from_bytes(octets[:length]) is not None else 0

    def is_addressed(self, board: SimBoard, frame: bytes) -> bool:
        return frame[1] >> 4 == board.address or frame[2] == kerong.Cmd.STATUS_OF_ALL

    def reply(self, board: SimBoard, frame: bytes) -> Reply | None:
        door = board.door((frame[1] & 0x0F) + 1)
        match kerong.Cmd(frame[2]):
            case kerong.Cmd.STATUS:
                return Reply(lambda: self._status(board, kerong.Cmd.STATUS_REPLY))
            case kerong.Cmd.STATUS_OF_ALL:
                return Reply(
                    lambda: self._status(board, kerong.Cmd.STATUS_OF_ALL_REPLY), THINK_S * (1 + 5 * board.address)
                )
            case kerong.Cmd.UNLOCK:
                if door is not None and door.pulse(board.pulse_s) and board.says_after_unlock:
                    return Reply(lambda: self._status(board, kerong.Cmd.STATUS_REPLY), SETTLE_S)
            case kerong.Cmd.UNLOCK_ALL:
                _pulse_all(board.doors, board.pulse_s)
            case kerong.Cmd.DELAYED_UNLOCK:
                if door is not None:
                    asyncio.get_running_loop().call_later(frame[3], door.pulse, board.pulse_s)
            case kerong.Cmd.SET_UNLOCK_TIME:
                return self._set_unlock_time(board, frame)
        return None

    def pushed(self, board: SimBoard, door: SimDoor) -> bytes | None:  # noqa: ARG002 - this family never does
        return None

    def _status(self, board: SimBoard, cmd: kerong.Cmd) -> bytes:
        hooks = board.contacts() + [True] * (kerong.LOCKS - len(board.doors))
        reply = kerong.status_reply(board.address, hooks, [door.has_item for door in board.doors])
        return kerong.KerongFrame(reply.addr, cmd, reply.contents).to_bytes()

    def _set_unlock_time(self, board: SimBoard, frame: bytes) -> Reply:
        units = int.from_bytes(frame[3:5], "big")
        board.pulse_s = units * kerong.UNLOCK_TIME_UNIT_MS / 1000
        return Reply(lambda: kerong.KerongFrame(frame[1], kerong.Cmd.UNLOCK_TIME_REPLY, frame[3:5]).to_bytes())


class Kerong48Board:
    """CU48: refuses a lock that it does not have."""

    baud = 19200

    def frame_length(self, octets: bytes) -> int | None:
        if octets[0] != kerong48.START:
            return 0
        if len(octets) < 6:
            return None
        return 6 if kerong48.Cu48Request.from_bytes(octets[:6]) is not None else 0

    def is_addressed(self, board: SimBoard, frame: bytes) -> bool:
        return frame[1] == board.address

    def reply(self, board: SimBoard, frame: bytes) -> Reply | None:
        if frame[3] == kerong48.QUERY:
            return Reply(lambda: self._doors(board))
        door = board.door(frame[2] + 1)
        is_done = door is not None and door.pulse(board.pulse_s)
        status = kerong48.OK if is_done else kerong48.FAILED
        return Reply(lambda: kerong48.Cu48Reply(board.address, frame[2], status).to_bytes(), SETTLE_S)

    def pushed(self, board: SimBoard, door: SimDoor) -> bytes | None:  # noqa: ARG002 - this family never does
        return None

    def _doors(self, board: SimBoard) -> bytes:
        closed = board.contacts() + [True] * (kerong48.LOCKS - len(board.doors))
        return kerong48.doors_reply(board.address, closed).to_bytes()


class WklyBoard:
    """Says "failed" for a lock that it does not have, and for a door that is still shut after its pulse."""

    baud = 9600

    def frame_length(self, octets: bytes) -> int | None:
        if not wkly.MAGIC.startswith(octets[:4]):
            return 0
        if len(octets) < 5 or len(octets) < octets[4] <= wkly.LONGEST:
            return None
        return octets[4] if wkly.WklyFrame.from_bytes(octets[: octets[4]]) is not None else 0

    def is_addressed(self, board: SimBoard, frame: bytes) -> bool:
        return frame[5] == board.address

    def reply(self, board: SimBoard, frame: bytes) -> Reply | None:
        cmd, contents = wkly.Cmd(frame[6]), frame[7:-1]
        match cmd:
            case wkly.Cmd.OPEN_ONE | wkly.Cmd.READ_ONE:
                return self._one(board, cmd, contents[0]) if len(contents) == 1 else None
            case wkly.Cmd.READ_ALL:
                return Reply(
                    lambda: wkly.doors_reply(board.address, [_door_byte(door) for door in board.doors]).to_bytes()
                )
            case wkly.Cmd.OPEN_ALL:
                _pulse_all(board.doors, board.pulse_s)
            case wkly.Cmd.OPEN_MANY | wkly.Cmd.OPEN_ONE_BY_ONE:
                _pulse_all([door for door in board.doors if door.channel in contents[1:]], board.pulse_s)
            case wkly.Cmd.HOLD | wkly.Cmd.RELEASE:
                for door in board.doors:
                    if door.channel in contents:
                        door.hold(power=cmd is wkly.Cmd.HOLD)
            case wkly.Cmd.DOOR_CHANGED:
                return None
        return Reply(lambda: wkly.status_reply(board.address, cmd).to_bytes(), SETTLE_S)

    def pushed(self, board: SimBoard, door: SimDoor) -> bytes | None:
        return wkly.door_changed(board.address, door.channel, _door_byte(door)).to_bytes()

    def _one(self, board: SimBoard, cmd: wkly.Cmd, channel: int) -> Reply | None:
        door = board.door(channel)
        make = wkly.open_reply if cmd is wkly.Cmd.OPEN_ONE else wkly.door_reply
        if door is None:
            return Reply(lambda: make(board.address, channel, wkly.CLOSED, wkly.FAILED).to_bytes())
        if cmd is wkly.Cmd.READ_ONE:
            return Reply(lambda: make(board.address, channel, _door_byte(door)).to_bytes())
        is_pulsed = door.pulse(board.pulse_s)
        if not board.says_after_unlock:
            return None

        def opened() -> bytes:
            has_moved = _door_byte(door) == wkly.OPEN or door.is_free()
            status = wkly.OK if is_pulsed and has_moved else wkly.FAILED
            return make(board.address, channel, _door_byte(door), status).to_bytes()

        return Reply(opened, SETTLE_S)


FIRMWARES: dict[str, Callable[[], Firmware]] = {
    "xor8a": Xor8aBoard,
    "kerong-cu16": KerongBoard,
    "kerong-cu48": Kerong48Board,
    "wkly": WklyBoard,
}


def _pulse_all(doors: Sequence[SimDoor], pulse_s: float) -> None:
    for door in doors:
        door.pulse(pulse_s)


def _door_byte(door: SimDoor) -> int:
    return wkly.CLOSED if door.shorted() else wkly.OPEN
