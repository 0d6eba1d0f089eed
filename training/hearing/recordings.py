"""First step: labelled recordings and espeak-ng's sentences as arrays of sound. Runs in .venv: python -m training.hearing.recordings.

A speaker is either trained on or reported, never both.
"""

import argparse
import csv
import json
import random
import sys
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.errors import LabelsUnusable
from models.label_rows import Row, label_rows
from models.mel import RATE, Samples

HELD_OUT_IN = 3
"""One speaker in so many is kept for the report, by the name's checksum."""
_SPOKEN = 240
_COLUMNS = ("file", "text", "speaker")
_VOICES = ("vi", "vi-vn-x-south", "vi-vn-x-central")
_LONGEST_S = 15


@dataclass(frozen=True, slots=True)
class Recording:
    """What one person said."""

    sound: Samples
    text: str


def is_held_out(speaker: str) -> bool:
    """Whether this speaker is for the report alone."""
    return zlib.crc32(speaker.encode()) % HELD_OUT_IN == 0


def load_recordings(work: Path) -> tuple[list[Recording], list[Samples]]:
    """What `main` wrote: recordings to train on, and machine-made sentences."""
    texts = json.loads((work / "texts.json").read_text(encoding="utf-8"))
    with np.load(work / "people.npz") as people, np.load(work / "machine.npz") as machine:
        return [Recording(people[name], texts[name]) for name in people.files], [
            machine[name] for name in machine.files
        ]


def main() -> None:
    """Write people.npz, texts.json, machine.npz into the work folder, and sentences.csv for `motcua bench voice --sentences`."""
    parser = argparse.ArgumentParser(prog="training.hearing.recordings")
    parser.add_argument("--clips", type=Path, required=True, help="a ZIP of recordings")
    parser.add_argument("--sentences", type=Path, required=True, help="its CSV with columns file, text, speaker")
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    try:
        rows = _recorded(options.clips, options.sentences)
    except LabelsUnusable as error:
        sys.exit(str(error))
    options.work.mkdir(parents=True, exist_ok=True)
    trained_on = {row["file"] for row in rows if not is_held_out(row["speaker"])}
    listed = options.work / "sentences.csv"
    with listed.open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, [*_COLUMNS, "trained_on"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | {"trained_on": int(row["file"] in trained_on)} for row in rows)
    _write(options.clips, listed, trained_on, options.work)


def _recorded(clips: Path, sentences: Path) -> list[Row]:
    """Rows of the list whose sound the ZIP has, by the ZIP's names. Raises LabelsUnusable when there is nobody to train on."""
    with zipfile.ZipFile(clips) as packed:
        names = {unicodedata.normalize("NFC", Path(name).name): Path(name).name for name in packed.namelist()}
    listed = [row | {"file": unicodedata.normalize("NFC", row["file"])} for row in label_rows(sentences, _COLUMNS)]
    rows = [row | {"file": names[row["file"]]} for row in listed if row["file"] in names]
    if len(rows) < len(listed):
        sys.stderr.write(
            f"==> {len(listed) - len(rows)} of {len(listed)} recordings in {sentences} are not in {clips}\n"
        )
    if all(is_held_out(row["speaker"]) for row in rows):
        raise LabelsUnusable(
            f"{sentences}: no recording to train on is in {clips}; look at the columns file and speaker"
        )
    return rows


def _write(clips: Path, sentences: Path, trained_on: set[str], work: Path) -> None:
    from edge.bench.voice import read_clips  # noqa: PLC0415 - the training environment has none of it
    from edge.bench.voice_sound import spoken  # noqa: PLC0415 - same
    from models.tts import Voice  # noqa: PLC0415 - same

    known = {Path(clip.member).name: clip for clip in read_clips(clips, sentences)}
    kept = {name: clip for name, clip in known.items() if name in trained_on}
    texts = {name: clip.text for name, clip in kept.items()}
    chance = random.Random(1)
    machine = {}
    for number in range(_SPOKEN):
        voice = Voice(chance.choice(_VOICES), chance.randint(120, 190), chance.randint(20, 90))
        machine[str(number)] = spoken(chance.choice(sorted(texts.values())), voice)[: _LONGEST_S * RATE]
    np.savez(work / "people.npz", **{name: clip.samples() for name, clip in kept.items()})  # type: ignore[arg-type]
    np.savez(work / "machine.npz", **machine)  # type: ignore[arg-type]
    (work / "texts.json").write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
    sys.stderr.write(f"==> {len(kept)} recordings to train on, {len(known) - len(kept)} kept for the report\n")


if __name__ == "__main__":
    main()
