"""The demo's cabinet: twelve doors on a KERONG board at a pty, people who push them closed again, and a receipt printer.

`edge.demo_world` opens it; the agent drives it as any other. `edge.demo_locker` is who comes.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from devices.lock_board.sim import Cabinet
from devices.lock_board.sim_doors import SimDoor
from devices.printer.sim import PrinterSim
from edge.setup.toml_text import literal

FAMILY, ADDRESS, DOORS = "kerong-cu16", 0, 12
COLUMNS = 4
FONTS = Path("/usr/share/fonts/truetype/dejavu")  # what Debian's fonts-dejavu-core installs
HURRIED_S, AT_EASE_S = 0.8, 4.0  # how long somebody has a door open: in the short story, and with people looking on
SMALL_ROWS = 2  # the rows from the top; below them is one of large compartments


@dataclass(frozen=True, slots=True)
class DemoCabinet:
    hardware: Cabinet
    printer: PrinterSim | None

    def config_text(self) -> str:
        """The `[locker]` and `[printer]` sections."""
        doors = "".join(_compartment(number) for number in range(1, DOORS + 1))
        printer = f'[printer]\nport = "tcp://127.0.0.1:{self.printer.port}"\n' if self.printer else ""
        return (
            f'[locker]\nname = "Tủ hồ sơ 24/7 (mô phỏng)"\n[locker.boards.tu]\nprotocol = "{FAMILY}"\n'
            f"port = {literal(self.hardware.port)}\naddress = {ADDRESS}\nchannels = {DOORS}\npoll_ms = 200\n{doors}{printer}"
        )


@contextlib.asynccontextmanager
async def open_cabinet(folder: Path, *, is_hurried: bool) -> AsyncIterator[DemoCabinet]:
    """Every door that springs open is closed by somebody after a while; without the fonts there is no printer."""
    async with contextlib.AsyncExitStack() as stack:
        hardware = await stack.enter_async_context(Cabinet(FAMILY, [(ADDRESS, DOORS)], link=folder / "cabinet"))
        has_fonts = await asyncio.to_thread(FONTS.is_dir)
        printer = await stack.enter_async_context(PrinterSim()) if has_fonts else None
        people = _People(HURRIED_S if is_hurried else AT_EASE_S)
        for door in hardware.doors():
            people.stand_at(door)
        yield DemoCabinet(hardware, printer)


class _People:
    """Somebody stands at every door: it springs open after its unlock, and is pushed closed when they are done."""

    def __init__(self, open_s: float) -> None:
        self._open_s = open_s
        self._pushing: set[asyncio.Task[None]] = set()

    def stand_at(self, door: SimDoor) -> None:
        before = door.on_change

        def moved(door: SimDoor) -> None:
            before(door)
            if door.is_open:
                task = asyncio.create_task(self._close(door), name=f"push door {door.channel}")
                self._pushing.add(task)
                task.add_done_callback(self._pushing.discard)

        door.on_change = moved

    async def _close(self, door: SimDoor) -> None:
        await asyncio.sleep(self._open_s)
        await door.push_closed()


def _compartment(number: int) -> str:
    row, column = divmod(number - 1, COLUMNS)
    size = "small" if row < SMALL_ROWS else "large"
    return (
        f'[locker.compartments.n{number:02}]\nboard = "tu"\nchannel = {number}\nnumber = "{number:02}"\nsize = "{size}"\n'
        f"low = {str(row >= SMALL_ROWS).lower()}\nrow = {row}\ncolumn = {column}\n"
    )
