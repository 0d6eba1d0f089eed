"""The expression network: its shape and its training loop. Torch; used by training.fit only.

Input: gray crops as models.face.aligned_crop makes them, with a margin so that shifts and turns bring in real pixels.
"""

import copy
import math
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812  the name everybody uses
from torch import Tensor, nn
from torch.optim.lr_scheduler import OneCycleLR

from models.movements import EMOTIONS
from training.disturbance import disturb, move, occlude
from training.tables import without_margin

OUTPUTS = len(EMOTIONS) + 1
"""Seven emotions and one logit for "not a whole face" (covered, cut or no face at all)."""
HIDDEN = len(EMOTIONS)

DEVIATION_FLOOR = 4.0
"""Gray levels; keeps a blank picture from being blown up into noise."""
_BATCH = 128
_LOOKED_AT = 32  # at once, where nothing is learnt; more do not fit into a processor's cache and take twice the time
_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5)
"""Channels and stride of each separable convolution after the first, plain one."""
_FASTER = 3.0  # the last layer's rate, in rates of the others
_HAS_BF16 = any(torch.cpu.get_capabilities().get(name) for name in ("amx_bf16", "avx512_bf16", "bf16"))
"""A processor that must imitate it takes ten times as long as with plain numbers (20 pictures a second instead of 230)."""
_EMA_HORIZON_STEPS = 300


@dataclass(frozen=True, slots=True)
class Crops:
    """Training pictures: uint8 [n, side, side] with margin, wanted probabilities of EMOTIONS [n, 7], sampling weight [n]."""

    pixels: npt.NDArray[np.uint8]
    targets: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how hard to train."""

    pictures: int
    peak_rate: float
    seed: int
    mixup: float = 0.15
    held: int = 0
    """So many convolutions from the front stay as they are."""


def build() -> nn.Sequential:
    """The first twelve blocks of SFace (training.known_faces), a mean and the answers: 1.6 million parameters, of chance so far."""
    blocks = [_conv(1, 32, 3)]
    inward = 32
    for outward, stride in _BLOCKS:
        blocks += [_conv(inward, inward, 3, stride, groups=inward), _conv(inward, outward, 1)]
        inward = outward
    return nn.Sequential(
        *blocks,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.BatchNorm1d(inward),
        nn.Dropout(0.3),
        nn.Linear(inward, OUTPUTS),
    )


def standardise(batch: Tensor) -> Tensor:
    """Zero mean and unit deviation a picture: the network never sees how bright the room is."""
    mean = batch.mean((1, 2, 3), keepdim=True)
    return (batch - mean) / (batch.std((1, 2, 3), keepdim=True, correction=0) + DEVIATION_FLOOR)


def fit(net: nn.Sequential, crops: Crops, schedule: Schedule, report: Callable[[str], None]) -> nn.Sequential:
    """Train in place; the answer is the moving average of its weights."""
    torch.manual_seed(schedule.seed)
    net.train().to(memory_format=torch.channels_last)
    for number, layer in enumerate(convolutions(net)):
        layer.requires_grad_(number >= schedule.held)
    average = copy.deepcopy(net)
    steps = math.ceil(schedule.pictures / _BATCH)
    optimiser, rate = _optimiser(net, schedule.peak_rate, steps)
    run = torch.compile(net) if shutil.which("g++") else net  # compiled for this processor: half the time
    started, running = time.monotonic(), 0.0
    for step, (pixels, targets) in enumerate(_batches(crops, steps, schedule.seed)):
        loss = _loss(run, pixels, targets, schedule)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        rate.step()
        _blend(average, net, min(1 - 1 / _EMA_HORIZON_STEPS, (step + 1) / (step + 20)))
        running += 0.02 * (float(loss.detach()) - running)
        if step % 100 == 0 or step + 1 == steps:
            report(f"step {step + 1}/{steps}  loss {running:.3f}  {time.monotonic() - started:.0f} s")
    return average.eval()


def prepared(pixels: npt.NDArray[np.uint8]) -> Tensor:
    """[n, 1, 64, 64] as the network takes them: without margin, standardised."""
    return standardise(_as_batch(without_margin(pixels)))


def outputs(net: nn.Sequential, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Logits [n, OUTPUTS] of the pictures' inner part, mean of the picture and its mirror image."""
    found = []
    net.to(memory_format=torch.channels_last)
    with torch.no_grad(), _quick():
        for start in range(0, len(pixels), _LOOKED_AT):
            batch = prepared(pixels[start : start + _LOOKED_AT]).contiguous(memory_format=torch.channels_last)
            found.append((net(batch) + net(batch.flip(3))).float() / 2)
    return torch.cat(found).numpy()


