"""The lock boards of a cabinet: which are there, what they were called, how many locks hang on each."""

from typing import Any

from config.locker import Board
from devices.lock_board.families import codec_of
from devices.lock_board.probe import FoundBoard
from edge.setup.found import BoardsAt
from edge.setup.job import Job, NothingToWrite
from edge.setup.rules import in_network, rule, whole

NEW = {"echo": False, "poll_ms": 500}  # a line has one of each, whatever hangs on it
PULSE_MS = {"xor8a": 300}  # of the families that take a length, what most locks stand


async def ask_boards(job: Job) -> dict[str, Any]:
    """By their names; what was configured and is found again keeps its name and settings."""
    terminal, before = job.terminal, job.table["locker"].get("boards", {})
    if not job.found.lines:
        await _ask_converter(job)
    chosen: dict[str, Any] = {}
    for line in job.found.lines:
        await _line(job, line, chosen)
    for key, row in before.items():
        if key not in chosen and _wire_of(row) not in {_wire_of(one) for one in chosen.values()}:
            terminal.warn(
                f"board {key} of the configuration ({row.get('port')}, address {row.get('address')}) did not answer"
            )
            if await terminal.confirm("Keep it", default=True):
                chosen[key] = row
    if not chosen:
        raise NothingToWrite(
            "no lock board answered, and a cabinet needs one: see its power, swap A and B of the line, plug the adapter"
            " into another socket, then run this again (behind a converter: --port tcp://ADDRESS:PORT)"
        )
    return chosen


async def _ask_converter(job: Job) -> None:
    """One in the network shows itself to nobody."""
    job.terminal.tell("No lock board answered on any port.")
    while job.look_at is not None and job.terminal.is_attended:
        question = "A converter in the network that boards hang on, as tcp://ADDRESS:PORT (Enter for none)"
        way = await job.terminal.ask(question, in_network(Board), "")
        if not way or isinstance(found := await job.look_at(way), BoardsAt):
            return
        job.terminal.warn(found.says)


async def _line(job: Job, line: BoardsAt, chosen: dict[str, Any]) -> None:
    terminal, port = job.terminal, line.place.name
    terminal.tell(f"  {port}\n    {line.says}")
    if not job.may_be_named(port, rule(Board, "port")) or not await terminal.confirm("Use it", default=True):
        return
    for board, channels in line.boards:
        key = await _key_of(job, port, board, chosen)
        chosen[key] = await _row_of(job, job.table["locker"].get("boards", {}).get(key, {}), port, board, channels)
        first = next(row for row in chosen.values() if row["port"] == port)
        if first is not chosen[key]:
            chosen[key] = {name: value for name, value in chosen[key].items() if name not in NEW}
            chosen[key] |= {name: first[name] for name in NEW if name in first}
    job.uses[port] = f"lock boards {', '.join(key for key, row in chosen.items() if row['port'] == port)}"


async def _key_of(job: Job, port: str, board: FoundBoard, chosen: dict[str, Any]) -> str:
    """The name it has. One whose adapter was changed, or put into another socket, is asked for: its doors go by its name."""
    before = job.table["locker"].get("boards", {})
    there = {line.place.name for line in job.found.lines}
    for key, row in before.items():
        if _wire_of(row) == (port, board.address):
            return str(key)
    for key, row in before.items():
        is_lost = key not in chosen and row.get("port") not in there and row.get("address") == board.address
        if is_lost and await job.terminal.confirm(f"Is it the board {key} that was at {row.get('port')}", default=True):
            return str(key)
    return next(
        name for name in ("main", *(f"board-{number}" for number in range(2, 99))) if name not in {**before, **chosen}
    )


async def _row_of(job: Job, before: dict[str, Any], port: str, board: FoundBoard, channels: int) -> dict[str, Any]:
    """What was configured stays, but for the way it talks and a pulse that another family made."""
    is_same, most = before.get("protocol") == board.family, codec_of(board.family).most_channels
    kept = {name: value for name, value in before.items() if is_same or name != "pulse_ms"} or NEW
    pulse = {} if is_same or board.family not in PULSE_MS else {"pulse_ms": PULSE_MS[board.family]}
    question = f"How many locks hang on the board with address {board.address} (channels 1 to {most} of {board.family})"
    default = str(min(int(before.get("channels") or channels or most), most))
    count = await job.terminal.ask(question, whole(1, most), default)
    way = {"protocol": board.family, "port": port, "address": board.address, "channels": count, "baud": board.baud}
    return {**way, **pulse, **kept, **way}


def _wire_of(row: dict[str, Any]) -> tuple[Any, Any]:
    return row.get("port"), row.get("address")
