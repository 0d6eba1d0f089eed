"""Attacks on the liveness check that can be made on a desk: a printed photograph held, turned and bent, and a clip shown on a screen.

Pictures in, frames out. The benchmark and tests call it; what it measures is true of these attacks only.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle

import cv2
import numpy as np

from models.pipeline import RgbImage

FPS = 10
SCENE_PX = (640, 480)
_SHEET_PX = 340  # height of the picture in the scene
_FAR_PX = 900.0  # distance of the camera from the sheet: a phone or print at arm's length


class Attack(StrEnum):
    """How the picture is shown."""

    PRINT_STILL = "print_still"
    PRINT_MOVED = "print_moved"
    PRINT_TILTED = "print_tilted"
    PRINT_BENT = "print_bent"
    REPLAY_STILL = "replay_still"
    REPLAY_TILTED = "replay_tilted"


REPLAYS = frozenset({Attack.REPLAY_STILL, Attack.REPLAY_TILTED})


@dataclass(frozen=True, slots=True)
class _Hold:
    """How the sheet is held at one moment: radians, pixels; `bend` is its curvature times its width."""

    turn: float = 0.0
    nod: float = 0.0
    roll: float = 0.0
    dx: float = 0.0
    dy: float = 0.0
    nearer: float = 1.0
    bend: float = 0.0


def frames_of(
    attack: Attack, pictures: Sequence[RgbImage], seconds: float, seed: int = 0
) -> Iterator[tuple[float, RgbImage]]:
    """Seconds and frames of the attack, 10 a second; several pictures are played as a clip."""
    chance = np.random.default_rng(seed)
    shown = cycle(pictures)
    for number in range(round(seconds * FPS)):
        t_s = number / FPS
        scene = _shown(next(shown), _hold(attack, t_s, chance))
        noise = chance.normal(0, 2.0, scene.shape)
        yield t_s, np.clip(scene + noise, 0, 255).astype(np.uint8)


def _hold(attack: Attack, t_s: float, chance: np.random.Generator) -> _Hold:
    """A hand trembles; the rest is what the attack is named after."""
    tremble = chance.normal(0, 1, 5)
    slow = 2 * math.pi * t_s / 3.0
    base = _Hold(
        turn=0.01 * tremble[0], nod=0.01 * tremble[1], roll=0.01 * tremble[2], dx=1.5 * tremble[3], dy=1.5 * tremble[4]
    )
    match attack:
        case Attack.PRINT_MOVED:
            return _Hold(
                base.turn,
                base.nod,
                0.15 * math.sin(slow),
                60 * math.sin(slow),
                25 * math.cos(slow),
                1 + 0.2 * math.sin(slow / 2),
            )
        case Attack.PRINT_TILTED | Attack.REPLAY_TILTED:
            return _Hold(0.6 * math.sin(slow), 0.3 * math.sin(slow / 2), base.roll, base.dx, base.dy)
        case Attack.PRINT_BENT:
            return _Hold(
                0.5 * math.sin(slow), base.nod, base.roll, base.dx, base.dy, bend=1.2 + 0.8 * math.sin(slow / 2)
            )
        case _:
            return base


def _shown(picture: RgbImage, hold: _Hold) -> RgbImage:
    """The sheet in the scene: every pixel of the scene is traced back to where it hits the (bent) sheet."""
    width, height = SCENE_PX
    scale = _SHEET_PX / picture.shape[0]
    half_w, half_h = picture.shape[1] * scale / 2, _SHEET_PX / 2
    x, y, z = _sheet(half_w, half_h, hold)
    far = _FAR_PX / hold.nearer
    u = width / 2 + hold.dx + x * _FAR_PX / (far + z)
    v = height / 2 + hold.dy + y * _FAR_PX / (far + z)
    return _drawn(picture, u, v)


def _sheet(half_w: float, half_h: float, hold: _Hold) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A grid of points of the sheet in space, turned as it is held; z grows away from the camera."""
    s, t = np.meshgrid(np.linspace(-half_w, half_w, _GRID), np.linspace(-half_h, half_h, _GRID))
    if hold.bend:
        radius = 2 * half_w / hold.bend
        x, z = radius * np.sin(s / radius), radius * (1 - np.cos(s / radius))
    else:
        x, z = s, np.zeros_like(s)
    x, z = x * math.cos(hold.turn) + z * math.sin(hold.turn), z * math.cos(hold.turn) - x * math.sin(hold.turn)
    y, z = t * math.cos(hold.nod) - z * math.sin(hold.nod), z * math.cos(hold.nod) + t * math.sin(hold.nod)
    return x * math.cos(hold.roll) - y * math.sin(hold.roll), x * math.sin(hold.roll) + y * math.cos(hold.roll), z


_GRID = 25


def _drawn(picture: RgbImage, u: np.ndarray, v: np.ndarray) -> RgbImage:
    """The picture's cells, each by its own perspective, onto a gray wall."""
    width, height = SCENE_PX
    rows, columns = np.linspace(0, picture.shape[0] - 1, _GRID), np.linspace(0, picture.shape[1] - 1, _GRID)
    to_x, to_y = np.full((height, width), -1, np.float32), np.full((height, width), -1, np.float32)
    for i in range(_GRID - 1):
        for j in range(_GRID - 1):
            seen = np.array(
                [[u[a, b], v[a, b]] for a, b in ((i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j))], np.float32
            )
            there = np.array(
                [[columns[b], rows[a]] for a, b in ((i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j))], np.float32
            )
            _fill(to_x, to_y, seen, cv2.getPerspectiveTransform(seen, there))
    scene = cv2.remap(
        picture, to_x, to_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(128, 128, 128)
    )
    return np.asarray(scene, dtype=np.uint8)


def _fill(to_x: np.ndarray, to_y: np.ndarray, corners: np.ndarray, back: np.ndarray) -> None:
    """Where in the picture each pixel of one cell comes from."""
    height, width = to_x.shape
    left, top = np.clip(np.floor(corners.min(0)).astype(int), 0, (width - 1, height - 1))
    right, bottom = np.clip(np.ceil(corners.max(0)).astype(int) + 1, 0, (width, height))
    if right <= left or bottom <= top:
        return
    inside = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillConvexPoly(inside, np.round(corners - (left, top)).astype(np.int32), 1)
    x, y = np.meshgrid(np.arange(left, right), np.arange(top, bottom))
    u, v, w = np.einsum("ij,jkl->ikl", back, np.stack([x, y, np.ones_like(x)]).astype(np.float64))
    mask = inside.astype(bool)
    to_x[top:bottom, left:right][mask] = (u / w)[mask]
    to_y[top:bottom, left:right][mask] = (v / w)[mask]
