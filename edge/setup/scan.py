"""A scanner shows which port it is on by scanning. What it read is looked at by nobody."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TypeAlias

from config.peripherals import Scanner
from devices.scanner.driver import ScannerTimes
from devices.scanner.framer import Framer
from devices.serial_port import Port, PortLost, PortSettings, open_port

BAUD: int = Scanner.model_fields["baud"].default
Scans: TypeAlias = asyncio.Queue[tuple[str, bool]]


@asynccontextmanager
async def scans(names: Collection[str]) -> AsyncIterator[Scans]:
    """Whoever scans from now on: the port, and whether it was readable text."""
    heard: Scans = asyncio.Queue()
    async with AsyncExitStack() as opened:
        for name in names:
            with suppress(PortLost):  # gone since it was found: nothing is heard of it
                port = await open_port(name, PortSettings(BAUD))
                opened.push_async_callback(port.close)
                listening = asyncio.create_task(_listen(name, port, heard), name=f"scans of {name}")
                opened.push_async_callback(_ended, listening)
        yield heard


async def _listen(name: str, port: Port, heard: Scans) -> None:
    framer, pause_s = Framer(), ScannerTimes().pause_s
    while True:
        texts = len([*framer.feed(await port.read())])
        while framer.is_waiting():
            try:
                async with asyncio.timeout(pause_s):
                    texts += len([*framer.feed(await port.read())])
            except TimeoutError:
                texts += len([*framer.pause()])
        heard.put_nowait((name, texts > 0 and framer.rejected == 0))
        framer.rejected = 0


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)  # a port that was pulled is heard of no more
