"""Where each door is: on the wall and on the boards. What contradicts itself is named, both doors of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations


@dataclass(frozen=True, slots=True)
class Place:
    """One compartment. `number` stands on its door; `row` and `column` count from 0 at the top left, spans in grid cells.

    `channel` counts from 1, as printed on the board. `is_inverted`: the contact is closed when the door is open.
    """

    compartment: str
    number: str
    size: str
    low: bool
    row: int
    column: int
    board: str
    channel: int
    rows: int = 1
    columns: int = 1
    is_inverted: bool = False


class MapMistake(StrEnum):
    SAME_NAME = "same_name"
    SAME_NUMBER = "same_number"
    SAME_CHANNEL = "same_channel"
    SAME_CELL = "same_cell"
    NO_SUCH_BOARD = "no_such_board"
    NO_SUCH_CHANNEL = "no_such_channel"
    NO_SUCH_SIZE = "no_such_size"
    NO_SUCH_CELL = "no_such_cell"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """`compartments`: one, or the two that are in each other's way. `detail`: the board and channel, number, cell or size."""

    mistake: MapMistake
    compartments: tuple[str, ...]
    detail: str

    def __str__(self) -> str:
        return f"{' and '.join(self.compartments)}: {self.mistake.value.replace('_', ' ')} ({self.detail})"


def contradictions(
    places: Sequence[Place], channels: Mapping[str, int], sizes: Sequence[str]
) -> tuple[Contradiction, ...]:
    """All mistakes of a door map at once. `channels`: how many each board has."""
    alone = (mistake for place in places for mistake in _of_one(place, channels, sizes))
    pairs = (mistake for one, other in combinations(places, 2) for mistake in _of_two(one, other))
    return (*alone, *pairs)


def _of_one(place: Place, channels: Mapping[str, int], sizes: Sequence[str]) -> Iterator[Contradiction]:
    name = (place.compartment,)
    if place.board not in channels:
        yield Contradiction(MapMistake.NO_SUCH_BOARD, name, place.board)
    elif not 1 <= place.channel <= channels[place.board]:
        detail = f"{place.board}/{place.channel}, the board has 1 to {channels[place.board]}"
        yield Contradiction(MapMistake.NO_SUCH_CHANNEL, name, detail)
    if place.size not in sizes:
        yield Contradiction(MapMistake.NO_SUCH_SIZE, name, place.size)
    if min(place.row, place.column) < 0 or min(place.rows, place.columns) < 1:
        yield Contradiction(MapMistake.NO_SUCH_CELL, name, f"row {place.row}, column {place.column}")


def _of_two(one: Place, other: Place) -> Iterator[Contradiction]:
    both = (one.compartment, other.compartment)
    if one.compartment == other.compartment:
        yield Contradiction(MapMistake.SAME_NAME, both, one.compartment)
    if one.number == other.number:
        yield Contradiction(MapMistake.SAME_NUMBER, both, one.number)
    if (one.board, one.channel) == (other.board, other.channel):
        yield Contradiction(MapMistake.SAME_CHANNEL, both, f"{one.board}/{one.channel}")
    if shared := _cells(one) & _cells(other):
        row, column = min(shared)
        yield Contradiction(MapMistake.SAME_CELL, both, f"row {row}, column {column}")


def _cells(place: Place) -> set[tuple[int, int]]:
    return set(_grid(range(place.row, place.row + place.rows), range(place.column, place.column + place.columns)))


def _grid(rows: Iterable[int], columns: range) -> Iterator[tuple[int, int]]:
    return ((row, column) for row in rows for column in columns)
