"""Made-up heads and sheets of paper, as liveness sees them: points in space, turned, and seen from somewhere."""

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models.liveness import Moment

Points = npt.NDArray[np.float64]
# x, y and depth towards the camera of the points that liveness follows, in distances between the eyes: a head roughly.
HEAD = np.array(
    [
        (-0.72, 0, -0.1), (-0.28, 0, 0), (0.28, 0, 0), (0.72, 0, -0.1), (0, 0, 0.22), (0, 0.2, 0.35), (0, 0.35, 0.48),
        (0, 0.45, 0.55), (0, 0.6, 0.6), (0, 0.55, 0.62), (0, 0.75, 0.4), (-0.16, 0.68, 0.38), (0.16, 0.68, 0.38),
        (0, -0.2, 0.2), (0, -0.5, 0.2), (-0.55, 0.3, 0.02), (0.55, 0.3, 0.02), (-0.6, 0.5, 0.05), (0.6, 0.5, 0.05),
    ]
)  # fmt: skip
SHEET = HEAD * (1, 1, 0)


def seen(solid: Points, yaw: float = 0.0, pitch: float = 0.0, far: float = 12.0) -> Points:
    """Turned by degrees, seen from `far` eye distances away."""
    a, b = math.radians(yaw), math.radians(pitch)
    x, y, z = solid.T
    x, z = x * math.cos(a) + z * math.sin(a), z * math.cos(a) - x * math.sin(a)
    y, z = y * math.cos(b) - z * math.sin(b), z * math.cos(b) + y * math.sin(b)
    return np.asarray(np.column_stack([x, y]) * (far / (far - z))[:, None])


def moment(t_s: float, solid: Points = HEAD, yaw: float = 0.0, **changed: float) -> Moment:
    return replace(Moment(t_s, seen(solid, yaw).astype(np.float32), 0.1, 0.0, yaw, 0.0), **changed)  # type: ignore[arg-type]
