import unicodedata
from pathlib import Path

import pytest

from config.load import ConfigError
from config.procedures import SEEDED, in_language, load_procedures

ONE = """
[procedures.khai-sinh]
vi.name = "Đăng ký khai sinh"
vi.papers = ["Tờ khai", "Giấy chứng sinh"]
en.name = "Birth registration"
en.papers = ["Form", "Medical birth certificate"]
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "procedures.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_both_languages_offer_the_same() -> None:
    procedures = load_procedures()
    vietnamese, english = in_language(procedures, "vi"), in_language(procedures, "en")
    assert len(vietnamese) >= 12
    assert [(key, len(papers), size) for key, _, papers, size in vietnamese] == [
        (key, len(papers), size) for key, _, papers, size in english
    ]
    assert {size for *_, size in vietnamese} == {"small", "medium", "large"}


def test_what_must_be_signed_before_an_officer_is_not_offered() -> None:
    procedures = load_procedures()
    offered = {key for key, *_ in in_language(procedures, "vi")}
    assert set(procedures.entries) - offered == {"ket-hon", "nhan-cha-me-con", "chung-thuc-chu-ky"}


def test_the_seeded_file_is_composed_vietnamese() -> None:
    text = SEEDED.read_text(encoding="utf-8")
    assert unicodedata.is_normalized("NFC", text)


def test_an_unknown_language_is_vietnamese(tmp_path: Path) -> None:
    procedures = load_procedures(written(tmp_path, ONE))
    assert in_language(procedures, "fr") == (
        ("khai-sinh", "Đăng ký khai sinh", ("Tờ khai", "Giấy chứng sinh"), "small"),
    )


def test_every_mistake_at_once(tmp_path: Path) -> None:
    wrong = (
        ONE.replace("en.name", "en.nmae")
        + """
[procedures.Khai_Tu]
size = "smal"
vi.name = ""
vi.papers = []
en.name = "Death registration"
en.papers = ["Form"]
[procedures.mat-can]
vi.name = "Mất cân"
vi.papers = ["Tờ khai"]
en.name = "Unbalanced"
en.papers = ["Form", "Card"]
"""
    )
    with pytest.raises(ConfigError) as caught:
        load_procedures(written(tmp_path, wrong))
    said = {mistake.path: str(mistake) for mistake in caught.value.mistakes}
    assert "did you mean 'name'?" in said["procedures.khai-sinh.en.nmae"]
    assert "is missing" in said["procedures.khai-sinh.en.name"]
    assert "did you mean 'small'?" in said["procedures.Khai_Tu.size"]
    assert {"procedures.Khai_Tu", "procedures.Khai_Tu.vi.name", "procedures.Khai_Tu.vi.papers"} <= set(said)
    assert "1 papers in Vietnamese and 2 in English" in said["procedures.mat-can"]


@pytest.mark.parametrize("text", ["", "[procedures]\n", "[procedures.x", "x = 1"])
def test_an_empty_or_broken_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        load_procedures(written(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        load_procedures(tmp_path / "nowhere.toml")
