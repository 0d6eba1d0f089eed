"""What the agent tells the guide's camera worker at its start: one JSON line on its stdin; each later line is a GuideTell.

Imported by both ends (edge.adapters.guide_eyes, edge.adapters.guide_eyes_child) and by whoever composes the agent.
"""

from typing import Annotated

import msgspec

from edge.adapters.camera_spec import CameraSpec, Seconds
from models.nearness import NearRules

LANDMARKER = "face_landmarker.task"  # names in models/manifest.toml
NETWORK = "face_recognition_sface_2021dec_int8bq.onnx"


class GuideEyesSpec(CameraSpec, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The guide's camera; `network` is loaded when somebody is enrolled or enrols, not before."""

    place: str  # of the guide, for logs
    landmarker: str
    network: str
    fps: Annotated[float, msgspec.Meta(gt=0, le=30)] = 3.0
    near: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.09
    come_s: Seconds = 0.7
    gone_s: Seconds = 2.5

    @property
    def near_rules(self) -> NearRules:
        return NearRules(self.near, self.come_s, self.gone_s)


def spec_line(spec: GuideEyesSpec) -> bytes:
    """The line to write, newline included."""
    return msgspec.json.encode(spec) + b"\n"


def parse_spec(line: bytes) -> GuideEyesSpec:
    """The spec in a received line; raises msgspec.DecodeError."""
    return msgspec.json.decode(line, type=GuideEyesSpec)
