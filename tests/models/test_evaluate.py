import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.errors import LabelsUnusable
from models.evaluate import REPORTED_GROUP, evaluate_expression, figures, labelled_photos

PNG = b"\x89PNG"


def test_faces_without_a_reading_are_counted_both_ways() -> None:
    nothing = [np.nan] * 3
    sides = np.array([[0.9, 0.1, 0.0], nothing, [0.1, 0.8, 0.1], [0.0, 0.1, 0.9], [0.0, 0.6, 0.4]])
    found = figures(np.array([0, 0, 1, 2, 2]), sides)
    assert found["recall"] == {"negative": 1.0, "neutral": 1.0, "positive": 0.5}
    assert found["recall_unusable_as_wrong"] == {"negative": 0.5, "neutral": 1.0, "positive": 0.5}
    assert found["unusable"] == 1


def _labels(folder: Path, rows: list[str]) -> Path:
    path = folder / "photos.csv"
    path.write_text("\n".join(["file,label,identity,bucket", *rows]) + "\n", encoding="utf-8")
    return path


def test_the_group_follows_the_person_and_surprise_is_left_out(tmp_path: Path) -> None:
    labels = _labels(tmp_path, ["a1.png,happiness,A,4", "a2.png,neutral,A,4", "b.png,surprise,B,4", "c.png,anger,C,1"])
    pairs = tmp_path / "pairs.csv"
    pairs.write_text(
        f"file_a,file_b,same,group\na1.png,c.png,0,{REPORTED_GROUP}\nb.png,c.png,0,other\n", encoding="utf-8"
    )
    files = labelled_photos(tmp_path, labels, {4}, pairs)
    assert [(file.path.name, file.side, file.groups) for file in files] == [
        ("a1.png", 2, (REPORTED_GROUP,)),
        ("a2.png", 1, (REPORTED_GROUP,)),
    ]


def test_a_list_as_excel_writes_it_is_read(tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("\ufefffile;label;identity;bucket\r\nan.jpg;neutral;An;4\r\n", encoding="utf-8")
    (tmp_path / "an.jpg").touch()
    (one,) = labelled_photos(tmp_path, labels, {4})
    assert (one.path.name, one.side) == ("an.jpg", 1)


def test_a_list_without_its_columns_is_refused(tmp_path: Path) -> None:
    labels = tmp_path / "photos.csv"
    labels.write_text("file,emotion\na.png,anger\n", encoding="utf-8")
    with pytest.raises(LabelsUnusable, match="no column label, identity, bucket"):
        labelled_photos(tmp_path, labels, {4})


@pytest.mark.models
@pytest.mark.timeout(120)
def test_the_benchmark_writes_its_figures_and_a_picture(tmp_path: Path, model_file: Callable[[str], Path]) -> None:
    clip = cv2.VideoCapture(str(model_file("single_face.mp4")))
    for number in range(41):
        frame = clip.read()[1]
        if number in {2, 40}:
            cv2.imwrite(str(tmp_path / f"{number}.png"), frame)
    clip.release()
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((200, 200, 3), 128, np.uint8))
    labels = _labels(tmp_path, ["2.png,neutral,M,0", "40.png,happiness,M,0", "wall.png,anger,W,0"])
    out = tmp_path / "out"
    found = evaluate_expression(tmp_path, labels, {0}, out, landmarker=model_file("face_landmarker.task"))
    assert found["all"]["confusion"] == [[0, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0]]
    assert json.loads((out / "expression.json").read_text(encoding="utf-8")) == found
    assert (out / "expression.png").read_bytes().startswith(PNG)
