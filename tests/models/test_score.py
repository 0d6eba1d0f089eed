"""Files in, JSON out, with the real landmarker, the real parameters and real clips."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from models.expression import ExpressionModel
from models.face import FaceReader
from models.pipeline import Level, QualityGate, WhyNot
from models.score import TimedReading, is_video, read_video, score_image, score_video

pytestmark = [pytest.mark.models, pytest.mark.timeout(120)]

Find = Callable[[str], Path]
PLEASED = {Level.SATISFIED, Level.VERY_SATISFIED}
CRYING_UNTIL_S = 5.7
LAUGHING_FROM_S = 10.9


@pytest.fixture(scope="module")
def model() -> ExpressionModel:
    return ExpressionModel()


@pytest.fixture(scope="module")
def stills(model_file: Find, model: ExpressionModel) -> FaceReader:
    return FaceReader(model_file("face_landmarker.task"), "image", model=model)


@pytest.fixture(scope="module")
def live(model_file: Find, model: ExpressionModel) -> Callable[[], FaceReader]:
    return lambda: FaceReader(model_file("face_landmarker.task"), "video", model=model)


@pytest.fixture(scope="module")
def crying_then_laughing(model_file: Find, live: Callable[[], FaceReader]) -> list[TimedReading]:
    return read_video(model_file("WolfgangLanger_Pexels.mp4"), live)


def _levels(readings: Sequence[TimedReading], start_s: float, end_s: float) -> list[Level]:
    faces = [one.faces[0] for one in readings if start_s <= one.t_s < end_s and one.faces]
    return [face.level for face in faces if face.level]


def test_she_is_never_called_satisfied_while_she_cries(crying_then_laughing: list[TimedReading]) -> None:
    assert not PLEASED & set(_levels(crying_then_laughing, 0, CRYING_UNTIL_S))


def test_she_is_satisfied_when_she_laughs(crying_then_laughing: list[TimedReading]) -> None:
    levels = _levels(crying_then_laughing, LAUGHING_FROM_S, 60)
    assert len(levels) > 100
    assert sum(level in PLEASED for level in levels) >= 0.95 * len(levels)


def test_a_calm_man_starts_to_smile(model_file: Find, live: Callable[[], FaceReader]) -> None:
    readings = read_video(model_file("single_face.mp4"), live)
    assert set(_levels(readings, 0, 0.4)) == {Level.NEUTRAL}
    assert set(_levels(readings, 0.8, 2.2)) <= PLEASED


def test_a_video_becomes_a_timeline_and_the_summary_it_was_given(
    model_file: Find, live: Callable[[], FaceReader]
) -> None:
    found = score_video(model_file("face_noface.mov"), live, lambda readings: {"seen": len(readings)})
    assert found["summary"] == {"seen": found["frames"]}
    assert 40 < found["usable"] == len(found["timeline"]) < found["frames"]
    assert {"t", "level", "scores"} == set(found["timeline"][0])
    assert json.loads(json.dumps(found)) == found


def test_nobody_in_the_video_is_no_error(model_file: Find, live: Callable[[], FaceReader]) -> None:
    found = score_video(model_file("no_face.mp4"), live, lambda _: {})
    assert (found["usable"], found["timeline"]) == (0, [])


@pytest.fixture(scope="module")
def smiling(model_file: Find) -> Any:
    """A frame of a smiling man, blue first."""
    clip = cv2.VideoCapture(str(model_file("single_face.mp4")))
    clip.set(cv2.CAP_PROP_POS_FRAMES, 40)
    frame = clip.read()[1]
    clip.release()
    return frame


def test_a_picture_gives_every_face_with_five_scores(tmp_path: Path, stills: FaceReader, smiling: Any) -> None:
    path = tmp_path / "one.png"
    cv2.imwrite(str(path), smiling)
    face = score_image(path, stills)["faces"][0]
    assert set(face) == {"box", "usable", "why_not", "level", "scores", "valence", "reasons"}
    assert face["level"] in PLEASED
    assert sum(face["scores"].values()) == pytest.approx(1, abs=1e-3)
    assert face["valence"] > 0.4
    assert any(reason.startswith("smile") for reason in face["reasons"])


def test_boxes_are_in_the_pixels_of_the_file(tmp_path: Path, stills: FaceReader, smiling: Any) -> None:
    small, large = tmp_path / "small.png", tmp_path / "large.png"
    cv2.imwrite(str(small), smiling)
    cv2.imwrite(str(large), cv2.resize(smiling, None, fx=4, fy=4, interpolation=cv2.INTER_LINEAR))
    expected = np.array(score_image(small, stills)["faces"][0]["box"]) * 4
    assert score_image(large, stills)["faces"][0]["box"] == pytest.approx(expected, abs=24)


def test_a_thumbnail_that_is_all_face_is_read(tmp_path: Path, stills: FaceReader, smiling: Any) -> None:
    whole = tmp_path / "whole.png"
    cv2.imwrite(str(whole), smiling)
    x, y, w, h = score_image(whole, stills)["faces"][0]["box"]
    thumbnail = tmp_path / "thumbnail.png"
    cv2.imwrite(str(thumbnail), cv2.cvtColor(cv2.resize(smiling[y : y + h, x : x + w], (48, 48)), cv2.COLOR_BGR2GRAY))
    faces = score_image(thumbnail, stills)["faces"]
    assert [face["level"] in PLEASED for face in faces] == [True]


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("text.jpg", b"I am a text file.\n", "not_a_picture"),
        ("empty.png", b"", "empty"),
        ("gone.png", None, "missing"),
    ],
)
def test_a_bad_file_is_one_clear_sentence(
    tmp_path: Path, stills: FaceReader, name: str, content: bytes | None, key: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    found = score_image(path, stills)
    assert found["path"] == str(path)
    assert found["key"] == key
    assert "\n" not in found["error"]
    assert "faces" not in found


@pytest.mark.parametrize(("content", "key"), [(b"", "empty"), (b"no film at all" * 50, "no_frames"), (None, "missing")])
def test_a_bad_video_is_one_clear_sentence(
    tmp_path: Path, live: Callable[[], FaceReader], content: bytes | None, key: str
) -> None:
    path = tmp_path / "film.mp4"
    if content is not None:
        path.write_bytes(content)
    assert is_video(path)
    found = score_video(path, live, lambda _: {})
    assert found["key"] == key


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda f: cv2.convertScaleAbs(f, alpha=0.08), WhyNot.DARK),
        (lambda f: cv2.convertScaleAbs(f, alpha=0.4, beta=190), WhyNot.OVEREXPOSED),
        (lambda f: cv2.GaussianBlur(f, (0, 0), 9), WhyNot.BLURRED),
        (lambda f: cv2.resize(f, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA), WhyNot.TOO_SMALL),
    ],
)
def test_the_counter_gives_no_reading_of_a_spoilt_face(
    model_file: Find, model: ExpressionModel, smiling: Any, spoil: Callable[[Any], Any], why: WhyNot
) -> None:
    frame = np.ascontiguousarray(cv2.cvtColor(spoil(smiling), cv2.COLOR_BGR2RGB))
    reader = FaceReader(model_file("face_landmarker.task"), "image", gate=QualityGate(), model=model)
    assert [face.why_not for face in reader.read(frame)] == [why]


def test_half_a_face_behind_a_sheet_gives_no_reading(stills: FaceReader, smiling: Any, tmp_path: Path) -> None:
    path = tmp_path / "face.png"
    cv2.imwrite(str(path), smiling)
    x, y, w, h = score_image(path, stills)["faces"][0]["box"]
    covered = smiling.copy()
    covered[y + h // 2 : y + h + 10, x - 10 : x + w + 10] = 200
    cv2.imwrite(str(path), covered)
    assert not any(face["usable"] for face in score_image(path, stills)["faces"])


def test_video_time_may_stand_still(live: Callable[[], FaceReader], smiling: Any) -> None:
    frame = np.ascontiguousarray(cv2.cvtColor(smiling, cv2.COLOR_BGR2RGB))
    reader = live()
    assert all(len(reader.read(frame, t_ms)) == 1 for t_ms in (0, 0, 40, 20))
