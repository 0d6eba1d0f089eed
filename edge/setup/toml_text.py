"""A TOML file as text whose values can be changed: comments, order and all that is not changed stay as a person wrote them. Pure.

`rewritten` is the one way in. What it returns always means exactly what was wanted; it looks before it answers.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, TypeAlias

Table: TypeAlias = dict[str, Any]
Path: TypeAlias = tuple[str, ...]
INLINE = frozenset({"camera", "zone", "body"})  # tables of a few values, which the profiles write in one line
_HEADER = re.compile(r"\s*\[")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}


class NotKept(Exception):
    """The file is written in a way that cannot be changed line by line (keys with dots, tables in odd places)."""


def rewritten(text: str, wanted: Table) -> str:
    """The text with as few lines changed as it takes to mean `wanted`. Raise NotKept; `fresh_text` always works."""
    pieces = split(text)
    have = tomllib.loads(text)
    for piece in [one for one in pieces if one.path is not None and _is_gone(one, have, wanted)]:
        pieces.remove(piece)
    for piece in pieces:
        if piece.path is not None and isinstance(table := _at(wanted, piece.path), dict):
            _set_values(piece, table, _paths(pieces))
    for path, value in _missing(pieces, wanted):
        _insert(pieces, path, value)
    made = "".join(line + "\n" for piece in pieces for line in piece.lines()).lstrip("\n")
    if _loaded(made) != wanted:
        raise NotKept
    return made


def fresh_text(wanted: Table) -> str:
    """The same without a text to go by."""
    top = Piece((), None)
    pieces = [top]
    _set_values(top, wanted, frozenset())
    for path, value in _missing(pieces, wanted):
        _insert(pieces, path, value)
    return "".join(line + "\n" for piece in pieces for line in piece.lines()).lstrip("\n")


def without_examples(text: str, names: Sequence[str]) -> str:
    """The text without the paragraphs that show a section as a comment (`# [printer] ...`), for sections that are there now."""
    shown = re.compile(r"#\s*\[(" + "|".join(map(re.escape, names)) + r")[\].]")
    kept = [one for one in split(text) if one.path is not None or not any(shown.match(line) for line in one.lead)]
    return "".join(line + "\n" for piece in kept for line in piece.lines())


@dataclass(slots=True)
class Piece:
    """A section with the comment above it, or (`path` None) a paragraph of comments that stands alone."""

    path: Path | None
    header: str | None
    is_list: bool = False
    lead: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        return [*self.lead, *([] if self.header is None else [self.header]), *self.body]


def split(text: str) -> list[Piece]:
    """The pieces of a valid file, in order; their lines together are the file's."""
    made: list[Piece] = []
    for raw in _raw_pieces(text.replace("\r\n", "\n").removesuffix("\n").split("\n")):
        body, rest = _with_rest(raw.body)
        raw.body = body
        made.append(raw)
        made += [Piece(None, None, lead=lines) for lines in rest]
    for number, piece in enumerate(made[1:], 1):
        above = made[number - 1]
        if piece.header is not None and above.path is None:
            piece.lead, above.lead = above.lead, []
    return [one for one in made if one.path is not None or one.lead]


