"""The far ends of the services: a clock that is moved by hand, eyes that are fed, an SMS transport that remembers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta, timezone

from edge.domain.citizen import Box
from edge.domain.level import Level
from edge.ports import (
    CameraChange,
    CameraState,
    Face,
    Reading,
    SmsRefused,
    SmsReply,
    SmsReport,
    SmsUnavailable,
)

ZONE = timezone(timedelta(hours=7))
MORNING = datetime(2026, 11, 21, 8, 0, tzinfo=ZONE)
HERE: Box = (0.4, 0.3, 0.2, 0.3)

CALM = {
    Level.VERY_SATISFIED: 0.03,
    Level.SATISFIED: 0.09,
    Level.NEUTRAL: 0.78,
    Level.DISSATISFIED: 0.08,
    Level.ANGRY: 0.02,
}
DISPLEASED = {Level.NEUTRAL: 0.2, Level.DISSATISFIED: 0.7, Level.ANGRY: 0.1}
FURIOUS = {Level.NEUTRAL: 0.1, Level.DISSATISFIED: 0.15, Level.ANGRY: 0.75}
PLEASED = {Level.VERY_SATISFIED: 0.1, Level.SATISFIED: 0.75, Level.NEUTRAL: 0.15}


class FakeClock:
    """Wall and monotonic time move together, and only when told."""

    def __init__(self, start: datetime = MORNING) -> None:
        self._start = start
        self._passed_s = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed_s)

    def monotonic(self) -> float:
        return 1000.0 + self._passed_s

    def advance(self, seconds: float) -> None:
        self._passed_s += seconds

    def put(self, hours: float) -> None:
        """Put the wall clock forward, or back, as the first answer of a time server does."""
        self._start += timedelta(hours=hours)


class EyesBroken(Exception):
    """What no service expects of its eyes."""


class FakeEyes:
    """`feed` what the next frames show; `EyesBroken` fed is raised in the watcher."""

    def __init__(self) -> None:
        self.fed: asyncio.Queue[Reading | CameraChange | EyesBroken] = asyncio.Queue()

    async def watch(self) -> AsyncIterator[Reading | CameraChange]:
        while True:
            item = await self.fed.get()
            try:
                if isinstance(item, EyesBroken):
                    raise item
                yield item
            finally:
                self.fed.task_done()


class IdempotentPhone:
    """An `SmsPort` that keeps its promise: a ref is handed over once, whoever asks. It outlives the agent in tests."""

    def __init__(self) -> None:
        self.sent: dict[str, tuple[str, str]] = {}  # ref -> (to, text)
        self.asked: list[str] = []
        self.forgotten: list[SmsReport | SmsReply] = []
        self.incoming: asyncio.Queue[SmsReport | SmsReply] = asyncio.Queue()
        self.refuses: set[str] = set()  # numbers
        self.is_down = False
        self.holds_back = False  # takes what it is handed, and sends it later
        self.after_submit: Callable[[], Awaitable[None]] | None = None

    async def submit(self, ref: str, to: str, text: str) -> None:
        self.asked.append(ref)
        if self.is_down:
            raise SmsUnavailable("no modem")
        if to in self.refuses:
            raise SmsRefused("never")
        self.sent.setdefault(ref, (to, text))
        if self.after_submit:
            await self.after_submit()

    async def take_back(self, ref: str) -> bool:
        if self.is_down:
            raise SmsUnavailable("no modem")
        return self.holds_back and self.sent.pop(ref, None) is not None

    async def inbox(self) -> AsyncIterator[SmsReport | SmsReply]:
        while True:
            yield await self.incoming.get()

    async def done(self, item: SmsReport | SmsReply) -> None:
        self.forgotten.append(item)


def face(scores: dict[Level, float] | None, *reasons: str, track: int = 1, box: Box = HERE) -> Face:
    """None: a face that gives no reading."""
    if scores is None:
        return Face(track, box, usable=False, why_not="turned")
    return Face(track, box, usable=True, scores=scores, reasons=reasons)


def live(counter: str) -> CameraChange:
    return CameraChange(counter, CameraState.LIVE)
