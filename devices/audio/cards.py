"""Microphones and loudspeakers by names that stay, as ALSA's own programs list them. Opens none."""

import shutil
import subprocess
from dataclasses import dataclass

PREFIX = "plughw:"  # takes whatever rate is asked for, and names the card by its word, not by a number that moves
LIST_S = 5.0


@dataclass(frozen=True, slots=True)
class SoundDevice:
    name: str
    description: str


def microphones() -> tuple[SoundDevice, ...]:
    return _listed("arecord")


def loudspeakers() -> tuple[SoundDevice, ...]:
    return _listed("aplay")


def converting(device: str) -> str:
    """The same card with ALSA's conversion before it: by `hw:` one that lacks a rate records and plays at another, and no program fails."""
    return f"plug{device}" if device.partition(":")[0] == "hw" else device


def parse(listing: str) -> tuple[SoundDevice, ...]:
    """The text of `arecord -L`: a name in its own line, below it, set in, what it is. Pure."""
    found: list[list[str]] = []
    for line in listing.splitlines():
        if line.startswith((" ", "\t")) and found:
            found[-1].append(line.strip())
        elif line.strip():
            found.append([line.strip()])
    return tuple(SoundDevice(name, ", ".join(said)) for name, *said in found if name.startswith(PREFIX))


def _listed(program: str) -> tuple[SoundDevice, ...]:
    """Nothing where ALSA's programs are not installed, or do not answer."""
    found = shutil.which(program)
    if found is None:
        return ()
    try:
        done = subprocess.run([found, "-L"], capture_output=True, text=True, timeout=LIST_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return parse(done.stdout)
