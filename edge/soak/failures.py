"""Every failure that a campaign injects, by the words of the list it comes from. Each module of `failures_*` adds its own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from edge.soak.stage import Stage

Play: TypeAlias = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Failure:
    """`play` makes it happen while people want something, and says what must hold. `but_not`: protocols it cannot happen to."""

    name: str
    play: Play
    but_not: tuple[str, ...] = ()


CATALOGUE: list[Failure] = []


def failure(name: str, *, but_not: tuple[str, ...] = ()) -> Callable[[Play], Play]:
    def add(play: Play) -> Play:
        CATALOGUE.append(Failure(name, play, but_not))
        return play

    return add
