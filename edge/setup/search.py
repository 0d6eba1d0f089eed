"""Looks at every port, camera and sound card and says what hangs on it. Only questions are sent; nothing moves, prints or is kept."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from devices.errors import DeviceError
from devices.lock_board.families import FAMILIES, codec_of
from devices.lock_board.probe import BAUDS, FoundBoard, count_channels, find_boards
from devices.serial_port import Port, PortLost, PortSettings, open_port, serial_ports
from devices.sms.at_probe import find_modem
from edge.doctor.finding import Finding, State, broken
from edge.doctor.holders import Person, holders_of
from edge.doctor.ports import look_at_node, lost
from edge.doctor.rounds import aside
from edge.setup.found import BoardsAt, ClosedAt, Found, ModemAt, OnPort, Place, PrinterAt, SenseAt, SilentAt

AT_ONCE = 4  # ports
PRINTER_BAUDS = (115200, 9600, 38400, 19200)
PRINTER_S = 0.6
SCANNERS = ("scanner", "barcode", "bar_code", "honeywell", "datalogic", "zebra", "symbol", "newland", "opticon")
NODES = Path("/dev/usb")
CONSOLES = Path("/sys/class/tty/console/active")
SMSD = "smsd"
FPS = 10.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for. `ports`, `cameras`: these and no others; empty: all there are. `printers`: besides those on USB."""

    boards: bool
    paper: bool  # printers and scanners
    cameras: bool
    sound: bool
    ports: Sequence[str] = ()
    camera_sources: Sequence[str] = ()
    printers: Sequence[str] = ()


