"""The second expression network, written as ONNX from its publisher's files, computes what face-api.js computes."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from models.errors import ParametersUnusable
from models.expression import HEAD_OF_TWO_FILE, PARAMS_DIR, ExpressionModel, network_session
from models.fetch_errors import MissingModel, WrongHash
from models.geometry import CROP_PX
from models.movements import EMOTIONS, FEATURES_OF_TWO, movement_amounts
from models.second_files import SHAPES_FILE, WEIGHTS_FILE, SecondFiles, second_files
from models.second_network import second_network, unpacked
from tests.models.faces import blendshapes
from tests.models.second import written_second

Floats: TypeAlias = npt.NDArray[np.floating]
CROP = np.random.default_rng(3).integers(0, 255, (CROP_PX, CROP_PX)).astype(np.uint8)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> SecondFiles:
    return written_second(tmp_path_factory.mktemp("second"))


def _convolved(x: Floats, kernel: Floats, stride: int) -> Floats:
    """A 3x3 convolution of [h, w, c] with kernels [3, 3, c, n], padded as TensorFlow's SAME does."""
    x = np.pad(x, [(1, 1), (1, 1), (0, 0)] if stride == 1 else [(0, 1), (0, 1), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(0, 1))[::stride, ::stride]
    return np.asarray(np.einsum("hwcij,ijcn->hwn", windows, kernel, optimize=True))


def _separable(x: Floats, weights: Mapping[str, Floats], name: str, stride: int = 1) -> Floats:
    channels = x.shape[2]
    apart = np.zeros((3, 3, channels, channels), np.float32)
    apart[:, :, range(channels), range(channels)] = weights[f"{name}/depthwise_filter"][..., 0]
    mixed = _convolved(x, apart, stride) @ weights[f"{name}/pointwise_filter"][0, 0]
    return np.asarray(mixed + weights[f"{name}/bias"])


def _as_face_api_does(crop: npt.NDArray[np.uint8], weights: Mapping[str, Floats]) -> Floats:
    """[7], neutral first: the order of the publisher."""
    large = np.asarray(cv2.resize(crop.astype(np.float32), (112, 112), interpolation=cv2.INTER_LINEAR), np.float32)
    x: Floats = (large[..., None] - np.array([122.782, 117.001, 104.298], np.float32)) / 255
    for block in range(4):
        name = f"dense{block}"
        if block:
            total = _separable(x, weights, f"{name}/conv0", 2)
        else:
            total = _convolved(x, weights[f"{name}/conv0/filters"], 2) + weights[f"{name}/conv0/bias"]
        total = np.maximum(total, 0)
        for number in (1, 2, 3):
            total = total + _separable(np.maximum(total, 0), weights, f"{name}/conv{number}")
        x = np.maximum(total, 0)
    return np.asarray(x.mean((0, 1)) @ weights["fc/weights"] + weights["fc/bias"])


def test_it_computes_what_the_publisher_s_does(files: SecondFiles) -> None:
    session = network_session(second_network(files), "second")
    found = session.run(None, {"crop": CROP[None, None].astype(np.float32)})[0][0]
    weights = unpacked(files.weights.read_bytes(), files.shapes.read_text(encoding="utf-8"))
    neutral, happy, sad, angry, fear, disgust, surprise = _as_face_api_does(CROP, weights)
    assert EMOTIONS == ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
    wanted = np.array([angry, disgust, fear, happy, sad, surprise, neutral])
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3)


def test_light_and_contrast_hardly_matter_to_it(files: SecondFiles) -> None:
    session = network_session(second_network(files), "second")
    flat = [CROP * 0.1, CROP * 0.06, CROP * 0.1 + 100.0]
    lifted = session.run(None, {"crop": np.array(flat, np.float32)[:, None]})[0]
    assert np.ptp(lifted, 0).max() < 0.2 * lifted.std()


def test_two_networks_give_twice_seven_answers_to_a_head_of_their_own(files: SecondFiles) -> None:
    one, two = ExpressionModel(), ExpressionModel(second=files)
    looked = two.look(CROP)
    assert looked.emotions.shape == (14,)
    assert looked.emotions[:7] == pytest.approx(one.look(CROP).emotions, abs=1e-5)
    assert looked.hidden == pytest.approx(one.look(CROP).hidden)
    assert two.head.weights.shape == (4, len(FEATURES_OF_TWO))
    assert sum(two.head.classes(movement_amounts(blendshapes(mouthSmile=0.8)), looked.emotions)) == pytest.approx(1)
    glances = [two.glance(CROP, is_mirrored=is_mirrored).emotions for is_mirrored in (False, True)]
    np.testing.assert_allclose(np.mean(glances, 0), looked.emotions, atol=1e-3)


def test_parameters_of_a_site_s_own_without_a_head_of_two_do_with_one_network(
    files: SecondFiles, tmp_path: Path
) -> None:
    shutil.copytree(PARAMS_DIR, tmp_path, dirs_exist_ok=True)
    (tmp_path / HEAD_OF_TWO_FILE).unlink()
    assert ExpressionModel(tmp_path, files).look(CROP).emotions.shape == (7,)


@pytest.mark.parametrize("spoilt", [WEIGHTS_FILE, SHAPES_FILE])
@pytest.mark.parametrize("content", [None, b"{}", b'[{"weights": []}]'])
def test_damaged_files_are_named(files: SecondFiles, tmp_path: Path, spoilt: str, content: bytes | None) -> None:
    for one in files:
        shutil.copy(one, tmp_path)
    (tmp_path / spoilt).unlink()
    if content is not None:
        (tmp_path / spoilt).write_bytes(content)
    with pytest.raises(ParametersUnusable, match="face_expression_model"):
        second_network(SecondFiles(tmp_path / WEIGHTS_FILE, tmp_path / SHAPES_FILE))


def test_only_files_that_nobody_pulled_are_done_without() -> None:
    def missing(name: str) -> Path:
        raise MissingModel(name)

    def wrong(name: str) -> Path:
        raise WrongHash(name)

    assert second_files(missing) is None
    assert second_files(Path) == SecondFiles(Path(WEIGHTS_FILE), Path(SHAPES_FILE))
    with pytest.raises(WrongHash):
        second_files(wrong)
