"""First step of training: every labelled picture through the face landmarker, once. Runs in .venv: python -m training.read."""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from models.embedding import MODEL_FILE
from models.errors import LabelsUnusable, ParametersUnusable
from models.expression import ExpressionModel
from models.fetch import default_directory, locate, pull
from training.labels import Labelled, folder_list, photo_list
from training.tables import KNOWN_FACES, make_table


def main() -> None:
    """Write photos.npz, fer_train.npz and fer_public.npz into the work folder."""
    parser = argparse.ArgumentParser(prog="training.read")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--fer", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--landmarker", type=Path)
    parser.add_argument("--compare", type=Path, help="the last step will ask for these parameters")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    try:
        if options.compare:
            ExpressionModel(options.compare)
        _read(options)
    except (LabelsUnusable, ParametersUnusable) as error:
        sys.exit(str(error))


def _read(options: argparse.Namespace) -> None:
    sources = {
        "photos": photo_list(options.photos, options.labels),
        "fer_train": folder_list(options.fer / "Training"),
        "fer_public": folder_list(options.fer / "PublicTest"),
    }
    options.work.mkdir(parents=True, exist_ok=True)
    shutil.copy(_pulled(MODEL_FILE), options.work / KNOWN_FACES)
    landmarker = options.landmarker or _pulled("face_landmarker.task")
    for name, rows in sources.items():
        if not rows:
            sys.exit(f"no pictures for {name}; look at --photos, --labels and --fer")
        print(f"==> {name}: {len(rows)} pictures", file=sys.stderr)
        make_table(rows[:: _step(rows)] if options.quick else rows, landmarker, options.work / f"{name}.npz")


def _step(rows: Sequence[Labelled]) -> int:
    """Every so many pictures show whether the data fit; of a ward's few hundred all are needed for that."""
    return max(1, min(20, len(rows) // 400))


def _pulled(name: str) -> Path:
    pull([name], default_directory())
    return locate(name, default_directory())


if __name__ == "__main__":
    main()
