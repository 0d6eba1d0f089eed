"""Network and head from tables of faces: pre-train on FER2013, fine-tune with photographs, fit and calibrate the head.

Runs in .venv-train (torch): python -m training.fit. scripts/train_expression calls it.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from models.movements import EMOTIONS, feature_vector
from models.pipeline import SmileRule, TearfulRule
from training import network
from training.export import write_head, write_network
from training.head import Matrix
from training.heads import Sample, choose_head
from training.tables import Table, kept_back, load_table

SIDE_PX = 48
"""The network's input side; FER2013 has no more to give, and it halves what a picture costs."""
SMILE = SmileRule(midpoint=0.62, slope=14.0)
TEARFUL = TearfulRule(eyes_closed=0.5, lip_raised=0.15, moved=0.6)
TEST_BUCKET = 4
_PICTURES_AN_EPOCH = 30_000
_CYCLES = ((11 / 37, 3e-3, 0.2), (6 / 37, 2e-3, 0.0), (20 / 37, 2e-3, 0.1))
"""Share of the pre-training, its peak learning rate and its share of blended pictures."""
_FINE_TUNING = 3.4 / 37
"""Length of the fine-tuning of each fold, as a share of the pre-training."""
_NEGATIVE_PHOTO_BOOST = 8.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to train; `pretrain` and `finetune` count pictures shown."""

    pretrain: int
    finetune: int
    seed: int


def main() -> None:
    """Command line of the fitting step."""
    options = _options()
    torch.set_num_threads(options.threads)
    started = time.monotonic()
    photos, faces = load_table(options.work / "photos.npz"), load_table(options.work / "fer_train.npz")
    pictures = round(options.epochs * _PICTURES_AN_EPOCH)
    plan = Plan(pictures, round(pictures * _FINE_TUNING), options.seed)
    record = train(photos, faces, plan, options.work, options.out)
    record |= {"plan": asdict(plan), "minutes": round((time.monotonic() - started) / 60, 1)}
    (options.out / "training.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def train(photos: Table, faces: Table, plan: Plan, work: Path, out: Path) -> dict[str, object]:
    """Every stage; writes the network and the head into `out` and says how it was chosen.

    One network a fold, from the same start; the head is chosen on what each had not seen, and the network that is
    written is the mean of their weights.
    """
    held = kept_back(faces.names)
    base = _pretrained(faces.only(~held), plan, work)
    development = photos.only(photos.buckets != TEST_BUCKET)
    folds = _folds(development.buckets)
    unseen = np.zeros((len(development.names), network.OUTPUTS), np.float32)
    nets = []
    for number, fold in enumerate(folds):
        mine = np.isin(development.buckets, fold)
        name = f"fold {number + 1}/{len(folds)}"
        nets.append(_finetuned(base, development.only(~mine), faces.only(~held), plan, name))
        unseen[mine] = network.outputs(nets[-1], development.crops[mine], SIDE_PX)
    final = network.averaged(nets, _mixture(development, faces.only(~held)), SIDE_PX, plan.seed)
    kept = faces.only(held)
    kept_outputs = np.mean([network.outputs(net, kept.crops, SIDE_PX) for net in nets], axis=0)
    np.savez(work / "outputs.npz", unseen=unseen, kept=kept_outputs)
    torch.save(final.state_dict(), work / "final.pt")
    chosen = choose_head(_sample(development, unseen), _sample(kept, kept_outputs))
    seen = development.located & development.facing
    np.savez(
        work / "cross_fitted.npz",
        names=development.names[seen],
        emotions=development.emotions[seen],
        sides=chosen.photo_sides,
    )
    out.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    parameters = write_network(final, SIDE_PX, out / "expression.onnx")
    write_head(chosen.head, SMILE, TEARFUL, now.date(), out / "expression.toml")
    return {
        "finished": now.isoformat(timespec="minutes"),
        "network_parameters": parameters,
        "test_bucket": TEST_BUCKET,
        "folds": folds,
        "photographs": _count(development),
        "fer_training": _count(faces.only(~held)),
        "fer_kept_back_for_the_head": _count(kept),
        "head": chosen.report,
    }


def _pretrained(faces: Table, plan: Plan, work: Path) -> nn.Sequential:
    """The network after FER2013 alone: a short cycle, then a long one from there (a warm restart).

    Kept beside the run after each cycle, because this takes longest and depends on FER2013 only.
    """
    torch.manual_seed(plan.seed)
    net = network.build()
    crops = network.Crops(faces.crops, _indices(faces), _by_frequency(_indices(faces)))
    for number, (share, rate, mixup) in enumerate(_CYCLES, 1):
        pictures = round(plan.pretrain * share)
        kept = work / f"pretrained-{number}-{pictures}-{plan.seed}.pt"
        if kept.exists():
            net.load_state_dict(torch.load(kept))
            continue
        schedule = network.Schedule(pictures, SIDE_PX, rate, plan.seed + 20 * (number - 1), mixup)
        net = network.fit(net, crops, schedule, _teller(f"pre-training {number}/{len(_CYCLES)}"))
        torch.save(net.state_dict(), kept)
    return net


def _finetuned(base: nn.Sequential, photos: Table, faces: Table, plan: Plan, name: str) -> nn.Sequential:
    net = network.build()
    net.load_state_dict(base.state_dict())
    schedule = network.Schedule(plan.finetune, SIDE_PX, 1e-3, plan.seed + 1)
    return network.fit(net, _mixture(photos, faces), schedule, _teller(name))


def _mixture(photos: Table, faces: Table) -> network.Crops:
    """Photographs and FER2013 half and half."""
    return network.Crops(
        np.concatenate([photos.crops, faces.crops]),
        np.concatenate([_indices(photos), _indices(faces)]),
        np.concatenate([0.5 * _photo_chances(photos), 0.5 * _normal(_by_frequency(_indices(faces)))]),
    )


def _photo_chances(photos: Table) -> npt.NDArray[np.float64]:
    rare = ~np.isin(photos.emotions, ["happy", "neutral"])
    return _normal(np.where(rare, _NEGATIVE_PHOTO_BOOST, 1.0))


def _folds(buckets: npt.NDArray[np.int64]) -> list[list[int]]:
    """Buckets in three parts, each left out once."""
    present = sorted(set(buckets.tolist()))
    return [part for part in (present[:1], present[1::2], present[2::2]) if part]


def _sample(table: Table, outputs: npt.NDArray[np.float32]) -> Sample:
    keep = table.located & table.facing
    features: Matrix = feature_vector(table.blendshapes[keep], outputs[keep, : len(EMOTIONS)])
    return Sample(features, table.emotions[keep], table.buckets[keep])


def _indices(table: Table) -> npt.NDArray[np.int64]:
    return np.array([EMOTIONS.index(str(name)) for name in table.emotions], dtype=np.int64)


def _by_frequency(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Half-way between natural and balanced classes."""
    return np.asarray(1 / np.sqrt(np.bincount(labels, minlength=len(EMOTIONS))[labels]))


def _normal(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(weights / weights.sum())


def _count(table: Table) -> dict[str, int]:
    names, counts = np.unique(table.emotions, return_counts=True)
    return {"pictures": len(table.names)} | {str(n): int(c) for n, c in zip(names, counts, strict=True)}


def _teller(stage: str) -> Callable[[str], None]:
    return lambda line: print(f"  {stage}: {line}", flush=True)


def _options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="training.fit")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=float, default=37.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
