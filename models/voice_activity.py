"""Whether somebody speaks: Silero's network on 32 ms at a time, and the pure rules that make an utterance of it.

Used by models.voice_worker and by `motcua hear`. The network is MIT (Silero VAD); onnxruntime runs it on one thread.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
import onnxruntime

from models.mel import RATE, Samples
from models.speech import LONGEST_S, RecogniserUnusable

CHUNK = 512
CHUNK_S = CHUNK / RATE
_CONTEXT = 64  # samples of the chunk before that the network wants to see again


class SpeechDetector:
    """How likely each chunk is speech; remembers what went before, so one detector hears one microphone."""

    def __init__(self, model: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise RecogniserUnusable(f"{model}: no usable voice detector: {error}") from error
        self.reset()

    def reset(self) -> None:
        """Forget what was heard."""
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)
        self._context = np.zeros(_CONTEXT, np.float32)

    def probability(self, chunk: Samples) -> float:
        """Of speech in one chunk of CHUNK samples."""
        seen = np.concatenate([self._context, chunk])[None].astype(np.float32)
        output, self._h, self._c = self._session.run(None, {"input": seen, "h": self._h, "c": self._c})
        self._context = chunk[-_CONTEXT:]
        return float(np.asarray(output).reshape(-1)[0])


class Turn(StrEnum):
    """What a chunk made of the conversation."""

    NOTHING = "nothing"
    STARTED = "started"  # somebody speaks
    PAUSED = "paused"  # long enough to begin deciding
    RESUMED = "resumed"  # it was a pause for breath: what was decided is void
    ENDED = "ended"
    TOO_SHORT = "too_short"  # a cough, a click


@dataclass(frozen=True, slots=True)
class Endpointing:
    """When speech begins and ends. `strict` is for listening while the machine itself speaks.

    `pause_s` is short because a decision begun too early costs little: it ends at the recogniser's next step when speech goes on.
    """

    speech: float = 0.5
    silence: float = 0.35
    pause_s: float = 0.16
    end_s: float = 0.5
    shortest_s: float = 0.16
    before_s: float = 0.3
    longest_s: float = LONGEST_S

    @classmethod
    def strict(cls) -> "Endpointing":
        """Barge-in: only clear speech that lasts."""
        return cls(speech=0.85, silence=0.6, shortest_s=0.4)


@dataclass(slots=True)
class Utterance:
    """Chunks in, turns out; keeps the sound of one utterance in memory and forgets it with the next.

    silent -> STARTED -> speaking -> PAUSED -> (RESUMED -> speaking | ENDED -> silent). At `longest_s` it ends where it is.
    """

    rules: Endpointing = field(default_factory=Endpointing)
    _before: list[Samples] = field(default_factory=list)
    _spoken: list[Samples] = field(default_factory=list)
    _voiced_s: float = 0.0
    _quiet_s: float = 0.0

    def feed(self, chunk: Samples, probability: float) -> Turn:
        """Take one chunk."""
        if not self._spoken:
            return self._maybe_start(chunk, probability)
        self._spoken.append(chunk)
        was_paused = self._quiet_s >= self.rules.pause_s
        if probability >= (self.rules.speech if self._quiet_s else self.rules.silence):
            self._voiced_s += CHUNK_S
            self._quiet_s = 0.0
            return self._end() if self.seconds >= self.rules.longest_s else Turn.RESUMED if was_paused else Turn.NOTHING
        self._quiet_s += CHUNK_S
        if self._quiet_s >= self.rules.end_s:
            return self._end()
        return Turn.PAUSED if not was_paused and self._quiet_s >= self.rules.pause_s else Turn.NOTHING

    @property
    def sound(self) -> Samples:
        """What was said so far, a little silence before and after it."""
        return np.concatenate(self._spoken) if self._spoken else np.zeros(0, np.float32)

    @property
    def seconds(self) -> float:
        return len(self._spoken) * CHUNK_S

    @property
    def quiet_s(self) -> float:
        """Silence since the last speech."""
        return self._quiet_s

    def forget(self) -> None:
        """Drop all sound."""
        self._before.clear()
        self._spoken = []
        self._voiced_s = self._quiet_s = 0.0

    def _maybe_start(self, chunk: Samples, probability: float) -> Turn:
        self._before = [*self._before, chunk][-max(1, round(self.rules.before_s / CHUNK_S)) :]
        if probability < self.rules.speech:
            return Turn.NOTHING
        self._spoken, self._before = self._before, []
        self._voiced_s, self._quiet_s = CHUNK_S, 0.0
        return Turn.STARTED

    def _end(self) -> Turn:
        return Turn.ENDED if self._voiced_s >= self.rules.shortest_s else Turn.TOO_SHORT
