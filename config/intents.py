"""Mistakes in `intents.vi.yaml`: every one at once, with its place and the likely spelling. `edge.adapters.config_files` asks.

What a template may look like is the recogniser's business (`models/intent.py`), so whoever checks brings its reader along.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import yaml
from pydantic import Field, ValidationError

from config.fields import Section
from config.load import Mistake, explain, nearest
from config.raw import listed, section

IntentName = Literal[
    "progress", "ticket", "procedure", "counter", "papers", "hours", "person", "hotline", "feedback", "repeat", "help",
    "greeting", "back", "thanks", "yes", "no", "code", "checklist", "directions",
]  # fmt: skip
DayName = Literal["today", "tomorrow", "saturday", "sunday", "holiday"]
Unparsable: TypeAlias = Callable[[str], str | None]
"""What is wrong with a template by itself; None: nothing."""

_RULE, _LIST = re.compile(r"<([^<>]*)>"), re.compile(r"\{([^{}]*)\}")


class Block(Section):
    sentences: tuple[str, ...] = Field(min_length=1)


class IntentEntry(Section):
    data: tuple[Block, ...] = Field(min_length=1)


class ListValue(Section):
    """`in_`: how people say it, as a template; `out`: the key it means."""

    in_: str = Field(alias="in", min_length=1)
    out: str = Field(min_length=1)


class ListEntry(Section):
    values: tuple[ListValue, ...]


class DayValue(ListValue):
    out: DayName


class DayList(ListEntry):
    values: tuple[DayValue, ...]


class Lists(Section):
    """`procedure` and `place` are the site's, filled up by its own names."""

    procedure: ListEntry
    place: ListEntry | None = None
    day: DayList | None = None


class IntentsFile(Section):
    language: Literal["vi"]
    expansion_rules: dict[str, str] = Field(default={})
    intents: dict[IntentName, IntentEntry] = Field(min_length=1)
    lists: Lists


def intent_mistakes(file: Path, unparsable: Unparsable) -> list[Mistake]:
    """All of a file's; none: it can be used."""
    try:
        table = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        return [Mistake("the file", None, f"is not valid YAML: {_in_a_line(error)}")]
    except UnicodeDecodeError:
        return [Mistake("the file", None, "is not UTF-8 text")]
    except OSError as error:
        return [Mistake("the file", None, f"cannot be read: {error.strerror}")]
    if not isinstance(table, dict):
        return [Mistake("the file", None, "holds no sections; there must be language, intents and lists")]
    return [*_unquoted(table), *_shape(table), *_templates(table, unparsable)]


def _in_a_line(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"{error.problem} (line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1})"
    return str(error).replace("\n", " ")


def _shape(table: Mapping[Any, Any]) -> list[Mistake]:
    try:
        IntentsFile.model_validate(table)
    except ValidationError as error:
        problems = [one for one in error.errors(include_url=False) if not _is_told(one["type"], one["input"])]
        return list(dict.fromkeys(explain(one, IntentsFile) for one in problems))
    return []


def _is_told(kind: str, value: object) -> bool:
    """By its own words elsewhere: a name without quotes, and a list that is short because what is in it is wrong."""
    return _is_truth(value) or (kind == "too_short" and bool(value))


def _unquoted(table: Mapping[Any, Any]) -> Iterator[Mistake]:
    """YAML takes yes and no for true and false."""
    for key in section(table, "intents"):
        if _is_truth(key):
            said = "yes" if key else "no"
            yield Mistake(f"intents.{said}", None, f'write it in quotes ("{said}"): without them YAML reads {key}')


def _is_truth(value: object) -> bool:
    return isinstance(value, bool)


def _templates(table: Mapping[Any, Any], unparsable: Unparsable) -> Iterator[Mistake]:
    """Looked at one by one, so that a mistake elsewhere does not hide these."""
    rules = [str(name) for name in section(table, "expansion_rules")]
    lists = [str(name) for name in section(table, "lists")]
    for path, text in _texts(table):
        if (why := unparsable(text)) is not None:
            yield Mistake(path, repr(text), why)
        for name in _RULE.findall(text):
            if name not in rules:
                yield Mistake(path, f"<{name}>", f"is no rule; there are: {_listed(rules)}", nearest(name, rules))
        named = _LIST.findall(text)
        for name in named:
            if name not in lists:
                yield Mistake(path, f"{{{name}}}", f"is no list; there are: {_listed(lists)}", nearest(name, lists))
        if len(named) > 1:
            yield Mistake(path, repr(text), "names more than one list; a template has one at most")
    yield from _circles(section(table, "expansion_rules"))


def _texts(table: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    """Every template with its place: of rules, of intents, of lists."""
    for name, body in section(table, "expansion_rules").items():
        yield from _text(f"expansion_rules.{name}", body)
    for name, intent in section(table, "intents").items():
        for block, one in enumerate(listed(intent, "data")):
            for place, text in enumerate(listed(one, "sentences")):
                yield from _text(f"intents.{name}.data.{block}.sentences.{place}", text)
    for name, values in section(table, "lists").items():
        for place, value in enumerate(listed(values, "values")):
            yield from _text(f"lists.{name}.values.{place}.in", value.get("in") if isinstance(value, dict) else None)


def _text(path: str, text: object) -> Iterator[tuple[str, str]]:
    if isinstance(text, str) and text:
        yield path, text


def _circles(rules: Mapping[Any, Any]) -> Iterator[Mistake]:
    """A rule that needs itself would never come to an end."""
    needs = {name: set(_RULE.findall(body)) for name, body in rules.items() if isinstance(body, str)}
    for name, needed in needs.items():
        reached, ahead = set[str](), [*needed]
        while ahead:
            one = ahead.pop()
            if one not in reached:
                reached.add(one)
                ahead += needs.get(one, ())
        if name in reached:
            yield Mistake(f"expansion_rules.{name}", repr(rules[name]), "needs itself")


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"


INTENTS, DAYS = frozenset(get_args(IntentName)), frozenset(get_args(DayName))
