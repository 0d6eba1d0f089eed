"""First step of training: every labelled picture through the face landmarker, once. Runs in .venv: python -m training.read."""

import argparse
import shutil
import sys
from pathlib import Path

from models.embedding import MODEL_FILE
from models.fetch import default_directory, locate, pull
from training.tables import KNOWN_FACES, folder_list, make_table, photo_list


def main() -> None:
    """Write photos.npz, fer_train.npz and fer_public.npz into the work folder."""
    parser = argparse.ArgumentParser(prog="training.read")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--fer", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--landmarker", type=Path)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    shutil.copy(_pulled(MODEL_FILE), options.work / KNOWN_FACES)
    landmarker = options.landmarker or _pulled("face_landmarker.task")
    sources = {
        "photos": photo_list(options.photos, options.labels),
        "fer_train": folder_list(options.fer / "Training"),
        "fer_public": folder_list(options.fer / "PublicTest"),
    }
    for name, rows in sources.items():
        if not rows:
            sys.exit(f"no pictures for {name}; look at --photos, --labels and --fer")
        print(f"==> {name}: {len(rows)} pictures", file=sys.stderr)
        make_table(rows[::20] if options.quick else rows, landmarker, options.work / f"{name}.npz")


def _pulled(name: str) -> Path:
    pull([name], default_directory())
    return locate(name, default_directory())


if __name__ == "__main__":
    main()
