"""`motcua locker map`: which door hangs on which channel. Each door is opened once; a person says which number moved.

A lock and its contact may be wired to different channels, and a contact may be the other way round: both are found by reading.
"""

import asyncio
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import typer

from config.locker import Compartment
from config.schema import Config
from edge.adapters import locker_wire as wire
from edge.cli_common import print_line
from edge.cli_locker import Line, answers, asked, show
from edge.setup.terminal import InputEnded, KeyboardLines, Terminal

NOBODY = "0"
Feedback = Literal["closed_short", "open_short"]
_OTHER_WAY: dict[Feedback, Feedback] = {"closed_short": "open_short", "open_short": "closed_short"}


@dataclass(frozen=True, slots=True)
class Mapped:
    """What one pulse did: the number a person saw move, and the compartments whose contacts changed."""

    pulsed: str
    number: str | None
    moved: tuple[str, ...]

    @property
    def is_as_wired(self) -> bool:
        return self.moved == (self.pulsed,)


class Hands(Protocol):
    """The person who stands at the cabinet."""

    async def ready(self, sentence: str) -> None: ...  # until it is done

    async def number(self, expected: str, moved: tuple[str, ...]) -> str | None:
        """What stands on the door that opened, None where none did. `moved`: compartments whose contacts changed."""

    def tell(self, sentence: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Walk:
    """Every door opened once. `inverted`: compartments that read open while they were closed."""

    found: list[Mapped]
    inverted: frozenset[str]


async def map_cabinet(line: Line, settings: Config, *, as_json: bool) -> bool:
    """Whether every door did what the configuration says. The lines to copy go to stdout, what to do to stderr."""
    assert settings.locker is not None  # noqa: S101 - the caller looked
    compartments = settings.locker.compartments
    done = await walk(line, compartments, _Prompts(), as_json=as_json)
    _print(done, compartments, as_json=as_json)
    return not done.inverted and all(
        one.is_as_wired and one.number == compartments[one.pulsed].number for one in done.found
    )


async def walk(line: Line, compartments: Mapping[str, Compartment], hands: Hands, *, as_json: bool) -> Walk:
    """Door after door; what is odd is told while somebody stands there."""
    await hands.ready("Close every door of the cabinet, then press Enter")
    inverted = {key for key, door in (await _doors(line, as_json=as_json)).items() if door == "open"}
    for key in sorted(inverted):
        hands.tell(
            f"{key}: reads open though it is closed: its contact is the other way round, or the door is not shut"
        )
    found = [await _map_one(line, key, one.number, hands, as_json=as_json) for key, one in compartments.items()]
    return Walk(found, frozenset(inverted))


async def _map_one(line: Line, key: str, number: str, hands: Hands, *, as_json: bool) -> Mapped:
    before = await _doors(line, as_json=as_json)
    hands.tell(f"{key}: its door opens now")
    moved: tuple[str, ...] = ()
    seen: str | None = None
    async for say in answers(line, wire.Open(compartment=key, why="map"), as_json=as_json):
        if isinstance(say, wire.Doors):
            moved = tuple(sorted(one for one, door in say.doors.items() if door != before.get(one)))
            seen = await hands.number(number, moved)
            if seen is not None:
                hands.tell("close it")
        elif isinstance(say, wire.Opening) and not as_json:
            show(say.opening, as_json=False)
    if moved != (key,) and (moved or seen is not None):
        hands.tell(
            f"{key}: its contact did not move, but {', '.join(moved) or 'none'} did: look at the wiring of the contacts"
        )
    return Mapped(key, seen, moved)


async def _doors(line: Line, *, as_json: bool) -> dict[str, str]:
    (say,) = await asked(line, wire.Read(), as_json=as_json)
    return say.doors if isinstance(say, wire.Doors) else {}


class _Prompts:
    """A person at this terminal, or lines from a pipe; the boards go on being read meanwhile."""

    def __init__(self) -> None:
        self._terminal = Terminal(KeyboardLines(sys.stdin.fileno())) if sys.stdin.isatty() else None

    async def ready(self, sentence: str) -> None:
        await self._asked(sentence)

    async def number(self, expected: str, moved: tuple[str, ...]) -> str | None:  # noqa: ARG002 - a person looks for themselves
        answer = await self._asked(f"Which number stands on the door that opened? ({NOBODY}: none opened)", expected)
        return None if answer == NOBODY else answer.strip()

    def tell(self, sentence: str) -> None:
        sys.stderr.write(sentence + "\n")

    async def _asked(self, question: str, default: str = "") -> str:
        """By the loop at a terminal, so that Ctrl-C ends it at once; a pipe is read by a thread."""
        if self._terminal is not None:
            try:
                return await self._terminal.ask(question, str, default)
            except InputEnded:
                raise typer.Abort from None
        shows = bool(default)
        return str(await asyncio.to_thread(typer.prompt, question, default=default, show_default=shows, err=True))


def feedback_of(one: Mapped, wired: Compartment, inverted: Collection[str]) -> Feedback:
    """How its contact is wired, now that it was seen."""
    return _OTHER_WAY[wired.feedback] if one.pulsed in inverted else wired.feedback


def _print(done: Walk, compartments: dict[str, Compartment], *, as_json: bool) -> None:
    """The door keeps its key, size and place; board and channel are those of the pulse that moved it."""
    by_number = {one.number: key for key, one in compartments.items()}
    for one in done.found:
        if one.number is None:
            sys.stderr.write(f"{one.pulsed}: nothing moved; no lines for it\n")
            continue
        key, wired = by_number.get(one.number, one.pulsed), compartments[one.pulsed]
        row: dict[str, str | int] = {
            "compartment": key,
            "board": wired.board,
            "channel": wired.channel,
            "number": one.number,
            "feedback": feedback_of(one, wired, done.inverted),
        }
        if as_json:
            print_line(row | {"moved": list(one.moved)})
        else:
            typer.echo(_toml(key, row, compartments.get(key, wired)))


def _toml(key: str, row: dict[str, str | int], door: Compartment) -> str:
    kept = {name: getattr(door, name) for name in ("size", "low", "row", "column", "rows", "columns")}
    lines = [f"{name} = {_value(value)}" for name, value in (row | kept).items() if name != "compartment"]
    return "\n".join([f"[locker.compartments.{key}]", *lines, ""])


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
