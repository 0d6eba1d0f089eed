"""A ward's own recordings: its list as Excel writes it, and the names in the ZIP as a Mac does."""

import unicodedata
import zipfile
from pathlib import Path

import pytest

from models.errors import LabelsUnusable
from training.hearing.recordings import _recorded, is_held_out

SPEAKER = next(name for name in "abcdef" if not is_held_out(name))


def packed(folder: Path, name: str) -> Path:
    path = folder / "clips.zip"
    with zipfile.ZipFile(path, "w") as clips:
        clips.writestr(name, b"")
    return path


def test_recordings_are_found_by_a_list_of_excel_and_a_zip_of_a_mac(tmp_path: Path) -> None:
    on_mac = unicodedata.normalize("NFD", "bà tư.wav")
    sentences = tmp_path / "sentences.csv"
    sentences.write_text(f"\ufefffile;text;speaker\nbà tư.wav;một, hai;{SPEAKER}\n", encoding="utf-8")
    assert [{"file": on_mac, "text": "một, hai", "speaker": SPEAKER}] == _recorded(
        packed(tmp_path, f"thu/{on_mac}"), sentences
    )


def test_a_list_of_other_recordings_is_refused(tmp_path: Path) -> None:
    sentences = tmp_path / "sentences.csv"
    sentences.write_text(f"file,text,speaker\n1.wav,một,{SPEAKER}\n", encoding="utf-8")
    with pytest.raises(LabelsUnusable, match="no recording to train on"):
        _recorded(packed(tmp_path, "2.wav"), sentences)
