"""Simulated Modbus-RTU relay boards: pymodbus' own server on a second pty, so that the slave is not our code.

Ours are only the doors behind its coils and inputs, and what every vendor adds: flash coils from 0x0200 that echo the request.
"""

import asyncio
import os
import struct
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import partial

from pymodbus import FramerType
from pymodbus.constants import ExcCodes
from pymodbus.datastore import ModbusServerContext
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.bit_message import ReadDiscreteInputsRequest, WriteMultipleCoilsRequest, WriteSingleCoilRequest
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from devices.lock_board.modbus import FLASH_ON, FLASH_UNIT_MS, READ_COILS, READ_INPUTS, WRITE_COIL, WRITE_COILS
from devices.lock_board.sim_boards import SimBoard
from devices.serial_port import PtyLine, open_pty

OFF, ON, TOGGLE = 0x0000, 0xFF00, 0x5500
BITS_A_REGISTER = 16

_asked: ContextVar[ModbusPDU] = ContextVar(
    "_asked"
)  # what the server works on: its `action` is not told the whole of it


class SimModbus:
    """All boards of one line. `hear` and `say` are the near end of the wire; the server sits at the far end of a pty."""

    baud = 9600

    def __init__(self, boards: Sequence[SimBoard], say: Callable[[bytes], None]) -> None:
        self._boards: Mapping[int, SimBoard] = {board.address: board for board in boards}
        self._say = say
        self._line: PtyLine | None = None
        self._server: ModbusSerialServer | None = None
        self._unsaid = b""

    async def start(self) -> None:
        line = self._line = open_pty()
        devices = [_device(board) for board in self._boards.values()]
        self._server = ModbusSerialServer(
            devices, framer=FramerType.RTU, port=os.ttyname(line.far_fd), baudrate=self.baud,
            custom_pdu=[_ReadInputs, _WriteCoil, _WriteCoils],
        )  # fmt: skip
        await self._server.serve_forever(background=True)
        asyncio.get_running_loop().add_reader(line.master_fd, self._replied)

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]
        if self._line is not None:
            asyncio.get_running_loop().remove_reader(self._line.master_fd)
            self._line.hang_up()
        self._server = self._line = None

    def hear(self, octets: bytes) -> None:
        """Boards that are off, or not there, are not pymodbus' business: it would answer for them."""
        board = self._boards.get(octets[0]) if octets else None
        if self._line is not None and (board is None or board.is_on):
            os.write(self._line.master_fd, octets)

    def reset(self) -> None:
        self._unsaid = b""

    def _replied(self) -> None:
        if self._line is not None:
            octets = os.read(self._line.master_fd, 4096)
            board = self._boards.get(octets[0]) if octets else None
            if board is not None and board.is_on:
                self._say(octets)


class _ReadInputs(ReadDiscreteInputsRequest):
    async def datastore_update(self, context: ModbusServerContext, device_id: int) -> ModbusPDU:
        _asked.set(self)
        return await super().datastore_update(context, device_id)


class _WriteCoils(WriteMultipleCoilsRequest):
    async def datastore_update(self, context: ModbusServerContext, device_id: int) -> ModbusPDU:
        _asked.set(self)
        return await super().datastore_update(context, device_id)


class _WriteCoil(WriteSingleCoilRequest):
    """Relay boards take more than on and off, and echo what they were sent."""

    value = OFF

    def decode(self, data: bytes) -> None:
        self.address, self.value = struct.unpack(">HH", data[:4])
        self.bits = [self.value != OFF]

    def encode(self) -> bytes:
        return struct.pack(">HH", self.address, self.value)

    async def datastore_update(self, context: ModbusServerContext, device_id: int) -> ModbusPDU:
        _asked.set(self)
        reply = await super().datastore_update(context, device_id)
        return reply if reply.isError() else self


def _device(board: SimBoard) -> SimDevice:
    blank = [False] * (-(-len(board.doors) // BITS_A_REGISTER) * BITS_A_REGISTER)
    coils = [
        SimData(0, values=list(blank), datatype=DataType.BITS),
        SimData(FLASH_ON, values=list(blank), datatype=DataType.BITS),
    ]
    inputs = [SimData(0, values=list(blank), datatype=DataType.BITS)]
    unused = [SimData(0, values=0, datatype=DataType.REGISTERS)]
    return SimDevice(board.address, simdata=(coils, inputs, unused, list(unused)), action=partial(_act, board))


async def _act(
    board: SimBoard, function: int, _start: int, address: int, _registers_asked: int,
    registers: list[int], written: list[int] | list[bool] | None,
) -> ExcCodes | None:  # fmt: skip
    """Called by pymodbus before it reads or writes its own memory; `registers` hold 16 inputs each."""
    if function == READ_INPUTS:
        if address + _asked.get().count > len(board.doors):
            return ExcCodes.ILLEGAL_ADDRESS
        contacts = sum(1 << place for place, shorted in enumerate(board.contacts()) if shorted)
        for place in range(len(registers)):
            registers[place] = contacts >> place * BITS_A_REGISTER & 0xFFFF
    elif function == WRITE_COIL and written is not None:
        return _write_coil(board, address, getattr(_asked.get(), "value", OFF))
    elif function == WRITE_COILS and written is not None:
        if address + len(written) > len(board.doors):
            return ExcCodes.ILLEGAL_ADDRESS
        for door, power in zip(board.doors[address:], written, strict=False):
            door.hold(power=bool(power))
    elif function == READ_COILS:
        relays = sum(1 << place for place, door in enumerate(board.doors) if door.is_held)
        registers[0] = relays & 0xFFFF
    return None


def _write_coil(board: SimBoard, coil: int, value: int) -> ExcCodes | None:
    is_flash = coil >= FLASH_ON
    door = board.door((coil - FLASH_ON if is_flash else coil) + 1)
    if door is None:
        return ExcCodes.ILLEGAL_ADDRESS
    if is_flash:
        return None if door.pulse(value * FLASH_UNIT_MS / 1000) else ExcCodes.DEVICE_BUSY
    door.hold(power=not door.is_held if value == TOGGLE else value == ON)
    return None
