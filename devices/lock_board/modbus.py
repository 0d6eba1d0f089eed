"""Modbus-RTU relay and input boards (Waveshare and many more): the only strong checksum. pymodbus frames and checks it.

A lock is only ever *flashed on*: coil 0x0200 + n with n x 100 ms, so that no crash between on and off leaves it powered.
Doors are discrete inputs (function 02). Such boards never speak unasked.
"""

import struct
from typing import ClassVar

from pymodbus.framer.rtu import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.bit_message import ReadDiscreteInputsRequest

from devices.lock_board.codec import (
    Ask,
    BadChannel,
    Command,
    DoorsReply,
    Heard,
    Parsed,
    Refused,
    Request,
    Scan,
    UnlockReply,
    bits,
    check_channel,
    matching,
)

READ_COILS, READ_INPUTS, WRITE_COIL, WRITE_COILS = 1, 2, 5, 15
ON = 0xFF00
FLASH_ON = 0x0200  # first coil of the flashing ones
FLASH_UNIT_MS = 100
FLASH_MS = 700
LONGEST_FLASH_MS = 9_000  # the register takes 0x7FFF, a lock does not
EXCEPTION = 0x80
EXCEPTIONS = {1: "function", 2: "channel", 3: "value", 4: "device", 6: "busy"}

_framer = FramerRTU(DecodePDU(False))  # noqa: FBT003 - pymodbus' own signature: decodes as a client


class ModbusCodec:
    """Always asks for all inputs with one and the same frame, because a reply does not say which ones it shows."""

    name: ClassVar[str] = "modbus"
    baud: ClassVar[int] = 9600
    boards: ClassVar[range] = range(1, 248)
    most_channels: ClassVar[int] = 64
    pushes: ClassVar[bool] = False
    answers_unlock: ClassVar[bool] = True

    def unlock(self, board: int, channel: int, pulse_ms: int | None = None) -> Request:
        check_channel(self, board, channel)
        return Request(Ask.UNLOCK, board, channel, flash_on(board, channel, pulse_ms or FLASH_MS), 0)

    def read_one(self, board: int, channel: int, channels: int) -> Request:
        check_channel(self, board, channel)
        return self.read_all(board, channels)

    def read_all(self, board: int, channels: int) -> Request:
        check_channel(self, board, channels)
        pdu = ReadDiscreteInputsRequest(dev_id=board, address=0, count=channels)
        return Request(Ask.READ_ALL, board, 0, _framer.buildFrame(pdu), channels)

    def set_pulse(self, board: int, pulse_ms: int) -> Request | None:  # noqa: ARG002 - each flash carries its own
        return None

    def parse(self, octets: bytes, expecting: Request | None) -> Parsed:
        """Our echo is looked for first: a request and a reply of function 02 differ in nothing but their length."""
        if expecting is not None and expecting.ask is Ask.READ_ALL and octets.startswith(expecting.frame):
            return len(expecting.frame), Command(expecting.board, 0, "read_inputs")
        if octets[0] not in self.boards or (len(octets) > 1 and octets[1] not in _FUNCTIONS):
            return Scan.NOT_HERE
        if len(octets) < 3:
            return Scan.INCOMPLETE
        for length in _lengths(octets):
            if len(octets) >= length and is_whole(octets[:length]):
                return length, _meaning(octets[: length - 2])
        return Scan.INCOMPLETE if len(octets) < max(_lengths(octets)) else Scan.NOT_HERE

    def answer(self, request: Request, heard: Heard) -> Heard | None:
        """A reading of another number of inputs belongs to somebody else's question."""
        if isinstance(heard, DoorsReply) and len(heard.shorted) != (request.channels + 7) // 8 * 8:
            return None
        return matching(request, heard)


def framed(board: int, function: int, contents: bytes) -> bytes:
    """Any frame of the protocol."""
    return _framer.encode(bytes([function]) + contents, board, 0)


def is_whole(octets: bytes) -> bool:
    """Is the CRC right?"""
    return FramerRTU.check_CRC(octets[:-2], int.from_bytes(octets[-2:], "big"))


def flash_on(board: int, channel: int, pulse_ms: int) -> bytes:
    """`channel` from 1. Raise BadChannel for a pulse that is no multiple of 100 ms, or too long for a lock."""
    if pulse_ms % FLASH_UNIT_MS or not FLASH_UNIT_MS <= pulse_ms <= LONGEST_FLASH_MS:
        msg = f"modbus: {pulse_ms} ms is not a multiple of {FLASH_UNIT_MS} up to {LONGEST_FLASH_MS}"
        raise BadChannel(msg)
    return framed(board, WRITE_COIL, struct.pack(">HH", FLASH_ON + channel - 1, pulse_ms // FLASH_UNIT_MS))


_FUNCTIONS = frozenset(
    {READ_COILS, READ_INPUTS, WRITE_COIL, WRITE_COILS}
    | {code | EXCEPTION for code in (READ_COILS, READ_INPUTS, WRITE_COIL, WRITE_COILS)}
)
_ASKS = {WRITE_COIL: Ask.UNLOCK, READ_INPUTS: Ask.READ_ALL}


def _lengths(octets: bytes) -> tuple[int, ...]:
    """Which lengths a frame that begins so can have, a reply before a request."""
    function = octets[1]
    if function & EXCEPTION:
        return (5,)
    if function in {READ_COILS, READ_INPUTS}:
        return 5 + octets[2], 8
    if function == WRITE_COILS:
        return 8, (9 + octets[6] if len(octets) > 6 else 10)
    return (8,)


def _meaning(octets: bytes) -> Heard:
    """Of a frame without its CRC."""
    board, function, contents = octets[0], octets[1], octets[2:]
    if function & EXCEPTION:
        return Refused(board, 0, EXCEPTIONS.get(contents[0], "unknown"), _ASKS.get(function & ~EXCEPTION))
    if function == READ_INPUTS and contents[0] == len(contents) - 1:
        return DoorsReply(board, bits(contents[1:]))
    if function == WRITE_COIL:
        coil, _ = struct.unpack(">HH", contents)
        if FLASH_ON <= coil < FLASH_ON + ModbusCodec.most_channels:
            return UnlockReply(board, coil - FLASH_ON + 1, True, None)  # noqa: FBT003 - fields of a value
    names = {READ_COILS: "read_coils", READ_INPUTS: "read_inputs", WRITE_COIL: "write_coil", WRITE_COILS: "write_coils"}
    return Command(board, 0, names[function])
