"""The manifest: the project's own is sound, and a wrong one names everything that is wrong with it."""

from pathlib import Path

import pytest

from models.fetch_errors import BadManifest, UnknownName
from models.manifest import FileSet, NpmSource, PypiSource, UrlSource, load_manifest

WHOLE = """
[file."a.bin"]
version = "1"
set = "default"
purpose = "a test"
licence = "MIT"
size_bytes = 3
sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
sources = [
  { pypi = "thing==1.0", member = "thing/a.bin" },
  { npm = "@some/thing@1.0.0", member = "models/a.bin" },
  { url = "https://example.org/a.bin" },
]
"""


def written(directory: Path, text: str) -> Path:
    path = directory / "manifest.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(directory: Path, text: str) -> str:
    with pytest.raises(BadManifest) as caught:
        load_manifest(written(directory, text))
    assert len(caught.value.problems) == len(str(caught.value).splitlines()) - 1
    return str(caught.value)


def test_the_projects_manifest_says_what_a_counter_and_the_demo_need() -> None:
    manifest = load_manifest()

    assert [(file.name, file.needed) for file in manifest.select("default")] == [("face_landmarker.task", True)]
    assert {"single_face.mp4", "WolfgangLanger_Pexels.mp4", "no_face.mp4"} <= {
        file.name for file in manifest.select("demo")
    }


def test_default_and_demo_come_from_pinned_packages() -> None:
    for file in load_manifest().select(["default", "demo"]):
        assert isinstance(file.sources[0], PypiSource), file.name


def test_a_file_is_needed_unless_its_entry_says_otherwise(tmp_path: Path) -> None:
    assert load_manifest(written(tmp_path, WHOLE)).get("a.bin").needed
    spare = WHOLE.replace('set = "default"', 'set = "default"\nneeded = false')
    assert not load_manifest(written(tmp_path, spare)).get("a.bin").needed


def test_each_kind_of_source_is_read_in_order(tmp_path: Path) -> None:
    assert load_manifest(written(tmp_path, WHOLE)).get("a.bin").sources == (
        PypiSource("thing==1.0", "thing/a.bin"),
        NpmSource("@some/thing@1.0.0", "models/a.bin"),
        UrlSource("https://example.org/a.bin"),
    )


def test_names_and_sets_mix_and_a_file_comes_once() -> None:
    manifest = load_manifest()

    chosen = manifest.select(["no_face.mp4", "demo", "default"])

    assert chosen == tuple(file for file in manifest.files if file.set in {FileSet.DEFAULT, FileSet.DEMO})
    assert manifest.select("all") == manifest.files


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"face_landmarker\.task"):
        load_manifest().get("face_landmark.task")


def test_an_unknown_set_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="use one of default"):
        load_manifest().select("defualt")


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ('set = "default"', 'set = "other"', 'file."a.bin".set: '),
        ("size_bytes = 3", "size_bytes = 0", 'file."a.bin".size_bytes: '),
        ('sha256 = "ba', 'sha256 = "BA', 'file."a.bin".sha256: '),
        ('licence = "MIT"', "", 'file."a.bin".licence: Field required'),
        ('licence = "MIT"', 'licence = "MIT"\ncolour = "red"', 'file."a.bin".colour: unknown key'),
        ("thing==1.0", "thing>=1.0", 'file."a.bin".sources.0.pypi: '),
        ("@some/thing@1.0.0", "@some/thing", 'file."a.bin".sources.1.npm: '),
        ("https://example.org", "http://example.org", 'file."a.bin".sources.2.url: '),
        ("{ url =", "{ ftp =", 'file."a.bin".sources.2: a source needs one of the keys pypi, npm, url'),
        ('"a.bin"', '"../a.bin"', 'file."../a.bin".name: '),
        ("[file.", "[files.", "files: unknown key"),
    ],
)
def test_a_wrong_value_is_named_with_its_file_and_key(tmp_path: Path, right: str, wrong: str, complaint: str) -> None:
    assert right in WHOLE
    assert complaint in problems_of(tmp_path, WHOLE.replace(right, wrong, 1))


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = WHOLE.replace('version = "1"', "").replace("size_bytes = 3", "size_bytes = -1") + "\n[file.b]\n"

    complaints = problems_of(tmp_path, text)

    assert 'file."a.bin".version: Field required' in complaints
    assert 'file."a.bin".size_bytes: ' in complaints
    assert 'file."b".sources: Field required' in complaints


@pytest.mark.parametrize("text", ["", "not toml at all", "file = 3"])
def test_a_file_that_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    problems_of(tmp_path, text)


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match="No such file"):
        load_manifest(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "text",
    [
        WHOLE.replace("size_bytes = 3", f"size_bytes = {'9' * 5000}"),
        "a = " + "[" * 5000,
        WHOLE.replace("size_bytes = 3", "size_bytes" + ".a" * 5000 + " = 3"),
        '[file."a.bin"]\nsources' + ".a" * 5000 + " = 3",
    ],
    ids=["a number", "lists", "tables", "tables of sources"],
)
def test_what_no_reader_of_toml_can_take_is_a_bad_manifest(tmp_path: Path, text: str) -> None:
    problems_of(tmp_path, text)