def literal(value: Any) -> str:  # noqa: PLR0911 - a table of kinds
    """A value as TOML has it."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return '"' + "".join(_escaped(letter) for letter in value) + '"'
        case datetime() | date() | time():
            return value.isoformat()
        case float() if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124 - only nan differs from itself
            return str(value)
        case dict():
            inner = ", ".join(f"{_key(name)} = {literal(one)}" for name, one in value.items())
            return f"{{ {inner} }}" if inner else "{}"
        case list() | tuple():
            return "[" + ", ".join(literal(one) for one in value) + "]"
    return repr(value)


def _escaped(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    return letter if letter.isprintable() or letter == "\u00a0" else f"\\U{ord(letter):08x}"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else literal(name)


# --- taking a text apart ---


def _raw_pieces(lines: list[str]) -> Iterator[Piece]:
    """Cut at every header that really is one: what stands before it is whole. In an open list or text it is not."""
    piece = Piece((), None)
    for line in lines:
        if _HEADER.match(line) and _loaded("\n".join(piece.lines())) is not None and (found := _header(line)):
            yield piece
            piece = Piece(found[0], line, found[1])
        else:
            piece.body.append(line)
    yield piece


def _header(line: str) -> tuple[Path, bool] | None:
    table = _loaded(line)
    if table is None:
        return None
    path: list[str] = []
    while isinstance(table, dict) and table:
        ((name, table),) = table.items()
        path.append(name)
    return tuple(path), isinstance(table, list)


def _with_rest(body: list[str]) -> tuple[list[str], list[list[str]]]:
    """The values with what is said beside them, and the paragraphs of comments behind them."""
    last = 0
    for number, line in enumerate(body):
        if line.strip() and not line.lstrip().startswith("#"):
            last = number + 1
    while last < len(body) and body[last].strip():  # a comment right below belongs to the values
        last += 1
    if last == len(body):
        return body, []
    rest: list[list[str]] = [[]]
    for line in body[last:]:
        if not line.strip() and rest[-1] and rest[-1][-1].strip():
            rest.append([])
        rest[-1].append(line)
    return body[:last], rest


def _statements(body: list[str]) -> Iterator[tuple[int, int, Table]]:
    """From line, to line, and what stands there."""
    start: int | None = None
    for number, line in enumerate(body):
        if start is None and (not line.strip() or line.lstrip().startswith("#")):
            continue
        start = number if start is None else start
        said = _loaded("\n".join(body[start : number + 1]))
        if said:
            yield start, number + 1, said
            start = None


def _loaded(text: str) -> Table | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


# --- changing it ---


def _at(table: Any, path: Path) -> Any:
    for name in path:
        table = table.get(name) if isinstance(table, dict) else None
    return table


def _is_gone(piece: Piece, have: Table, wanted: Table) -> bool:
    """A list of sections stays when nothing in it changed, and is written anew otherwise."""
    assert piece.path is not None  # noqa: S101 - the caller looked
    for length in range(1, len(piece.path) + 1):
        one, other = _at(have, piece.path[:length]), _at(wanted, piece.path[:length])
        if isinstance(one, list):
            return bool(one != other)
        if not isinstance(other, dict):
            return True
    return False


def _paths(pieces: Sequence[Piece]) -> frozenset[Path]:
    """Of every section that has a header, and of those that it lies in."""
    full = [one.path for one in pieces if one.path]
    return frozenset(path[:length] for path in full for length in range(1, len(path) + 1))


def _set_values(piece: Piece, wanted: Table, sections: frozenset[Path]) -> None:
    """Its values as wanted; what is a section of its own is left to that."""
    assert piece.path is not None  # noqa: S101 - the caller looked
    have, known = _loaded("\n".join(piece.body)) or {}, set[str]()
    for start, end, said in list(_statements(piece.body))[::-1]:
        (name,) = said
        if name in wanted and have[name] == wanted[name] and type(have[name]) is type(wanted[name]):
            known.add(name)
        elif name in known or name not in wanted:  # the rest of a table written with dots
            del piece.body[start:end]
        else:
            piece.body[start:end] = [_line(name, wanted[name], piece.body[start] if end == start + 1 else "")]
            known.add(name)
    for name, value in wanted.items():
        if name not in known and (*piece.path, name) not in sections and not _is_section(name, value):
            piece.body.append(_line(name, value, ""))


def _line(name: str, value: Any, before: str) -> str:
    """With the comment that stood behind the value, where it stood."""
    made = f"{_key(name)} = {literal(value)}"
    for found in re.finditer("#", before):
        if _loaded(before[: found.start()]):
            return f"{made.ljust(found.start() - 1)} {before[found.start() :]}"
    return made


def _is_section(name: str, value: Any) -> bool:
    if isinstance(value, dict):
        return name not in INLINE
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _missing(pieces: Sequence[Piece], wanted: Table) -> list[tuple[Path, Any]]:
    """Sections without a header, the outer before the inner. One that only holds others needs none."""
    there = {one.path for one in pieces}
    inline = {(*piece.path, name) for piece in pieces if piece.path is not None
              for _, _, said in _statements(piece.body) for name in said}  # fmt: skip
    return [(path, value) for path, value in _sections((), wanted) if path not in there and not _lies_in(path, inline)]


def _lies_in(path: Path, inline: set[Path]) -> bool:
    return any(path[:length] in inline for length in range(1, len(path) + 1))


def _sections(path: Path, table: Table) -> Iterator[tuple[Path, Any]]:
    for name, value in table.items():
        if not _is_section(name, value):
            continue
        inner = (*path, name)
        is_holder = isinstance(value, dict) and value and all(_is_section(*item) for item in value.items())
        if not is_holder:
            yield inner, value
        if isinstance(value, dict):
            yield from _sections(inner, value)


def _insert(pieces: list[Piece], path: Path, value: Any) -> None:
    """Behind its likes: the last section that shares the longest beginning with it."""
    shared = [_common(one.path or (), path) if one.path is not None else -1 for one in pieces]
    best = max(shared, default=0)
    behind = len(pieces) - shared[::-1].index(best) if best > 0 else len(pieces)
    name = ".".join(map(_key, path))
    if isinstance(value, list):
        for row in reversed(value):
            made = Piece(path, f"[[{name}]]", is_list=True, lead=[""])
            made.body = [_line(key, one, "") for key, one in row.items()]
            pieces.insert(behind, made)
        return
    made = Piece(path, f"[{name}]", lead=[""])
    _set_values(made, value, frozenset())
    pieces.insert(behind, made)


def _common(one: Path, other: Path) -> int:
    length = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        length += 1
    return length
