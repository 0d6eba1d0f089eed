"""Whose face it is: no match beats a false match."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.recognition import (
    Aliveness,
    Look,
    Numbers,
    Outcome,
    RatePoint,
    RecognitionRules,
    cosine,
    decide,
    mean_of,
    threshold_for,
    weight,
)

RULES = RecognitionRules((RatePoint(0.01, 0.30), RatePoint(0.001, 0.40), RatePoint(0.0001, 0.48)))
GOOD = {"width_px": 200.0, "sharpness": 0.3}


def axis(number: int, length: int = 8) -> Numbers:
    return tuple(float(place == number) for place in range(length))


def towards(one: Numbers, other: Numbers, alike: float) -> Numbers:
    """Of length 1, with this cosine to `one`; the rest lies along `other`."""
    return tuple(alike * a + math.sqrt(1 - alike**2) * b for a, b in zip(one, other, strict=True))


ANN, BINH, STRANGER = axis(0), axis(1), axis(2)
KNOWN = {"ann": ANN, "binh": BINH}


def looks(numbers: Numbers, many: int = 6, **changed: float) -> list[Look]:
    return [Look(numbers, **(GOOD | changed)) for _ in range(many)]


@pytest.mark.parametrize(
    ("seen", "alive", "expected"),
    [
        (looks(towards(ANN, STRANGER, 0.8)), Aliveness.LIVE, (Outcome.MATCH, "ann")),
        (looks(towards(ANN, STRANGER, 0.8)), Aliveness.UNSURE, (Outcome.NOT_LIVE, None)),
        (looks(towards(ANN, STRANGER, 0.8)), Aliveness.NOT_LIVE, (Outcome.NOT_LIVE, None)),
        (looks(towards(ANN, STRANGER, 0.35)), Aliveness.LIVE, (Outcome.NOBODY, None)),
        (looks(STRANGER), Aliveness.LIVE, (Outcome.NOBODY, None)),
        (looks(towards(ANN, BINH, 0.72)), Aliveness.LIVE, (Outcome.NOBODY, None)),  # like two people: nobody
        (looks(ANN, 3), Aliveness.LIVE, (Outcome.NOT_ENOUGH, None)),
        (looks(ANN, width_px=40.0), Aliveness.LIVE, (Outcome.NOT_ENOUGH, None)),
        (looks(ANN, sharpness=0.001), Aliveness.LIVE, (Outcome.NOT_ENOUGH, None)),
        ([], Aliveness.LIVE, (Outcome.NOT_ENOUGH, None)),
    ],
)
def test_somebody_only_when_everything_speaks_for_it(
    seen: list[Look], alive: Aliveness, expected: tuple[Outcome, str | None]
) -> None:
    decision = decide(seen, KNOWN, RULES, alive)
    assert expected == (decision.outcome, decision.person)


def test_nobody_is_recognised_where_nobody_is_enrolled() -> None:
    assert decide(looks(ANN), {}, RULES, Aliveness.LIVE).outcome is Outcome.NOBODY


def test_a_large_sharp_face_outweighs_small_ones() -> None:
    small = looks(BINH, 4, width_px=73.0, sharpness=0.021)
    large = looks(ANN, 4)
    assert decide(small + large, KNOWN, RULES, Aliveness.LIVE).person == "ann"


def test_frames_that_name_different_people_name_nobody() -> None:
    torn = looks(ANN, 5) + looks(BINH, 4)
    assert decide(torn, KNOWN, RULES, Aliveness.LIVE).outcome is Outcome.NOBODY


def test_only_the_newest_frames_count() -> None:
    assert decide(looks(BINH, 50) + looks(ANN, RULES.max_looks), KNOWN, RULES, Aliveness.LIVE).person == "ann"


@pytest.mark.parametrize(("people", "expected"), [(0, 0.40), (1, 0.40), (10, 0.48), (100, 0.56)])
def test_more_people_ask_for_a_higher_threshold(people: int, expected: float) -> None:
    assert threshold_for(people, RULES) == pytest.approx(expected)


def test_a_rate_that_is_allowed_more_often_takes_the_lower_end_of_the_curve() -> None:
    lenient = RecognitionRules(RULES.curve, false_greeting_rate=0.1)
    assert threshold_for(1, lenient) == pytest.approx(0.20)


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_the_threshold_never_falls_with_more_people(one: int, other: int) -> None:
    fewer, more = sorted((one, other))
    assert threshold_for(fewer, RULES) <= threshold_for(more, RULES) + 1e-12


@given(st.floats(0, 1000), st.floats(0, 2))
def test_a_weight_is_a_share(width_px: float, sharpness: float) -> None:
    assert 0.0 <= weight(Look(ANN, width_px, sharpness), RULES) <= 1.0


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_a_match_is_always_over_the_threshold_and_clear(seed: int, many: int) -> None:
    chance = random.Random(seed)

    def drawn() -> Numbers:
        return mean_of([tuple(chance.gauss(0, 1) for _ in range(8))])

    known = {str(place): drawn() for place in range(5)}
    base = chance.choice([*known.values(), drawn()])
    seen = [
        Look(towards(base, drawn(), chance.uniform(0, 1)), chance.uniform(50, 250), chance.uniform(0, 0.4))
        for _ in range(many)
    ]
    decision = decide(seen, known, RULES, chance.choice(list(Aliveness)))
    if decision.person is not None:
        assert decision.outcome is Outcome.MATCH
        assert decision.similarity is not None
        assert decision.similarity >= threshold_for(5, RULES)
        assert decision.looks >= RULES.min_looks
    else:
        assert decision.outcome is not Outcome.MATCH


def test_a_template_is_the_middle_of_its_pictures() -> None:
    middle = mean_of([ANN, BINH])
    assert cosine(middle, ANN) == pytest.approx(cosine(middle, BINH)) == pytest.approx(math.sqrt(0.5))


def test_no_number_of_a_face_is_in_a_repr() -> None:
    assert "numbers" not in repr(Look(ANN, 1.0, 1.0))
