"""Network and head from tables of faces: pre-train on FER2013, fine-tune with photographs, fit and calibrate the head.

Runs in .venv-train (torch): python -m training.fit. scripts/train_expression calls it.
"""

import argparse
import copy
import json
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from models.movements import EMOTIONS, feature_vector
from models.pipeline import SmileRule, TearfulRule
from training import network
from training.export import check_written, write_head, write_network
from training.head import Matrix
from training.heads import Sample, choose_head
from training.kept import fingerprint, write_whole
from training.known_faces import start_from
from training.labels import TEST_BUCKET
from training.network import HIDDEN
from training.start import started_from
from training.tables import KNOWN_FACES, Table, kept_back, load_table

SMILE = SmileRule(midpoint=0.62, slope=14.0)
TEARFUL = TearfulRule(eyes_closed=0.5, lip_raised=0.15, moved=0.6)
_PICTURES_AN_EPOCH = 30_000
_HELD = 7
"""Convolutions that stay as they are while FER2013 is learnt: edges and corners; it halves what a picture costs."""
_RATE, _FINE_RATE = 8e-4, 4e-4
"""Peak learning rates of the pre-training and of each fold."""
_FINE_TUNING = 0.125
"""Length of the fine-tuning of each fold, as a share of the pre-training."""
_NEGATIVE_PHOTO_BOOST = 8.0
_SMOOTHING = 0.1
_SAMPLED = 12  # every so many photographs give the statistics of a start
_CHECKED = 800
"""Every so many photographs are put to the written file as well."""
Probabilities = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to train; `pretrain` and `finetune` count pictures shown."""

    pretrain: int
    finetune: int
    seed: int
    start: Path | None = None  # parameters to go on from instead of pre-training


def main() -> None:
    """Command line of the fitting step."""
    options = _options()
    torch.set_num_threads(options.threads)
    started = time.monotonic()
    photos, faces = load_table(options.work / "photos.npz"), load_table(options.work / "fer_train.npz")
    pictures = round(options.epochs * _PICTURES_AN_EPOCH)
    finetune = options.finetune or round(pictures * _FINE_TUNING)
    plan = Plan(pictures, finetune, options.seed, options.start)
    record = train(photos, faces, plan, options.work, options.out)
    record |= {"plan": asdict(plan) | _origins(plan), "minutes": round((time.monotonic() - started) / 60, 1)}
    (options.out / "training.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def train(photos: Table, faces: Table, plan: Plan, work: Path, out: Path) -> dict[str, object]:
    """Every stage; writes the network and the head into `out` and says how it was chosen.

    One network a fold, from the same start; the head is chosen on what each had not seen, and the network that is
    written is the mean of their weights.
    """
    held = kept_back(faces.names)
    development = photos.only(photos.buckets != TEST_BUCKET)
    base = _start(development, faces.only(~held), plan, work)
    folds = _folds(development.buckets)
    unseen = np.zeros((len(development.names), network.OUTPUTS), np.float32)
    stamp = f"{plan.finetune}-{plan.seed}-{_origin(base)}-{development.fingerprint}-{faces.fingerprint}"
    nets = []
    for number, fold in enumerate(folds):
        mine = np.isin(development.buckets, fold)
        mixture = _mixture(development.only(~mine), faces.only(~held))
        beside = work / f"fold-{number + 1}-{stamp}.pt"
        nets.append(_finetuned(base, mixture, plan, f"fold {number + 1}/{len(folds)}", beside))
        unseen[mine] = network.outputs(nets[-1], development.crops[mine])
    final = network.averaged(nets)
    kept = faces.only(held)
    kept_outputs = np.mean([network.outputs(net, kept.crops) for net in nets], axis=0)
    torch.save(final.state_dict(), work / "final.pt")
    chosen = choose_head(_sample(development, unseen[:, :HIDDEN]), _sample(kept, kept_outputs[:, :HIDDEN]))
    _keep_sides(work / "cross_fitted.npz", development, chosen.photo_sides)
    now = datetime.now(UTC)
    parameters = _write_checked(final, development.crops[::_CHECKED], out / "expression.onnx")
    write_whole(out / "expression.toml", lambda part: write_head(chosen.head, SMILE, TEARFUL, now.date(), part))
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


def _write_checked(net: nn.Sequential, pixels: npt.NDArray[np.uint8], path: Path) -> int:
    """`path` may be in use: what does not answer as the network does never stands there. Returns the number of parameters."""

    def write(part: Path) -> int:
        parameters = write_network(net, part)
        check_written(net, pixels, part)
        return parameters

    return write_whole(path, write)


def _start(photos: Table, faces: Table, plan: Plan, work: Path) -> nn.Sequential:
    if plan.start is None:
        return _pretrained(faces, plan, work)
    return started_from(plan.start / "expression.onnx", photos.crops[::_SAMPLED])


def _pretrained(faces: Table, plan: Plan, work: Path) -> nn.Sequential:
    """A network that knows faces, after FER2013 alone; kept beside the run, because this takes longest."""
    kept = work / f"pretrained-{plan.pretrain}-{plan.seed}-{faces.fingerprint}.pt"
    if kept.exists():
        return _kept_network(kept)
    torch.manual_seed(plan.seed)
    crops = network.Crops(faces.crops, _smoothed(faces), _by_frequency(_indices(faces)))
    schedule = network.Schedule(plan.pretrain, _RATE, plan.seed, held=_HELD)
    net = network.fit(start_from(work / KNOWN_FACES), crops, schedule, _teller("pre-training"))
    write_whole(kept, lambda part: torch.save(net.state_dict(), part))
    return net


def _finetuned(base: nn.Sequential, crops: network.Crops, plan: Plan, name: str, kept: Path) -> nn.Sequential:
    """The base trained on; kept beside the run, like what was pre-trained."""
    if kept.exists():
        return _kept_network(kept)
    net = network.fit(
        copy.deepcopy(base), crops, network.Schedule(plan.finetune, _FINE_RATE, plan.seed + 1), _teller(name)
    )
    write_whole(kept, lambda part: torch.save(net.state_dict(), part))
    return net


def _kept_network(path: Path) -> nn.Sequential:
    net = network.build()
    try:
        net.load_state_dict(torch.load(path))
    except (RuntimeError, EOFError, UnpicklingError) as error:
        raise SystemExit(f"{path} is damaged or another version's; delete it and run again") from error
    return net.eval()


def _origin(net: nn.Sequential) -> str:
    """Tells apart what folds began with."""
    return fingerprint(values.numpy() for values in net.state_dict().values())


def _mixture(photos: Table, faces: Table) -> network.Crops:
    """Photographs and FER2013 half and half."""
    return network.Crops(
        np.concatenate([photos.crops, faces.crops]),
        np.concatenate([_smoothed(photos), _smoothed(faces)]),
        np.concatenate([0.5 * _photo_chances(photos), 0.5 * _normal(_by_frequency(_indices(faces)))]),
    )


def _smoothed(table: Table) -> Probabilities:
    """One-hot [n, 7] with a little for every emotion."""
    whole = np.eye(len(EMOTIONS), dtype=np.float32)[_indices(table)]
    return np.asarray(whole * (1 - _SMOOTHING) + _SMOOTHING / len(EMOTIONS), dtype=np.float32)


def _photo_chances(photos: Table) -> npt.NDArray[np.float64]:
    rare = ~np.isin(photos.emotions, ["happy", "neutral"])
    return _normal(np.where(rare, _NEGATIVE_PHOTO_BOOST, 1.0))


def _folds(buckets: npt.NDArray[np.int64]) -> list[list[int]]:
    """Buckets in three parts, each left out once."""
    present = sorted(set(buckets.tolist()))
    return [part for part in (present[:1], present[1::2], present[2::2]) if part]


def _sample(table: Table, emotions: npt.NDArray[np.float32]) -> Sample:
    """What the head is fitted on: the faces that can be read, with the network's logits [n, 7]."""
    keep = table.located & table.facing
    features: Matrix = feature_vector(table.blendshapes[keep], emotions[keep])
    return Sample(features, table.emotions[keep], table.buckets[keep])


