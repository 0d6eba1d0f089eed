import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.movements import BLENDSHAPES, EMOTIONS, FEATURES, feature_vector, features_of, movement_amounts, reasons_for
from models.pipeline import (
    STILL_GATE,
    Box,
    ExpressionHead,
    Level,
    Pose,
    QualityGate,
    SmileRule,
    TearfulRule,
    WhyNot,
    decide,
    judge,
    level_scores,
    read,
    refuse,
    smile_intensity,
    valence_of,
)
from tests.models.faces import blendshapes, observation

probabilities = st.lists(st.floats(0.001, 1), min_size=4, max_size=4).map(lambda p: np.array(p) / np.sum(p))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"box": Box(0, 0, 30, 40)}, WhyNot.TOO_SMALL),
        ({"inside": 0.6}, WhyNot.CUT_OFF),
        ({"pose": Pose(36, 0, 0)}, WhyNot.TURNED),
        ({"pose": Pose(-36, 0, 0)}, WhyNot.TURNED),
        ({"pose": Pose(0, 26, 0)}, WhyNot.TURNED),
        ({"pose": Pose(34, -24, 0)}, None),
        ({"pose": Pose(0, 0, 50)}, WhyNot.TILTED),
        ({"brightness": 8.0}, WhyNot.DARK),
        ({"brightness": 250.0}, WhyNot.OVEREXPOSED),
        ({"sharpness": 0.0}, WhyNot.BLURRED),
    ],
)
def test_the_counter_refuses_what_cannot_be_judged(changes: dict[str, object], why: WhyNot | None) -> None:
    assert judge(observation(**changes), QualityGate()) == why


@pytest.mark.parametrize("pose", [Pose(36, 0, 0), Pose(0, 26, 0)])
def test_a_photograph_of_a_turned_face_gives_no_reading_either(pose: Pose) -> None:
    assert judge(observation(pose=pose), STILL_GATE) == WhyNot.TURNED


def test_a_refused_face_is_never_neutral() -> None:
    reading = refuse(observation(), WhyNot.TURNED)
    assert (reading.usable, reading.level, dict(reading.scores), reading.reasons) == (False, None, {}, ())


@given(probabilities, st.floats(0, 1))
def test_five_scores_sum_to_one_and_keep_the_sides(classes: npt.NDArray[np.float64], broad: float) -> None:
    scores = level_scores(classes, broad)
    assert sum(scores.values()) == pytest.approx(1)
    assert scores[Level.DISSATISFIED] + scores[Level.ANGRY] == pytest.approx(classes[0] + classes[1])
    assert scores[Level.SATISFIED] + scores[Level.VERY_SATISFIED] == pytest.approx(classes[3])
    assert -1 <= valence_of(scores) <= 1


@given(probabilities, st.floats(0, 1))
def test_the_level_lies_on_the_strongest_side(classes: npt.NDArray[np.float64], broad: float) -> None:
    level = decide(level_scores(classes, broad))
    sides = [classes[0] + classes[1], classes[2], classes[3]]
    names = [{Level.DISSATISFIED, Level.ANGRY}, {Level.NEUTRAL}, {Level.SATISFIED, Level.VERY_SATISFIED}]
    best = max(sides)
    assert any(level in names[i] for i in range(3) if sides[i] == pytest.approx(best))


@pytest.mark.parametrize(
    ("classes", "broad", "level"),
    [
        ([0.8, 0.1, 0.05, 0.05], 0.0, Level.ANGRY),
        ([0.1, 0.8, 0.05, 0.05], 0.0, Level.DISSATISFIED),
        ([0.31, 0.29, 0.4, 0.0], 0.0, Level.ANGRY),  # two halves of one displeasure outweigh a smaller neutral
        ([0.1, 0.1, 0.7, 0.1], 0.0, Level.NEUTRAL),
        ([0.0, 0.0, 0.2, 0.8], 0.1, Level.SATISFIED),
        ([0.0, 0.0, 0.2, 0.8], 0.9, Level.VERY_SATISFIED),
    ],
)
def test_levels(classes: list[float], broad: float, level: Level) -> None:
    assert decide(level_scores(np.array(classes), broad)) == level


