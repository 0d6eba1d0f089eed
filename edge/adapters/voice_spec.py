"""What the agent tells a voice worker at its start: one JSON line on the worker's stdin; each later line is a Tell.

Imported by both ends (edge.adapters.voice, edge.adapters.voice_child) and by whoever composes the agent.
"""

from typing import Annotated, Literal

import msgspec

WHISPER_FILES = tuple(
    f"whisper-hall/{name}" for name in ("model.bin", "config.json", "vocabulary.txt", "tokenizer.json")
)
DETECTOR = "silero_vad_v6.onnx"  # names in models/manifest.toml


class VoiceSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One microphone and how it is understood. Paths are absolute; `procedures` and `places` are the site's, key to name, in order."""

    place: str  # of the guide, for logs
    source: str  # alsa:DEVICE or replay:FILE
    recogniser: str  # directory of the model
    detector: str
    intents: str
    procedures: dict[str, str]
    places: dict[str, str] = {}
    engine: Literal["whisper", "vosk"] = "whisper"
    threads: Annotated[int, msgspec.Meta(ge=1, le=8)] = 2
    replay_speed: Annotated[float, msgspec.Meta(gt=0)] = 1.0


def spec_line(spec: VoiceSpec) -> bytes:
    """The line to write, newline included."""
    return msgspec.json.encode(spec) + b"\n"


def parse_spec(line: bytes) -> VoiceSpec:
    """The spec in a received line; raises msgspec.DecodeError."""
    return msgspec.json.decode(line, type=VoiceSpec)
