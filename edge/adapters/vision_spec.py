"""What the agent tells a vision worker at its start: one JSON line on the worker's stdin.

Imported by both ends (edge.adapters.vision, edge.adapters.vision_child) and by whoever composes the agent.
"""

from typing import Annotated

import msgspec

LANDMARKER = "face_landmarker.task"  # its name in models/manifest.toml
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class VisionSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One counter's camera. Paths are absolute; `zone` is x, y, width, height as shares of the frame."""

    counter: str
    camera: str
    landmarker: str
    params_dir: str | None = None  # expression parameters other than the committed ones
    credentials_file: str | None = None
    fps: Annotated[float, msgspec.Meta(gt=0, le=60)] = 10.0
    zone: tuple[Share, Share, Share, Share] = (0.0, 0.0, 1.0, 1.0)
    max_faces: Annotated[int, msgspec.Meta(ge=1, le=4)] = 4
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


def spec_line(spec: VisionSpec) -> bytes:
    """The line to write, newline included."""
    return msgspec.json.encode(spec) + b"\n"


def parse_spec(line: bytes) -> VisionSpec:
    """The spec in a received line; raises msgspec.DecodeError."""
    return msgspec.json.decode(line, type=VisionSpec)
