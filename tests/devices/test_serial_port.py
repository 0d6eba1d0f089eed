"""One way to open a port: what is wrong with it is a value, both ends of a pulled cable are the same news."""

import asyncio
import gc
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from devices.serial_port import PortLost, PortSettings, PortWhy, open_port, open_pty, serial_ports


async def test_bytes_go_both_ways(tmp_path: Path) -> None:
    line = open_pty(tmp_path / "port")
    port = await open_port(str(tmp_path / "port"), PortSettings(19200, "E", 2))
    await port.write(b"\x8a\x01\x03\x11\x00\xff\x1a\x0d")  # what a terminal would chew on
    assert os.read(line.master_fd, 100) == b"\x8a\x01\x03\x11\x00\xff\x1a\x0d"
    os.write(line.master_fd, b"\x03\x11\x13\x0a")
    assert await port.read() == b"\x03\x11\x13\x0a"
    await port.close()
    line.hang_up()


async def test_pulled_cable_is_lost_for_reader_and_writer(tmp_path: Path) -> None:
    line = open_pty(tmp_path / "port")
    port = await open_port(str(tmp_path / "port"))
    reading = asyncio.create_task(port.read())
    await asyncio.sleep(0)
    line.hang_up()
    with pytest.raises(PortLost) as lost:
        await reading
    assert lost.value.why is PortWhy.UNPLUGGED
    assert port.is_lost()
    with pytest.raises(PortLost):
        await port.write(b"\x00")
    await port.close()


async def test_name_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PortLost) as lost:
        await open_port(str(tmp_path / "none"))
    assert lost.value.why is PortWhy.MISSING


async def test_file_that_is_no_port(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a port")
    with pytest.raises(PortLost) as lost:
        await open_port(str(tmp_path / "file"))
    assert lost.value.why is PortWhy.UNUSABLE


async def test_second_program_is_told_that_the_port_is_busy(tmp_path: Path) -> None:
    line = open_pty(tmp_path / "port")
    first = await open_port(str(tmp_path / "port"))
    with pytest.raises(PortLost) as lost:
        await open_port(str(tmp_path / "port"))
    assert lost.value.why is PortWhy.BUSY
    gc.collect()  # a descriptor left open by the refused one would warn here
    await first.close()
    again = await open_port(str(tmp_path / "port"))
    await again.close()
    line.hang_up()


async def test_address_of_a_converter_without_a_port_number() -> None:
    with pytest.raises(PortLost) as lost:
        await open_port("tcp://converter")
    assert lost.value.why is PortWhy.MISSING


def test_ports_are_offered_by_the_name_that_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    devices = [tmp_path / "ttyUSB0", tmp_path / "ttyUSB1", tmp_path / "ttyS0"]
    for device in devices:
        device.touch()
    by_id, by_path = tmp_path / "by-id", tmp_path / "by-path"
    by_id.mkdir()
    by_path.mkdir()
    (by_id / "usb-FTDI-A1").symlink_to(devices[1])
    (by_path / "pci-2").symlink_to(devices[1])
    (by_path / "pci-1").symlink_to(devices[0])
    found = [_listed(device, serial_number=device.name) for device in devices]
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: found)
    ports = serial_ports(by_id, by_path, tmp_path / "none")
    assert [port.name for port in ports] == [str(by_id / "usb-FTDI-A1"), str(by_path / "pci-1"), str(devices[2])]
    assert [port.is_stable for port in ports] == [True, True, False]


def test_twins_without_a_serial_number_go_by_their_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """udev gives the name of two such adapters to one of them, whichever it saw last."""
    devices = [tmp_path / f"ttyUSB{number}" for number in range(3)]
    for folder in ("by-id", "by-path", "rule"):
        (tmp_path / folder).mkdir()
    for number, device in enumerate(devices):
        device.touch()
        (tmp_path / "by-path" / f"socket-{number}").symlink_to(device)
    (tmp_path / "by-id" / "usb-CH340").symlink_to(devices[1])
    (tmp_path / "by-id" / "usb-FTDI-A1").symlink_to(devices[2])
    found = [_listed(device) for device in devices[:2]] + [_listed(devices[2], serial_number="A1")]
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: found)
    names = {Path(port.device).name: Path(port.name).name for port in serial_ports(tmp_path / "by-id", tmp_path / "by-path", tmp_path / "rule")}  # fmt: skip
    assert names == {"ttyUSB0": "socket-0", "ttyUSB1": "socket-1", "ttyUSB2": "usb-FTDI-A1"}


def test_a_boards_own_port_goes_by_the_name_a_rule_gave_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "ttyAMA0"
    device.touch()
    (tmp_path / "serial0").symlink_to(device)
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [_listed(device)])
    (port,) = serial_ports(tmp_path / "none", tmp_path / "none", tmp_path)
    assert (port.name, port.is_stable) == (str(tmp_path / "serial0"), True)


def _listed(device: Path, serial_number: str | None = None) -> SimpleNamespace:
    return SimpleNamespace(
        device=str(device), description="adapter", vid=0x1A86, pid=0x7523, serial_number=serial_number
    )
