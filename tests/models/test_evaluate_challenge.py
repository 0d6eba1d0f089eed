"""What films are worth before a challenge: somebody who only looks, somebody who acts, somebody who is made to act in time."""

import itertools

import pytest

from models.challenge import Task
from models.evaluate_challenge import ROWS, film_share
from models.liveness import Moment
from tests.models.heads import HEAD, SHEET, Points, moment


def film(tasks: tuple[Task, ...], solid: Points = HEAD) -> list[Moment]:
    """Each task for a second after a second of looking straight, ten moments a second."""
    moved: dict[Task, dict[str, float]] = {
        Task.TURN_LEFT: {"yaw": 25.0}, Task.TURN_RIGHT: {"yaw": -25.0}, Task.BLINK: {"eyes_closed": 0.9},
        Task.OPEN_MOUTH: {"mouth_open": 0.7},
    }  # fmt: skip
    shown: list[dict[str, float]] = []
    for task in tasks:
        shown += [{}] * 10 + [moved[task]] * 10
    made = [moment(number / 10, solid, one.get("yaw", 0.0)) for number, one in enumerate(shown)]
    return [
        Moment(one.t_s, one.points, said.get("eyes_closed", 0.1), said.get("mouth_open", 0.0), one.yaw, one.pitch)
        for one, said in zip(made, shown, strict=True)
    ]


def test_nothing_passes_without_a_moment() -> None:
    assert film_share([]).by_choice == 0.0


def test_a_film_of_somebody_who_only_looks_and_blinks_never_passes() -> None:
    found = film_share(film((Task.BLINK, Task.BLINK, Task.OPEN_MOUTH)))
    assert (found.by_chance, found.by_choice) == (0.0, 0.0)


def test_a_film_that_turns_one_way_passes_what_is_asked_that_way_at_most() -> None:
    found = film_share(film((Task.TURN_LEFT, Task.BLINK)))
    assert 0 < found.by_chance <= 2 / len(ROWS)
    assert found.by_choice == 2 / len(ROWS)


def test_somebody_who_has_a_film_of_everything_and_shows_it_in_time_passes() -> None:
    """No check of landmarks answers that; models/README.md says so."""
    assert film_share(film(tuple(Task))).by_choice == 1.0
    assert film_share(film(tuple(Task), SHEET)).by_choice == 0.0


@pytest.mark.parametrize("tasks", list(itertools.permutations(Task, 3))[::5])
def test_a_recorded_enrolment_is_seldom_the_answer(tasks: tuple[Task, ...]) -> None:
    assert film_share(film(tasks)).by_chance < 0.4
