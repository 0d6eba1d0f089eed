"""Files given by the dozen."""

from pathlib import Path

from edge.cli_files import files_of, row_of


def test_folders_give_their_files_and_empty_ones_stand_for_themselves(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "empty").mkdir()
    for name in ("b.wav", "a.wav"):
        (tmp_path / "full" / name).touch()
    found = files_of([tmp_path / "full", tmp_path / "empty", tmp_path / "none.wav"])
    assert found == [tmp_path / "full/a.wav", tmp_path / "full/b.wav", tmp_path / "empty", tmp_path / "none.wav"]


def test_what_cannot_be_opened_is_a_row_in_the_words_of_the_system(tmp_path: Path) -> None:
    def read(path: Path) -> dict[str, object]:
        return {"path": str(path), "bytes": len(path.read_bytes())}

    (tmp_path / "one.wav").write_bytes(b"12")
    long = tmp_path / ("n" * 300)
    assert [row_of(path, read) for path in files_of([tmp_path / "one.wav", tmp_path / "none", long])] == [
        {"path": f"{tmp_path}/one.wav", "bytes": 2},
        {"path": f"{tmp_path}/none", "error": "No such file or directory"},
        {"path": str(long), "error": "File name too long"},
    ]
    (tmp_path / "empty").mkdir()
    assert row_of(tmp_path / "empty", read) == {"path": f"{tmp_path}/empty", "error": "the folder holds no file"}
