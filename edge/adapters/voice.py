"""The ears of a guide: keeps a voice worker running and turns its messages into what was asked (edge.voice_ports.Ears).

Used by edge.app, edge.demo and the benchmarks; `run` belongs in the agent's TaskGroup.
"""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from edge.adapters.mailbox import Mailbox
from edge.adapters.supervisor import Backoff
from edge.adapters.voice_spec import VoiceSpec, spec_line
from edge.adapters.worker_process import Wire, WorkerGone, WorkerPatience, WorkerProcess, started
from edge.voice_ports import Asked, EarsChange, EarsState, Expecting, HeardItem, Listening, SoundLevel, Utterance, Wish
from models.voice_wire import (
    WIRE_VERSION,
    Guess,
    HeardMessage,
    LevelMessage,
    StateMessage,
    Tell,
    VoiceBeat,
    VoiceHello,
    VoiceMessage,
    VoiceUnpacker,
)

if TYPE_CHECKING:
    from models.intent import PhraseBook

log = logging.getLogger(__name__)

VOICE_WIRE: Wire[VoiceMessage] = Wire(WIRE_VERSION, VoiceUnpacker, VoiceHello, VoiceBeat)
WAITING = 64
_TOLD_KEPT = 8  # an answer may be on its way while new codes are told
_CALM_BEATS = 3
_CHILD = ("-m", "edge.adapters.voice_child")
_LOG_MARK = "motcua:"


@dataclass(frozen=True, slots=True)
class EarsStatus:
    """How the worker is, for health pages and benchmarks; counts are of the present worker but for the last three."""

    state: EarsState = EarsState.OPENING
    pid: int | None = None
    heard: int = 0
    cpu_ms: float = 0.0
    rss_mb: float = 0.0
    starts: int = 0
    failures: int = 0  # in a row
    dropped: int = 0


