"""Photographs and several faces: points, blendshapes and turn are those that MediaPipe's own graph gives."""

from collections.abc import Callable
from dataclasses import astuple
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from models.face_mesh import FaceNetworks
from models.geometry import pose_angles
from models.landmarker import Landmarker
from models.observation import Found
from models.pipeline import FaceObservation
from tests.models.mediapipe_peer import PeerLandmarker
from tests.models.pictures import film, photograph, tilted

pytestmark = pytest.mark.models

Find = Callable[[str], Path]
TASK = "face_landmarker.task"


@pytest.mark.parametrize("degrees", [0, 20])
@pytest.mark.parametrize("name", ["multi_face.jpg", "single_face.jpg", "0-f15-hao-ph.jpg", "45-m7-di-ph.jpg"])
def test_a_photograph_gives_what_the_graph_gives(model_file: Find, name: str, degrees: int) -> None:
    picture = tilted(photograph(model_file(name)), degrees)
    with PeerLandmarker(model_file(TASK), 4) as graph:
        assert_same(Landmarker(model_file(TASK), "image").observe(picture), graph.faces(picture))


@pytest.mark.parametrize("scale", [0.1, 0.02])
def test_a_face_that_fills_its_picture_or_is_tiny_is_found_with_background_around_it(
    model_file: Find, scale: float
) -> None:
    picture = photograph(model_file("0-f1-su-ph.jpg"))
    landmarker = Landmarker(model_file(TASK), "image")
    (whole,) = landmarker.observe(picture)
    box = whole.box
    face = picture[int(box.y) : int(box.y + box.h), int(box.x) : int(box.x + box.w)]
    step = max(1, round(scale * 20))
    (alone,) = landmarker.observe(np.ascontiguousarray(face[::step, ::step]))
    assert alone.box.w * step == pytest.approx(box.w, rel=0.1)
    assert alone.box.x == pytest.approx(0, abs=box.w * 0.1 / step)


def test_no_more_faces_than_asked_for_the_surest(model_file: Find) -> None:
    picture = photograph(model_file("multi_face.jpg"))
    everybody = Landmarker(model_file(TASK), "image").observe(picture)
    assert len(everybody) == 2
    for mode in ("image", "video"):
        (one,) = Landmarker(model_file(TASK), mode, 1).observe(picture)
        assert one.box == everybody[0].box


def test_several_faces_are_followed_through_a_film_each_once_and_none_of_the_graphs_is_missed(model_file: Find) -> None:
    """More than the graph sees, and steadier: it lets a followed face go for a detection on it, in which it then finds less or none."""
    picture = photograph(model_file("multi_face.jpg"))
    ours = Landmarker(model_file(TASK), "video")
    with PeerLandmarker(model_file(TASK), 4, is_video=True) as graph:
        for shift in range(0, 40, 4):
            frame = np.ascontiguousarray(np.roll(picture, shift, axis=1))
            seen, theirs = ours.observe(frame, 100 * shift), graph.faces(frame, 100 * shift)
            middles = [one.landmarks[:, :2].mean(0) for one in seen]
            assert len(theirs) <= len(seen) <= 4
            assert all(np.abs(a - b).max() > 60 for a, b in combinations(middles, 2))
            for one in theirs:
                assert min(np.abs(one.points[:, :2].mean(0) - middle).max() for middle in middles) < 50
    assert len(seen) == 4


def test_whoever_leaves_is_gone_and_whoever_comes_is_seen_at_once(model_file: Find) -> None:
    everybody = photograph(model_file("multi_face.jpg"))
    landmarker = Landmarker(model_file(TASK), "video")
    nobody = np.full_like(everybody, 128)
    boxes = [one.box for one in landmarker.observe(everybody)]
    left, (x, y, w, h) = everybody.copy(), (round(one) for one in astuple(boxes[0]))
    left[max(0, y - h // 2) : y + h + h // 2, max(0, x - w // 2) : x + w + w // 2] = 128
    counts = [len(landmarker.observe(frame)) for frame in (left, everybody, nobody, everybody)]
    assert counts == [len(boxes) - 1, len(boxes), 0, len(boxes)]


def test_networks_may_be_shared_and_a_missing_file_is_named(model_file: Find, tmp_path: Path) -> None:
    networks = FaceNetworks.load(model_file(TASK))
    picture = photograph(model_file("single_face.jpg"))
    (one,), (other,) = (Landmarker(networks, "image", faces).observe(picture) for faces in (1, 4))
    assert np.array_equal(one.landmarks, other.landmarks)
    with pytest.raises(FileNotFoundError, match="motcua models pull"):
        Landmarker(tmp_path / "missing.task")


def test_a_time_that_stands_still_is_taken_for_the_next_moment(model_file: Find) -> None:
    landmarker = Landmarker(model_file(TASK), "video", 1)
    for _, frame in film(model_file("single_face.mp4"), 3):
        (seen,) = landmarker.observe(frame, 0)
        assert np.isfinite(seen.landmarks).all()


def assert_same(ours: list[FaceObservation], theirs: list[Found]) -> None:
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert np.abs(one.landmarks - other.points).max() < max(0.5, 0.01 * one.box.w)  # pixels
        assert np.abs(one.blendshapes - other.blendshapes).max() < 0.05
        pose = pose_angles(other.matrix)
        assert (one.pose.yaw, one.pose.pitch, one.pose.roll) == pytest.approx(
            (pose.yaw, pose.pitch, pose.roll), abs=0.7
        )
