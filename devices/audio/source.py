"""Where sound comes from: a microphone through ALSA's `arecord`, or a recording at real speed; opened by one address.

`alsa:NAME` is a device as `arecord -L` lists it (`alsa:plughw:CARD=Speakerphone`), `replay:FILE` a WAV file or a folder of them.
"""

import os
import selectors
import shutil
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, Self

import numpy as np

from devices.audio.cards import converting
from devices.audio.sound import CHUNK, RATE, AudioLost, Samples, from_pcm16, read_wav

RETRY_S = 2.0
SILENCE_S = 3.0
"""A microphone that gives no sample for so long is gone, whatever its program says."""
STEADY_S = 2.0
"""Once lost, it is back when it has given sound for so long: a loose contact would else be told, lost and back, for ever."""


class Source(Protocol):
    """Sound in chunks of CHUNK samples."""

    @property
    def is_lost(self) -> bool: ...

    def read(self, timeout_s: float) -> Samples | None:
        """The next chunk, None when none came in time or there is no microphone now."""

    def close(self) -> None: ...


class Alsa:
    """`arecord` of one device; started again every RETRY_S while it is lost."""

    def __init__(self, device: str, *, program: str = "arecord") -> None:
        self._device, self._program = converting(device), program
        self._process: subprocess.Popen[bytes] | None = None
        self._pending = bytearray()
        self._heard_s = 0.0
        self._next_try_s = 0.0
        self._doubted = 0  # chunks to come before it counts as back

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_lost(self) -> bool:
        return self._process is None or self._doubted > 0

    def read(self, timeout_s: float) -> Samples | None:
        until_s = time.monotonic() + timeout_s
        if self._process is None and not self._start():
            time.sleep(timeout_s)
            return None
        while len(self._pending) < 2 * CHUNK:
            if not self._fill(until_s - time.monotonic()):
                return None
        pcm = bytes(self._pending[: 2 * CHUNK])
        del self._pending[: 2 * CHUNK]
        if self._doubted:
            self._doubted -= 1
            return None
        return from_pcm16(pcm)

    def close(self) -> None:
        """End the program; harmless when it has ended."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
        self._pending.clear()

    def _start(self) -> bool:
        if time.monotonic() < self._next_try_s:
            return False
        self._next_try_s = time.monotonic() + RETRY_S
        program = shutil.which(self._program)
        if program is None:
            raise AudioLost(f"{self._program} is not installed\n  do: sudo apt-get install -y alsa-utils")
        arguments = ("-q", "-D", self._device, "-t", "raw", "-f", "S16_LE", "-r", str(RATE), "-c", "1")
        self._process = subprocess.Popen(
            [program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._heard_s = time.monotonic()
        return True

    def _fill(self, timeout_s: float) -> bool:
        """Whether more came; a program that ended or fell silent is given up."""
        assert self._process is not None and self._process.stdout is not None  # noqa: S101, PT018 - started with a pipe
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            is_ready = bool(selector.select(max(0.0, timeout_s)))
        received = os.read(self._process.stdout.fileno(), 16 * CHUNK) if is_ready else b""
        if received:
            self._pending += received
            self._heard_s = time.monotonic()
        elif is_ready or time.monotonic() - self._heard_s > SILENCE_S:
            self.close()
            self._doubted = round(STEADY_S * RATE / CHUNK)
        return bool(received)


class Replay:
    """Recordings one after the other, then silence for ever, at the pace of a microphone (`speed` times)."""

    def __init__(self, files: list[Path], *, speed: float = 1.0, gap_s: float = 1.0) -> None:
        silence = np.zeros(int(gap_s * RATE), np.float32)
        self._parts = deque(part for file in files for part in (silence, read_wav(file)))
        self._parts.append(silence)
        self._rest: Samples = np.zeros(0, np.float32)
        self._speed = speed
        self._due_s = time.monotonic()
        self.is_lost = False

    def read(self, timeout_s: float) -> Samples | None:  # noqa: ARG002 - a chunk is never later than the next 32 ms
        self._due_s += CHUNK / RATE / self._speed
        wait_s = self._due_s - time.monotonic()
        if wait_s > 0:
            time.sleep(wait_s)
        while len(self._rest) < CHUNK and self._parts:
            self._rest = np.concatenate([self._rest, self._parts.popleft()])
        chunk, self._rest = self._rest[:CHUNK], self._rest[CHUNK:]
        return np.pad(chunk, (0, CHUNK - len(chunk)))

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def open_source(address: str, *, speed: float = 1.0) -> Iterator[Source]:
    """The source of an address; raises AudioLost for one that can never be, SoundUnreadable, OSError."""
    kind, _, where = address.partition(":")
    if kind == "alsa" and where:
        source: Source = Alsa(where)
    elif kind == "replay" and where:
        source = Replay(_recordings(Path(where)), speed=speed)
    else:
        raise AudioLost(f"{address}: a microphone is written alsa:DEVICE or replay:FILE")
    try:
        yield source
    finally:
        source.close()


def _recordings(path: Path) -> list[Path]:
    return sorted(path.glob("*.wav")) if path.is_dir() else [path]
