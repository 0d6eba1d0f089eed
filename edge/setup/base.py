"""What the wizard starts from: the configuration that is there, or the profiles of the stations without what is only an example."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config.load import ConfigError, Mistake, explain, parse
from config.schema import Config
from edge.setup.toml_text import split

PROFILES = Path(__file__).parents[2] / "config" / "profiles"
STATIONS = ("locker", "counter", "guide")
_INVENTED = (  # what stands in the profiles to be replaced
    ("centre",), ("counters",), ("units",), ("contacts",), ("mqtt",), ("locker", "boards"), ("locker", "compartments"),
    ("guide", "places"), ("queue", "counters"), ("queue", "working_days"), ("web", "users_file"), ("sms",),
)  # fmt: skip
_GONE_BY = (  # what the steps take from a file without asking for it
    "centre.leader", "centre.name", "counters.*.name", "units.*.name", "locker.boards.*.channels", "locker.compartments.*.number",
    "queue.services.*.name", "queue.services.*.counters", "web.port",
)  # fmt: skip
_HEAD = "# Written by `motcua setup`, to be changed by hand or by running it again. Check it with: motcua check --config FILE"


@dataclass(slots=True)
class Base:
    """`text` with its comments, `table` what it means; the wizard changes the table. `is_new`: no site is in it yet."""

    text: str
    table: dict[str, Any]
    is_new: bool


def base_of(file: Path, stations: tuple[str, ...]) -> Base:
    """Raise ConfigError where the file is there and cannot be read as TOML. A profile as it was installed counts as none."""
    if not file.exists() or _is_profile(file):
        return _from_profiles(stations)
    table = parse(file)
    text = file.read_text(encoding="utf-8-sig")
    there = _stations_in(table)
    base = Base(text, table, is_new=False)
    for station in stations:
        if station not in there:
            _add(base, station)
    return base


def _stations_in(table: dict[str, Any]) -> tuple[str, ...]:
    """Those that a configuration has."""
    sections = {"locker": "locker", "counter": "counters", "guide": "guide"}
    return tuple(station for station in STATIONS if table.get(sections[station]))


def stations_there(file: Path) -> tuple[str, ...]:
    """Those of a configuration that somebody made; none where there is none. Raise ConfigError."""
    if not file.exists() or _is_profile(file):
        return ()
    table = parse(file)
    if mistakes := [*_obstacles(table)]:
        raise ConfigError(file, mistakes)
    return _stations_in(table)


def installed_station(file: Path) -> tuple[str, ...]:
    """What scripts/install was told, as far as anybody knows."""
    try:
        found = (Path(__file__).parents[2] / ".station").read_text(encoding="utf-8").strip()
    except OSError:
        found = next((one for one in STATIONS if _is_profile(file, one)), "")
    return (found,) if found in STATIONS else ()


def _obstacles(table: dict[str, Any]) -> Iterator[Mistake]:
    """Values of another kind than theirs, and what the steps go by. All else is asked anew, or found when it is checked as a whole."""
    try:
        Config.model_validate(table)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            mistake = explain(problem)
            is_of_another_kind = problem["type"].endswith(("_type", "_parsing"))
            if is_of_another_kind or any(fnmatchcase(mistake.path, path) for path in _GONE_BY):
                yield mistake


def _is_profile(file: Path, *stations: str) -> bool:
    try:
        text = file.read_bytes()
    except FileNotFoundError:
        return False
    return any((PROFILES / f"{one}.toml").read_bytes() == text for one in stations or (*STATIONS, "queue"))


def _from_profiles(stations: tuple[str, ...]) -> Base:
    first, *others = stations
    text = (PROFILES / f"{first}.toml").read_text(encoding="utf-8")
    base = Base(_real_text(text), _real(tomllib.loads(text)), is_new=True)
    for station in others:
        _add(base, station)
    return base


def _add(base: Base, station: str) -> None:
    """The sections of another station's profile that are not there yet, with their comments."""
    text = (PROFILES / f"{station}.toml").read_text(encoding="utf-8")
    new = {name: value for name, value in _real(tomllib.loads(text)).items() if name not in base.table}
    lines = [line for piece in split(text) if piece.path and piece.path[0] in new for line in piece.lines()]
    base.text = base.text.rstrip("\n") + "\n\n" + "\n".join(lines).strip("\n") + "\n"
    base.table |= new


def _real(table: dict[str, Any]) -> dict[str, Any]:
    """Without what is invented: names, numbers and ways that are nobody's."""
    for *outer, name in _INVENTED:
        inner = table
        for step in outer:
            inner = inner.get(step, {})
        inner.pop(name, None)
    return table


def _real_text(text: str) -> str:
    """Without the first paragraph, which says what it is an example of, and without the way SMS go: the words there are for a modem."""
    _, _, rest = text.partition("\n\n")
    lines = [line for piece in split(rest) if (piece.path or ("",))[0] != "sms" for line in piece.lines()]
    return f"{_HEAD}\n\n" + "\n".join(lines) + "\n"
