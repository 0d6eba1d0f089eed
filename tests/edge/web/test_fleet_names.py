"""Ward names on the drawn map: none over a mark or another name where there is room."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.web.fleet_names import Point, placed

WIDTH, HEIGHT = 1000.0, 620.0
NEIGHBOURS: dict[str, list[Point]] = {
    "Phường Cầu Tre": [(338, 404), (366, 404), (395, 426)],
    "Phường Lò Gốm": [(475, 430), (487, 452), (455, 459)],
    "Phường Tân Lúa": [(300, 440), (320, 440), (300, 492)],
    "Phường Rạch Lá": [(343, 500), (374, 489), (392, 474)],
}


def test_close_wards_are_named_apart() -> None:
    names = placed(NEIGHBOURS, WIDTH, HEIGHT)
    assert {name.text for name in names} == set(NEIGHBOURS)
    assert not [name for name in names for points in NEIGHBOURS.values() for mark in points if name.covers(mark)]
    assert not [pair for pair in combinations(names, 2) if pair[0].meets(pair[1])]


@pytest.mark.parametrize("point", [(60.0, 60.0), (940.0, 560.0), (500.0, 60.0)])
def test_at_the_edge_a_name_stays_on_the_paper(point: Point) -> None:
    (name,) = placed({"Phường Phước Thạnh Đông": [point]}, WIDTH, HEIGHT)
    assert name.is_within(WIDTH, HEIGHT)


_POINTS = st.tuples(st.floats(60, 940), st.floats(60, 560))


@given(st.dictionaries(st.text(min_size=1, max_size=30), st.lists(_POINTS, min_size=1, max_size=8), max_size=12))
def test_every_ward_has_its_name_near_it(wards: dict[str, list[Point]]) -> None:
    names = placed(wards, WIDTH, HEIGHT)
    assert sorted(name.text for name in names) == sorted(wards)
    for name in names:
        assert min(abs(name.y - y) for _, y in wards[name.text]) < 27
