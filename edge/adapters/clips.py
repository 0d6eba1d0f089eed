"""Recordings for `motcua hear` and `motcua bench voice`: WAV always, compressed ones where the bench extra is installed."""

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np

from devices.audio.sound import LONGEST_FILE_S, Samples, SoundUnreadable, opened, parse_wav, resampled


def read_clip(path: Path) -> Samples:
    """One channel of 16 kHz; raises SoundUnreadable, OSError."""
    with opened(path) as file:
        return parse_clip(file, path.name)


def parse_clip(content: bytes | BinaryIO, name: str) -> Samples:
    """The same of an open file or its bytes; raises SoundUnreadable."""
    source = io.BytesIO(content) if isinstance(content, bytes) else content
    kind = source.read(4)
    source.seek(0)
    if kind == b"RIFF":
        return parse_wav(source, name)
    try:
        import soundfile  # noqa: PLC0415 - only where the bench extra is installed
    except ImportError as error:
        raise SoundUnreadable(f"{name}: not a WAV file; others are read where soundfile is installed") from error
    try:
        with soundfile.SoundFile(source) as file:
            rate, frames = file.samplerate, file.read(int(file.samplerate * LONGEST_FILE_S), "float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise SoundUnreadable(f"{name}: no sound that can be read") from error
    return resampled(np.asarray(frames.mean(axis=1), np.float32), rate)
