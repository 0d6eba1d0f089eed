"""Sound as numbers, and WAV files in and out; the rate is the one speech recognisers want.

Everybody in this room uses it; numpy only, and only when sound is really handled.
"""

import io
import wave
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from devices.errors import DeviceError

RATE = 16_000
CHUNK = 512  # samples a read gives: 32 ms
LONGEST_FILE_S = 600.0
LARGEST_FILE_BYTES = 1 << 30  # so long a file of 192 kHz, 32 bits and two channels

Samples: TypeAlias = NDArray[np.float32]
"""One channel, 16,000 numbers a second between -1 and 1."""


class AudioLost(DeviceError):
    """The microphone or loudspeaker is not there, or went away: try again later."""


class SoundUnreadable(DeviceError):
    """A file is not a sound that can be used; say so and go on with the next."""


def read_wav(path: Path) -> Samples:
    """A PCM file of any rate and channels; raises SoundUnreadable, OSError."""
    with opened(path) as file:
        return parse_wav(file, str(path))


def opened(path: Path) -> BinaryIO:
    """The file, of a length that can be a sound's; raises SoundUnreadable, OSError."""
    if (length := path.stat().st_size) > LARGEST_FILE_BYTES:
        raise SoundUnreadable(f"{path.name}: {length >> 20} MB; the limit is {LARGEST_FILE_BYTES >> 20} MB")
    return path.open("rb")


def parse_wav(content: bytes | BinaryIO, name: str) -> Samples:
    """The sound in a WAV file or its bytes; raises SoundUnreadable."""
    try:
        with wave.open(io.BytesIO(content) if isinstance(content, bytes) else content) as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            is_read = 4_000 <= rate <= 192_000 and width in _WIDTHS and channels
            frames = file.readframes(int(rate * LONGEST_FILE_S)) if is_read else b""
    except (wave.Error, EOFError) as error:
        raise SoundUnreadable(f"{name}: not a PCM WAV file: {error}") from error
    if not is_read:
        raise SoundUnreadable(
            f"{name}: {rate} Hz, {8 * width} bits: only PCM of 8 to 32 bits from 4 to 192 kHz is read"
        )
    return resampled(_mono(frames, channels, width), rate)


def longest_s(wav: bytes) -> float:
    """How long a PCM WAV file lasts at most: by its octets, whatever its head says of their number. Raises SoundUnreadable."""
    try:
        with wave.open(io.BytesIO(wav)) as file:
            return float(len(wav) / (file.getframerate() * file.getnchannels() * file.getsampwidth()))
    except (wave.Error, EOFError, ZeroDivisionError) as error:
        raise SoundUnreadable(f"not a PCM WAV file: {error}") from error


def wav_bytes(samples: Samples, rate: int = RATE) -> bytes:
    """A WAV file of 16 bits."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return target.getvalue()


def resampled(samples: Samples, rate: int) -> Samples:
    """The same sound at RATE, band-limited; for whole files."""
    if rate == RATE or not len(samples):
        return samples
    length = max(1, round(len(samples) * RATE / rate))
    spectrum = np.fft.rfft(samples)
    kept = np.zeros(length // 2 + 1, spectrum.dtype)
    common = min(len(kept), len(spectrum))
    kept[:common] = spectrum[:common]
    return np.asarray(np.fft.irfft(kept, length) * (length / len(samples)), dtype=np.float32)


def from_pcm16(pcm: bytes) -> Samples:
    """Little-endian 16-bit numbers, one channel."""
    return np.asarray(np.frombuffer(pcm, "<i2") / 32768, dtype=np.float32)


def _mono(frames: bytes, channels: int, width: int) -> Samples:
    frames = frames[: len(frames) - len(frames) % (channels * width)]
    whole: NDArray[np.float32] | NDArray[np.float64]
    if width == 1:
        whole = (np.frombuffer(frames, np.uint8).astype(np.float32) - 128) / 128
    elif width == 3:  # each number moved to the upper bytes of one that numpy knows
        wide = np.zeros((len(frames) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(frames, np.uint8).reshape(-1, 3)
        whole = wide.reshape(-1).view("<i4").astype(np.float32) / 2**31
    else:
        whole = np.frombuffer(frames, f"<i{width}").astype(np.float32) / 2 ** (8 * width - 1)
    return np.asarray(whole.reshape(-1, channels).mean(axis=1), dtype=np.float32)


_WIDTHS = frozenset({1, 2, 3, 4})
