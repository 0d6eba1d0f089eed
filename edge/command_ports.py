"""The city's orders between link, service, doers and page: values and Protocols."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from edge.domain.command import CommandNote, CommandRefusal, Outcome
from edge.ports import Change


class BadArgs(Exception):
    """The arguments are not those of this command; the order is refused."""


class Later(Exception):
    """The answer comes when the work is over; `finish` gives it."""


@dataclass(frozen=True, slots=True)
class Task:
    """One order that may be carried out. `args` is JSON; `answered` writes that it is done, beside what it changes."""

    id: str
    by: str
    args: bytes = field(repr=False)
    answered: Change = field(repr=False)


class Doer(Protocol):
    """One kind of order. What it changes in tables it writes together with `task.answered`; None or a note: done.

    Raise BadArgs, or Later when it goes on behind the back. It may be called again with the same task after a kill.
    """

    async def __call__(self, task: Task) -> CommandRefusal | CommandNote | None: ...


@dataclass(frozen=True, slots=True)
class CommandView:
    """One order as the technician sees it. `outcome` None: being worked on."""

    id: str
    name: str
    by: str
    at: datetime
    outcome: Outcome | None
    why: CommandRefusal | CommandNote | None


@dataclass(frozen=True, slots=True)
class LinkView:
    """The way to the city. `state`: connected, lost, refused or waiting; `skew_s`: our clock is ahead so much."""

    state: str
    since: datetime | None
    backlog: int
    version: str | None = None
    last_receipt: datetime | None = None
    skew_s: float | None = None
    is_metered: bool = False
    not_ours: int = 0  # orders since the start that the city did not sign for this device


class CityDesk(Protocol):
    """What the device page shows of the city."""

    def link(self) -> LinkView: ...
    async def commands(self, at_most: int = 10) -> tuple[CommandView, ...]: ...


class IdentifyDesk(Protocol):
    """Which of these boxes is it? Screens say the device's name for `left_s` seconds; those that can beep say `sounded`."""

    @property
    def name(self) -> str: ...
    def left_s(self) -> float: ...
    def sounded(self) -> None: ...
    def subscribe(self, callback: Callable[[float], None], *, sounds: bool = False) -> Callable[[], None]: ...
