"""The one place that opens a serial port, lists the ports there are, and makes the far end of a simulated one.

Drivers call `open_port` with a stable name or `tcp://host:port`; simulators call `open_pty`; a technician sees `serial_ports`.
"""

import asyncio
import errno
import logging
import os
import socket
import tty
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import serialx

from devices.errors import DeviceError

logging.getLogger("serialx").setLevel(logging.WARNING)  # below, it writes every octet: an identity card that is scanned

OPEN_TIMEOUT_S = 5.0
WRITE_TIMEOUT_S = 2.0  # a frame of 20 bytes takes 21 ms at 9600 baud; who takes longer has stopped reading
CLOSE_TIMEOUT_S = 2.0
READ_SIZE = 4096
BY_ID = Path("/dev/serial/by-id")
BY_PATH = Path("/dev/serial/by-path")
BY_RULE = Path("/dev")  # names that a udev rule made, such as the Raspberry Pi's /dev/serial0
_KEEPALIVE = {  # a converter that lost its power says nothing: found after about 20 s instead of two hours
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE): 1,
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE): 10,
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL): 3,
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT): 3,
}


class PortWhy(StrEnum):
    """Short keys: what is wrong with a port."""

    MISSING = "port_missing"  # no such name, nobody listens there
    DENIED = "port_denied"  # the user may not open it (group dialout)
    BUSY = "port_busy"  # another process holds it
    UNPLUGGED = "port_unplugged"  # it was open and is gone, or has stopped taking bytes
    UNUSABLE = "port_unusable"  # it is there, and cannot be set up as asked


class PortLost(DeviceError):
    """The port cannot be used now: try to open it again, with backoff."""

    def __init__(self, address: str, why: PortWhy) -> None:
        super().__init__(f"{address}: {why}")
        self.address = address
        self.why = why


@dataclass(frozen=True, slots=True)
class PortSettings:
    """How bytes stand on the line. 8 data bits always: no board known uses fewer."""

    baud: int = 9600
    parity: str = "N"
    stop_bits: int = 1


class Port(Protocol):
    """A byte stream, whatever carries it. Every method raises PortLost."""

    async def read(self) -> bytes:
        """At least one byte. A caller that may not wait for ever says so with its own timeout."""

    async def write(self, octets: bytes) -> None: ...
    def is_lost(self) -> bool: ...  # known already, so that surely nothing would leave
    async def close(self) -> None: ...


async def open_port(address: str, settings: PortSettings | None = None) -> Port:
    """Open a serial port by its stable name, or a converter at `tcp://host:port`. Raise PortLost."""
    try:
        async with asyncio.timeout(OPEN_TIMEOUT_S):
            if address.startswith("tcp://"):
                return await _open_tcp(address)
            return await _open_serial(address, settings or PortSettings())
    except (OSError, serialx.SerialException, TimeoutError) as err:
        raise PortLost(address, _why(err)) from err


@dataclass(frozen=True, slots=True)
class SerialPort:
    """One port of this machine. `name` goes into the configuration: it stays when the adapter gets another number."""

    name: str
    device: str
    description: str
    is_stable: bool


def serial_ports(by_id: Path = BY_ID, by_path: Path = BY_PATH, by_rule: Path = BY_RULE) -> tuple[SerialPort, ...]:
    """Every serial port pyserial finds, by-id names before by-path names before device names.

    Of adapters that are sold without a serial number two have one by-id name, and it belongs to either: they go by their sockets.
    """
    from serial.tools import list_ports  # noqa: PLC0415 - only the technician's tools list ports

    ids, paths, others = _links(by_id), _links(by_path), _links(by_rule)
    ports = [(str(Path(port.device).resolve()), port) for port in list_ports.comports()]
    twins = {_make(port) for device, port in ports if device in paths and device not in ids}
    found = []
    for device, port in ports:
        stable = others | ids | paths if _make(port) in twins else others | paths | ids
        found.append(SerialPort(stable.get(device, port.device), port.device, port.description, device in stable))
    return tuple(sorted(found, key=lambda port: (not port.is_stable, port.name)))


