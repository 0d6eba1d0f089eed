"""A file that is made on this machine of another one: what it needs comes along, what cannot be made says why."""

from pathlib import Path

import pytest

from models import pull_run
from models.ct2_file import Ct2Model, ct2_bytes
from models.fetch import NoSource, WrongHash, load_manifest, pull
from models.manifest import Manifest, PypiSource, TunedSource
from models.tuned_ears import tuned
from tests.models.test_fetch_packages import PACKAGE, manifest_of, model_of
from tests.models.test_tuned_ears import MODEL, deltas

BASE, MADE = "base/model.bin", "hall/model.bin"
PUBLISHED = ct2_bytes(MODEL)


def manifest(made: bytes) -> Manifest:
    """One file of a mirror, and one made of it."""
    base = model_of(PypiSource(PACKAGE, "nowhere"), BASE, PUBLISHED)
    return manifest_of(base, model_of(TunedSource(BASE, "params/deltas.npz"), MADE, made))


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The published file in a directory, the deltas beside a manifest."""
    monkeypatch.setattr(pull_run, "MANIFEST_PATH", tmp_path / "manifest.toml")
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "deltas.npz").write_bytes(deltas())
    mirror = tmp_path / "mirror" / "base"
    mirror.mkdir(parents=True)
    (mirror / "model.bin").write_bytes(PUBLISHED)
    return mirror.parent


def test_the_published_file_comes_first_and_the_sum_is_checked(tmp_path: Path, mirror: Path) -> None:
    made = tuned(PUBLISHED, deltas())

    results = pull([MADE], tmp_path / "cache", mirror, manifest=manifest(made))

    assert [result.file.name for result in results] == [BASE, MADE]
    assert results[1].path.read_bytes() == made
    assert results[1].source == f"{BASE} with params/deltas.npz"


def test_another_sum_than_the_pinned_one_is_not_kept(tmp_path: Path, mirror: Path) -> None:
    wanted = manifest(tuned(ct2_bytes(Ct2Model("Other", 1, {}, {})), deltas()))

    with pytest.raises(WrongHash, match=r"base/model\.bin with params/deltas\.npz"):
        pull([MADE], tmp_path / "cache", mirror, manifest=wanted)
    assert not (tmp_path / "cache" / MADE).exists()


def test_deltas_that_are_gone_are_named(tmp_path: Path, mirror: Path) -> None:
    (tmp_path / "params" / "deltas.npz").unlink()

    with pytest.raises(NoSource, match=r"deltas\.npz"):
        pull([MADE], tmp_path / "cache", mirror, manifest=manifest(tuned(PUBLISHED, deltas())))


def test_whoever_asks_for_the_ears_gets_what_they_are_made_of() -> None:
    names = [file.name for file in load_manifest().select(["whisper-hall/model.bin"])]

    assert names == ["whisper-base/model.bin", "whisper-hall/model.bin"]
