"""The filter that takes the tremble out of landmarks and follows what moves: 1 Euro (Casiez, Roussel, Vogel, CHI 2012).

The constants and the scaling by the face's size are those of MediaPipe's landmarker, so that both give the same. Pure.
"""

from math import pi

import numpy as np

from models.pipeline import Floats

MIN_CUTOFF_HZ, BETA, SPEED_CUTOFF_HZ = 0.05, 80.0, 1.0


class OneEuro:
    """Every coordinate of one face's points filtered by itself."""

    def __init__(self) -> None:
        self._raw: Floats | None = None
        self._t_s = 0.0
        self._smooth: Floats
        self._speed: Floats

    def smoothed(self, points: Floats, size: float, t_s: float) -> Floats:
        """[n, k] points at a time that grows; `size` of the face in the same unit makes speeds relative."""
        if self._raw is None:
            self._smooth, self._speed = points, np.zeros_like(points)
        else:
            rate_hz = 1 / (t_s - self._t_s)
            speed = (points - self._raw) * (rate_hz / size)
            self._speed = self._speed + _share(SPEED_CUTOFF_HZ, rate_hz) * (speed - self._speed)
            cutoff_hz = np.abs(self._speed) * BETA + MIN_CUTOFF_HZ
            self._smooth = self._smooth + (points - self._smooth) / (1 + rate_hz / (2 * pi) / cutoff_hz)
        self._raw, self._t_s = points, t_s
        return self._smooth


def _share(cutoff_hz: float, rate_hz: float) -> float:
    """How much of a new value counts."""
    return 1 / (1 + rate_hz / (2 * pi * cutoff_hz))
