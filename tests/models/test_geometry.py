import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.geometry import CROP_PX, YAW_GAIN, alignment, pose_angles
from models.sharpness import sharpness_of


def _landmarks(angle: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    """Eyes and nose base exactly as the template has them, then turned, scaled and moved."""
    points = np.zeros((478, 3))
    points[[33, 133], :2] = (0.32, 0.33)
    points[[362, 263], :2] = (0.68, 0.33)
    points[2, :2] = (0.50, 0.60)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points[:, :2] = points[:, :2] @ turn.T * scale + shift
    return points


@given(st.floats(-1.2, 1.2), st.floats(20, 800), st.floats(-500, 500), st.floats(-500, 500))
def test_alignment_undoes_turn_size_and_place(angle: float, scale: float, x: float, y: float) -> None:
    points = _landmarks(angle, scale, (x, y))
    matrix = alignment(points)
    eye = matrix @ np.array([*points[33, :2], 1])
    nose = matrix @ np.array([*points[2, :2], 1])
    assert eye == pytest.approx(np.array([0.32, 0.33]) * CROP_PX, abs=1e-5)
    assert nose == pytest.approx(np.array([0.50, 0.60]) * CROP_PX, abs=1e-5)


def test_a_margin_keeps_the_scale_and_moves_the_centre() -> None:
    points = _landmarks(0.3, 200, (40, 50))
    plain, wide = alignment(points), alignment(points, 88, 12 / 64)
    assert wide[:, :2] == pytest.approx(plain[:, :2])
    assert wide[:, 2] - plain[:, 2] == pytest.approx([12, 12])


@pytest.mark.parametrize(("axis", "name"), [("y", "yaw"), ("x", "pitch"), ("z", "roll")])
@pytest.mark.parametrize("degrees", [-40, 0, 25])
def test_pose_angles(axis: str, name: str, degrees: float) -> None:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turns = {
        "x": [[1, 0, 0], [0, c, -s], [0, s, c]],
        "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
        "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]],
    }
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(turns[axis]) * 1.7  # MediaPipe's matrix carries a scale
    pose = pose_angles(matrix)
    expected = degrees * (YAW_GAIN if name == "yaw" else 1)
    assert getattr(pose, name) == pytest.approx(expected)
    assert abs(pose.yaw) + abs(pose.pitch) + abs(pose.roll) == pytest.approx(abs(expected), abs=1e-9)


def test_the_modules_that_training_needs_do_without_opencv() -> None:
    """.venv-train holds torch, onnx and numpy."""
    lacking = "import sys; sys.modules['cv2'] = None; import models.geometry, models.pipeline, models.folded"
    subprocess.run([sys.executable, "-c", lacking], check=True)


def test_sharpness_falls_with_blur_and_not_with_contrast() -> None:
    sharp = np.random.default_rng(1).integers(40, 200, (64, 64)).astype(np.uint8)
    smooth = np.linspace(40, 200, 64 * 64).reshape(64, 64).astype(np.uint8)
    pale = (sharp // 2 + 60).astype(np.uint8)
    assert sharpness_of(smooth) < 0.01 * sharpness_of(sharp)
    assert sharpness_of(pale) == pytest.approx(sharpness_of(sharp), rel=0.1)
