"""Modbus with other people's code at the far end: pymodbus as slave of our driver, pymodbus and minimalmodbus as masters."""

import asyncio
from pathlib import Path

import minimalmodbus
import pytest
from pymodbus.client import AsyncModbusSerialClient
from pymodbus.exceptions import ModbusIOException

from devices.lock_board.board import BoardWhy, Door, Pulse
from devices.lock_board.modbus import FLASH_ON
from devices.lock_board.sim import Cabinet
from devices.lock_board.sim_line import LineFaults
from tests.devices.lock_board.bench import HASTY, UNPOLLED, bench


async def test_our_driver_and_pymodbus_as_slave(tmp_path: Path) -> None:
    async with bench("modbus", tmp_path, boards=[(1, 8), (7, 16)]) as on:
        on.board("b").authorise(16)
        assert await on.board("b").unlock(16) is Pulse.ANSWERED
        await on.until_door(16, Door.OPEN, "b")
        assert [door.channel for door in on.cabinet.doors() if door.pulses] == [16]


async def test_slave_that_was_never_there_stays_silent(tmp_path: Path) -> None:
    async with bench("modbus", tmp_path, boards=[(1, 8)], timing=HASTY) as on:
        on.cabinet.power_cut(1)
        await on.until_why(BoardWhy.SILENT)


@pytest.mark.parametrize("fault", ["lose_replies", "lose_requests"])
async def test_our_driver_never_pulses_twice_where_a_client_that_retries_does(fault: str, tmp_path: Path) -> None:
    async with bench("modbus", tmp_path, polling=UNPOLLED, timing=HASTY) as on:
        setattr(on.cabinet.line.faults, fault, 1)
        on.board().authorise(2)
        assert await on.board().unlock(2) is Pulse.LOST
        await on.board().read_all()
        assert on.cabinet.door(1, 2).pulses == (1 if fault == "lose_replies" else 0)


async def test_pymodbus_client_retries_a_write_by_itself(tmp_path: Path) -> None:
    """Why its client does not send our unlocks: one lost reply is a second pulse."""
    async with Cabinet("modbus", [(1, 8)], link=tmp_path / "port", faults=LineFaults(lose_replies=1)) as cabinet:
        client = AsyncModbusSerialClient(cabinet.port, baudrate=9600, timeout=0.3)
        assert await client.connect()
        try:
            reply = await client.write_coil(FLASH_ON, value=True, device_id=1)
            assert not reply.isError()
        finally:
            client.close()
        assert cabinet.door(1, 1).pulses == 2


async def test_pymodbus_as_master_drives_the_cabinet(tmp_path: Path) -> None:
    async with Cabinet("modbus", [(1, 8), (2, 16)], link=tmp_path / "port") as cabinet:
        client = AsyncModbusSerialClient(cabinet.port, baudrate=9600, timeout=1, retries=0)
        assert await client.connect()
        try:
            await client.write_coil(FLASH_ON + 11, value=True, device_id=2)
            await cabinet.door(2, 12).wait_open()
            inputs = await client.read_discrete_inputs(0, count=16, device_id=2)
            assert inputs.bits == [channel != 12 for channel in range(1, 17)]
            assert (await client.read_discrete_inputs(0, count=9, device_id=1)).isError()
            with pytest.raises(ModbusIOException):
                await client.read_discrete_inputs(0, count=8, device_id=3)
        finally:
            client.close()
        assert [(door.board, door.channel) for door in cabinet.doors() if door.pulses] == [(2, 12)]


async def test_minimalmodbus_as_master_drives_the_cabinet(tmp_path: Path) -> None:
    async with Cabinet("modbus", [(1, 8)], link=tmp_path / "port") as cabinet:
        closed = await asyncio.to_thread(minimalmodbus_opens, cabinet.port, 3)
        assert closed == [1, 1, 0, 1, 1, 1, 1, 1]
        assert [door.channel for door in cabinet.doors() if door.pulses] == [3]


def minimalmodbus_opens(port: str, channel: int) -> list[int]:
    """Flash, wait until the door shows open, and read all inputs: in a thread, because it blocks."""
    board = minimalmodbus.Instrument(port, 1)
    try:
        assert board.serial is not None
        board.serial.baudrate = 9600
        board.serial.timeout = 1
        board.write_bit(FLASH_ON + channel - 1, 1)
        while board.read_bit(channel - 1, 2):
            pass
        return list(board.read_bits(0, 8, 2))
    finally:
        if board.serial is not None:
            board.serial.close()
