"""The ears of a guide: keeps a voice worker running and turns its messages into what was asked (edge.voice_ports.Ears).

Used by edge.compose, edge.demo and the benchmarks; `run` belongs in the agent's TaskGroup.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from edge.adapters.mailbox import Mailboxes
from edge.adapters.supervised_worker import SupervisedWorker, WorkerKind
from edge.adapters.supervisor import Backoff
from edge.adapters.voice_spec import VoiceSpec, spec_line
from edge.adapters.worker_process import Wire, WorkerGone, WorkerPatience
from edge.domain.dialogue_terms import Intent, Unheard
from edge.voice_ports import (
    EarsChange,
    EarsState,
    Expecting,
    HeardItem,
    Listening,
    Scored,
    SoundLevel,
    Trace,
    TraceItem,
    Utterance,
    Verdict,
    Wish,
)
from models.voice_wire import (
    WIRE_VERSION,
    Guess,
    HeardMessage,
    LevelMessage,
    Score,
    StateMessage,
    Tell,
    TraceMessage,
    VoiceBeat,
    VoiceHello,
    VoiceMessage,
    VoiceUnpacker,
)

if TYPE_CHECKING:
    from models.intent import PhraseBook

VOICE_WIRE: Wire[VoiceMessage] = Wire(WIRE_VERSION, VoiceUnpacker, VoiceHello, VoiceBeat)
WAITING = 64
_TOLD_KEPT = 8  # an answer may be on its way while new codes are told
_CHILD = ("-m", "edge.adapters.voice_child")


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
        self._spec = spec
        self._worker = SupervisedWorker(
            WorkerKind("voice worker", spec.place, child, VOICE_WIRE),
            spec=lambda: spec_line(self._spec), further=self._tell_line, hear=self._hear, fell=self._fell,
            patience=patience, backoff=backoff,
        )  # fmt: skip
        self._listeners: Mailboxes[HeardItem] = Mailboxes(WAITING, SoundLevel)
        self._lookers: Mailboxes[TraceItem] = Mailboxes(WAITING, SoundLevel)
        self._looking = 0
        self.engine: str = spec.engine
        self._status = EarsStatus()
        self._book: PhraseBook | None = None
        self._told = Tell()
        self._codes_told: OrderedDict[int, tuple[str, ...]] = OrderedDict({0: ()})

    @property
    def status(self) -> EarsStatus:
        """The latest known state; cheap."""
        worker = self._worker.status
        return replace(
            self._status,
            pid=worker.pid,
            starts=worker.starts,
            failures=worker.failures,
            dropped=self._listeners.dropped,
        )

    async def watch(self) -> AsyncGenerator[HeardItem, None]:
        """What is heard as it comes, the present state first. Ends only with its listener."""
        with self._listeners.one(EarsChange(self._status.state)) as mailbox:
            while True:
                yield await mailbox.get()

    async def trace(self) -> AsyncGenerator[TraceItem, None]:
        """Levels and traces while somebody looks; the worker is told when the first one does and when the last one goes."""
        with self._lookers.one(EarsChange(self._status.state)) as mailbox:
            await self._look(1)
            try:
                while True:
                    yield await mailbox.get()
            finally:
                await self._look(-1)

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
        await self._worker.tell(self._tell_line())

    async def _look(self, more: int) -> None:
        self._looking += more
        if self._looking == max(0, more):  # the first one came, or the last one went
            await self._worker.tell(self._tell_line())

    async def run(self) -> None:
        """Start the worker, and start it again whenever it ends, until cancelled."""
        self._book = await asyncio.to_thread(_book, self._spec)
        await self._worker.run()

    def _tell_line(self) -> bytes:
        told = msgspec.structs.replace(self._told, is_watched=self._told.is_watched or self._looking > 0)
        return msgspec.json.encode(told) + b"\n"

    def _hear(self, message: VoiceMessage) -> None:
        match message:
            case HeardMessage():
                self._listeners.put(self._utterance(message))
            case StateMessage():
                self._see(EarsState(message.state))
            case LevelMessage():
                self._listeners.put(SoundLevel(message.db, message.speech))
                self._lookers.put(SoundLevel(message.db, message.speech))
            case TraceMessage():
                self._lookers.put(self._traced(message))
            case VoiceBeat():
                self._status = replace(self._status, heard=message.heard, cpu_ms=message.cpu_ms, rss_mb=message.rss_mb)
            case VoiceHello():
                if self._book is None or message.book != self._book.number:
                    raise WorkerGone("its phrase book is another one; were the intents changed? start the agent again")

    def _fell(self) -> None:
        self._status = replace(self._status, heard=0, cpu_ms=0.0, rss_mb=0.0)
        self._see(EarsState.WORKER_DOWN)

    def _see(self, state: EarsState) -> None:
        if state is not self._status.state:
            self._status = replace(self._status, state=state)
            self._listeners.put(EarsChange(state))
            self._lookers.put(EarsChange(state))

    def _utterance(self, message: HeardMessage) -> Utterance:
        codes = self._codes_told.get(message.tell)
        choices = [wish for guess in message.choices if (wish := self._wish(guess, codes)) is not None]
        best = None if message.best is None else self._wish(message.best, codes)
        unheard = Unheard(message.unheard) if message.unheard else None
        ended_at, wait_s = message.ended_ns / 1e9, message.wait_ms / 1000
        return Utterance(best, tuple(choices), message.code_said, ended_at, wait_s, unheard)

    def _traced(self, message: TraceMessage) -> Trace:
        scores = tuple(scored for one in message.scores if (scored := self._scored(one)) is not None)
        return Trace(
            message.text, scores, Verdict(message.verdict), message.no_speech, message.foreign,
            message.speech_ms / 1000, message.decide_ms / 1000,
        )  # fmt: skip

    def _scored(self, one: Score) -> Scored | None:
        """None for the end of a code: whose dossier was asked for is not the technician's business."""
        if self._book is None or one.sentence >= len(self._book.sentences):
            return None
        return Scored(self._book.sentences[one.sentence], str(self._book.meanings[one.sentence].intent), one.confidence)

    def _wish(self, guess: Guess, codes: tuple[str, ...] | None) -> Wish | None:
        """None when it counts in a list that is no longer known: better to ask again than to take another code."""
        try:
            code = None if guess.code is None else (codes or ())[guess.code]
            procedure = None if guess.procedure is None else tuple(self._spec.procedures)[guess.procedure]
            place = None if guess.place is None else tuple(self._spec.places)[guess.place]
        except IndexError:
            return None
        sentences = self._book.sentences if self._book else ()
        sentence = sentences[guess.sentence] if guess.sentence < len(sentences) else ""
        return Wish(Intent(guess.intent), guess.confidence, sentence, procedure, guess.day, code, place)


def _book(spec: VoiceSpec) -> "PhraseBook":
    """The same sentences as the worker's, for the screen. Raises IntentsUnusable."""
    from models.intent import load_phrases  # noqa: PLC0415 - numpy and the template reader: only for an agent with ears

    return load_phrases(Path(spec.intents), spec.procedures, spec.places)
