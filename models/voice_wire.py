"""The whole wire between the voice worker (child) and the agent (parent): closed types, none of which can carry sound.

What was said crosses as the number of a known sentence, a code as a short string of its shape. Words as they were written down are
in one type alone, `TraceMessage`, which is sent only while a technician has the page open that shows it (`Tell.is_watched`).
`tests/models/test_voice_wire.py` walks every type and proves it. Both ends import this file, nobody else.
"""

from typing import Annotated, Literal

import msgspec

from models.framing import Deframer

WIRE_VERSION = 2
MAX_CHOICES = 3
MAX_CODES = 200
MAX_SCORES = 6
MAX_CODE = 26  # `000.00.19.H29-261124-00123`; cut off it would be another code
MAX_TRACED = 120  # characters

IntentName = Literal[
    "progress", "ticket", "procedure", "counter", "papers", "hours", "person", "hotline", "feedback", "repeat", "help",
    "greeting", "back", "thanks", "yes", "no", "code", "checklist", "directions",
]  # fmt: skip
DayName = Literal["today", "tomorrow", "saturday", "sunday", "holiday"]
StateName = Literal["opening", "listening", "noisy", "speech", "deciding", "muted", "lost"]
UnheardName = Literal["noise", "foreign", "unclear", "out_of_set"]
VerdictName = Literal["taken", "asked_back", "too_short", "noise", "foreign", "unclear", "out_of_set"]
EarsName = Literal["open", "muted", "barge_in"]
ExpectsName = Literal["anything", "yes_no", "code"]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Place = Annotated[int, msgspec.Meta(ge=0, le=9999)]  # in a list that both ends hold
Probability = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Amount = Annotated[float, msgspec.Meta(ge=0.0, le=1e12)]
Decibel = Annotated[float, msgspec.Meta(ge=-120.0, le=0.0)]
CodeSaid = Annotated[str, msgspec.Meta(pattern=rf"^[0-9A-Z][0-9A-Z.-]{{2,{MAX_CODE - 1}}}$", max_length=MAX_CODE)]
DossierCode = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Z][0-9A-Z.-]{2,39}$", max_length=40)]


class Guess(msgspec.Struct, frozen=True, tag=False, forbid_unknown_fields=True):
    """One meaning: `sentence` counts in the phrase book, `procedure` and `place` in the spec's lists, `code` in the codes last told."""

    sentence: Place
    intent: IntentName
    procedure: Place | None
    day: DayName | None
    code: Place | None
    place: Place | None
    confidence: Probability


class VoiceHello(msgspec.Struct, frozen=True, tag="hello", forbid_unknown_fields=True):
    """The first message: everything is loaded, the microphone is next. `book` is the CRC-32 of the phrase book."""

    wire: Count
    pid: Count
    book: Count


class StateMessage(msgspec.Struct, frozen=True, tag="state", forbid_unknown_fields=True):
    """What the ears are doing, sent when it changes; screens follow it."""

    state: StateName


class HeardMessage(msgspec.Struct, frozen=True, tag="heard", forbid_unknown_fields=True):
    """One utterance. `best` only when it is sure; else `choices` to ask back with; both empty: `unheard` says why."""

    best: Guess | None
    choices: Annotated[tuple[Guess, ...], msgspec.Meta(max_length=MAX_CHOICES)]
    unheard: UnheardName | None
    code_said: CodeSaid | None  # only while a code is expected
    tell: Count  # the number of the tell that was obeyed: its codes are counted
    ended_ns: Count  # CLOCK_MONOTONIC of the end of speech
    speech_ms: Amount
    wait_ms: Amount  # from the end of speech to this answer


class LevelMessage(msgspec.Struct, frozen=True, tag="level", forbid_unknown_fields=True):
    """Loudness and likelihood of speech, five times a second and only while a technician looks."""

    db: Decibel
    speech: Probability


class Score(msgspec.Struct, frozen=True, tag=False, forbid_unknown_fields=True):
    """How well one known sentence explains the sound."""

    sentence: Place
    confidence: Probability


class TraceMessage(msgspec.Struct, frozen=True, tag="trace", forbid_unknown_fields=True):
    """What was heard and why it was taken or not, for a technician's eyes at this moment and for nothing else."""

    text: Annotated[str, msgspec.Meta(max_length=MAX_TRACED)]
    scores: Annotated[tuple[Score, ...], msgspec.Meta(max_length=MAX_SCORES)]
    verdict: VerdictName
    no_speech: Probability
    foreign: Probability
    speech_ms: Amount
    decide_ms: Amount


class VoiceBeat(msgspec.Struct, frozen=True, tag="beat", forbid_unknown_fields=True):
    """Once a second, also without a microphone: the parent takes silence for a hang."""

    heard: Count  # utterances so far
    cpu_ms: Amount
    rss_mb: Amount


VoiceMessage = VoiceHello | StateMessage | HeardMessage | LevelMessage | TraceMessage | VoiceBeat


class Tell(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the agent wants of the ears from now on: one JSON line on the worker's stdin, each replacing the one before."""

    number: Count = 0
    ears: EarsName = "open"
    expects: ExpectsName = "anything"
    codes: Annotated[tuple[DossierCode, ...], msgspec.Meta(max_length=MAX_CODES)] = ()
    is_watched: bool = False


class VoiceUnpacker(Deframer[VoiceMessage]):
    """Received bytes into messages; raises WireBroken and is then of no further use."""

    def __init__(self) -> None:
        super().__init__(_DECODER)


_DECODER: msgspec.msgpack.Decoder[VoiceMessage] = msgspec.msgpack.Decoder(VoiceMessage)
