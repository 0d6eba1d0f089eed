"""Where each door is: on the wall and on the boards. `config.locker_checks` has refused what contradicts itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """One compartment. `number` stands on its door; `row` and `column` count from 0 at the top left, spans in grid cells.

    `channel` counts from 1, as printed on the board. `low`: a wheelchair user reaches it.
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
