"""The loop of the voice worker: sound in chunks, speech or not, one utterance, one meaning, one small message.

Runs in the child process that owns the microphone; deciding happens in a thread beside the loop, so no sound is missed.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeAlias

import msgspec
import numpy as np

from models.intent import Choice, Intent, PhraseBook, Understood
from models.mel import Samples
from models.speech import Heard, Recogniser
from models.spoken import code_said
from models.unheard import Unheard, why_unheard
from models.voice_activity import CHUNK_S, Endpointing, Turn, Utterance
from models.voice_wire import (
    MAX_CODE,
    MAX_SCORES,
    MAX_TRACED,
    HeardMessage,
    LevelMessage,
    StateMessage,
    StateName,
    Tell,
    TraceMessage,
    VoiceBeat,
    VoiceMessage,
)

BEAT_S = 1.0
LEVEL_S = 0.2
WARM_S, WARM_PAUSE_S = 0.1, 0.3
"""How long idle time is used for at once, and how long not: whoever speaks meanwhile waits for no more than this."""
MOST_ASKED = 2
"""Utterances whose answers are awaited; one more, and the oldest is answered no more."""


NOISY_DB, CALM_DB = -30.0, -36.0
"""Loudness without speech, over a second or two, from which a visitor is told why the machine does not hear, and no more."""
_SETTLING = 0.03  # of the average loudness a chunk renews


class Microphone(Protocol):
    """Sound in this process's memory, a chunk of 512 samples at a time."""

    def read(self, timeout_s: float) -> Samples | None:
        """The next chunk; None when none came in time. While `is_lost` there is none."""

    @property
    def is_lost(self) -> bool: ...


class Detector(Protocol):
    def probability(self, chunk: Samples) -> float: ...
    def reset(self) -> None: ...


Send: TypeAlias = Callable[[VoiceMessage], None]


@dataclass(frozen=True, slots=True)
class _Answer:
    """`heard` only while somebody looks: else the words are gone once their meaning is known."""

    understood: Understood
    unheard: Unheard | None
    code_said: str | None
    decide_s: float
    heard: Heard | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Decision:
    """An answer to come, until it counts no more."""

    answer: Future[_Answer]
    void: threading.Event

    def drop(self) -> None:
        """Never begun, or ended at the recogniser's next step: whoever speaks on needs the processor."""
        self.void.set()
        self.answer.cancel()


@dataclass(frozen=True, slots=True)
class _Asked:
    """An utterance that is over, and what is decided of it."""

    decision: _Decision
    ended_s: float
    speech_s: float


