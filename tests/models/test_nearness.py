"""Somebody is near: large enough, for long enough, and gone only when not seen for a while."""

import pytest

from models.nearness import Nearness, NearRules

RULES = NearRules(near=0.1, come_s=0.7, gone_s=2.0)


def told(*shown: tuple[float, float]) -> list[bool]:
    """What is said when faces of these widths are seen for so many seconds, three frames a second: the last word of each."""
    nearness, t_s, said = Nearness(RULES), 100.0, []
    for width, seconds in shown:
        for _ in range(round(seconds * 3)):
            t_s += 1 / 3
            nearness.see(width, t_s)
        said.append(nearness.is_near)
    return said


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ([(0.2, 2.0)], [True]),
        ([(0.2, 0.4)], [False]),  # walks past
        ([(0.09, 5.0)], [False]),  # far away
        ([(0.2, 0.4), (0.0, 0.4), (0.2, 0.6)], [False, False, True]),  # not found in one frame
        ([(0.2, 0.4), (0.0, 1.4), (0.2, 0.4)], [False, False, False]),  # two who walk past
        ([(0.2, 2.0), (0.08, 5.0)], [True, True]),  # leans back
        ([(0.2, 2.0), (0.05, 1.7)], [True, True]),
        ([(0.2, 2.0), (0.05, 2.7)], [True, False]),
        ([(0.2, 2.0), (0.0, 3.0), (0.2, 2.0)], [True, False, True]),
    ],
)
def test_near(shown: list[tuple[float, float]], said: list[bool]) -> None:
    assert told(*shown) == said
