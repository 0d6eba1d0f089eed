"""A value of the wrong kind at any key of any file that we ship is a mistake like any other, never a traceback."""

import copy
import datetime as dt
import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.city import load_city
from config.load import ConfigError
from edge.adapters.config_files import load_whole

ROOT = Path(__file__).parents[3]
PROFILES = sorted((ROOT / "config" / "profiles").glob("*.toml"))
MORE = (
    '[guide.camera]\nsource = "0"\n[scanner.desk]\nport = "/dev/serial/by-id/y"\n[mqtt]\nhost = "h"\nca_file = "ca"\n'
)
STRANGE = (["a"], {"a": {"b": [1]}}, 10**30, float("nan"), "\0", True, dt.date(2026, 1, 1))

Place = tuple[str | int, ...]


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Of rows that look alike, the first is enough."""
    if at:
        yield at
    seen: list[Any] = []
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        shape = set(inner) if isinstance(inner, dict) else None
        if shape is None or shape not in seen:
            yield from places(inner, (*at, key))
        seen.append(shape)


def changed(table: Any, place: Place, value: object) -> Any:
    table = copy.deepcopy(table)
    inner = table
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return table


def toml(value: object) -> str:
    """A value in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return value.isoformat() if isinstance(value, dt.date) else json.dumps(value).replace("NaN", "nan")


def crashes(file: Path, table: Any, load: Callable[[Path], object]) -> Iterator[tuple[Place, object, Exception]]:
    for place in places(table):
        for value in STRANGE:
            lines = (f"{json.dumps(key)} = {toml(part)}" for key, part in changed(table, place, value).items())
            file.write_text("\n".join(lines))
            try:
                load(file)
            except ConfigError:
                pass
            except Exception as error:  # noqa: BLE001 - which it is, is what the test finds
                yield place, value, error


@pytest.mark.timeout(60)
@pytest.mark.parametrize("profile", PROFILES, ids=[profile.stem for profile in PROFILES])
def test_no_value_of_a_profile_gives_a_traceback(tmp_path: Path, profile: Path) -> None:
    table = tomllib.loads(profile.read_text())
    for key, part in tomllib.loads(MORE).items():
        table[key] = part | table.get(key, {})
    assert list(crashes(tmp_path / "motcua.toml", table, load_whole)) == []


@pytest.mark.timeout(60)
def test_no_value_of_the_citys_file_gives_a_traceback(tmp_path: Path) -> None:
    table = tomllib.loads((ROOT / "deploy" / "city.toml").read_text())
    assert list(crashes(tmp_path / "city.toml", table, load_city)) == []
