"""The picture of sound that Whisper reads: 80 mel bands, 100 columns a second; numpy only.

Used by models.whisper. The filters are Slaney's (linear below 1 kHz, logarithmic above), as in the published Whisper code (MIT).
"""

from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float32]
"""Sound of one microphone: 16,000 numbers a second between -1 and 1."""

RATE = 16_000
BANDS = 80
WINDOW, HOP = 400, 160  # samples: 25 ms, 10 ms

_LINEAR_HZ, _STEP_HZ = 1000.0, 200.0 / 3
_LOG_STEP = np.log(6.4) / 27


def log_mel(samples: Samples, columns: int) -> NDArray[np.float32]:
    """Float32 [80, columns]; sound that is shorter is followed by silence, what is longer is cut off."""
    wanted = np.zeros(columns * HOP, np.float32)
    kept = min(len(samples), len(wanted))
    wanted[:kept] = samples[:kept]
    padded = np.pad(wanted, WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:columns]
    power = np.abs(np.fft.rfft(frames * _hann(), axis=1)) ** 2
    bands = np.log10(np.maximum(_filters() @ power.T, 1e-10))
    bands = np.maximum(bands, bands.max() - 8.0)
    return np.ascontiguousarray((bands + 4.0) / 4.0, dtype=np.float32)


@cache
def _hann() -> NDArray[np.float32]:
    return np.hanning(WINDOW + 1)[:-1].astype(np.float32)


@cache
def _filters() -> NDArray[np.float32]:
    """Triangles of equal area over the 201 frequencies of the transform, [80, 201]."""
    frequencies = np.fft.rfftfreq(WINDOW, 1 / RATE)
    edges = _hertz(np.linspace(0.0, _mels(RATE / 2), BANDS + 2))
    slopes = edges[:, None] - frequencies[None, :]
    widths = np.diff(edges)
    rising, falling = -slopes[:-2] / widths[:-1, None], slopes[2:] / widths[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    scaled: NDArray[np.float32] = (triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)
    return scaled


def _mels(hertz: float) -> float:
    linear = hertz / _STEP_HZ
    return linear if hertz < _LINEAR_HZ else _LINEAR_HZ / _STEP_HZ + float(np.log(hertz / _LINEAR_HZ)) / _LOG_STEP


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    knee = _LINEAR_HZ / _STEP_HZ
    return np.where(mels < knee, mels * _STEP_HZ, _LINEAR_HZ * np.exp(_LOG_STEP * (mels - knee)))