class VoiceEars:
    """Ears over a supervised child process. `run` once, `watch` as often as there are listeners."""

    def __init__(
        self,
        spec: VoiceSpec,
        *,
        child: Sequence[str] = _CHILD,
        patience: WorkerPatience | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._spec, self._child = spec, child
        self._patience, self._backoff = patience or WorkerPatience(), backoff or Backoff()
        self._listeners: set[Mailbox[HeardItem]] = set()
        self._status = EarsStatus()
        self._book: PhraseBook | None = None
        self._told = Tell()
        self._codes_told: OrderedDict[int, tuple[str, ...]] = OrderedDict({0: ()})
        self._worker: WorkerProcess | None = None
        self._is_down = False
        self._beats = self._dropped = 0

    @property
    def status(self) -> EarsStatus:
        """The latest known state; cheap."""
        return replace(self._status, dropped=self._dropped + sum(box.dropped for box in self._listeners))

    async def watch(self) -> AsyncGenerator[HeardItem, None]:
        """What is heard as it comes, the present state first. Ends only with its listener."""
        mailbox: Mailbox[HeardItem] = Mailbox(WAITING, SoundLevel)
        mailbox.put(EarsChange(self._status.state))
        self._listeners.add(mailbox)
        try:
            while True:
                yield await mailbox.get()
        finally:
            self._listeners.discard(mailbox)
            self._dropped += mailbox.dropped

    async def attend(
        self,
        listening: Listening,
        expecting: Expecting = Expecting.ANYTHING,
        codes: Sequence[str] = (),
        *,
        is_watched: bool = False,
    ) -> None:
        """Listen in this way from now on, this worker and those that come after it."""
        wanted = {
            "number": self._told.number + 1, "ears": listening.value, "expects": expecting.value, "codes": tuple(codes),
            "is_watched": is_watched,
        }  # fmt: skip
        self._told = msgspec.convert(wanted, Tell)
        self._codes_told[self._told.number] = self._told.codes
        while len(self._codes_told) > _TOLD_KEPT:
            self._codes_told.popitem(last=False)
        if self._worker is not None:
            await self._tell(self._worker)

    async def run(self) -> None:
        """Start the worker, and start it again whenever it ends, until cancelled."""
        loop = asyncio.get_running_loop()
        self._book = await asyncio.to_thread(_book, self._spec)
        while True:
            began_s = loop.time()
            try:
                await self._serve()
            except (WorkerGone, OSError) as error:
                self._fell(str(error), is_calm=loop.time() - began_s > self._backoff.calm_s)
            await asyncio.sleep(self._backoff.wait_s(self._status.failures))

    async def _serve(self) -> None:
        """One run of the worker; ends by WorkerGone."""
        self._beats = 0
        async with started(self._child, spec_line(self._spec), self._spec.place, _LOG_MARK) as worker:
            self._status = replace(self._status, pid=worker.pid, starts=self._status.starts + 1)
            self._worker = worker
            try:
                await self._tell(worker)
                async with contextlib.aclosing(worker.messages(self._patience, VOICE_WIRE)) as messages:
                    await self._listen(worker, messages)
            finally:
                self._worker = None

    async def _tell(self, worker: WorkerProcess) -> None:
        await worker.tell(msgspec.json.encode(self._told) + b"\n")

    async def _listen(self, worker: WorkerProcess, messages: AsyncIterator[VoiceMessage]) -> None:
        try:
            async for message in messages:
                self._hear(message)
        except WorkerGone:
            worker.kill()  # it may hang or talk nonsense: no time to ask
            raise

    def _hear(self, message: VoiceMessage) -> None:
        match message:
            case HeardMessage():
                self._tell_all(self._utterance(message))
            case StateMessage():
                self._see(EarsState(message.state))
            case LevelMessage():
                self._tell_all(SoundLevel(message.db, message.speech))
            case VoiceBeat():
                self._beat(message)
            case VoiceHello():
                if self._book is None or message.book != self._book.number:
                    raise WorkerGone("its phrase book is another one; were the intents changed? start the agent again")

    def _beat(self, beat: VoiceBeat) -> None:
        self._status = replace(self._status, heard=beat.heard, cpu_ms=beat.cpu_ms, rss_mb=beat.rss_mb)
        self._beats += 1
        if self._is_down and self._beats == _CALM_BEATS:
            self._is_down = False
            log.info("%s: voice worker is back", self._spec.place)

    def _fell(self, why: str, *, is_calm: bool) -> None:
        failures = 1 if is_calm else self._status.failures + 1
        self._status = replace(self._status, pid=None, failures=failures, heard=0, cpu_ms=0.0, rss_mb=0.0)
        if not self._is_down:
            log.warning("%s: voice worker is down: %s", self._spec.place, why)
        self._is_down = True
        self._see(EarsState.WORKER_DOWN)

    def _see(self, state: EarsState) -> None:
        if state is not self._status.state:
            self._status = replace(self._status, state=state)
            self._tell_all(EarsChange(state))

    def _utterance(self, message: HeardMessage) -> Utterance:
        codes = self._codes_told.get(message.tell)
        choices = [wish for guess in message.choices if (wish := self._wish(guess, codes)) is not None]
        best = None if message.best is None else self._wish(message.best, codes)
        return Utterance(best, tuple(choices), message.code_said, message.ended_ns / 1e9, message.wait_ms / 1000)

    def _wish(self, guess: Guess, codes: tuple[str, ...] | None) -> Wish | None:
        """None when it counts in a list that is no longer known: better to ask again than to take another code."""
        try:
            code = None if guess.code is None else (codes or ())[guess.code]
            procedure = None if guess.procedure is None else tuple(self._spec.procedures)[guess.procedure]
        except IndexError:
            return None
        sentences = self._book.sentences if self._book else ()
        sentence = sentences[guess.sentence] if guess.sentence < len(sentences) else ""
        return Wish(Asked(guess.intent), guess.confidence, sentence, procedure, guess.day, code)

    def _tell_all(self, item: HeardItem) -> None:
        for mailbox in self._listeners:
            mailbox.put(item)


def _book(spec: VoiceSpec) -> "PhraseBook":
    """The same sentences as the worker's, for the screen. Raises IntentsUnusable."""
    from models.intent import load_phrases  # noqa: PLC0415 - numpy and the template reader: only for an agent with ears

    return load_phrases(Path(spec.intents), spec.procedures)
