"""The head for two networks: face-api.js's answers beside those of networks that had not seen the person. After training.fit, in .venv-train.

python -m training.second. It leaves the network and the head of one as they are and writes expression_of_two.toml beside them.
"""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from training.export import write_head
from training.fit import SMILE, TEARFUL, TEST_BUCKET, count, keep_sides, sample
from training.heads import choose_head
from training.network import HIDDEN
from training.tables import kept_back, load_table
from training.teacher import Teacher, load_teacher


def main() -> None:
    """Command line of this step."""
    parser = argparse.ArgumentParser(prog="training.second")
    parser.add_argument("--work", type=Path, required=True, help="folder of the run: tables and outputs.npz")
    parser.add_argument("--second", type=Path, required=True, help="folder with face-api.js's two files")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    fit_head_of_two(options.work, load_teacher(options.second), options.out)


def fit_head_of_two(work: Path, second: Teacher, out: Path) -> None:
    """Choose the head as training.fit does, on twice seven answers a face."""
    photos, faces = load_table(work / "photos.npz"), load_table(work / "fer_train.npz")
    development, kept = photos.only(photos.buckets != TEST_BUCKET), faces.only(kept_back(faces.names))
    with np.load(work / "outputs.npz") as outputs:
        unseen, of_kept = outputs["unseen"][:, :HIDDEN], outputs["kept"][:, :HIDDEN]
    chosen = choose_head(
        sample(development, np.concatenate([unseen, second.logits(development.crops)], axis=1)),
        sample(kept, np.concatenate([of_kept, second.logits(kept.crops)], axis=1)),
    )
    now = datetime.now(UTC)
    write_head(chosen.head, SMILE, TEARFUL, now.date(), out / "expression_of_two.toml")
    keep_sides(work / "cross_fitted_of_two.npz", development, chosen.photo_sides)
    record = {
        "finished": now.isoformat(timespec="minutes"),
        "test_bucket": TEST_BUCKET,
        "photographs": count(development),
        "fer_kept_back_for_the_head": count(kept),
        "head": chosen.report,
    }
    (out / "training_of_two.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
