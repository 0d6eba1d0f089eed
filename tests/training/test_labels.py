"""A ward's own list of photographs, as Excel and a Mac write it, and what is told when it cannot be trained on."""

import unicodedata
from pathlib import Path
from typing import Literal

import pytest

from models.errors import LabelsUnusable
from training.labels import folder_list, photo_list

Form = Literal["NFC", "NFD"]
ROWS = [(label, bucket) for label in ("anger", "neutral", "happiness") for bucket in (0, 1, 4)]


def listed(folder: Path, *extra: str, parted_by: str = ",", mark: str = "", without: int | None = None) -> Path:
    """A CSV of nine people and `extra` lines, and their files."""
    lines = ["file,label,identity,bucket"]
    for number, (label, bucket) in enumerate(ROWS):
        (folder / f"{number}.jpg").touch()
        if bucket != without:
            lines.append(f"{number}.jpg,{label},p{number},{bucket}")
    path = folder / "labels.csv"
    path.write_text(mark + "\n".join([*lines, *extra]).replace(",", parted_by) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("parted_by", [",", ";"])
def test_a_list_is_read_as_excel_writes_it(tmp_path: Path, parted_by: str, mark: str) -> None:
    photos = photo_list(tmp_path, listed(tmp_path, parted_by=parted_by, mark=mark))
    assert [(photo.emotion, photo.bucket) for photo in photos[2:4]] == [("angry", 4), ("neutral", 0)]


@pytest.mark.parametrize(("on_disk", "in_list"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_name_with_accents_is_found_however_they_are_written(tmp_path: Path, on_disk: Form, in_list: Form) -> None:
    name = "Bà Thuý ở quầy 3.jpg"
    file = tmp_path / unicodedata.normalize(on_disk, name)
    file.touch()
    labels = listed(tmp_path, f"{unicodedata.normalize(in_list, name)},neutral,thuy,1")
    assert file == photo_list(tmp_path, labels)[-1].path


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("0.jpg,annoyed,x,1", "row 10: label 'annoyed'"),
        ("0.jpg,neutral,x,6", "row 10: bucket '6' must be 0 to 5"),
        ("0.jpg,neutral,x,", "row 10: bucket ''"),
        ("0.jpg,neutral,,1", "row 10: identity is empty"),
        ("gone.jpg,neutral,x,1", "row 10: there is no file 'gone.jpg'"),
        ("0.jpg,neutral,p0,4", "p0 is in buckets 0, 4"),
    ],
)
def test_what_is_wrong_is_told_with_its_row(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(LabelsUnusable, match=told):
        photo_list(tmp_path, listed(tmp_path, line))


@pytest.mark.parametrize(("without", "told"), [(4, "bucket 4, which is reported"), (1, "at least two buckets")])
def test_a_bucket_that_cannot_be_missing_is_asked_for_before_anything_is_read(
    tmp_path: Path, without: int, told: str
) -> None:
    with pytest.raises(LabelsUnusable, match=told):
        photo_list(tmp_path, listed(tmp_path, without=without))


def test_a_missing_column_and_another_encoding_are_told(tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("file,label,person,bucket\n", encoding="utf-8")
    with pytest.raises(LabelsUnusable, match="no column identity"):
        photo_list(tmp_path, labels)
    labels.write_text("file,label,identity,bucket\nà.jpg,neutral,x,1\n", encoding="cp1252")
    with pytest.raises(LabelsUnusable, match="not UTF-8"):
        photo_list(tmp_path, labels)


def test_a_folder_that_names_no_emotion_is_told(tmp_path: Path) -> None:
    (tmp_path / "joy").mkdir()
    (tmp_path / "joy" / "1.jpg").touch()
    with pytest.raises(LabelsUnusable, match="joy: no label"):
        folder_list(tmp_path)
