"""Is what the camera delivers a picture of the world: black, frozen and corrupt frames are told from good ones.

Pure numpy on single frames and their times; devices.camera.camera asks it for every frame it hands on.
"""

from dataclasses import dataclass

import numpy as np

from devices.camera.source import BgrImage, CameraState

_STEP = 4  # pixels; every 4th row is enough to see noise, every 4th pixel of it to see blocks of one colour
_DARK_STEP = 8  # pixels, in both directions
_GARBAGE_EVERY_S = 0.25
_LINE = 16  # pixels; border steps are averaged over every 16th line, which is plenty
_BLOCK = 16  # pixels; the macroblock of H.264 and, doubled, the block of JPEG


@dataclass(frozen=True, slots=True)
class Limits:
    """When a picture counts as a fault. Levels are gray values 0..255."""

    black_mean: float = 16.0
    black_spread: float = 10.0  # standard deviation; a dim room with one lamp spreads far more
    unfilled_share: float = 0.125  # of the height, from below, one colour: a picture that ended too early
    flat_share: float = 0.4  # of all blocks exactly one colour, which no sensor delivers
    blockiness: float = 2.5  # steps at block borders against steps inside
    frozen_s: float = 5.0
    settle_s: float = 1.0  # black or corrupt, or good again, for this long before the state changes
    smallest_px: int = 32
    largest_px: int = 8192


@dataclass(frozen=True, slots=True)
class Verdict:
    """`state` is the settled one; `is_readable` says whether this very frame may be read."""

    state: CameraState
    is_readable: bool


class ConditionJudge:
    """Remembers the rows it sampled and since when things are as they are; call `judge` for each frame in order."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._last: bytes | None = None
        self._changed_s = 0.0
        self._garbage_s = float("-inf")
        self._is_garbage = False
        self._state = CameraState.OPENING
        self._pending = CameraState.OPENING
        self._pending_s = 0.0

    def judge(self, bgr: BgrImage | None, now_s: float) -> Verdict:
        """What this frame says about the camera; None stands for a frame that could not be decoded."""
        seen, is_repeat = self._look(bgr, now_s)
        if seen != self._pending:
            self._pending, self._pending_s = seen, now_s
        if self._is_settled(now_s):
            self._state = self._pending
        return Verdict(self._state, self._state is seen is CameraState.LIVE and not is_repeat)

    def forget(self) -> None:
        """Start anew: the camera was lost, what comes next may be another one."""
        self._last, self._state, self._pending = None, CameraState.OPENING, CameraState.OPENING
        self._garbage_s = float("-inf")

    def _look(self, bgr: BgrImage | None, now_s: float) -> tuple[CameraState, bool]:
        """The state this single frame speaks for, and whether it is the one before once more."""
        if bgr is None or not _is_picture(bgr, self._limits):
            return CameraState.CORRUPT, False
        rows = bgr[::_STEP].tobytes()  # bytes differ at the first that does: cheap for every frame that moves
        is_repeat = rows == self._last
        if not is_repeat:
            self._last, self._changed_s = rows, now_s
        thin = np.frombuffer(rows, np.uint8).reshape(-1, *bgr.shape[1:])  # what was just copied is in the caches
        if _is_black(thin, self._limits):
            return CameraState.BLACK, is_repeat
        if is_repeat and now_s - self._changed_s >= self._limits.frozen_s:
            return CameraState.FROZEN, True
        if is_repeat and self._pending is not CameraState.OPENING:
            return self._pending, True
        return (CameraState.CORRUPT if self._shows_garbage(bgr, thin, now_s) else CameraState.LIVE), is_repeat

    def _shows_garbage(self, bgr: BgrImage, thin: BgrImage, now_s: float) -> bool:
        """Looked at a few times a second: it is the dearest check, and a broken stream stays broken for longer."""
        if self._is_garbage or now_s - self._garbage_s >= _GARBAGE_EVERY_S:
            self._is_garbage, self._garbage_s = is_garbage(bgr, thin, self._limits), now_s
        return self._is_garbage

    def _is_settled(self, now_s: float) -> bool:
        """Freezing has waited long enough already, and the first good frame opens a camera at once."""
        if self._pending is CameraState.FROZEN or (self._state, self._pending) == _FIRST_GOOD:
            return True
        return now_s - self._pending_s >= self._limits.settle_s


def is_garbage(bgr: BgrImage, thin: BgrImage, limits: Limits) -> bool:
    """Whether large parts were filled in or broken into blocks by a decoder that had no data. Light damage passes.

    `thin` is every _STEP-th row of `bgr`.
    """
    green = thin[..., 1]
    return (
        is_unfilled(green, limits)
        or flat_share(green) > limits.flat_share
        or blockiness(green, bgr[:, ::_LINE, 1]) > limits.blockiness
    )


def is_unfilled(rows: BgrImage, limits: Limits) -> bool:
    """Whether the lowest part is one single value, as decoders and half-filled buffers leave it; clipped ones left out."""
    low = rows[-max(1, round(len(rows) * limits.unfilled_share)) :]
    return bool(8 < low[0, 0] < 247) and bool((low == low[0, 0]).all())


def flat_share(rows: BgrImage) -> float:
    """Share of blocks that are one single value, clipped ones (quite black or quite white) left out; 0..1."""
    height, width = rows.shape[0] * _STEP // _BLOCK, rows.shape[1] // _BLOCK
    thin = np.ascontiguousarray(rows[: height * _BLOCK // _STEP, : width * _BLOCK : _STEP])
    bands = thin.reshape(height, _BLOCK // _STEP, width * _BLOCK // _STEP)  # rows first: that way numpy is quick
    low = bands.min(axis=1).reshape(height, width, -1).min(axis=2)
    high = bands.max(axis=1).reshape(height, width, -1).max(axis=2)
    return np.count_nonzero((low == high) & (low > 8) & (high < 247)) / low.size if low.size else 0.0


def blockiness(rows: BgrImage, columns: BgrImage) -> float:
    """Mean step across the borders of blocks over the mean step elsewhere, on every 16th line; about 1 undisturbed."""
    lines = (rows[:: _LINE // _STEP], columns.T)
    return max(_border_ratio(np.ascontiguousarray(one)) for one in lines)


def _border_ratio(lines: BgrImage) -> float:
    before, after = lines[:, :-1], lines[:, 1:]
    steps = (np.maximum(before, after) - np.minimum(before, after)).sum(axis=0, dtype=np.uint32)
    at_border = steps[_BLOCK - 1 :: _BLOCK]
    if not at_border.size:
        return 1.0
    border, everywhere = int(at_border.sum()), int(steps.sum())
    elsewhere = (everywhere - border) / (steps.size - at_border.size) / len(lines)
    return float(border / at_border.size / len(lines) / (elsewhere + 1.0))


def _is_picture(bgr: BgrImage, limits: Limits) -> bool:
    if bgr.dtype != np.uint8 or bgr.ndim != 3 or bgr.shape[2] != 3:
        return False
    return bool(limits.smallest_px <= min(bgr.shape[:2]) and max(bgr.shape[:2]) <= limits.largest_px)


def _is_black(thin: BgrImage, limits: Limits) -> bool:
    green = thin[:: _DARK_STEP // _STEP, ::_DARK_STEP, 1]
    return int(green.sum()) < limits.black_mean * green.size and float(green.std()) < limits.black_spread


_FIRST_GOOD = (CameraState.OPENING, CameraState.LIVE)
