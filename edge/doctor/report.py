"""How findings are printed for a person: a sign, the part, what was found; then what to do. Lines of 100 columns."""

import textwrap
from collections import Counter
from collections.abc import Sequence

import typer

from edge.doctor.finding import Line, State
from edge.doctor.rounds import Key

WIDTH, HEAD = 100, 24
SIGNS = {State.GOOD: "✓", State.WEAK: "!", State.BROKEN: "✗", State.NOT_TESTED: "-"}
COLOURS = {State.GOOD: "green", State.WEAK: "yellow", State.BROKEN: "red", State.NOT_TESTED: None}
_WORDS = {State.GOOD: "good", State.WEAK: "weak", State.BROKEN: "broken", State.NOT_TESTED: "not tested"}


def rendered(line: Line) -> list[str]:
    """The sign stands first, so that a column of them can be looked through."""
    finding, head = line.finding, f"{SIGNS[line.finding.state]} {name_of((line.part, line.id))}"
    first = head.ljust(HEAD) if len(head) < HEAD else f"{head}  "
    lines = _wrapped(finding.found, first, " " * HEAD)
    if finding.do is not None:
        lines += _wrapped(finding.do, "    do: ", " " * 8)
    return lines


def printed(line: Line) -> None:
    for number, text in enumerate(rendered(line)):
        typer.secho(text, fg=COLOURS[line.finding.state] if number == 0 else None)


def summary(states: Sequence[State]) -> str:
    counted = Counter(states)
    return ", ".join(f"{counted[state]} {_WORDS[state]}" for state in State if counted[state])


def waiting_for(keys: Sequence[Key]) -> str:
    """One line that is overwritten by the next."""
    told = f"… {', '.join(map(name_of, keys))}"
    return told if len(told) < WIDTH else f"{told[: WIDTH - 2]}…"


def name_of(key: Key) -> str:
    part, name = key
    return part if name is None else f"{part} {name}"


def _wrapped(text: str, first: str, others: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False
    )
