"""What the agent tells a vision worker at its start: one JSON line on the worker's stdin.

Imported by both ends (edge.adapters.vision, edge.adapters.vision_child) and by whoever composes the agent.
"""

from typing import Annotated

import msgspec

from edge.adapters.camera_spec import CameraSpec

LANDMARKER = "face_landmarker.task"  # its name in models/manifest.toml
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class VisionSpec(CameraSpec, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One counter's camera; `zone` is x, y, width, height as shares of the frame."""

    counter: str
    landmarker: str
    params_dir: str | None = None  # expression parameters other than the committed ones
    zone: tuple[Share, Share, Share, Share] = (0.0, 0.0, 1.0, 1.0)
    max_faces: Annotated[int, msgspec.Meta(ge=1, le=4)] = 4


def spec_line(spec: VisionSpec) -> bytes:
    """The line to write, newline included."""
    return msgspec.json.encode(spec) + b"\n"


def parse_spec(line: bytes) -> VisionSpec:
    """The spec in a received line; raises msgspec.DecodeError."""
    return msgspec.json.decode(line, type=VisionSpec)
