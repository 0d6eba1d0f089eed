import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest

from models.errors import ParametersUnusable
from models.expression import HEAD_FILE, NETWORK_FILE, PARAMS_DIR, ExpressionModel
from models.geometry import CROP_PX
from models.movements import EMOTIONS, movement_amounts
from tests.models.faces import blendshapes


def test_the_committed_parameters_load_and_carry_their_date() -> None:
    model = ExpressionModel()
    day = f"{model.version:08d}"
    assert day.startswith("20")
    assert 1 <= int(day[4:6]) <= 12


def test_the_committed_parameters_stay_small() -> None:
    assert sum(path.stat().st_size for path in PARAMS_DIR.iterdir()) < 4_000_000


def test_the_network_answers_seven_emotions_and_whether_the_face_is_hidden() -> None:
    looked = ExpressionModel().look(np.random.default_rng(3).integers(0, 255, (CROP_PX, CROP_PX)).astype(np.uint8))
    assert looked.emotions.shape == (len(EMOTIONS),)
    assert np.isfinite(looked.emotions).all()
    assert 0 <= looked.hidden <= 1


def test_brightness_and_contrast_hardly_matter() -> None:
    crop = np.random.default_rng(4).integers(60, 180, (CROP_PX, CROP_PX)).astype(np.uint8)
    darker = (crop * 0.5).astype(np.uint8)
    model = ExpressionModel()
    assert model.look(darker).emotions == pytest.approx(model.look(crop).emotions, abs=0.3)


def test_a_mirrored_crop_reads_the_same() -> None:
    crop = np.random.default_rng(5).integers(0, 255, (CROP_PX, CROP_PX)).astype(np.uint8)
    model = ExpressionModel()
    mirrored = np.ascontiguousarray(crop[:, ::-1])
    assert model.look(mirrored).emotions == pytest.approx(model.look(crop).emotions, abs=1e-4)


def test_two_glances_are_a_look() -> None:
    crop = np.random.default_rng(3).integers(0, 255, (CROP_PX, CROP_PX)).astype(np.uint8)
    model = ExpressionModel()
    glances = [model.glance(crop, is_mirrored=is_mirrored).emotions for is_mirrored in (False, True)]
    np.testing.assert_allclose(np.mean(glances, 0), model.look(crop).emotions, atol=1e-4)


def test_class_probabilities_sum_to_one() -> None:
    classes = ExpressionModel().head.classes(movement_amounts(blendshapes(mouthSmile=0.8)), np.zeros(7, np.float32))
    assert sum(classes) == pytest.approx(1)
    assert min(classes) >= 0


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (NETWORK_FILE, b"not a network"),
        (HEAD_FILE, b"not = [toml"),
        (HEAD_FILE, b"version = 20260101\n"),
        (NETWORK_FILE, None),
        (HEAD_FILE, None),
    ],
)
def test_damaged_parameters_are_named(tmp_path: Path, file: str, content: bytes | None) -> None:
    shutil.copytree(PARAMS_DIR, tmp_path, dirs_exist_ok=True)
    (tmp_path / file).unlink()
    if content is not None:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(ParametersUnusable, match=file):
        ExpressionModel(tmp_path)


def test_a_head_of_other_features_is_refused(tmp_path: Path) -> None:
    shutil.copytree(PARAMS_DIR, tmp_path, dirs_exist_ok=True)
    text = (tmp_path / HEAD_FILE).read_text(encoding="utf-8").replace("browInnerUp =", "browInnerOut =")
    assert tomllib.loads(text)
    (tmp_path / HEAD_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ParametersUnusable, match="browInnerOut"):
        ExpressionModel(tmp_path)


@pytest.mark.parametrize(("old", "new"), [(b"crop", b"face"), (b"logits", b"scores"), (b"\x08\x40", b"\x08\x30")])
def test_a_network_of_another_version_is_refused_when_it_is_loaded(tmp_path: Path, old: bytes, new: bytes) -> None:
    """Not at the first face. The last one says that it takes 48 pixels."""
    shutil.copy(PARAMS_DIR / HEAD_FILE, tmp_path)
    network = (PARAMS_DIR / NETWORK_FILE).read_bytes()
    ends = network.rindex(b"\n\x04crop")  # what goes in and comes out is described behind the weights
    others = network.replace(old, new) if old.isalpha() else network[:ends] + network[ends:].replace(old, new)
    (tmp_path / NETWORK_FILE).write_bytes(others)
    with pytest.raises(ParametersUnusable, match="another version"):
        ExpressionModel(tmp_path)


@pytest.mark.parametrize("line", ["", 'version = "new"\n'])
def test_a_head_without_its_date_is_refused(tmp_path: Path, line: str) -> None:
    shutil.copytree(PARAMS_DIR, tmp_path, dirs_exist_ok=True)
    head = (PARAMS_DIR / HEAD_FILE).read_text(encoding="utf-8")
    before, _, rest = head.partition("version = ")
    (tmp_path / HEAD_FILE).write_text(before + line + rest.partition("\n")[2], encoding="utf-8")
    with pytest.raises(ParametersUnusable, match="version must be"):
        ExpressionModel(tmp_path)
