"""The section `[guide]`: the kiosk or robot that answers. Hours, services and counters are those of `[queue]`."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from config.fields import Key, Seconds, Section

GUIDE = "huong-dan"
Words = Annotated[str, Field(min_length=1, max_length=200)]


def _link(text: str) -> str:
    if not re.fullmatch(r"(https?://|geo:)[!-~]{1,290}", text):
        msg = "write a link that a telephone opens: https://... or geo:LATITUDE,LONGITUDE"
        raise ValueError(msg)
    return text


def _sound(text: str) -> str:
    if not re.fullmatch(r"alsa:.+|replay:.+", text):
        msg = "alsa:DEVICE (as `arecord -L` lists it), or replay:FILE for a recording"
        raise ValueError(msg)
    return text


class Directory(Section):
    """The city's system that knows how far dossiers are (`edge/adapters/city_wire.py` says what it must answer)."""

    url: str = Field(pattern=r"^https?://[^\s]+$")
    token_file: Path | None = None
    sync_s: Seconds = 300.0


class Place(Section):
    """Somewhere that people ask for. `how` in one sentence; `link` becomes a QR for their own telephone."""

    name: Words
    name_en: Words | None = None
    how: Words
    how_en: Words | None = None
    link: Annotated[str, AfterValidator(_link)]


class Voice(Section):
    """`microphone` alone hears, `loudspeaker` alone speaks (an ALSA device). `recordings_dir`: a person's voice, NAME.wav and NAME.txt."""

    microphone: Annotated[str, AfterValidator(_sound)] | None = None
    engine: Literal["whisper", "vosk"] = "whisper"
    model_dir: Path | None = None  # of vosk
    threads: Annotated[int, Field(ge=1, le=8)] = 2
    loudspeaker: str | None = Field(default=None, min_length=1)
    recordings_dir: Path | None = None
    intents_file: Path | None = None


class GuideCamera(Section):
    """`source` as a counter's camera has it. `near`: a face's width as a share of the picture's, from which somebody stands before the guide.

    `greet_by_name`: `challenge` asks who is recognised for a turn of the head and a blink or an open mouth, once a day, before it says the
    name; `passive` says it to whoever looks alive, a film on a screen included; `never` recognises nobody.
    """

    source: str = Field(min_length=1)
    fps: Annotated[float, Field(gt=0, le=30)] = 3.0  # while nobody is looked at; ten then
    credentials_file: Path | None = None
    near: Annotated[float, Field(gt=0, le=1)] = 0.09
    come_s: Seconds = 0.7
    gone_s: Seconds = 2.5
    greet_by_name: Literal["challenge", "passive", "never"] = "challenge"


class Guide(Section):
    """`name` is its screen's, in events and of its `[scanner.NAME]`. `help_counter`: where a person is when nobody comes."""

    name: Key = GUIDE
    help_counter: Key | None = None
    hotline: Annotated[str, Field(pattern=r"^\+?[0-9][0-9 .]{2,18}$")] = "1022"
    procedures_file: Path | None = None
    directory: Directory | None = None
    places: dict[Key, Place] = Field(default={})
    voice: Voice = Voice()
    camera: GuideCamera | None = None
    idle_s: Seconds = 45.0  # without touch or speech it asks whether somebody is there
    warn_s: Seconds = 15.0  # then it forgets everything
    gone_s: Seconds = 6.0  # after a camera saw the visitor leave
    person_s: Seconds = 240.0  # how long a call for a person stands