@dataclass(frozen=True, slots=True)
class PtyLine:
    """Both ends of a pty. We keep the far end open too, so that a program closing the port does not give us EIO."""

    master_fd: int
    far_fd: int
    link: Path | None

    def hang_up(self) -> None:
        """What pulling the cable does: whoever has the port open reads end of file or EIO, and the name is gone."""
        if self.link is not None and self.link.is_symlink() and str(self.link.readlink()) == os.ttyname(self.far_fd):
            self.link.unlink(missing_ok=True)  # unless another line has taken the name over
        os.close(self.master_fd)
        os.close(self.far_fd)


def open_pty(link: Path | None = None) -> PtyLine:
    """A raw, non-blocking pty; `link` becomes a symbolic link to its far end, replacing an old one in one step."""
    master_fd, far_fd = os.openpty()
    tty.setraw(far_fd)
    os.set_blocking(master_fd, False)
    if link is not None:
        fresh = link.with_name(link.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(far_fd))
        fresh.replace(link)
    return PtyLine(master_fd, far_fd, link)


class _StreamPort:
    """asyncio's reader and writer as a `Port`; end of file and EIO are the same news."""

    def __init__(self, address: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._address = address
        self._reader = reader
        self._writer = writer

    async def read(self) -> bytes:
        try:
            octets = await self._reader.read(READ_SIZE)
        except (OSError, serialx.SerialException) as err:
            raise self._lost() from err
        if not octets:
            raise self._lost()
        return octets

    async def write(self, octets: bytes) -> None:
        try:
            self._writer.write(octets)
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                await self._writer.drain()
        except (OSError, serialx.SerialException, TimeoutError) as err:
            raise self._lost() from err

    def is_lost(self) -> bool:
        return self._writer.is_closing() or self._reader.at_eof() or self._reader.exception() is not None

    async def close(self) -> None:
        self._writer.transport.abort()
        with suppress(OSError, serialx.SerialException, TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._writer.wait_closed()

    def _lost(self) -> PortLost:
        return PortLost(self._address, PortWhy.UNPLUGGED)


async def _open_tcp(address: str) -> Port:
    parts = urlsplit(address)
    if parts.hostname is None or parts.port is None:
        raise PortLost(address, PortWhy.MISSING)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    connection = writer.get_extra_info("socket")
    for (level, option), setting in _KEEPALIVE.items():
        connection.setsockopt(level, option, setting)
    return _StreamPort(address, reader, writer)


async def _open_serial(address: str, settings: PortSettings) -> Port:
    options = _line_options(address, settings)
    reader, writer = await serialx.open_serial_connection(address, settings.baud, exclusive=True, **options)
    return _StreamPort(address, reader, writer)


def _line_options(address: str, settings: PortSettings) -> Mapping[str, Any]:
    """What a pty cannot do is left away here and nowhere else: parity, stop bits, the adapter's latency timer."""
    if str(Path(address).resolve()).startswith("/dev/pts/"):
        return {"low_latency": False}
    return {
        "parity": serialx.Parity(settings.parity),
        "stopbits": serialx.StopBits(settings.stop_bits),
        "low_latency": True,  # an FTDI adapter holds bytes back for 16 ms otherwise
    }


def _why(err: Exception) -> PortWhy:
    if isinstance(err, serialx.SerialException):
        return PortWhy.UNUSABLE
    match getattr(err, "errno", None):
        case errno.EBUSY:
            return PortWhy.BUSY
        case errno.EACCES | errno.EPERM:
            return PortWhy.DENIED
        case errno.ENOTTY | errno.EINVAL:
            return PortWhy.UNUSABLE
    return PortWhy.MISSING


def _links(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        return {}
    return {str(link.resolve()): str(link) for link in sorted(folder.iterdir()) if link.is_symlink()}


def _make(port: Any) -> tuple[object, ...]:
    """What two adapters of one kind have in common; ports of one adapter are told apart by their names."""
    return port.vid, port.pid, port.serial_number
