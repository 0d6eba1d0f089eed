"""Joins `edge.locker_ports.Scans` to a scanner of `devices.scanner`, chosen by the configuration."""

from collections.abc import Callable
from functools import partial

from config.peripherals import Scanner
from devices.scanner.driver import ScannerTimes, SerialScanner
from devices.serial_port import PortSettings, PortWhy, open_port
from edge.services.faults import Faults

GARBLED = (
    3  # unreadable scans in a row are no longer a crumpled paper: the scanner is set up wrongly, or its cable is bad
)


class ScannerFeed:
    """`edge.locker_ports.Scans` of one place. What is scanned while no page listens is dropped: it is personal, and stale later."""

    def __init__(self, place: str, scanner: Scanner, faults: Faults, times: ScannerTimes | None = None) -> None:
        self._part = f"scanner/{place}"
        self._faults = faults
        self._listening: list[Callable[[str], None]] = []
        way = partial(open_port, scanner.port, PortSettings(baud=scanner.baud))
        self._scanner = SerialScanner(way, self._hear, self._tell, self._garbled, times)

    async def run(self) -> None:
        await self._scanner.run()

    def subscribe(self, callback: Callable[[str], None]) -> Callable[[], None]:
        self._listening.append(callback)
        return lambda: self._listening.remove(callback)

    def _hear(self, text: str) -> None:
        for callback in tuple(self._listening):
            callback(text)

    async def _garbled(self, in_a_row: int) -> None:
        """Whoever stands there is told, until it is the scanner's fault and not theirs."""
        if in_a_row == 0:
            await self._faults.recovered(self._part)
            return
        if in_a_row == GARBLED:
            await self._faults.fault(self._part, "scanner_garbled")
        if in_a_row <= GARBLED:
            self._hear("")

    async def _tell(self, why: PortWhy | None) -> None:
        if why is None:
            await self._faults.recovered(self._part)
        else:
            await self._faults.fault(self._part, "scanner_lost")
