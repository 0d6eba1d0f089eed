"""How false and true matches are counted, on numbers whose answer is known."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import LabelsUnusable
from models.evaluate_faces import report_of
from models.face_rates import (
    Comparisons,
    Pair,
    comparisons,
    false_match,
    half_of,
    identities,
    roc,
    threshold_at,
    true_match,
    worst_threshold,
)


def group(genuine: list[float], impostor: list[float]) -> Comparisons:
    return Comparisons(np.array(genuine), np.arange(len(genuine)), np.sort(np.array(impostor)))


@pytest.mark.parametrize(("rate", "passing"), [(0.1, 100), (0.01, 10), (0.001, 1)])
def test_a_threshold_lets_just_so_many_strangers_pass(rate: float, passing: int) -> None:
    impostor = np.arange(1000) / 1000
    threshold = threshold_at(impostor, rate)
    assert threshold is not None
    assert (impostor >= threshold).sum() == passing


def test_too_few_strangers_say_nothing_of_a_rare_rate() -> None:
    assert threshold_at(np.arange(999) / 999, 0.001) is None


def test_ties_do_not_let_more_pass() -> None:
    impostor = np.sort(np.array([0.5] * 500 + [0.1] * 500))
    threshold = threshold_at(impostor, 0.01)
    assert threshold is not None
    assert (impostor >= threshold).sum() <= 10


@given(st.lists(st.floats(-1, 1), min_size=100, max_size=300), st.floats(0.01, 0.5))
def test_never_more_than_allowed(values: list[float], rate: float) -> None:
    impostor = np.sort(np.array(values))
    threshold = threshold_at(impostor, rate)
    assert threshold is not None
    assert (impostor >= threshold).sum() <= rate * len(impostor) + 1e-9  # the product is a float


def test_the_worst_group_sets_the_threshold() -> None:
    easy, hard = group([1.0], list(np.linspace(0, 0.3, 1000))), group([1.0], list(np.linspace(0, 0.5, 1000)))
    found = worst_threshold({"easy": easy, "hard": hard}, 0.01)
    assert found is not None
    assert found[0] == "hard"
    assert false_match(easy, found[1]).value == 0.0
    assert false_match(hard, found[1]).value == pytest.approx(0.01, abs=1e-3)


def test_files_of_one_person_by_pair_and_by_name() -> None:
    who = identities([Pair("a.jpg", "b.jpg", True, "g"), Pair("Anh_0001.jpg", "Anh_0002.jpg", False, "g")])
    assert who["a.jpg"] == who["b.jpg"] != who["Anh_0001.jpg"] == who["Anh_0002.jpg"]


def test_no_person_is_in_both_halves_and_a_lost_face_is_no_match() -> None:
    names = [f"N{place}" for place in range(40)]
    pairs = [Pair(f"{name}_1.jpg", f"{name}_2.jpg", True, "g") for name in names]
    pairs += [Pair(f"{a}_1.jpg", f"{b}_1.jpg", False, "g") for a, b in pairwise(names)]
    chance = np.random.default_rng(0)
    centre = {name: chance.normal(size=8) for name in names}
    numbers = {
        f"{name}_{shot}.jpg": (centre[name] / np.linalg.norm(centre[name])).astype(np.float32)
        for name in names
        for shot in (1, 2)
    }
    who = identities(pairs)
    lost = f"{names[0]}_2.jpg"
    halves = [comparisons(pairs, {**numbers, lost: None}, who, half)["g"] for half in (0, 1)]
    sizes = [sum(half_of(who[f"{name}_1.jpg"]) == half for name in names) for half in (0, 1)]
    assert [len(one.genuine) for one in halves] == sizes
    # every photograph against those of every other person in its half, less what the lost one would add
    without = half_of(who[lost])
    expected = [4 * n * (n - 1) // 2 - (2 * (n - 1) if half == without else 0) for half, n in enumerate(sizes)]
    assert [len(one.impostor) for one in halves] == expected
    assert sorted(halves[without].genuine)[:2] == pytest.approx([-1.0, 1.0])
    assert true_match(halves[without], 0.9).value == pytest.approx((sizes[without] - 1) / sizes[without])


def test_the_interval_holds_the_value_and_one_person_gives_none() -> None:
    chance = np.random.default_rng(1)
    one = Comparisons(chance.uniform(0, 1, 300), np.repeat(np.arange(30), 10), np.sort(chance.uniform(0, 1, 1000)))
    rate = true_match(one, 0.3)
    assert 0 <= rate.low <= rate.value <= rate.high <= 1
    assert (rate.low, rate.high) == (true_match(one, 0.3).low, true_match(one, 0.3).high)
    alone = true_match(Comparisons(np.ones(5), np.zeros(5, np.int64), one.impostor), 0.3)
    assert (alone.low, alone.high) == (0.0, 1.0)


def test_the_curve_rises() -> None:
    chance = np.random.default_rng(2)
    curve = roc(group(list(chance.normal(0.6, 0.1, 500)), list(chance.normal(0, 0.1, 5000))))
    assert len(curve) > 20
    assert [x for x, _ in curve] == sorted(x for x, _ in curve)
    assert [y for _, y in curve] == sorted(y for _, y in curve)


def test_a_report_needs_enough_strangers() -> None:
    with pytest.raises(LabelsUnusable, match="too few strangers"):
        report_of({"all": group([1.0], [0.0] * 50)}, {"all": group([1.0], [0.0] * 50)})
