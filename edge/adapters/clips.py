"""Recordings for `motcua hear` and `motcua bench voice`: WAV always, compressed ones where the bench extra is installed."""

from pathlib import Path

import numpy as np

from devices.audio.sound import RATE, Samples, SoundUnreadable, parse_wav


def read_clip(path: Path) -> Samples:
    """One channel of 16 kHz; raises SoundUnreadable, OSError."""
    return parse_clip(path.read_bytes(), path.name)


def parse_clip(content: bytes, name: str) -> Samples:
    """The same for the bytes of a file; raises SoundUnreadable."""
    if content[:4] == b"RIFF":
        return parse_wav(content, name)
    try:
        import miniaudio  # noqa: PLC0415 - only where the bench extra is installed
    except ImportError as error:
        raise SoundUnreadable(f"{name}: not a WAV file; others are read where miniaudio is installed") from error
    try:
        decoded = miniaudio.decode(content, output_format=miniaudio.SampleFormat.FLOAT32, nchannels=1, sample_rate=RATE)
    except miniaudio.MiniaudioError as error:
        raise SoundUnreadable(f"{name}: no sound that can be read") from error
    return np.asarray(decoded.samples, dtype=np.float32)
