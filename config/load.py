"""Reads a configuration file and reports everything that is wrong with it at once.

For `edge.cli` and `edge.app`. Nothing is started when `ConfigError` is raised.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from config.guide import GUIDE
from config.locker import KEYPADS
from config.locker_checks import locker_mistakes
from config.peripherals import DESK
from config.queue_checks import called_by, queue_mistakes
from config.raw import listed, section
from config.schema import Config

LIKELY = 0.6  # share of a word that is right, from which it is worth suggesting; two swapped letters are one mistake
_TOO_DEEP = "has tables inside tables without end"
_FOLDER = "models.expression_params"  # the one place that names a folder to be read
_DEEPEST = 20  # levels of a table; nobody's file has half of them, and none of what looks through it minds these
_LONG_NUMBER = re.compile(r"(?:[0-9][ .-]?){9}")  # may be somebody's telephone number, in whatever place it was written


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong: where in the file, the value found there (or None), what is wrong, and what was likely meant.

    `file`: another one than the configuration itself, which names it.
    """

    path: str
    value: str | None
    why: str
    likely: str | None = None
    file: Path | None = None

    def __str__(self) -> str:
        shown = "" if self.value is None else f" = {self.value}"
        meant = f" (did you mean '{self.likely}'?)" if self.likely else ""
        return f"{self.path}{shown}: {self.why}{meant}"


class ConfigError(Exception):
    """The file cannot be used; `mistakes` holds every reason."""

    def __init__(self, file: Path, mistakes: list[Mistake]) -> None:
        super().__init__(f"{file}: {len(mistakes)} mistake(s)")
        self.file = file
        self.mistakes = mistakes

    def lines(self) -> list[str]:
        """A line for each, with its file."""
        return [f"{mistake.file or self.file}: {mistake}" for mistake in self.mistakes]

    def rows(self) -> list[dict[str, str | None]]:
        """The same for other programs."""
        keys = ("path", "value", "why", "likely")
        return [
            {key: getattr(mistake, key) for key in keys} | ({"file": str(mistake.file)} if mistake.file else {})
            for mistake in self.mistakes
        ]


def load(file: Path) -> Config:
    """Raise ConfigError with every mistake; relative paths in the file count from the file's own folder."""
    table = anchored(parse(file), file.parent)
    mistakes = _dangling(table) + _crossed(table) + _misplaced(table) + unreadable(table)
    try:
        config = Config.model_validate(table)
    except ValidationError as error:
        mistakes = [explain(problem) for problem in error.errors(include_url=False)] + mistakes
        raise ConfigError(file, mistakes) from error
    if mistakes:
        raise ConfigError(file, mistakes)
    return config


def parse(file: Path) -> dict[str, Any]:
    """The raw table, without the mark that some editors put before the text. Raise ConfigError."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _unusable(file, "is not UTF-8 text") from error
    except RecursionError as error:
        raise _unusable(file, _TOO_DEEP) from error
    except ValueError as error:  # not only TOMLDecodeError: a number of thousands of digits is no valid one either
        raise _unusable(file, f"is not valid TOML: {error}") from error
    except OSError as error:
        raise _unusable(file, f"cannot be read: {error.strerror}") from error
    if _is_deeper(table, _DEEPEST):
        raise _unusable(file, _TOO_DEEP)
    return table


def _unusable(file: Path, why: str) -> ConfigError:
    return ConfigError(file, [Mistake("the file", None, why)])


def _is_deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_is_deeper(one, levels - 1) for one in inner)


def anchored(value: Any, folder: Path, key: str = "") -> Any:
    """The table with its relative paths counted from `folder`."""
    if isinstance(value, dict):
        return {name: anchored(inner, folder, name) for name, inner in value.items()}
    is_path = key.endswith(("_file", "_dir")) or key in {"directory", "expression_params"}
    if isinstance(value, str) and is_path and not Path(value).is_absolute():
        return str(folder / value)
    if isinstance(value, str) and key in {"source", "microphone"} and value.startswith("replay:"):
        return f"replay:{folder / value.removeprefix('replay:')}"
    return value


def explain(problem: Any, root: type[BaseModel] = Config) -> Mistake:
    """One of pydantic's errors in the words of a technician; `root` is the model of the whole file."""
    location = tuple(str(step) for step in problem["loc"] if step != "[key]")
    path = ".".join(location) or "the file"
    if problem["type"] == "extra_forbidden":
        known = _known_keys(location[:-1], root)
        return Mistake(path, None, "unknown key", nearest(location[-1], known))
    if problem["type"] == "missing":
        return Mistake(path, None, "is missing")
    why = problem["msg"].removeprefix("Value error, ")
    likely = None
    if problem["type"] == "literal_error":
        likely = nearest(str(problem["input"]), _quoted(problem["ctx"]["expected"]))
    is_hidden = isinstance(problem["input"], (dict, BaseModel)) or location[-1:] == ("phone",)
    return Mistake(path, None if is_hidden else _shown(problem["input"]), why, likely)


def _shown(value: object) -> str | None:
    """The value as it stands in the file; a telephone number is personal, even a wrong one or one out of place."""
    text = repr(value)
    return None if _LONG_NUMBER.search(text) else text