def test_a_mirrored_face_reads_the_same() -> None:
    left = blendshapes(mouthSmileLeft=0.7, browDownRight=0.4)
    right = blendshapes(mouthSmileRight=0.7, browDownLeft=0.4)
    emotions = np.zeros(len(EMOTIONS))
    assert feature_vector(left, emotions) == pytest.approx(feature_vector(right, emotions))


@pytest.mark.parametrize("networks", [1, 2])
def test_one_face_has_the_features_that_the_trainer_saw(networks: int) -> None:
    rng = np.random.default_rng(4)
    seen = rng.random(len(BLENDSHAPES)).astype(np.float32)
    emotions = rng.normal(0, 9, networks * len(EMOTIONS)).astype(np.float32)
    assert features_of(movement_amounts(seen), emotions) == pytest.approx(feature_vector(seen, emotions))


def test_a_smile_far_from_the_rule_is_none_of_it() -> None:
    assert SmileRule(midpoint=0.6, slope=5000).share(movement_amounts(blendshapes())) == 0.0


def test_reasons_speak_for_the_side_that_won() -> None:
    smiling_in_tears = movement_amounts(blendshapes(mouthSmile=0.93, browDown=0.6, browInnerUp=0.5))
    assert reasons_for(smiling_in_tears, -1) == ("brow_lowered", "brow_inner_up")
    assert reasons_for(smiling_in_tears, 1) == ("smile_strong",)
    assert reasons_for(smiling_in_tears, 0) == ()


def test_a_broader_smile_is_more_satisfied() -> None:
    rule = SmileRule(midpoint=0.6, slope=12)
    faint = movement_amounts(blendshapes(mouthSmile=0.4))
    broad = movement_amounts(blendshapes(mouthSmile=0.95, mouthUpperUp=0.6))
    assert smile_intensity(faint) < smile_intensity(broad)
    assert rule.share(faint) < 0.5 < rule.share(broad)


def test_a_reading_follows_the_head() -> None:
    weights = np.zeros((4, len(FEATURES)))
    weights[0, FEATURES.index("browDown")] = 12.0
    head = ExpressionHead(weights, np.array([0.0, 0.0, 2.0, 0.0]), 1.0, SmileRule(0.6, 12), TearfulRule(0.5, 0.15, 0.6))
    calm = read(observation(), np.zeros(7), head)
    cross = read(observation(blendshapes=blendshapes(browDown=0.9)), np.zeros(7), head)
    assert (calm.level, calm.reasons) == (Level.NEUTRAL, ())
    assert (cross.level, cross.reasons) == (Level.ANGRY, ("brow_lowered",))
    assert cross.valence < calm.valence


@pytest.mark.parametrize(
    ("movements", "level"),
    [
        ({"mouthSmile": 0.9}, Level.SATISFIED),
        (
            {"mouthSmile": 0.9, "eyeBlink": 0.75},
            Level.DISSATISFIED,
        ),  # lips together, eyes closed: weeping looks like this
        ({"mouthSmile": 0.9, "eyeBlink": 0.75, "mouthUpperUp": 0.8}, Level.SATISFIED),  # laughing with closed eyes
    ],
)
def test_a_smile_with_closed_lips_and_closed_eyes_is_no_joy(movements: dict[str, float], level: Level) -> None:
    head = ExpressionHead(
        np.zeros((4, len(FEATURES))), np.array([0.0, 0.0, 1.0, 2.5]), 1.0, SmileRule(2, 12), TearfulRule(0.5, 0.15, 0.6)
    )
    assert read(observation(blendshapes=blendshapes(**movements)), np.zeros(7), head).level == level
