"""What every camera worker is told of its camera, and how it is opened in the worker's process."""

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec

if TYPE_CHECKING:
    from devices.camera.camera import Camera

Seconds = Annotated[float, msgspec.Meta(gt=0)]


class CameraSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One camera. Paths are absolute."""

    camera: str
    credentials_file: str | None = None
    fps: Annotated[float, msgspec.Meta(gt=0, le=60)] = 10.0
    width: int = 640
    height: int = 480
    frozen_s: Seconds = 5.0
    settle_s: Seconds = 1.0
    silence_s: Seconds = 3.0
    retry_s: Seconds = 0.5
    since_ns: int | None = None  # when a replayed story began (CLOCK_MONOTONIC); a restarted worker finds it gone on

    @property
    def needs_network(self) -> bool:
        """Whether the camera itself is reached over the network; no other worker may open a connection."""
        return self.camera.startswith(("rtsp://", "rtsps://"))


def opened_camera(spec: CameraSpec, fps: float | None = None) -> "Camera":
    """The camera, asked for `fps` frames a second when that is more than what is read of it."""
    from devices.camera.camera import Camera, Patience  # noqa: PLC0415 - heavy: only after the process is confined
    from devices.camera.condition import Limits  # noqa: PLC0415 - same
    from devices.camera.open import open_source  # noqa: PLC0415 - same

    credentials = Path(spec.credentials_file) if spec.credentials_file else None
    size = {"width": spec.width, "height": spec.height}
    opener = partial(open_source, spec.camera, fps or spec.fps, credentials, **size, since_ns=since_ns(spec))
    limits = Limits(frozen_s=spec.frozen_s, settle_s=spec.settle_s)
    return Camera(opener, limits, Patience(retry_s=spec.retry_s, silence_s=spec.silence_s))


def since_ns(spec: CameraSpec) -> int:
    """When a replayed story began: now, unless an earlier worker began it."""
    return time.monotonic_ns() if spec.since_ns is None else spec.since_ns
