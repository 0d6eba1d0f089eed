"""A face that is followed without MediaPipe's graph is where that graph sees it, turned and moving as it says."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.expression import ExpressionModel
from models.face_detector import Detection
from models.face_mesh import FaceNetworks
from models.geometry import pose_angles
from models.head_rotation import HeadRotation
from models.landmarker import Landmarker
from models.observation import Found, observed
from models.pipeline import QualityGate, RgbImage, judge, read
from models.tflite_network import TfliteNetwork
from tests.models.mediapipe_peer import PeerLandmarker
from tests.models.pictures import film, photograph, tilted

pytestmark = pytest.mark.models

Find = Callable[[str], Path]
TASK = "face_landmarker.task"
SETTLED = 5  # frames: the first spots are the detector's, cut a little otherwise
TO_GRAY = 7  # cv2.COLOR_RGB2GRAY


def test_a_film_gives_what_the_graph_gives(model_file: Find) -> None:
    landmarker = Landmarker(model_file(TASK), "video", 1)
    with PeerLandmarker(model_file(TASK), 1, is_video=True) as graph:
        pairs = [
            (landmarker.observe(rgb, t_ms), graph.faces(rgb, t_ms)) for t_ms, rgb in film(model_file("single_face.mp4"))
        ]
    assert all(len(ours) == len(theirs) == 1 for ours, theirs in pairs)
    for (ours,), (theirs,) in pairs[SETTLED:]:
        assert np.abs(ours.landmarks - theirs.points).max() < 0.5  # pixels
        assert np.abs(ours.blendshapes - theirs.blendshapes).max() < 0.03
        assert angles(theirs) == pytest.approx((ours.pose.yaw, ours.pose.pitch, ours.pose.roll), abs=0.3)


def test_a_tilted_head_in_a_wide_frame_is_turned_as_the_graph_says(model_file: Find) -> None:
    landmarker = Landmarker(model_file(TASK), "video", 1)
    with PeerLandmarker(model_file(TASK), 1, is_video=True) as graph:
        for t_ms, rgb in film(model_file("single_face.mp4"), 8):
            (ours,), (theirs,) = landmarker.observe(tilted(rgb, 25), t_ms), graph.faces(tilted(rgb, 25), t_ms)
    assert abs(angles(theirs)[2]) > 15
    assert angles(theirs) == pytest.approx((ours.pose.yaw, ours.pose.pitch, ours.pose.roll), abs=0.4)


def test_levels_are_the_same_frame_by_frame(model_file: Find) -> None:
    """As counted by the counter's own gate and head, from our points and from the graph's."""
    model, gate = ExpressionModel(), QualityGate()
    landmarker = Landmarker(model_file(TASK), "video", 1)
    with PeerLandmarker(model_file(TASK), 1, is_video=True) as graph:
        for t_ms, rgb in film(model_file("single_face.mp4")):
            both = [*landmarker.observe(rgb, t_ms), *(observed(face, rgb, TO_GRAY) for face in graph.faces(rgb, t_ms))]
            (ours, why), (theirs, their_why) = (
                (read(one, model.look(one.crop).emotions, model.head).level, judge(one, gate)) for one in both
            )
            assert (ours, why) == (theirs, their_why)


def test_a_face_that_left_is_gone_and_one_elsewhere_is_found_at_once(model_file: Find) -> None:
    ((_, rgb),) = film(model_file("single_face.mp4"), 1)
    elsewhere = np.ascontiguousarray(np.roll(rgb, rgb.shape[1] // 4, axis=1))
    empty = np.full_like(rgb, 128)
    landmarker = Landmarker(model_file(TASK), "video", 1)
    seen = [landmarker.observe(frame, 100 * place) for place, frame in enumerate((rgb, empty, empty, rgb, elsewhere))]
    assert [len(faces) for faces in seen] == [1, 0, 0, 1, 1]
    assert seen[4][0].box.x - seen[3][0].box.x == pytest.approx(rgb.shape[1] / 4, abs=5)


def test_the_detector_is_asked_only_while_nobody_is_followed(model_file: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    networks = FaceNetworks.load(model_file(TASK))
    asked: list[RgbImage] = []
    detect = networks.detector.detect

    def noted(frame: RgbImage) -> list[Detection]:
        asked.append(frame)
        return detect(frame)

    monkeypatch.setattr(networks.detector, "detect", noted)
    landmarker = Landmarker(networks, "video", 1)
    for t_ms, rgb in film(model_file("single_face.mp4"), 4):
        landmarker.observe(rgb, t_ms)
    assert len(asked) == 1


def test_a_detection_without_a_face_does_not_hide_the_next(model_file: Find) -> None:
    """Of several faces the one that is followed is the surest in which the landmark network sees one, too."""
    picture = photograph(model_file("multi_face.jpg"))
    networks = FaceNetworks.load(model_file(TASK))
    assert networks.mesh.points(picture, networks.detector.detect(picture)[0].spot) is None
    assert len(Landmarker(networks, "video", 1).observe(picture, 0)) == 1


def test_another_zone_of_the_picture_does_not_matter(model_file: Find) -> None:
    """The zone is a view into the frame, and a face at its edge reaches past it."""
    ((_, rgb),) = film(model_file("single_face.mp4"), 1)
    (whole,) = Landmarker(model_file(TASK), "video", 1).observe(rgb)
    left = int(whole.box.x + whole.box.w * 0.1)
    (part,) = Landmarker(model_file(TASK), "video", 1).observe(rgb[:, left:])
    assert part.inside < 1
    assert part.box.y == pytest.approx(whole.box.y, abs=6)


def test_metadata_without_a_canonical_face_is_refused() -> None:
    with pytest.raises(ValueError, match="canonical face"):
        HeadRotation(b"")


def test_bytes_that_are_no_network_are_refused() -> None:
    with pytest.raises(ValueError):
        TfliteNetwork(b"no network")


def angles(face: Found) -> tuple[float, float, float]:
    pose = pose_angles(face.matrix)
    return pose.yaw, pose.pitch, pose.roll
