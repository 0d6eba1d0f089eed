"""Where the wards' names stand on the drawn map, so that none covers a mark or another name where there is room; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

Point = tuple[float, float]
LETTER, HEIGHT = 7.6, 18.0  # of a name at 15 px, measured in the page's font: a letter's mean width, a line's height
_MARK = 11.0  # half of a mark's size with its air
_TRIED = 6  # sites of a ward beside which there may be room: with more the page would wait for its map
_AWAY = 26.0  # from the outermost mark of a ward to its name's middle line


@dataclass(frozen=True, slots=True)
class Name:
    """A ward's name by its middle."""

    text: str
    x: float
    y: float

    @property
    def half(self) -> float:
        return len(self.text) * LETTER / 2

    def covers(self, point: Point) -> bool:
        return abs(point[0] - self.x) < self.half + _MARK and abs(point[1] - self.y) < HEIGHT / 2 + _MARK

    def meets(self, other: "Name") -> bool:
        return abs(other.x - self.x) < self.half + other.half and abs(other.y - self.y) < HEIGHT

    def is_within(self, width: float, height: float) -> bool:
        return self.half < self.x < width - self.half and HEIGHT < self.y < height - HEIGHT


def placed(wards: Mapping[str, Sequence[Point]], width: float, height: float) -> tuple[Name, ...]:
    """A name a ward, each near its own sites; where every place is taken, the one that covers least."""
    marks = [point for points in wards.values() for point in points]
    names: list[Name] = []
    for text, points in sorted(wards.items(), key=lambda one: -len(one[1])):
        places = _places(text, points)
        harm = partial(_harm, marks=marks, names=tuple(names), width=width, height=height)
        names.append(next((name for name in places if not harm(name)), None) or min(places, key=harm))
    return tuple(names)


def _harm(name: Name, marks: Sequence[Point], names: Sequence[Name], width: float, height: float) -> int:
    """0 is a free place; of equals the first is taken."""
    outside = 0 if name.is_within(width, height) else 100
    return outside + sum(name.covers(mark) for mark in marks) + 3 * sum(name.meets(other) for other in names)


def _places(text: str, points: Sequence[Point]) -> list[Name]:
    """Above and below all sites of the ward, beside its outermost ones; then above and below the first few."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    middle, half = sum(xs) / len(xs), len(text) * LETTER / 2
    (left, left_y), (right, right_y) = min(points), max(points)
    whole = [(middle, min(ys) - _AWAY), (middle, max(ys) + _AWAY)]
    beside = [(right + _MARK + half, right_y), (left - _MARK - half, left_y)]
    each = [(x, y + way * _AWAY) for x, y in points[:_TRIED] for way in (-1, 1)]
    return [Name(text, round(x, 1), round(y, 1)) for x, y in [*whole, *beside, *each]]
