"""Recordings for `motcua hear` and `motcua bench voice`, files and pipes: WAV always, compressed ones where soundfile is installed.

Of each the first LONGEST_FILE_S seconds.
"""

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np

from devices.audio.sound import (
    LARGEST_FILE_BYTES,
    LONGEST_FILE_S,
    Samples,
    SoundUnreadable,
    opened,
    parse_wav,
    resampled,
)


def read_clip(path: Path) -> Samples:
    """One channel of 16 kHz; raises SoundUnreadable, OSError."""
    with opened(path) as file:
        return parse_clip(file, path.name)


def parse_clip(content: bytes | BinaryIO, name: str) -> Samples:
    """The same of an open file or its bytes; raises SoundUnreadable."""
    source = io.BytesIO(content) if isinstance(content, bytes) else _rewindable(content, name)
    kind = source.read(4)
    source.seek(0)
    if kind == b"RIFF":
        return parse_wav(source, name)
    try:
        import soundfile  # noqa: PLC0415 - only in the bench and demo environments
    except ImportError as error:
        raise SoundUnreadable(f"{name}: not a WAV file; others are read where soundfile is installed") from error
    try:
        with soundfile.SoundFile(source) as file:
            rate, frames = file.samplerate, file.read(int(file.samplerate * LONGEST_FILE_S), "float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise SoundUnreadable(f"{name}: no sound that can be read") from error
    return resampled(np.asarray(frames.mean(axis=1), np.float32), rate)


def _rewindable(file: BinaryIO, name: str) -> BinaryIO:
    """A pipe is read to its end first; raises SoundUnreadable."""
    if file.seekable():
        return file
    content = file.read(LARGEST_FILE_BYTES + 1)
    if len(content) > LARGEST_FILE_BYTES:
        raise SoundUnreadable(f"{name}: longer than the limit of {LARGEST_FILE_BYTES >> 20} MB")
    return io.BytesIO(content)