class VoiceWorker:
    """`step` takes one chunk; `tell` may be called from another thread at any time."""

    def __init__(
        self,
        microphone: Microphone,
        detector: Detector,
        recogniser: Recogniser,
        book: PhraseBook,
        send: Send,
        *,
        procedures: Sequence[str],
        places: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._microphone, self._detector, self._recogniser = microphone, detector, recogniser
        self._plain_book = self._book = book
        self._send, self._procedures, self._places, self._clock = send, list(procedures), list(places), clock
        self._told = self._obeyed = Tell()
        self._utterance = Utterance()
        self._state: StateName | None = None
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="deciding")
        self._deciding: _Decision | None = None
        self._asked: deque[_Asked] = deque()
        self._warming: Future[bool] | None = None
        self._is_cold = True
        self._heard = 0
        self._around_db = -120.0
        self._next_beat_s = self._next_level_s = self._next_warm_s = 0.0

    def run(self) -> None:
        """For ever; ends with its process."""
        while True:
            self.step()

    def tell(self, told: Tell) -> None:
        """From the next chunk on."""
        self._told = told

    def step(self) -> None:
        """One chunk, or a short wait without one."""
        chunk = self._microphone.read(CHUNK_S * 4)
        self._beat()
        self._obey()
        if chunk is None:
            if self._microphone.is_lost:
                self._drop("lost")
            self._answer()
            return
        probability = self._detector.probability(chunk)
        self._level(chunk, probability)
        if self._told.ears == "muted":
            self._drop("muted")
            return
        self._follow(chunk, probability)
        self._answer()
        self._warm()

    def _follow(self, chunk: Samples, probability: float) -> None:
        turn = self._utterance.feed(chunk, probability)
        if turn is Turn.STARTED or turn is Turn.RESUMED:
            self._void()
            self._enter("speech")
        elif turn is Turn.PAUSED:
            self._decide()
        elif turn is Turn.ENDED:
            self._end()
        elif turn is Turn.TOO_SHORT:
            self._trace_short()
            self._utterance.forget()
            self._void()
            self._rest()
        elif self._state not in {"speech", "deciding"}:
            self._enter(self._idle(chunk))

    def _idle(self, chunk: Samples) -> StateName:
        """What to show while nobody speaks. The machine's own voice is no noise."""
        self._around_db += _SETTLING * (loudness_db(chunk) - self._around_db)
        is_noisy = self._around_db > (CALM_DB if self._state == "noisy" else NOISY_DB)
        return "noisy" if is_noisy and self._told.ears == "open" else "listening"

    def _decide(self) -> None:
        sound, book, told, void = self._utterance.sound, self._book, self._told, threading.Event()
        self._deciding = _Decision(self._hand.submit(self._understand, sound, book, told, void), void)

    def _void(self) -> None:
        """What was being decided counts no more."""
        if self._deciding is not None:
            self._deciding.drop()
            self._deciding = None

    def _end(self) -> None:
        if self._deciding is None:
            self._decide()
        quiet_s = self._utterance.quiet_s
        if len(self._asked) == MOST_ASKED:
            self._asked.popleft().decision.drop()
        if self._deciding is not None:
            self._asked.append(_Asked(self._deciding, self._clock() - quiet_s, self._utterance.seconds - quiet_s))
        self._utterance.forget()
        self._deciding = None
        self._enter("deciding")

    def _understand(self, sound: Samples, book: PhraseBook, told: Tell, void: threading.Event) -> _Answer:
        """In the deciding thread."""
        began_s = time.monotonic()
        always = book.always(told.expects)
        heard = self._recogniser.recognise(sound, book.sentences, always, is_void=void.is_set)
        said = code_said(heard.hypotheses[0]) if heard.hypotheses and told.expects == "code" else ""
        understood = book.understand(heard)
        return _Answer(
            understood,
            None if understood.choices else why_unheard(heard.clues),
            said if 3 <= len(said) <= MAX_CODE else None,
            time.monotonic() - began_s,
            _shown(heard, told),
        )

    def _answer(self) -> None:
        while self._asked and self._asked[0].decision.answer.done():
            asked = self._asked.popleft()
            self._heard += 1
            self._send(self._message(asked))
            self._trace(asked)
            self._rest()

    def _rest(self) -> None:
        """What to show when an utterance is done with, unless another one is going on."""
        if not self._utterance.seconds:
            self._enter("deciding" if self._asked else "listening")

    def _message(self, asked: _Asked) -> HeardMessage:
        answer = asked.decision.answer.result()
        best = answer.understood.best
        return msgspec.convert(
            {
                "best": None if best is None else self._guess(best),
                "choices": [self._guess(choice) for choice in answer.understood.choices],
                "unheard": answer.unheard and answer.unheard.value,
                "code_said": answer.code_said,
                "tell": self._obeyed.number,
                "ended_ns": int(asked.ended_s * 1e9),
                "speech_ms": asked.speech_s * 1000,
                "wait_ms": max(0.0, (self._clock() - asked.ended_s) * 1000),
            },
            HeardMessage,
        )

    def _trace(self, asked: _Asked) -> None:
        """What was written down, for whoever looks at this moment."""
        answer = asked.decision.answer.result()
        heard = answer.heard
        if heard is None or not self._told.is_watched:
            return
        verdict = "taken" if answer.understood.best else "asked_back" if answer.understood.choices else answer.unheard
        wanted = {
            "text": next(iter(heard.hypotheses), "")[:MAX_TRACED],
            "scores": [{"sentence": one.index, "confidence": one.confidence} for one in heard.ranked[:MAX_SCORES]],
            "verdict": str(verdict),
            "no_speech": heard.clues.no_speech,
            "foreign": heard.clues.foreign,
            "speech_ms": asked.speech_s * 1000,
            "decide_ms": answer.decide_s * 1000,
        }
        self._send(msgspec.convert(wanted, TraceMessage))

    def _trace_short(self) -> None:
        if self._told.is_watched:
            speech_ms = (self._utterance.seconds - self._utterance.quiet_s) * 1000
            self._send(TraceMessage("", (), "too_short", 0.0, 0.0, max(0.0, speech_ms), 0.0))

    def _guess(self, choice: Choice) -> dict[str, object]:
        meaning = choice.meaning
        return {
            "sentence": choice.sentence,
            "intent": meaning.intent,
            "procedure": self._procedures.index(meaning.procedure) if meaning.procedure else None,
            "day": meaning.day,
            "code": self._obeyed.codes.index(meaning.code) if meaning.intent is Intent.CODE and meaning.code else None,
            "place": self._places.index(meaning.place) if meaning.place else None,
            "confidence": choice.confidence,
        }

    def _obey(self) -> None:
        """Take up what was told; codes that are expected become sentences. Not while an answer refers to the old ones."""
        told = self._told
        if told is self._obeyed or self._deciding is not None or self._asked:
            return
        if told.ears != self._obeyed.ears:
            self._utterance.rules = Endpointing.strict() if told.ears == "barge_in" else Endpointing()
        if told.codes != self._obeyed.codes:
            self._book = self._plain_book.with_codes(told.codes) if told.codes else self._plain_book
        self._obeyed = told

    def _drop(self, state: StateName) -> None:
        """Nothing that was being said counts any more."""
        if self._state != state:
            self._forget()
            self._detector.reset()
        self._enter(state)

    def _forget(self) -> None:
        self._utterance.forget()
        while self._asked:
            self._asked.popleft().decision.drop()
        self._void()

    def _enter(self, state: StateName) -> None:
        if state != self._state:
            self._state = state
            self._send(StateMessage(state=state))

    def _warm(self) -> None:
        """Prepare sentences while nobody speaks and nothing is decided."""
        if self._warming is not None and self._warming.done():
            self._is_cold, self._warming = self._warming.result(), None
            self._next_warm_s = self._clock() + WARM_PAUSE_S
        is_idle = self._state in {"listening", "noisy"} and self._clock() >= self._next_warm_s
        if self._is_cold and self._warming is None and is_idle:
            self._warming = self._hand.submit(self._recogniser.warm, self._plain_book.sentences, WARM_S)

    def _beat(self) -> None:
        if self._clock() >= self._next_beat_s:
            self._next_beat_s = self._clock() + BEAT_S
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            self._send(VoiceBeat(heard=self._heard, cpu_ms=time.process_time() * 1000, rss_mb=pages * 4096 / 1e6))

    def _level(self, chunk: Samples, probability: float) -> None:
        if self._told.is_watched and self._clock() >= self._next_level_s:
            self._next_level_s = self._clock() + LEVEL_S
            self._send(LevelMessage(db=loudness_db(chunk), speech=min(1.0, max(0.0, probability))))


def _shown(heard: Heard, told: Tell) -> Heard | None:
    """What a technician may see: nothing unless they look, and no words while somebody reads a dossier code aloud."""
    if not told.is_watched:
        return None
    return replace(heard, hypotheses=()) if told.expects == "code" else heard


def loudness_db(chunk: Samples) -> float:
    """Decibels below full scale, -120 to 0."""
    power = float(np.mean(np.square(chunk, dtype=np.float64))) if len(chunk) else 0.0
    return max(-120.0, min(0.0, 10 * float(np.log10(max(power, 1e-12)))))
