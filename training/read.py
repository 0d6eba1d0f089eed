"""First step of training: every labelled picture through the face landmarker, once. Runs in .venv: python -m training.read."""

import argparse
import shutil
import sys
from pathlib import Path

from models.fetch import default_directory, locate, pull
from training.tables import (
    FER_KEPT_LOOKS,
    FER_PUBLIC_LOOKS,
    PHOTO_LOOKS,
    Labelled,
    folder_list,
    kept_back,
    make_looks,
    make_table,
    photo_list,
)

TEACHER_FILES = ("face_expression_model.bin", "face_expression_model-weights_manifest.json")


def main() -> None:
    """Write photos.npz, fer_train.npz and fer_public.npz into the work folder."""
    parser = argparse.ArgumentParser(prog="training.read")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--fer", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--landmarker", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--teacher", action="store_true", help="put the teacher's files into the work folder")
    options = parser.parse_args()
    if options.teacher:
        (options.work / "teacher").mkdir(parents=True, exist_ok=True)
        for name in TEACHER_FILES:
            shutil.copy(_pulled(name), options.work / "teacher" / name)
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
        sources[name] = rows[::20] if options.quick else rows
        make_table(sources[name], landmarker, options.work / f"{name}.npz")
    if options.teacher:
        _look_twice(sources, landmarker, options.work)


def _look_twice(sources: dict[str, list[Labelled]], landmarker: Path, work: Path) -> None:
    """What the second network sees of the pictures that its head is fitted to or measured on."""
    faces = sources["fer_train"]
    held = [row for row, is_kept in zip(faces, kept_back([row.path.name for row in faces]), strict=True) if is_kept]
    for name, rows in (
        (PHOTO_LOOKS, sources["photos"]),
        (FER_KEPT_LOOKS, held),
        (FER_PUBLIC_LOOKS, sources["fer_public"]),
    ):
        print(f"==> {name}: {len(rows)} pictures", file=sys.stderr)
        make_looks(rows, landmarker, work / name)


def _pulled(name: str) -> Path:
    pull([name], default_directory())
    return locate(name, default_directory())


if __name__ == "__main__":
    main()
