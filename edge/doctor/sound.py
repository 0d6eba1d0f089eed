"""Microphone and loudspeaker of a guide. A second of sound is measured in the child and dropped; the loudspeaker plays silence."""

import math
import shutil

from edge.doctor.finding import Finding, broken, good, weak
from edge.doctor.senses import LoudspeakerOrder, MicrophoneOrder, Played, SenseFailed, Sound, asked

QUIET_DB, LOUD_DB = -66.0, -12.0  # of full scale; a quiet room is about -55, a busy hall -35
CLIPPED = 0.01
LIMIT_S = 15.0
VOICE = "espeak-ng"
LOUDER = "raise it: alsamixer -V capture (F6 chooses the card)"


def verdict_of_sound(heard: Sound, source: str) -> Finding:
    if heard.why is not None:
        do = "correct the file's name behind replay:" if source.startswith("replay:") else "plug it in, see the names: arecord -L; then correct `microphone` in the configuration"  # fmt: skip
        return broken(heard.why, do)
    if heard.peak == 0.0:
        return broken(
            "silent: not even a hiss", f"unmute it: alsamixer -V capture (F6 chooses the card); then {LOUDER}"
        )
    level = decibels(heard.rms)
    found = f"level {level:.0f} dB"
    if heard.clipped > CLIPPED or level > LOUD_DB:
        return weak(f"{found}: clipped", "lower it: alsamixer -V capture (F6 chooses the card)")
    if level < QUIET_DB:
        return weak(f"{found}: very quiet", LOUDER)
    return good(f"{found}, not clipped")


def verdict_of_loudspeaker(played: Played, *, has_voice: bool) -> Finding:
    """`has_voice`: a program that speaks is installed, or a person's recordings are there."""
    if played.why is not None:
        return broken(
            played.why, "plug it in, see the names: aplay -L; then correct `loudspeaker` in the configuration"
        )
    if not has_voice:
        return broken(f"the device takes sound, but {VOICE} is not installed", f"sudo apt-get install -y --no-install-recommends {VOICE}")  # fmt: skip
    return good("the device takes sound (silence was played); listen to it with: motcua say 'Xin chào'")


def decibels(level: float) -> float:
    """Of full scale."""
    return 20 * math.log10(max(level, 1e-6))


async def listen(source: str) -> Finding:
    if source.startswith("alsa:") and shutil.which("arecord") is None:
        return broken("arecord is not installed", "sudo apt-get install -y alsa-utils")
    try:
        return verdict_of_sound(await asked(MicrophoneOrder(source), Sound), source)
    except SenseFailed as error:
        return broken(str(error), "see whether it records: arecord -d 1 /dev/null")


async def speak(device: str, *, has_recordings: bool) -> Finding:
    if shutil.which("aplay") is None:
        return broken("aplay is not installed", "sudo apt-get install -y alsa-utils")
    try:
        played = await asked(LoudspeakerOrder(device), Played)
    except SenseFailed as error:
        return broken(str(error), "see whether it plays: speaker-test -c 1 -l 1")
    return verdict_of_loudspeaker(played, has_voice=has_recordings or shutil.which(VOICE) is not None)