def averaged(nets: list[nn.Sequential]) -> nn.Sequential:
    """Mean of the weights of networks fine-tuned from one start, and of the statistics that their normalisation kept.

    Measured anew on less than they saw, a channel that hardly ever speaks would be given a variance of nothing.
    """
    mean = copy.deepcopy(nets[0])
    states = [net.state_dict() for net in nets]
    mean.load_state_dict({name: torch.stack([s[name].float() for s in states]).mean(0) for name in states[0]})
    return mean.eval()


class Bend(nn.Module):
    """What is below zero, times a number of its channel's own (PReLU), written with the rectifier that is fast everywhere."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.below = nn.Parameter(torch.full((channels,), 0.1))

    def forward(self, x: Tensor) -> Tensor:
        below = self.below.to(x.dtype).view(1, -1, 1, 1)
        return below * x + (1 - below) * F.relu(x)


def convolutions(net: nn.Sequential) -> list[nn.Sequential]:
    """The convolutions with their bends, in the order in which they run."""
    return [layer for layer in net if isinstance(layer, nn.Sequential)]


def _conv(inward: int, outward: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inward, outward, kernel, stride, kernel // 2, groups=groups), Bend(outward))


def _optimiser(net: nn.Sequential, peak: float, steps: int) -> tuple[torch.optim.Optimizer, OneCycleLR]:
    groups = _parameter_groups(net, peak)
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.99))
    return optimiser, OneCycleLR(optimiser, [group["lr"] for group in groups], total_steps=steps, pct_start=0.15)


def _parameter_groups(net: nn.Sequential, rate: float) -> list[dict[str, Any]]:
    """Kernels are kept small, other numbers not; the answers know nothing at first and move faster."""
    own = set(net[-1].parameters())
    free = [p for p in net.parameters() if p.requires_grad]
    kernels = [p for p in free if p.ndim > 1 and p not in own]
    others = [p for p in free if p.ndim <= 1 and p not in own]
    return [
        {"params": kernels, "weight_decay": 0.05, "lr": rate},
        {"params": others, "weight_decay": 0.0, "lr": rate},
        {"params": list(own), "weight_decay": 0.05, "lr": _FASTER * rate},
    ]


def _blend(average: nn.Module, net: nn.Module, keep: float) -> None:
    with torch.no_grad():
        for a, b in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
            if a.dtype.is_floating_point:
                a.lerp_(b, 1 - keep)
            else:
                a.copy_(b)


def _quick() -> torch.autocast:
    return torch.autocast("cpu", torch.bfloat16, enabled=_HAS_BF16)


def _batches(crops: Crops, steps: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    rng = np.random.default_rng(seed)
    chance = crops.weights / crops.weights.sum()
    for _ in range(steps):
        pick = rng.choice(len(chance), _BATCH, p=chance)
        yield _as_batch(crops.pixels[pick]), torch.from_numpy(crops.targets[pick])


def _as_batch(pixels: npt.NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(pixels).float().unsqueeze(1)


def _loss(net: nn.Module, pixels: Tensor, targets: Tensor, schedule: Schedule) -> Tensor:
    batch, hidden = occlude(disturb(move(pixels)))
    batch = standardise(batch)
    order = torch.randperm(len(batch))
    share = float(np.random.default_rng(torch.randint(2**31, (1,)).item()).beta(0.4, 0.4)) if schedule.mixup else 1.0
    blend = (torch.rand(len(batch), 1, 1, 1) < schedule.mixup).float() * (1 - share)
    mixed = (batch * (1 - blend) + batch[order] * blend).contiguous(memory_format=torch.channels_last)
    with _quick():
        logits = net(mixed)
    logits = logits.float()
    emotions, part = logits[:, :HIDDEN], blend.flatten()
    seen = (1 - hidden) * (1 - part), (1 - hidden[order]) * part
    each = F.cross_entropy(emotions, targets, reduction="none")
    other = F.cross_entropy(emotions, targets[order], reduction="none")
    expression = (each * seen[0] + other * seen[1]).sum() / (seen[0] + seen[1]).sum().clamp(min=1)
    whole = hidden * (1 - part) + hidden[order] * part
    return expression + 0.3 * F.binary_cross_entropy_with_logits(logits[:, HIDDEN], whole)
