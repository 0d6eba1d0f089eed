"""What goes wrong with the disk, the clock and the configuration. For `edge.soak.failures`."""

import asyncio
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from edge.soak.failures import failure
from edge.soak.promises import Promise
from edge.soak.stage import Stage, is_done
from sync.errors import JournalError, JournalFull, JournalUnusable
from sync.events import Payload
from sync.journal import Journal
from sync.schema import JOURNAL_FILE

NO_DISK_PULSES = "a door was pulsed while the disk took nothing"


async def set_pragma(stage: Stage, pragma: str) -> None:
    """On the journal's own writing connection; what it refuses to write afterwards is this campaign's point.

    A transaction that a full disk ends before this change has its turn is none: then it is asked again.
    """
    is_set = asyncio.Event()
    loop = asyncio.get_running_loop()

    def change(connection: sqlite3.Connection) -> Sequence[Payload]:
        connection.execute(pragma)
        loop.call_soon_threadsafe(is_set.set)
        return ()

    while not is_set.is_set():
        with suppress(JournalFull, JournalUnusable):
            await stage.station.journal.transact(change)


@failure("disk full")
async def full(stage: Stage) -> None:
    """It may fill up in the middle of an opening: what was not written is not told, and what was told is written."""
    paper = await stage.waiting()
    await set_pragma(stage, "PRAGMA max_page_count = 1")  # as many as there are, and no more
    mending = asyncio.create_task(_mended_soon(stage), name="mender")
    await stage.pick_up(paper)
    await stage.town.load(stage.desk)
    await mending
    await stage.until_trusted()
    await stage.code_still_opens(paper)


async def _mended_soon(stage: Stage) -> None:
    await asyncio.sleep(stage.chance.uniform(0.5, 3.0))
    await set_pragma(stage, "PRAGMA max_page_count = 1000000")


@failure("disk read-only")
async def read_only(stage: Stage) -> None:
    """Nothing opens at all; after it is mended (which takes a restart) everything goes on and the codes still open."""
    paper = await stage.waiting()
    await set_pragma(stage, "PRAGMA query_only = 1")
    pulses = stage.hardware.pulses()
    said = await stage.pick_up(paper)
    loaded = await stage.town.load(stage.desk)
    stage.hold(Promise.NOT_SUCCESS, not is_done(said) and not is_done(loaded), "done without a disk")
    stage.hold(Promise.AUTHORISED, stage.hardware.pulses() == pulses, NO_DISK_PULSES)
    await stage.restart()
    await stage.code_still_opens(paper)


@failure("journal torn")
async def torn(stage: Stage) -> None:
    """A copy with a page of rubbish is refused, or holds what was there: it never opens anything by itself."""
    await stage.waiting()
    await stage.stop()
    copy = stage.folder / "torn"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(stage.site.data, copy)
    file = copy / JOURNAL_FILE
    octets = bytearray(file.read_bytes())
    place = stage.chance.randrange(0, max(1, len(octets) - 4096))
    octets[place : place + 4096] = stage.chance.randbytes(4096)
    file.write_bytes(octets)
    stage.hold(Promise.JOURNAL, await _is_noticed(stage), "a page of rubbish in the journal was not noticed")
    await stage.start()


async def _is_noticed(stage: Stage) -> bool:
    """Refused when opened, or named by verify; or the page held nothing any more."""
    from sync.verify import verify  # noqa: PLC0415 - only here

    copy, original = stage.folder / "torn", stage.site.data
    if not verify(copy).ok:
        return True
    try:
        async with await Journal.open(copy, site="soak", device=stage.site.family):
            return verify(copy).events >= verify(original).events
    except JournalError:
        return True


@failure("clock jumps ahead")
async def ahead(stage: Stage) -> None:
    await _with_clock(stage, timedelta(hours=stage.chance.uniform(1, 48)))


@failure("clock jumps back")
async def back(stage: Stage) -> None:
    await _with_clock(stage, -timedelta(hours=stage.chance.uniform(1, 48)))


@failure("clock dead: 1970 after a restart")
async def dead(stage: Stage) -> None:
    paper = await stage.waiting()
    await stage.stop()
    stage.clock.off = -timedelta(days=56 * 365)
    await stage.start()
    await stage.code_still_opens(paper)
    stage.clock.off = timedelta(0)


async def _with_clock(stage: Stage, off: timedelta) -> None:
    """A code neither opens because of it, nor is it silently cancelled."""
    paper = await stage.waiting()
    stage.clock.off = off
    await stage.code_still_opens(paper)
    stage.clock.off = timedelta(0)


@failure("compartment taken out of the configuration while it holds a result")
async def reconfigured(stage: Stage) -> None:
    """Without it nothing of it opens; with it again, its code does."""
    paper = await stage.waiting()
    compartment = stage.town.where_is(paper)
    await stage.stop()
    stage.site.write_config(without=compartment)
    await stage.start(is_whole=False)
    pulses = stage.hardware.door(compartment).pulses
    said = await stage.pick_up(paper)
    stage.hold(Promise.NOT_SUCCESS, not is_done(said), "done at a compartment that is not there")
    stage.hold(Promise.ONCE, stage.hardware.door(compartment).pulses == pulses, "it was pulsed")
    await stage.stop()
    stage.site.write_config()
    await stage.start()
    await stage.code_still_opens(paper)


@failure("agent restarted in order while a door is open")
async def restarted(stage: Stage) -> None:
    paper = await stage.waiting()
    stage.town.hands.is_careless = True
    pulses = stage.hardware.pulses()
    await stage.pick_up_and_leave(paper)
    await stage.restart()
    stage.hold(Promise.ONCE, stage.hardware.pulses() == pulses + 1, "pulsed again after a restart")
    await stage.code_still_opens(paper)
