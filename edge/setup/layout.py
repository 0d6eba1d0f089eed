"""Doors in order: their numbers, their places in the picture, their sections. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from edge.setup.names import door_key, numbered

MOST_COLUMNS = 12


@dataclass(frozen=True, slots=True)
class Door:
    """A lock that is there: what pulses it, what stands on it, how its contact is wired."""

    board: str
    channel: int
    number: str
    feedback: str = "closed_short"


def in_order(boards: dict[str, dict[str, Any]]) -> list[Door]:
    """Every channel of every board has a door, numbered as the channels are."""
    wires = [(key, channel) for key, board in boards.items() for channel in range(1, int(board["channels"]) + 1)]
    return [Door(*wire, number) for wire, number in zip(wires, numbered(len(wires)), strict=True)]


def columns_for(doors: int) -> int:
    """A likely shape of a cabinet with so many doors."""
    return next((count for count in (4, 6, 3, 5) if doors % count == 0 and doors > count), min(4, max(1, doors)))


def compartments(doors: Sequence[Door], before: dict[str, Any], columns: int, *, down: bool = False) -> dict[str, Any]:
    """The sections of these doors. A number that had a section keeps its key and size, which the journal knows it by.

    Where every number had one, they keep their places, too. `down`: the numbers run down the columns, not along the rows.
    """
    if all(any(row.get("number") == one.number for row in before.values()) for one in doors):
        return _kept(doors, before)
    ordered = sorted(doors, key=lambda one: (len(one.number), one.number))
    rows, keys = -(-len(ordered) // columns), {row.get("number"): key for key, row in before.items()}
    made: dict[str, Any] = {}
    for place, door in enumerate(ordered):
        row, column = (place % rows, place // rows) if down else divmod(place, columns)
        key = keys.get(door.number) or door_key(door.number, {**before, **made})
        kind = {name: before[key][name] for name in ("size", "low") if name in before.get(key, {})}
        made[key] = _wire(door) | kind | {"row": row, "column": column, "feedback": door.feedback}
    return made


def resized(rows: dict[str, Any], numbers: Collection[str], name: str, value: object) -> None:
    """Give the doors with these numbers another size, or say that they are low."""
    for row in rows.values():
        if row["number"] in numbers:
            row[name] = value


def _kept(doors: Sequence[Door], before: dict[str, Any]) -> dict[str, Any]:
    by_number = {row.get("number"): key for key, row in before.items()}
    new = {by_number[one.number]: one for one in doors}
    return {key: {**row, **_wire(new[key]), "feedback": new[key].feedback} for key, row in before.items() if key in new}


def _wire(door: Door) -> dict[str, Any]:
    return {"board": door.board, "channel": door.channel, "number": door.number}
