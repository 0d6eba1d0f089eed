"""A guide in a made-up hall: the real service over the made-up queue; ears, mouth, scanner and city say what a test lets them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path

from config.load import load
from config.schema import Config
from edge.adapters.guide_setup import guide_hall, guide_house
from edge.adapters.guide_text import GuideSentences
from edge.domain.dialogue_terms import Intent, Unheard
from edge.domain.dossier import DossierCode
from edge.domain.dossier_status import DossierAnswer, DossierRecord, DossierStatus, DossierStep, Found, NotFound, Source
from edge.ports import Clock
from edge.services.faults import Faults
from edge.services.guide import GuideService
from edge.services.hearing import HearingService
from edge.voice_ports import (
    EarsChange,
    EarsState,
    Expecting,
    HeardItem,
    Listening,
    TraceItem,
    Utterance,
    Wish,
)
from tests.edge.sentences import strings
from tests.edge.services.memory_ledger import MemoryLedger
from tests.edge.web.morning import MORNING
from tests.edge.web.queue_fakes import FakeQueue

PROFILE = Path(__file__).parents[3] / "config" / "profiles" / "guide.toml"
READY, UNDERWAY, LATE = "H29.19-261124-0012", "H29.19-261126-0031", "H29.19-261102-0007"
_KNOWN = {
    READY: (DossierStatus.READY, None, None),
    UNDERWAY: (DossierStatus.IN_PROGRESS, DossierStep.VERIFICATION, 12),
    LATE: (DossierStatus.IN_PROGRESS, DossierStep.SIGNING, -3),
}


class FakeDirectory:
    """`is_offline`: answers as after a sync. After `hold` nothing comes until `go_on`."""

    def __init__(self) -> None:
        self.is_offline = False
        self.asked: list[DossierCode] = []
        self._open = asyncio.Event()
        self._open.set()

    def hold(self) -> None:
        self._open.clear()

    def go_on(self) -> None:
        self._open.set()

    async def look_up(self, code: DossierCode) -> DossierAnswer:
        self.asked.append(code)
        await self._open.wait()
        known = _KNOWN.get(str(code))
        if known is None:
            return NotFound.NO_ANSWER if self.is_offline else NotFound.UNKNOWN
        status, step, days = known
        promised = None if days is None else (MORNING + timedelta(days=days)).date()
        as_of = MORNING - (timedelta(hours=17) if self.is_offline else timedelta(minutes=1))
        record = DossierRecord(code, status, as_of, step, promised)
        return Found(record, Source.LAST_SYNC if self.is_offline else Source.CITY)

    def codes(self) -> tuple[str, ...]:
        return tuple(_KNOWN)


class FakeScans:
    def __init__(self) -> None:
        self._listening: list[Callable[[str], None]] = []

    def subscribe(self, callback: Callable[[str], None]) -> Callable[[], None]:
        self._listening.append(callback)
        return lambda: self._listening.remove(callback)

    def scan(self, text: str) -> None:
        for callback in tuple(self._listening):
            callback(text)


class FakeEars:
    """`hear` is what a person said, as the worker would understand it."""

    def __init__(self) -> None:
        self._items: asyncio.Queue[HeardItem] = asyncio.Queue()
        self.engine = "whisper"
        self.lookers: set[asyncio.Queue[TraceItem]] = set()
        self.told: list[tuple[Listening, Expecting, tuple[str, ...]]] = []
        self.be(EarsState.LISTENING)

    async def watch(self) -> AsyncIterator[HeardItem]:
        while True:
            yield await self._items.get()

    async def trace(self) -> AsyncGenerator[TraceItem, None]:
        items: asyncio.Queue[TraceItem] = asyncio.Queue()
        items.put_nowait(EarsChange(EarsState.LISTENING))
        self.lookers.add(items)
        try:
            while True:
                yield await items.get()
        finally:
            self.lookers.discard(items)

    def show(self, *items: TraceItem) -> None:
        """To whoever looks."""
        for looker in self.lookers:
            for item in items:
                looker.put_nowait(item)

    async def attend(
        self, listening: Listening, expecting: Expecting = Expecting.ANYTHING, codes: Sequence[str] = (), *,
        is_watched: bool = False,
    ) -> None:  # fmt: skip
        self.told.append((listening, expecting, tuple(codes)))

    def be(self, state: EarsState) -> None:
        self._items.put_nowait(EarsChange(state))

    def hear(
        self, *wishes: Wish, is_sure: bool = True, code_said: str | None = None, unheard: Unheard | None = None
    ) -> None:
        best = wishes[0] if wishes and is_sure else None
        self._items.put_nowait(Utterance(best, () if best else wishes, code_said, 0.0, 0.4, unheard))


class FakeMouth:
    """Says at once, or keeps saying until `stop`. With `fails_with` it does so instead."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.kept: list[str] = []
        self.is_long_winded = False
        self.fails_with: Exception | None = None
        self._stopped = asyncio.Event()

    async def say(self, text: str, *, is_kept: bool = True) -> bool:
        self.said.append(text)
        self.kept += [text] if is_kept else []
        self._stopped.clear()
        if self.fails_with is not None:
            raise self.fails_with
        if self.is_long_winded:
            await self._stopped.wait()
            return False
        return True

    async def stop(self) -> None:
        self._stopped.set()

    async def rendered(self, text: str, *, is_kept: bool = True) -> bytes | None:
        return None


def wish(
    asked: str, procedure: str | None = None, day: str | None = None, code: str | None = None, place: str | None = None
) -> Wish:
    return Wish(Intent(asked), 0.9, "", procedure, day, code, place)


class FakeGuide:
    """`desk` is real; `run` it where time and ears matter."""

    def __init__(self, clock: Clock, queue: FakeQueue) -> None:
        self.config = profile()
        assert self.config.guide is not None
        self.ledger = MemoryLedger(clock.now)
        self.directory, self.scanner, self.ears, self.mouth = FakeDirectory(), FakeScans(), FakeEars(), FakeMouth()
        hall = guide_hall(self.config, self.config.guide)
        house = guide_house(self.config, self.config.guide, hall)
        self.desk = GuideService(
            "huong-dan", hall, house, GuideSentences(strings(), hall), ledger=self.ledger, clock=clock,
            queue=queue.desk, directory=self.directory, faults=Faults(self.ledger, clock), ears=self.ears, mouth=self.mouth, scans=self.scanner,
        )  # fmt: skip
        self.hearing = HearingService(self.ears, "huong-dan", 0.5, self.desk.overheard)

    @property
    def subscribers(self) -> int:
        return len(self.desk._subscribers) + len(self.hearing._lookers)


@cache
def profile() -> Config:
    return load(PROFILE)
