"""A face that is followed without MediaPipe's graph is where that graph sees it, turned and moving as it says."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.expression import ExpressionModel
from models.face import FaceReader, Landmarker
from models.face_count import FaceCounter
from models.follower import Follower
from models.head_rotation import HeadRotation
from models.pipeline import BgrImage, FaceObservation
from models.score import video_frames
from models.spot import Spot
from models.tflite_network import TfliteNetwork

pytestmark = pytest.mark.models

Find = Callable[[str], Path]
TASK = "face_landmarker.task"
SETTLED = 5  # frames: the first spots are the detector's, cut a little otherwise


@pytest.fixture
def counter(model_file: Find) -> Iterator[FaceCounter]:
    with FaceCounter(model_file(TASK), is_blue_first=True) as counter:
        yield counter


def test_a_film_gives_what_the_graph_gives(model_file: Find, counter: FaceCounter) -> None:
    follower = Follower(model_file(TASK), counter.find)
    with Landmarker(model_file(TASK), "video", 1, is_blue_first=True) as graph:
        pairs = [(follower.observe(bgr, t), graph.observe(bgr, t)) for t, bgr in film(model_file("single_face.mp4"))]
    assert all(len(ours) == len(theirs) == 1 for ours, theirs in pairs)
    for (ours,), (theirs,) in pairs[SETTLED:]:
        assert np.abs(ours.landmarks - theirs.landmarks).max() < 0.5  # pixels
        assert np.abs(ours.blendshapes - theirs.blendshapes).max() < 0.03
        for angle in ("yaw", "pitch", "roll"):
            assert getattr(ours.pose, angle) == pytest.approx(getattr(theirs.pose, angle), abs=0.3)


def test_a_tilted_head_in_a_wide_frame_is_turned_as_the_graph_says(model_file: Find, counter: FaceCounter) -> None:
    frames = [tilted(bgr, 25) for _, bgr in film(model_file("single_face.mp4"), 8)]
    follower = Follower(model_file(TASK), counter.find)
    with Landmarker(model_file(TASK), "video", 1, is_blue_first=True) as graph:
        for t_ms, bgr in enumerate(frames):
            (ours,), (theirs,) = follower.observe(bgr, 100 * t_ms), graph.observe(bgr, 100 * t_ms)
    assert abs(theirs.pose.roll) > 15
    assert ours.pose.yaw == pytest.approx(theirs.pose.yaw, abs=0.4)
    assert ours.pose.pitch == pytest.approx(theirs.pose.pitch, abs=0.4)
    assert ours.pose.roll == pytest.approx(theirs.pose.roll, abs=0.4)


def test_levels_are_the_same_frame_by_frame(model_file: Find, counter: FaceCounter) -> None:
    model = ExpressionModel()
    follower = Follower(model_file(TASK), counter.find)
    with (
        FaceReader(model_file(TASK), "video", 1, model=model, follower=follower) as ours,
        FaceReader(model_file(TASK), "video", 1, model=model, is_blue_first=True) as theirs,
    ):
        for t_ms, bgr in film(model_file("single_face.mp4")):
            (one,), (other,) = ours.read(bgr, t_ms), theirs.read(bgr, t_ms)
            assert (one.level, one.why_not) == (other.level, other.why_not)


def test_a_face_that_left_is_gone_and_one_elsewhere_is_found_at_once(model_file: Find, counter: FaceCounter) -> None:
    (_, bgr), *_ = film(model_file("single_face.mp4"), 1)
    elsewhere = np.ascontiguousarray(np.roll(bgr, bgr.shape[1] // 4, axis=1))
    empty = np.full_like(bgr, 128)
    follower = Follower(model_file(TASK), counter.find)
    seen = [follower.observe(frame, 100 * place) for place, frame in enumerate((bgr, empty, empty, bgr, elsewhere))]
    assert [len(faces) for faces in seen] == [1, 0, 0, 1, 1]
    assert seen[4][0].box.x - seen[3][0].box.x == pytest.approx(bgr.shape[1] / 4, abs=5)


def test_the_detector_is_asked_only_while_nobody_is_followed(model_file: Find, counter: FaceCounter) -> None:
    asked: list[Spot | None] = []

    def find(frame: BgrImage) -> Spot | None:
        asked.append(counter.find(frame))
        return asked[-1]

    follower = Follower(model_file(TASK), find)
    for t_ms, bgr in film(model_file("single_face.mp4"), 4):
        follower.observe(bgr, t_ms)
    assert len(asked) == 1


def test_another_zone_of_the_picture_does_not_matter(model_file: Find, counter: FaceCounter) -> None:
    """The zone is a view into the frame, and a face at its edge reaches past it."""
    (_, bgr), *_ = film(model_file("single_face.mp4"), 1)
    (whole,) = observed_once(model_file, counter, bgr)
    left = int(whole.box.x + whole.box.w * 0.1)
    (part,) = observed_once(model_file, counter, bgr[:, left:])
    assert part.inside < 1
    assert part.box.y == pytest.approx(whole.box.y, abs=6)


def test_metadata_without_a_canonical_face_is_refused() -> None:
    with pytest.raises(ValueError, match="canonical face"):
        HeadRotation(b"")


def test_bytes_that_are_no_network_are_refused() -> None:
    with pytest.raises(ValueError):
        TfliteNetwork(b"no network")


def observed_once(model_file: Find, counter: FaceCounter, bgr: BgrImage) -> Sequence[FaceObservation]:
    return Follower(model_file(TASK), counter.find).observe(bgr, 0)


def film(path: Path, length: int = 30) -> list[tuple[int, BgrImage]]:
    """Milliseconds and frames, blue first."""
    return [
        (round(t_s * 1000), np.ascontiguousarray(rgb[..., ::-1])) for t_s, rgb in islice(video_frames(path), length)
    ]


def tilted(bgr: BgrImage, degrees: float) -> BgrImage:
    height, width = bgr.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return np.asarray(cv2.warpAffine(bgr, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)