@dataclass(slots=True)
class Search:
    """`progress` hears what is being looked at, whenever that changes."""

    wanted: Wanted
    who: Person
    progress: Callable[[str], None]
    found: Found = field(default_factory=Found)
    _under_way: dict[str, str] = field(default_factory=dict)

    async def run(self) -> None:
        """What is found stands in `found` at once: who is cancelled keeps what there is."""
        places, turns = list(self._places()), asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for place in places:
                group.create_task(self._look(place, turns), name=f"look at {place.name}")
        await self._paper()
        await self._senses()

    async def look_at(self, name: str) -> OnPort:
        """One more port, after the search."""
        return await self._add(Place(name), self._on_port)

    async def look_at_printer(self, name: str) -> OnPort:
        return await self._add(Place(name), self._printer)

    async def _add(self, place: Place, look: Callable[[Place], Awaitable[OnPort]]) -> OnPort:
        self._say(place.name, "what is it")
        try:
            one = await look(place)
        finally:
            self._say(place.name, None)
        self.found.ports.append(one)
        return one

    async def _look(self, place: Place, turns: asyncio.Semaphore) -> None:
        try:
            async with turns:
                self.found.ports.append(await self._on_port(place))
        except asyncio.CancelledError:
            self.found.ports.append(SilentAt(place))  # nobody waited for its end
            raise
        finally:
            self._say(place.name, None)

    def _places(self) -> Iterator[Place]:
        """Those that were named, or all but the machine's own console, where a question would be typed at a login."""
        if self.wanted.ports:
            known = {name: one for one in serial_ports() for name in (one.name, one.device)}
            for name in self.wanted.ports:
                one = known.get(name)
                yield Place(one.name, one.description, one.is_stable) if one else Place(name)
            return
        consoles = _consoles()
        yield from (
            Place(one.name, one.description, one.is_stable) for one in serial_ports() if one.device not in consoles
        )

    async def _on_port(self, place: Place) -> OnPort:
        if not place.name.startswith("tcp://"):
            node = Path(place.name)
            self._say(place.name, "who has it")
            if any(one.name == SMSD for one in await aside(partial(holders_of, node))):
                return ModemAt(place, None)
            if (trouble := await aside(partial(look_at_node, node, self.who))) is not None:
                return ClosedAt(place, _repeated(trouble))
        try:
            return await self._asked(place)
        except PortLost as error:
            return ClosedAt(place, _repeated(lost(error.address, error.why)))
        except DeviceError as error:
            return ClosedAt(place, broken(str(error), "look at its cable, then run this again"))

    async def _asked(self, place: Place) -> OnPort:
        """Modem, printer, lock boards, in the order in which a question meant for another does least harm."""
        is_network = place.name.startswith("tcp://")
        if any(word in f"{place.name} {place.label}".lower() for word in SCANNERS):
            return SilentAt(place, is_likely_scanner=True)
        if not is_network:
            self._say(place.name, "SMS modem")
            if (modem := await find_modem(place.name)) is not None:
                return ModemAt(place, modem)
        if self.wanted.paper and not is_network and (printer := await self._serial_printer(place)) is not None:
            return printer
        boards = await self._boards(place) if self.wanted.boards else ()
        return BoardsAt(place, boards) if boards else SilentAt(place)

    async def _serial_printer(self, place: Place) -> PrinterAt | None:
        for baud in PRINTER_BAUDS:
            self._say(place.name, f"receipt printer at {baud}")
            status = await _printer_status(partial(open_port, place.name, PortSettings(baud)))
            if status is not None:
                return PrinterAt(place, baud, answers=True, status=status)
        return None

    async def _boards(self, place: Place) -> tuple[tuple[FoundBoard, int], ...]:
        """All boards of a line speak one way, so the first that answers says which."""
        for family, baud in _rounds():
            self._say(place.name, f"lock board {family} at {baud}")
            found = [one async for one in find_boards(place.name, [family], [baud])]
            if found:
                self._say(place.name, f"{family}: how many channels")
                return tuple([(one, await count_channels(place.name, one)) for one in found])
        return ()

    async def _paper(self) -> None:
        """Printers on USB, and those that were named."""
        if not self.wanted.paper:
            return
        for name in [*([] if self.wanted.ports else _nodes()), *self.wanted.printers]:
            await self.look_at_printer(name)

    async def _printer(self, place: Place) -> OnPort:
        from devices.printer.node_port import open_node

        is_network = place.name.startswith("tcp://")
        if not is_network and (trouble := await aside(partial(look_at_node, Path(place.name), self.who))) is not None:
            return ClosedAt(place, _repeated(trouble))
        way: Callable[[], Awaitable[Port]] = partial(open_node, Path(place.name))
        if is_network:
            way = partial(open_port, place.name)
        try:
            status = await _printer_status(way)
        except PortLost as error:
            return ClosedAt(place, _repeated(lost(error.address, error.why)))
        if status is None and is_network:
            return ClosedAt(place, broken("does not answer", "see that it is switched on and is an ESC/POS printer, then run this again"))  # fmt: skip
        return PrinterAt(place, None, answers=status is not None, status=status or "")

    async def _senses(self) -> None:
        if self.wanted.cameras and find_spec("cv2") is not None:
            await self._cameras()
        if self.wanted.sound and find_spec("numpy") is not None:
            await self._sound()

    async def _cameras(self) -> None:
        from devices.camera.usb import usb_cameras
        from edge.doctor.camera import look_through

        places = [Place(one) for one in self.wanted.camera_sources] or [
            Place(one.source, one.kind, one.is_stable) for one in usb_cameras()
        ]
        for place in places:
            self._say(place.name, "camera")
            self.found.cameras.append(SenseAt(place, await look_through(place.name, FPS, None, self.who)))
            self._say(place.name, None)

    async def _sound(self) -> None:
        from devices.audio.cards import loudspeakers, microphones
        from edge.doctor.sound import listen, speak

        for one in await aside(microphones):
            self._say(one.name, "microphone")
            finding = await listen(f"alsa:{one.name}")
            self.found.microphones.append(SenseAt(Place(one.name, one.description), finding))
            self._say(one.name, None)
        for one in await aside(loudspeakers):
            self._say(one.name, "loudspeaker")
            finding = await speak(one.name, has_recordings=True)
            self.found.loudspeakers.append(SenseAt(Place(one.name, one.description), finding))
            self._say(one.name, None)

    def _say(self, name: str, what: str | None) -> None:
        if what is None:
            self._under_way.pop(name, None)
        else:
            self._under_way[name] = what
        if self._under_way:
            self.progress("… " + " | ".join(f"{short(one)}: {doing}" for one, doing in self._under_way.items()))


def _consoles() -> set[str]:
    try:
        return {f"/dev/{name}" for name in CONSOLES.read_text(encoding="ascii").split()}
    except OSError:
        return set()


def _nodes() -> list[str]:
    return sorted(map(str, NODES.glob("lp*")))


def short(name: str) -> str:
    """A port's name as it fits into a line."""
    last = name.rsplit("/", 1)[-1]
    return last if len(last) <= 28 else f"{last[:13]}…{last[-14:]}"


def _rounds() -> Iterator[tuple[str, int]]:
    """Every family at its own speed first: that is what nearly all boards have."""
    own = [(family, codec_of(family).baud) for family in FAMILIES]
    yield from own
    yield from ((family, baud) for family in FAMILIES for baud in BAUDS if (family, baud) not in own)


async def _printer_status(way: Callable[[], Awaitable[Port]]) -> str | None:
    """What an ESC/POS printer says of itself, None where nothing answers. Raise PortLost."""
    from devices.printer.driver import NoAnswer, ask_status
    from edge.doctor.desk import verdict_of_printer

    port = await way()
    try:
        status = await ask_status(port, PRINTER_S)
    except NoAnswer:
        return None
    finally:
        await port.close()
    return verdict_of_printer(status).found


def _repeated(trouble: Finding) -> Finding:
    """The doctor speaks of a configuration that is there; here the way on is to run this again."""
    do = (trouble.do or "").partition("; then")[0]
    return Finding(State.BROKEN, trouble.found, f"{do}; then run this again")
