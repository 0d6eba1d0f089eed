"""Mistakes between the boards and compartments of a `[locker]`: every one at once, with both names. For `config.load`.

The raw table is looked at, so that a mistake elsewhere in the section does not hide these.
"""

from collections.abc import Callable, Hashable, Iterator
from typing import Any, TypeAlias

Rows: TypeAlias = dict[str, dict[str, Any]]
Found: TypeAlias = tuple[str, str]  # path and what is wrong
HIGHEST_ADDRESS = {"xor8a": 99, "kerong-cu16": 9, "kerong-cu48": 255, "wkly": 31, "modbus": 247}
LOWEST_ADDRESS = {"xor8a": 1, "kerong-cu16": 0, "kerong-cu48": 0, "wkly": 0, "modbus": 1}
MOST_CHANNELS = {"xor8a": 50, "kerong-cu16": 16, "kerong-cu48": 48, "wkly": 64, "modbus": 64}
PER_LINE = ("protocol", "baud", "echo", "poll_ms")  # what boards on one port cannot differ in


def locker_mistakes(boards: Rows, compartments: Rows) -> Iterator[Found]:
    """`boards` and `compartments` as they stand in the file; values of a wrong type are left to the schema."""
    yield from _bounds(boards)
    yield from _twice(boards, "locker.boards", _address, "has the address and port of board {}: both would answer")
    yield from _lines(boards)
    yield from _missing_channels(boards, compartments)
    where = "locker.compartments"
    yield from _twice(compartments, where, _channel, "is on the channel of compartment {}: one pulse would open both")
    yield from _twice(
        compartments, where, _number, "has the number of compartment {}: nobody could tell which is meant"
    )
    yield from _overlaps(compartments)


def _bounds(boards: Rows) -> Iterator[Found]:
    for key, board in boards.items():
        protocol, address, channels = board.get("protocol"), board.get("address"), board.get("channels")
        if not isinstance(protocol, str) or protocol not in MOST_CHANNELS:
            continue
        low, high, most = LOWEST_ADDRESS[protocol], HIGHEST_ADDRESS[protocol], MOST_CHANNELS[protocol]
        if isinstance(address, int) and not low <= address <= high:
            yield f"locker.boards.{key}.address", f"a {protocol} board is addressed {low} to {high}"
        if isinstance(channels, int) and channels > most:
            yield f"locker.boards.{key}.channels", f"a {protocol} board has {most} channels at most"


def _lines(boards: Rows) -> Iterator[Found]:
    """Boards on one port talk the same way."""
    first: dict[Any, str] = {}
    for key, board in boards.items():
        other = first.setdefault(board.get("port"), key) if isinstance(board.get("port"), str) else key
        for setting in PER_LINE:
            if boards[other].get(setting) != board.get(setting):
                yield f"locker.boards.{key}.{setting}", f"differs from board {other} on the same port"


def _missing_channels(boards: Rows, compartments: Rows) -> Iterator[Found]:
    for key, compartment in compartments.items():
        board, channel = compartment.get("board"), compartment.get("channel")
        channels = boards.get(board, {}).get("channels") if isinstance(board, str) else None
        if isinstance(channel, int) and isinstance(channels, int) and channel > channels:
            yield f"locker.compartments.{key}.channel", f"{channel}: board {board} has the channels 1 to {channels}"


def _twice(rows: Rows, path: str, identity: Callable[[dict[str, Any]], Hashable], why: str) -> Iterator[Found]:
    first: dict[Hashable, str] = {}
    for key, row in rows.items():
        what = identity(row)
        if what is not None and first.setdefault(what, key) != key:
            yield f"{path}.{key}", why.format(first[what])


def _address(board: dict[str, Any]) -> Hashable:
    return _pair(board, "port", str, "address", int)


def _channel(compartment: dict[str, Any]) -> Hashable:
    return _pair(compartment, "board", str, "channel", int)


def _number(compartment: dict[str, Any]) -> Hashable:
    number = compartment.get("number")
    return number if isinstance(number, str) else None


def _pair(row: dict[str, Any], one: str, one_type: type, other: str, other_type: type) -> Hashable:
    found = row.get(one), row.get(other)
    return found if isinstance(found[0], one_type) and isinstance(found[1], other_type) else None


def _overlaps(compartments: Rows) -> Iterator[Found]:
    """Each pair once, however many cells they share."""
    owners: dict[tuple[int, int], str] = {}
    for key, compartment in compartments.items():
        others = dict.fromkeys(owners[cell] for cell in _cells(compartment) if cell in owners)
        owners |= {cell: key for cell in _cells(compartment) if cell not in owners}
        for other in others:
            yield f"locker.compartments.{key}", f"overlaps compartment {other} in the picture of the cabinet"


def _cells(compartment: dict[str, Any]) -> list[tuple[int, int]]:
    spans = [compartment.get(name, least) for name, least in (("row", -1), ("column", -1), ("rows", 1), ("columns", 1))]
    if not all(isinstance(value, int) and 0 <= value <= 99 for value in spans):
        return []
    row, column, rows, columns = spans
    return [(row + down, column + right) for down in range(rows) for right in range(columns)]
