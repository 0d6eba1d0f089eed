"""What a training picture goes through before the network sees it: turned, sized, poorly lit, half covered. Torch; training.network only.

Crops come with a margin, so that turns and shifts bring in real pixels.
"""

import math

import torch
import torch.nn.functional as F  # noqa: N812  the name everybody uses
from torch import Tensor

from models.geometry import CROP_PX


def move(pixels: Tensor) -> Tensor:
    """Random turn, size, shift and mirror, sampled from the crop with its margin."""
    n = len(pixels)
    angle = torch.randn(n) * math.radians(6)
    size = torch.exp(torch.randn(n) * 0.08).clamp(0.82, 1.22) * (64 / 88)
    stretch = torch.exp(torch.randn(n) * 0.04)
    mirror = torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle) * size, torch.sin(angle) * size
    shift = torch.randn(n, 2) * 0.045
    rows = torch.stack([cos * mirror * stretch, -sin, shift[:, 0], sin * mirror, cos / stretch, shift[:, 1]], dim=1)
    grid = F.affine_grid(rows.view(n, 2, 3), [n, 1, CROP_PX, CROP_PX], align_corners=False)
    return F.grid_sample(pixels, grid, padding_mode="border", align_corners=False)


def disturb(batch: Tensor) -> Tensor:
    """Poor cameras and rooms: contrast, gamma, a light from one side, low resolution, noise, JPEG-like steps."""
    n, side = len(batch), batch.shape[-1]
    unit = (batch / 255).clamp(0, 1)
    unit = unit ** torch.exp(torch.randn(n, 1, 1, 1) * 0.25)
    across = torch.linspace(-1, 1, side)
    slope = torch.randn(n, 2, 1, 1) * 0.12 * (torch.rand(n, 1, 1, 1) < 0.5)
    unit = unit * (1 + slope[:, :1] * across.view(1, 1, 1, -1) + slope[:, 1:] * across.view(1, 1, -1, 1))
    out = unit * 255
    for low in (0.45, 0.6, 0.75):
        pick = torch.rand(n) < 0.15
        if pick.any():
            small = F.interpolate(out[pick], scale_factor=low, mode="bilinear", antialias=True, align_corners=False)
            out[pick] = F.interpolate(small, size=side, mode="bilinear", align_corners=False)
    contrast = torch.exp(torch.randn(n, 1, 1, 1) * 0.3).clamp(0.4, 2.0)
    mean = out.mean((1, 2, 3), keepdim=True)
    out = ((out - mean) * contrast + mean).clamp(0, 255)
    return out + torch.randn_like(out) * torch.rand(n, 1, 1, 1) * 8


def occlude(batch: Tensor) -> tuple[Tensor, Tensor]:
    """Small patches to live with; now and then half the face gone, which the eighth output must notice."""
    n, side = len(batch), batch.shape[-1]
    hidden = torch.zeros(n)
    for i in torch.nonzero(torch.rand(n) < 0.25).flatten().tolist():
        big = bool(torch.rand(1) < 0.5)
        top, left, height, width = _patch(side, big=big)
        batch[i, :, top : top + height, left : left + width] = _texture(batch, height, width)
        hidden[i] = float(big)
    for i in torch.nonzero(torch.rand(n) < 0.02).flatten().tolist():
        batch[i] = _no_face(batch[i])
        hidden[i] = 1.0
    return batch, hidden


def _patch(side: int, *, big: bool) -> tuple[int, int, int, int]:
    if not big:
        height, width = (int(side * (0.08 + 0.2 * float(torch.rand(1)))) for _ in range(2))
        return int(torch.randint(0, side - height, (1,))), int(torch.randint(0, side - width, (1,))), height, width
    kind = int(torch.randint(0, 4, (1,)))
    cut = int(side * (0.45 + 0.15 * float(torch.rand(1))))
    if kind == 0:  # mouth and nose: a mask, a hand, a sheet of paper
        return side - cut, 0, cut, side
    if kind == 1:
        return 0, 0, cut, side
    return 0, (0 if kind == 2 else side - cut), side, cut


def _texture(batch: Tensor, height: int, width: int) -> Tensor:
    flat = torch.full((1, height, width), float(torch.rand(1)) * 255)
    kind = int(torch.randint(0, 3, (1,)))
    if kind == 0:
        return flat
    if kind == 1:
        return (flat + torch.randn(1, height, width) * 20).clamp(0, 255)
    other = batch[int(torch.randint(0, len(batch), (1,)))]
    return torch.rot90(other, 1 + int(torch.randint(0, 3, (1,))), (1, 2))[:, :height, :width]


def _no_face(picture: Tensor) -> Tensor:
    if bool(torch.rand(1) < 0.5):
        return torch.rot90(picture, 2, (1, 2)).flip(2)
    coarse = torch.rand(1, 1, *torch.randint(2, 24, (2,)).tolist()) * 255
    return F.interpolate(coarse, size=picture.shape[-1], mode="bilinear")[0]