def _keep_sides(path: Path, table: Table, sides: Matrix) -> None:
    """What the cross-fitted head said of the faces that can be read; training.report reads it."""
    seen = table.located & table.facing
    np.savez(path, names=table.names[seen], emotions=table.emotions[seen], sides=sides)


def _indices(table: Table) -> npt.NDArray[np.int64]:
    return np.array([EMOTIONS.index(str(name)) for name in table.emotions], dtype=np.int64)


def _by_frequency(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Half-way between natural and balanced classes."""
    return np.asarray(1 / np.sqrt(np.bincount(labels, minlength=len(EMOTIONS))[labels]))


def _normal(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(weights / weights.sum())


def _count(table: Table) -> dict[str, int]:
    """Pictures, and how many of each emotion."""
    names, counts = np.unique(table.emotions, return_counts=True)
    return {"pictures": len(table.names)} | {str(n): int(c) for n, c in zip(names, counts, strict=True)}


def _origins(plan: Plan) -> dict[str, object]:
    """Where the run began, without paths of this machine: the start's version."""
    start = plan.start and tomllib.loads((plan.start / "expression.toml").read_text(encoding="utf-8"))["version"]
    return {"start": start}


def _teller(stage: str) -> Callable[[str], None]:
    return lambda line: print(f"  {stage}: {line}", flush=True)


def _options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="training.fit")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=float, default=13.3)
    parser.add_argument("--finetune", type=int, help="pictures shown a fold, instead of a share of --epochs")
    parser.add_argument("--start", type=Path, help="go on from these parameters instead of pre-training")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