def _known_keys(location: tuple[str, ...], root: type[BaseModel]) -> list[str]:
    """Field names of the section at `location` (dict keys such as a counter's id are stepped over)."""
    model: Any = root
    for step in location:
        fields = getattr(model, "model_fields", {})
        annotation = fields[step].annotation if step in fields else model
        model = _section_in(annotation) or model
    return list(getattr(model, "model_fields", {}))


def _section_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _section_in(inner))), None)


def _quoted(text: str) -> list[str]:
    return [part for place, part in enumerate(text.split("'")) if place % 2]


def nearest(word: str, known: list[str]) -> str | None:
    """What was likely meant, of the words that are known."""
    from rapidfuzz import process  # noqa: PLC0415 - a file without a mistake never needs it, and an agent waits for it
    from rapidfuzz.distance import OSA  # noqa: PLC0415 - the same

    best = process.extractOne(word, known, scorer=OSA.normalized_similarity, score_cutoff=LIKELY)
    return best[0] if best else None


def _dangling(table: dict[str, Any]) -> list[Mistake]:
    """References that point nowhere, looked up in the raw table so that other mistakes do not hide them."""
    units, people = list(_sections(table, "units")), list(_sections(table, "contacts"))
    named = [(f"counters.{key}.unit", part.get("unit"), units) for key, part in _sections(table, "counters").items()]
    for key, unit in _sections(table, "units").items():
        named.append((f"units.{key}.head", unit.get("head"), people))
        named += [(f"units.{key}.chain.{place}", who, people) for place, who in enumerate(listed(unit, "chain"))]
    if isinstance(centre := table.get("centre"), dict):
        named.append(("centre.leader", centre.get("leader"), people))
    boards, doors = (_sections(table.get("locker"), name) for name in ("boards", "compartments"))
    named += [(f"locker.compartments.{key}.board", door.get("board"), list(boards)) for key, door in doors.items()]
    queue, known_counters = table.get("queue"), [*_sections(table, "counters")]
    known_counters += [key for key in _sections(queue, "counters") if key not in known_counters]
    named += [(path, counter, known_counters) for path, counter in called_by(_sections(queue, "services"))]
    if isinstance(guide := table.get("guide"), dict):
        named.append(("guide.help_counter", guide.get("help_counter"), known_counters))
    return [
        Mistake(path, _shown(value), f"is not defined; there are: {', '.join(known) or 'none'}", nearest(value, known))
        for path, value, known in named
        if isinstance(value, str) and value not in known
    ]


def _crossed(table: dict[str, Any]) -> list[Mistake]:
    """Boards and compartments of a locker, services and counters of a queue, that stand in each other's way."""
    boards, compartments = (_sections(table.get("locker"), name) for name in ("boards", "compartments"))
    services, counters = (_sections(table.get("queue"), name) for name in ("services", "counters"))
    found = [*locker_mistakes(boards, compartments), *queue_mistakes(services, counters)]
    if "guide" in table and "queue" not in table:
        found.append(("guide", "needs a section [queue]: hours, services and counters stand there"))
    guide = table.get("guide")
    if isinstance(guide, dict) and "camera" in guide and str(guide.get("name", GUIDE)) in _sections(table, "counters"):
        found.append(
            ("guide.name", "is a counter's name, too: their cameras could not be told apart in what is broken")
        )
    return [Mistake(path, None, why) for path, why in found]


def _misplaced(table: dict[str, Any]) -> list[Mistake]:
    """Scanners that stand nowhere: nothing would ever open them."""
    guide, locker = table.get("guide"), table.get("locker")
    places = [str(guide.get("name", GUIDE))] if isinstance(guide, dict) else []
    if isinstance(locker, dict):
        places += [*listed({"keypads": KEYPADS} | locker, "keypads"), DESK]
    why = f"is no place of a scanner; there are: {', '.join(map(str, places))}"
    wrong = [key for key in _sections(table, "scanner") if key not in places] if places else []
    return [Mistake(f"scanner.{key}", None, why, nearest(key, list(map(str, places)))) for key in wrong]


def _sections(table: Any, name: str) -> dict[str, dict[str, Any]]:
    return {key: part for key, part in section(table, name).items() if isinstance(part, dict)}


def unreadable(value: Any, path: str = "") -> list[Mistake]:
    """Files and folders that are named in the table and cannot be opened; texts with a zero byte, which nothing can show. Not in lists."""
    if isinstance(value, dict):
        return [mistake for key, inner in value.items() for mistake in unreadable(inner, f"{path}.{key}".lstrip("."))]
    why = _why_unreadable(path, value) if isinstance(value, str) else None
    shown = _shown(value) if "\0" in str(value) else repr(value)
    return [Mistake(path, shown, why)] if why else []


def named_files(value: Any, path: str = "") -> Iterator[tuple[str, Path]]:
    """Every file or folder that the table names to be read, with its place in the table."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from named_files(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, str) and (named := _named(path, value)) is not None:
        yield path, named


def _named(path: str, text: str) -> Path | None:
    is_replay = path.endswith((".source", ".microphone")) and text.startswith("replay:")
    if path.endswith("_file") or is_replay or path == _FOLDER:
        return Path(text.removeprefix("replay:"))
    return None


def _why_unreadable(path: str, text: str) -> str | None:
    if "\0" in text:
        return "holds a zero byte"
    named = _named(path, text)
    if named is None:
        return None
    try:
        if path == _FOLDER:
            return None if named.is_dir() else "is not a folder"
        named.open("rb").close()
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None
