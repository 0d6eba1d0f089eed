"""The guide of one screen: conversation, queue desk, directory, ears and mouth joined. `edge.guide_ports.GuideDesk`.

One event at a time goes through `edge.domain.dialogue.step`; what it asks for is done here. Nothing of a visitor is held but in
the state and in what the desks answered, and both go together.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from edge.domain import dialogue
from edge.domain.consent import ChosenName
from edge.domain.dialogue_events import (
    Action,
    Came,
    Challenged,
    CodeGiven,
    Coming,
    Event,
    Feedback,
    Forget,
    Hush,
    Issue,
    Issued,
    Language,
    Left,
    Looked,
    LookUp,
    Meant,
    Note,
    NotIssued,
    NotPrinted,
    Recognised,
    Say,
    Tick,
    Touched,
    Unanswered,
)
from edge.domain.dialogue_state import House, State
from edge.domain.dialogue_terms import By, Meaning, Stage
from edge.domain.naming import SittingTask
from edge.guide_ports import Directory, GuideText, GuideView, Hall, PersonCall, Scene
from edge.locker_ports import Scans
from edge.ports import Clock, Ledger
from edge.queue_ports import Declined, Printing, QueueDesk, Slip
from edge.services.faults import Faults
from edge.services.guide_voice import GuideVoice
from edge.services.kept import kept_or_told
from edge.voice_ports import Ears, Mouth
from sync.events import FeedbackGiven, GuideAsked

log = logging.getLogger(__name__)

SHOWN = frozenset({Stage.TICKET, Stage.NO_TICKET})  # stages that show what the queue desk answered
NOT_OUT = frozenset({Printing.FAILED, Printing.UNKNOWN})
SCAN_AT_MOST = 400  # characters; an identity card's QR is shorter
Subscriber = Callable[[GuideView], None]


class GuideService:
    """`run` belongs to the supervisor: time passes and ears are heard only while it runs; buttons work without it."""

    def __init__(
        self, place: str, hall: Hall, house: House, text: GuideText, *, ledger: Ledger, clock: Clock, queue: QueueDesk,
        directory: Directory, faults: Faults, ears: Ears | None = None, mouth: Mouth | None = None, scans: Scans | None = None,
    ) -> None:  # fmt: skip
        self.place, self.text = place, text
        self._hall, self._house = hall, house
        self._ledger, self._clock, self._queue, self._directory = ledger, clock, queue, directory
        self._scans = scans
        self._voice = GuideVoice(ears, mouth, self._heard, self._announce, faults=faults, part=f"ears/{place}")
        self._state = State(house.lang)
        self._slip: Slip | None = None
        self._printing: Printing | None = None
        self._declined: Declined | None = None
        self._subtitle = ""
        self._is_overheard = False
        self._called: datetime | None = None
        self._one_at_a_time = asyncio.Lock()
        self._moved = asyncio.Event()
        self._jobs: set[asyncio.Task[None]] = set()
        self._subscribers: list[Subscriber] = []

    # --- as pages see it ---

    @property
    def has_scanner(self) -> bool:
        return self._scans is not None

    def hall(self) -> Hall:
        return self._hall

    def view(self) -> GuideView:
        scene = Scene(self._state, self._clock.now(), self._slip, self._printing, self._declined)
        return GuideView(scene, self._subtitle, self._voice.heard, self._voice.is_speaking, self._is_overheard)

    def overheard(self, is_overheard: bool) -> None:  # noqa: FBT001 - the fact is the argument
        """A technician looks at what is heard, or no longer does: whoever stands here is told."""
        self._is_overheard = is_overheard
        self._announce()

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._subscribers.remove(callback)

        return unsubscribe

    async def press(self, meaning: Meaning) -> None:
        await self.happened(Meant(meaning))

    async def type_code(self, text: str) -> None:
        await self.happened(CodeGiven(text, By.TOUCH))

    async def touch(self) -> None:
        await self.happened(Touched())

    async def speak_in(self, lang: str) -> None:
        await self.happened(Language(lang))

    def call(self) -> PersonCall | None:
        called = self._called
        return None if called is None else PersonCall(self.place, called, self._state.is_coming)

    async def come(self) -> None:
        await self.happened(Coming())

    def time_left_s(self) -> float | None:
        is_last = self._state.is_warned and self._state.stage is not Stage.AWAY
        return max(0.0, self._state.until - self._clock.monotonic()) if is_last else None

    # --- as cameras and ears see it ---

    async def see(self, *, is_somebody_there: bool) -> None:
        """The camera's word, at every change."""
        await self.happened(Came() if is_somebody_there else Left())

    @property
    def is_greeting(self) -> bool:
        return dialogue.is_greeting(self._state)

    async def greet(self, name: ChosenName) -> None:
        """Who came is somebody who agreed to be greeted; nothing is opened or shown for it."""
        await self.happened(Recognised(name))

    async def challenge(self, task: SittingTask, *, is_first: bool) -> None:
        """Who came shows by doing this that it is they; whoever rather presses a button just does."""
        await self.happened(Challenged(task, is_first))

    async def unanswered(self) -> None:
        await self.happened(Unanswered())

    async def happened(self, event: Event) -> None:
        """One event, to its end. Pages see the new stage before anything slow begins; thanks are said for what is on the disk."""
        async with self._one_at_a_time:
            before = self._state
            after, actions = dialogue.step(before, event, self._clock.monotonic(), self._house)
            if after is before and not actions:
                return
            await self._record_feedback(actions)
            self._state = after
            self._keep_with_the_stage()
            self._word(before, actions)
            self._announce()
            for action in actions:
                await self._do(action)
            await self._voice.attend(self._state, self._directory.codes())
            await self._record_asked(actions)

    async def run(self) -> None:
        unsubscribe = self._scans.subscribe(self._scanned) if self._scans else None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._voice.run(), name="guide ears")
                group.create_task(self._watch_the_time(), name="guide time")
        finally:
            if unsubscribe:
                unsubscribe()
            await self._end_jobs()

    # --- the insides ---

    async def _watch_the_time(self) -> None:
        """Sleeps until the stage's time is over, or until there is another stage."""
        while True:
            self._moved.clear()
            left_s = self._state.until - self._clock.monotonic()
            if left_s <= 0:
                await self.happened(Tick())
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(None if left_s == float("inf") else left_s):
                    await self._moved.wait()

    async def _do(self, action: Action) -> None:
        match action:
            case Say(is_aloud=True):
                await self._voice.say(self._subtitle, self._state.lang, is_of_somebody=self._state.name is not None)
            case Hush():
                await self._voice.hush()
            case LookUp():
                self._start(self._look_up(action), "guide look-up")
            case Issue():
                self._start(self._issue(action), "guide number")

    def _word(self, before: State, actions: Sequence[Action]) -> None:
        """What stands under the conversation; a visitor who showed to be there finds the question again."""
        said = [action.prompt for action in actions if isinstance(action, Say)]
        if not said and before.is_warned and self._state.prompt is not None:
            said = [self._state.prompt]
        if said:
            self._subtitle = self.text.sentence(said[-1], self.view().scene)
        elif any(isinstance(action, Forget) for action in actions):
            self._subtitle = ""

    async def _record_feedback(self, actions: Sequence[Action]) -> None:
        for one in actions:
            if isinstance(one, Feedback):
                told = FeedbackGiven(place=self.place, topic=one.topic.value, is_pleased=one.is_pleased)
                await self._ledger.record(told)

    async def _record_asked(self, actions: Sequence[Action]) -> None:
        """Last: whoever asks is answered, whether or not it can be counted."""
        for one in actions:
            if isinstance(one, Note):
                asked = GuideAsked(place=self.place, intent=one.intent.value)  # type: ignore[arg-type]
                await self._ledger.record(asked, grouped=True)

    async def _look_up(self, asked: LookUp) -> None:
        await self.happened(Looked(asked.turn, await self._directory.look_up(asked.code)))

    async def _issue(self, asked: Issue) -> None:
        """The number is given for good before it is shown; printing it comes after."""
        answer = await self._queue.issue(asked.service, asked.priority)
        if self._state.stage is not Stage.ISSUING or self._state.turn != asked.turn:
            log.warning("guide: a number of %s came too late to be shown", asked.service)
            return
        if isinstance(answer, Declined):
            self._declined = answer
            await self.happened(NotIssued(asked.turn))
            return
        self._slip, lang = answer, self._state.lang
        await self.happened(Issued(asked.turn))
        printing = await self._queue.print_slip(answer, lang)
        if self._slip is answer:
            self._printing = printing
            self._announce()
            if printing in NOT_OUT:
                await self.happened(NotPrinted(asked.turn))

    def _keep_with_the_stage(self) -> None:
        """What a desk answered stays as long as the stage that shows it, and so does a call for a person."""
        if self._state.stage not in SHOWN and self._state.stage is not Stage.ISSUING:
            self._slip = self._printing = self._declined = None
        if self._state.stage is not Stage.PERSON:
            self._called = None
        elif self._called is None:
            self._called = self._clock.now()

    async def _heard(self, event: Event) -> None:
        """What cannot be kept closes no ears: a wish is answered all the same, an opinion is not thanked for."""
        with kept_or_told(log, "guide: what was heard is not kept"):
            await self.happened(event)

    def _scanned(self, text: str) -> None:
        self._start(self.happened(CodeGiven(text[:SCAN_AT_MOST], By.SCAN)), "guide scan")

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Beside the conversation, which has its own patience with it."""
        job = asyncio.create_task(work, name=name)
        self._jobs.add(job)
        job.add_done_callback(self._ended)

    def _ended(self, job: "asyncio.Task[None]") -> None:
        """What failed is told; the visitor hears of it when the stage's time is over."""
        self._jobs.discard(job)
        if not job.cancelled() and (error := job.exception()) is not None:
            log.error("%s failed", job.get_name(), exc_info=error)

    async def _end_jobs(self) -> None:
        jobs = tuple(self._jobs)
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        await self._voice.hush()

    def _announce(self) -> None:
        self._moved.set()
        view = self.view()
        for callback in tuple(self._subscribers):
            callback(view)
