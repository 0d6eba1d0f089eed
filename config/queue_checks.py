"""Mistakes between services and counters of a `[queue]`: every one at once, with both names. For `config.load`.

The raw table is looked at, so that a mistake elsewhere in the section does not hide these.
"""

from collections.abc import Iterator
from typing import Any, TypeAlias

from config.queue import number_of
from config.raw import listed

Rows: TypeAlias = dict[str, dict[str, Any]]
Found: TypeAlias = tuple[str, str]  # path and what is wrong


def queue_mistakes(services: Rows, counters: Rows) -> Iterator[Found]:
    """`counters` of the queue itself; values of a wrong type are left to the schema."""
    yield from _letters(services)
    yield from _numbers(services, counters)
    yield from _procedures(services)


def called_by(services: Rows) -> list[tuple[str, Any]]:
    """Every counter that a service names, with its path."""
    return [
        (f"queue.services.{key}.counters.{place}", counter)
        for key, service in services.items()
        for place, counter in enumerate(listed(service, "counters"))
    ]


def _letters(services: Rows) -> Iterator[Found]:
    first: dict[str, str] = {}
    for key, service in services.items():
        letter = service.get("letter")
        if isinstance(letter, str) and first.setdefault(letter, key) != key:
            yield (
                f"queue.services.{key}.letter",
                f"{letter!r} is the letter of service {first[letter]}: numbers would be the same",
            )


def _numbers(services: Rows, counters: Rows) -> Iterator[Found]:
    """Each counter has a number that can be said, and no two the same."""
    first: dict[int, str] = {}
    places = {counter: path for path, counter in reversed(called_by(services)) if isinstance(counter, str)}
    for counter, path in reversed(places.items()):
        number = counters.get(counter, {}).get("number", number_of(counter))
        if number is None:
            yield path, f"{counter!r} has no number to be called by: give [queue.counters.{counter}] name and number"
        elif isinstance(number, int) and first.setdefault(number, counter) != counter:
            yield (
                path,
                f"{counter!r} has the number {number} of counter {first[number]!r}: nobody would know where to go",
            )


def _procedures(services: Rows) -> Iterator[Found]:
    """A procedure leads to one service."""
    first: dict[str, str] = {}
    for key, service in services.items():
        for place, procedure in enumerate(listed(service, "procedures")):
            if isinstance(procedure, str) and first.setdefault(procedure, key) != key:
                yield (
                    f"queue.services.{key}.procedures.{place}",
                    f"{procedure!r} is taken by service {first[procedure]} already: nobody would know which number to take",
                )
