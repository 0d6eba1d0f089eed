"""Camera, microphone and loudspeaker are tried by a child process, which can hang or crash alone; only numbers come out of it.

Imported by both ends: `edge.doctor.senses_child` is what runs there.
"""

import asyncio
import sys
from contextlib import suppress
from typing import TypeAlias, TypeVar

import msgspec

from edge.adapters.camera_spec import CameraSpec
from edge.adapters.worker_process import surroundings

CHILD = ("-m", "edge.doctor.senses_child")
KILL_S = 3.0
A = TypeVar("A", bound=msgspec.Struct)


class CameraOrder(msgspec.Struct, tag="camera", frozen=True):
    """Look through this camera for `seconds` after its first picture, which may take `opening_s`."""

    spec: CameraSpec
    seconds: float = 4.0
    opening_s: float = 9.0


class MicrophoneOrder(msgspec.Struct, tag="microphone", frozen=True):
    source: str
    seconds: float = 1.0
    opening_s: float = 3.0


class LoudspeakerOrder(msgspec.Struct, tag="loudspeaker", frozen=True):
    """Silence is played: whether the device takes sound, without a sound."""

    device: str


Order: TypeAlias = CameraOrder | MicrophoneOrder | LoudspeakerOrder


class Pictures(msgspec.Struct, frozen=True, kw_only=True):
    """What a camera showed; no picture. `mean` and `spread` are gray values 0..255 of the last one. `why`: it cannot be opened."""

    width: int = 0
    height: int = 0
    frames: int = 0
    seconds: float = 0.0
    mean: float = 0.0
    spread: float = 0.0
    state: str = "opening"  # of devices.camera.source.CameraState
    why: str | None = None

    @property
    def rate(self) -> float:
        return self.frames / self.seconds if self.seconds else 0.0


class Sound(msgspec.Struct, frozen=True, kw_only=True):
    """What a microphone gave; no sound. Levels are shares of full scale 0..1. `why`: it cannot be opened."""

    seconds: float = 0.0
    peak: float = 0.0
    rms: float = 0.0
    clipped: float = 0.0  # share of the samples
    why: str | None = None


class Played(msgspec.Struct, frozen=True, kw_only=True):
    why: str | None = None


class SenseFailed(Exception):
    """The child gave no answer: it crashed, or a library talked nonsense."""


async def asked(order: Order, kind: type[A]) -> A:
    """The child's answer. Raise SenseFailed. It is killed when this is cancelled, and nobody waits long for one that hangs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-B", "-P", *CHILD, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, env=surroundings(),
    )  # fmt: skip
    try:
        told, _ = await process.communicate(msgspec.json.encode(order) + b"\n")
    finally:
        await _gone(process)
    try:
        return msgspec.json.decode(told.splitlines()[-1], type=kind)
    except (IndexError, msgspec.MsgspecError) as error:
        raise SenseFailed(f"the library that opens it ended with {process.returncode}") from error


async def _gone(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        with suppress(TimeoutError):
            async with asyncio.timeout(KILL_S):
                await process.wait()
