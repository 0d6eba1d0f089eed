"""A device node such as `/dev/usb/lp0` as a `Port`: written until the kernel has everything, read when the printer speaks."""

import asyncio
import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from devices.serial_port import READ_SIZE, PortLost, PortWhy

WRITE_TIMEOUT_S = 20.0  # a printer that is out of paper stops taking bytes
EMPTY_PAUSE_S = 0.05  # usblp passes on empty packets as an empty read
_WHY = {FileNotFoundError: PortWhy.MISSING, PermissionError: PortWhy.DENIED}


async def open_node(path: Path, *, can_read: bool = True) -> "NodePort":
    """Open a node that exists already; a directory entry that is missing is never made. Raise PortLost."""
    flags = (os.O_RDWR if can_read else os.O_WRONLY) | os.O_NONBLOCK | os.O_NOCTTY
    try:
        return NodePort(os.open(path, flags), str(path))
    except OSError as error:
        why = PortWhy.BUSY if error.errno == errno.EBUSY else _WHY.get(type(error), PortWhy.UNUSABLE)
        raise PortLost(str(path), why) from error


class NodePort:
    """One open node. Give it back with `close`."""

    def __init__(self, descriptor: int, address: str) -> None:
        self._descriptor = descriptor
        self._address = address
        self._is_lost = False

    async def read(self) -> bytes:
        loop = asyncio.get_running_loop()
        while True:
            await self._when(loop.add_reader, loop.remove_reader)
            try:
                octets = os.read(self._descriptor, READ_SIZE)
            except BlockingIOError:
                continue
            except OSError as error:
                raise self._lost() from error
            if octets:
                return octets
            await asyncio.sleep(EMPTY_PAUSE_S)

    async def write(self, octets: bytes) -> None:
        loop, left = asyncio.get_running_loop(), memoryview(octets)
        try:
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                while left:
                    await self._when(loop.add_writer, loop.remove_writer)
                    with suppress(BlockingIOError):
                        left = left[os.write(self._descriptor, left) :]
        except (OSError, TimeoutError) as error:
            raise self._lost() from error

    def is_lost(self) -> bool:
        return self._is_lost

    async def close(self) -> None:
        os.close(self._descriptor)

    async def _when(self, add: Callable[..., object], remove: Callable[[int], bool]) -> None:
        """Until the kernel says that the node can be read, or written."""
        is_ready = asyncio.Event()
        try:
            add(self._descriptor, is_ready.set)
        except OSError as error:
            raise self._lost() from error
        try:
            await is_ready.wait()
        finally:
            remove(self._descriptor)

    def _lost(self) -> PortLost:
        self._is_lost = True
        return PortLost(self._address, PortWhy.UNPLUGGED)
