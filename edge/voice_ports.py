"""What services and pages may ask of ears and mouth: Protocols and the values that cross them (see also edge/ports.py)."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from edge.domain.dialogue_terms import Intent, Unheard


class EarsState(StrEnum):
    """What the ears are doing; screens follow it."""

    OPENING = "opening"
    LISTENING = "listening"
    NOISY = "noisy"  # listening, but it is loud and nobody speaks
    SPEECH = "speech"
    DECIDING = "deciding"
    MUTED = "muted"
    LOST = "lost"  # no microphone
    WORKER_DOWN = "worker_down"


class Expecting(StrEnum):
    """What the last question asks for; short answers are heard far better when they are expected."""

    ANYTHING = "anything"
    YES_NO = "yes_no"
    CODE = "code"


class Listening(StrEnum):
    """Whether to listen: `BARGE_IN` listens for clear, lasting speech while the mouth speaks."""

    OPEN = "open"
    MUTED = "muted"
    BARGE_IN = "barge_in"


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that was asked. `procedure` is a key of procedures.toml, `day` as in config/intents.vi.yaml, `place` a key of the site's.

    `sentence` is the known sentence that fits best, never what was said; it may be shown, and is kept nowhere.
    """

    asked: Intent
    confidence: float
    sentence: str
    procedure: str | None = None
    day: str | None = None
    code: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Utterance:
    """One thing said. `best` only when sure; else ask back with `choices` (at most 3); both empty: `unheard` says why.

    `code_said`: letters and digits heard while a code was expected, to read back; often wrong. `ended_at`: monotonic seconds.
    """

    best: Wish | None
    choices: tuple[Wish, ...]
    code_said: str | None
    ended_at: float
    wait_s: float
    unheard: Unheard | None = None


@dataclass(frozen=True, slots=True)
class EarsChange:
    state: EarsState


@dataclass(frozen=True, slots=True)
class SoundLevel:
    """Only while a technician watches."""

    db: float
    speech: float


class Verdict(StrEnum):
    """What became of a sound."""

    TAKEN = "taken"
    ASKED_BACK = "asked_back"
    TOO_SHORT = "too_short"  # a cough, a knock
    NOISE = "noise"
    FOREIGN = "foreign"
    UNCLEAR = "unclear"
    OUT_OF_SET = "out_of_set"


@dataclass(frozen=True, slots=True)
class Scored:
    """A known sentence that was considered, with what it means; a code that was expected is named nowhere."""

    sentence: str
    asked: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Trace:
    """What was heard and why it was taken or not. For a technician's page at this moment; kept and logged nowhere."""

    text: str = field(repr=False)
    scores: tuple[Scored, ...] = field(repr=False)
    verdict: Verdict
    no_speech: float
    foreign: float
    speech_s: float
    decide_s: float


TraceItem = Trace | EarsChange | SoundLevel
HeardItem = Utterance | EarsChange | SoundLevel


class Ears(Protocol):
    """The supervised voice worker."""

    def watch(self) -> AsyncIterator[HeardItem]:
        """The present state first, then everything as it comes."""

    async def attend(
        self,
        listening: Listening,
        expecting: Expecting = Expecting.ANYTHING,
        codes: Sequence[str] = (),
        *,
        is_watched: bool = False,
    ) -> None:
        """Listen in this way from now on. `codes`: dossier codes that exist here, at most 200, to choose among."""


class TracedEars(Ears, Protocol):
    """Ears into which a technician may look."""

    engine: str

    def trace(self) -> AsyncGenerator[TraceItem, None]:
        """The present state, then levels and traces as they come. The worker tells them only while somebody iterates."""


class HearingDesk(Protocol):
    """The technician's look into the ears. `threshold`: confidence from which a sentence counts as said."""

    place: str
    engine: str
    threshold: float

    def subscribe(self, callback: Callable[[TraceItem], None]) -> Callable[[], None]:
        """While anybody is subscribed the visitor's screen says so."""


class Mouth(Protocol):
    """Speaks prompts; whoever uses it mutes the ears meanwhile. `is_kept` False for a sentence that names a dossier."""

    async def say(self, text: str, *, is_kept: bool = True) -> bool:
        """Whether it was said to its end; False when it was stopped or there is no voice or loudspeaker (the screen says it too)."""

    async def stop(self) -> None:
        """Silence, now."""

    async def rendered(self, text: str, *, is_kept: bool = True) -> bytes | None:
        """The spoken sentence as a WAV file, for a page that plays it itself; None without a voice."""
