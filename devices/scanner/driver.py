"""`SerialScanner`: reads one scanner for ever, through unplugging. Called by the agent's adapters. Texts are never logged."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from devices.scanner.framer import Framer
from devices.serial_port import Port, PortLost, PortWhy

SHORTEST = 4  # characters of a code that shows the scanner to be well; fewer come by chance in a burst of rubbish
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ScannerTimes:
    """`pause_s` ends a text that has no suffix. A lost port is tried again after a wait that doubles.

    It is back when it is read, or has held for `steady_s`: a loose contact would else be told, lost and back, for ever.
    """

    pause_s: float = 0.15
    first_wait_s: float = 0.5
    longest_wait_s: float = 15.0
    steady_s: float = 2.0


class SerialScanner:
    """`run` until cancelled. `on_text` hears each scan, `on_state` why the port is lost, or None when it is there again.

    `on_garbled` hears how many scans in a row could not be read, and 0 when one can again.
    """

    def __init__(
        self,
        open_port: Callable[[], Awaitable[Port]],
        on_text: Callable[[str], None],
        on_state: Callable[[PortWhy | None], Awaitable[None]],
        on_garbled: Callable[[int], Awaitable[None]],
        times: ScannerTimes | None = None,
    ) -> None:
        self._open_port = open_port
        self._on_text = on_text
        self._on_state = on_state
        self._on_garbled = on_garbled
        self._garbled = 0
        self._times = times or ScannerTimes()
        self._is_lost = False
        self.is_connected = False
        self.rejected = 0

    async def run(self) -> None:
        wait_s = self._times.first_wait_s
        while True:
            try:
                port = await self._open_port()
            except PortLost as error:
                await self._lose(error.why)
            else:
                if await self._serve(port):
                    wait_s = self._times.first_wait_s
            await asyncio.sleep(wait_s)  # a port that opens and breaks at once must not be tried in a tight loop
            wait_s = min(self._times.longest_wait_s, 2 * wait_s)

    async def _serve(self, port: Port) -> bool:
        """Until the port breaks; whether it was well before."""
        self.is_connected = True
        is_well = False
        try:
            if not self._is_lost:
                await self._find()
            await self._listen(port)
        except PortLost as error:
            is_well = not self._is_lost
            await self._lose(error.why)
        finally:
            self.is_connected = False
            await port.close()
        return is_well

    async def _listen(self, port: Port) -> None:
        framer = Framer()
        while True:
            waiting_s = self._times.pause_s if framer.is_waiting() else None
            octets = await _within(port, self._times.steady_s if self._is_lost else waiting_s)
            if self._is_lost:
                await self._find()
            for text in framer.feed(octets) if octets else framer.pause():
                if len(text) >= SHORTEST:
                    await self._clear()
                self._on_text(text)
            await self._count(framer)

    async def _clear(self) -> None:
        if self._garbled:
            self._garbled = 0
            await self._on_garbled(0)

    async def _count(self, framer: Framer) -> None:
        """Those of one read are one: a burst of rubbish is told, not counted out."""
        if framer.rejected:
            self.rejected += framer.rejected
            framer.rejected = 0
            self._garbled += 1
            _log.warning("scanner: a scan that is too long or no text was dropped")
            await self._on_garbled(self._garbled)

    async def _lose(self, why: PortWhy) -> None:
        if not self._is_lost:
            self._is_lost = True
            _log.warning("scanner lost: %s", why)
        await self._on_state(why)

    async def _find(self) -> None:
        if self._is_lost:
            self._is_lost = False
            _log.info("scanner is back")
        await self._on_state(None)


async def _within(port: Port, wait_s: float | None) -> bytes:
    """What comes in time; nothing when nothing came, which is asked once more: it may be the loop that was late."""
    for patience_s in (wait_s, 0):
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                return await port.read()
    return b""
