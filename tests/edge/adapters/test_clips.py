"""Recordings of any kind as the sound that was meant: what an unrelated encoder wrote comes back at 16 kHz."""

import contextlib
import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from devices.audio.sound import RATE, Samples, SoundUnreadable, wav_bytes
from edge.adapters import clips
from edge.adapters.clips import parse_clip, read_clip

SECONDS, TONE_HZ = 0.5, 440


def tone(rate: int) -> Samples:
    return np.asarray(0.5 * np.sin(2 * np.pi * TONE_HZ * np.arange(round(SECONDS * rate)) / rate), np.float32)


def encoded(kind: str, rate: int, channels: int) -> bytes:
    target = io.BytesIO()
    soundfile.write(target, np.repeat(tone(rate)[:, None], channels, axis=1), rate, format=kind)
    return target.getvalue()


@pytest.mark.parametrize(("kind", "rate", "channels"), [("MP3", 48_000, 1), ("MP3", 32_000, 2), ("FLAC", 44_100, 2), ("OGG", 16_000, 1)])  # fmt: skip
def test_a_compressed_recording_is_the_same_sound_at_16_khz(kind: str, rate: int, channels: int) -> None:
    sound = parse_clip(encoded(kind, rate, channels), f"a.{kind}")
    assert sound.dtype == np.float32
    assert len(sound) == pytest.approx(SECONDS * RATE, rel=0.15)  # an MP3 is filled up to whole frames
    strength = np.abs(np.fft.rfft(sound))
    assert np.argmax(strength) * RATE / len(sound) == pytest.approx(TONE_HZ, abs=4)
    assert np.abs(sound).max() == pytest.approx(0.5, abs=0.1)


def test_a_wav_file_needs_no_decoder(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(tone(RATE)))
    assert read_clip(tmp_path / "a.wav") == pytest.approx(tone(RATE), abs=1e-3)


@pytest.mark.parametrize("content", [b"", b"ID3", b"no sound at all" * 100, encoded("FLAC", 16_000, 1)[:60]])
def test_what_is_no_sound_is_named(content: bytes) -> None:
    with pytest.raises(SoundUnreadable, match=r"a\.mp3"):
        parse_clip(content, "a.mp3")


@pytest.mark.parametrize("begin", [b"", b"RIFF", wav_bytes(tone(RATE)), encoded("FLAC", 16_000, 1)])
def test_a_file_larger_than_any_sound_is_refused_before_it_is_read(tmp_path: Path, begin: bytes) -> None:
    path = tmp_path / "a.wav"
    with path.open("wb") as file:
        file.write(begin)
        file.truncate(200 << 30)
    with pytest.raises(SoundUnreadable, match=r"a\.wav: 204800 MB; the limit is 1024 MB"):
        read_clip(path)


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG"])
def test_a_file_is_read_as_its_bytes_are(tmp_path: Path, kind: str) -> None:
    (path := tmp_path / "a").write_bytes(encoded(kind, 44_100, 2))
    assert np.array_equal(read_clip(path), parse_clip(path.read_bytes(), "a"))


@contextlib.contextmanager
def piped(folder: Path, content: bytes) -> Iterator[Path]:
    """A FIFO that somebody writes this into."""

    def write() -> None:
        with contextlib.suppress(BrokenPipeError):
            path.write_bytes(content)

    os.mkfifo(path := folder / "a")
    writer = threading.Thread(target=write)
    writer.start()
    yield path
    writer.join()


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG"])
def test_what_cannot_be_rewound_is_read_as_its_bytes_are(tmp_path: Path, kind: str) -> None:
    content = encoded(kind, 44_100, 2)
    with piped(tmp_path, content) as path:
        assert np.array_equal(read_clip(path), parse_clip(content, "a"))


def test_what_cannot_be_rewound_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips, "LARGEST_FILE_BYTES", 1 << 20)
    with piped(tmp_path, b"RIFF" + bytes(2 << 20)) as path, pytest.raises(SoundUnreadable, match=r"a: .* 1 MB"):
        read_clip(path)
