"""What a work folder keeps: nothing half written, and nothing that was made from other labels."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from models.fetch import default_directory, locate
from training.kept import fingerprint, write_whole
from training.labels import Labelled
from training.tables import Table, load_table, make_table


def test_a_write_that_ends_early_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "kept.npz"
    path.write_bytes(b"whole")

    def ended(part: Path) -> None:
        part.write_bytes(b"ha")
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        write_whole(path, ended)
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("kept.npz", b"whole")]


def test_a_fingerprint_changes_with_any_number_and_any_shape() -> None:
    numbers: npt.NDArray[np.integer] = np.arange(6)
    others = [numbers + 1, numbers.reshape(2, 3), numbers.astype(np.int32), numbers[::-1]]
    assert len({fingerprint([one]) for one in (numbers, *others)}) == 5
    assert fingerprint([numbers]) == fingerprint([numbers.copy()])


def made(rows: list[Labelled], path: Path) -> Table:
    return make_table(rows, locate("face_landmarker.task", default_directory()), path)


@pytest.mark.models
def test_a_person_who_moved_to_another_bucket_is_moved_in_the_kept_table_too(tmp_path: Path) -> None:
    picture, path = tmp_path / "gray.png", tmp_path / "photos.npz"
    cv2.imwrite(str(picture), np.full((96, 96, 3), 128, np.uint8))
    row = Labelled(picture, "neutral", "p", 4)
    before = made([row], path)

    after = made([replace(row, bucket=1)], path)

    assert (before.buckets.tolist(), after.buckets.tolist()) == ([4], [1])
    assert load_table(path).buckets.tolist() == [1]
    assert before.fingerprint != after.fingerprint


@pytest.mark.models
def test_a_table_that_was_cut_off_is_made_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture, path = tmp_path / "gray.png", tmp_path / "photos.npz"
    cv2.imwrite(str(picture), np.full((96, 96, 3), 128, np.uint8))
    row = Labelled(picture, "neutral", "p", 1)
    made([row], path)
    path.write_bytes(path.read_bytes()[:300])

    assert made([row], path).names.tolist() == ["gray.png"]
    assert "photos.npz cannot be used" in capsys.readouterr().err
