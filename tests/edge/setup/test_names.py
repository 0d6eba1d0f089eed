"""Keys come of what people type, in whatever letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from config.fields import Key
from edge.setup.layout import Door, columns_for, compartments, in_order
from edge.setup.names import counter_key, door_key, numbered, slug, unused

KEY = TypeAdapter[str](Key)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Phường Thủ Đức", "phuong-thu-duc"), ("Xã Ea M’Droh", "xa-ea-m-droh"), ("  ĐẶC KHU  Côn Đảo ", "dac-khu-con-dao"),
        ("Ủy ban", "uy-ban"), ("—", ""), ("日本", ""), ("quay-01", "quay-01"),
    ],
)  # fmt: skip
def test_a_name_becomes_a_key(typed: str, key: str) -> None:
    assert slug(typed) == key


@given(st.text(max_size=80), st.sets(st.text("abc-12", min_size=1, max_size=6)))
def test_what_is_made_is_a_key_or_nothing_and_never_taken(typed: str, taken: set[str]) -> None:
    made = slug(typed)
    if made:
        assert KEY.validate_python(made) == made
        assert slug(made) == made
    for key in (unused(made or "x", taken), door_key(typed, taken), counter_key(typed, taken)):
        assert KEY.validate_python(key) == key
        assert key not in taken


@pytest.mark.parametrize(("name", "key"), [("Quầy 1", "quay-01"), ("Quầy 12", "quay-12"), ("Một cửa", "mot-cua")])
def test_counters_sort_as_people_count(name: str, key: str) -> None:
    assert counter_key(name, ()) == key


def test_doors_are_numbered_over_all_boards() -> None:
    doors = in_order({"main": {"channels": 2}, "board-2": {"channels": 1}})
    assert doors == [Door("main", 1, "01"), Door("main", 2, "02"), Door("board-2", 1, "03")]
    assert numbered(100)[0] == "001"


@given(st.integers(1, 128), st.integers(1, 12), st.booleans())
def test_every_door_has_its_own_place_and_section(count: int, columns: int, down: bool) -> None:
    doors = [Door("main", channel, number) for channel, number in enumerate(numbered(count), 1)]
    rows = compartments(doors, {}, columns, down=down)
    assert len(rows) == count
    assert len({(row["row"], row["column"]) for row in rows.values()}) == count
    assert all(row["column"] < columns for row in rows.values())
    assert 1 <= columns_for(count) <= 6


def test_numbers_run_along_the_rows_or_down_the_columns() -> None:
    doors = [Door("main", channel, f"{channel}") for channel in range(1, 7)]
    along, down = (compartments(doors, {}, 3, down=way) for way in (False, True))
    assert [(row["row"], row["column"]) for row in along.values()] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert [(row["row"], row["column"]) for row in down.values()] == [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2)]


def test_doors_that_were_known_keep_section_size_and_place() -> None:
    before = {
        "n01": {"board": "main", "channel": 1, "number": "01", "row": 3, "column": 2, "size": "large"},
        "n02": {"board": "main", "channel": 2, "number": "02", "row": 3, "column": 3, "low": True},
    }
    swapped = compartments([Door("main", 1, "02"), Door("main", 2, "01", "open_short")], before, 4)
    assert swapped["n01"] == before["n01"] | {"channel": 2, "feedback": "open_short"}
    assert swapped["n02"] == before["n02"] | {"channel": 1, "feedback": "closed_short"}
    more = compartments([Door("main", 1, "01"), Door("main", 2, "02"), Door("main", 3, "03")], before, 4)
    assert [(key, row.get("size"), row.get("low")) for key, row in more.items()] == [
        ("n01", "large", None), ("n02", None, True), ("n03", None, None),
    ]  # fmt: skip
