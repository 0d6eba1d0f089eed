"""What a replayed camera shows and when: clips, photographs, the empty scene and simulated faults, as a TOML file.

No OpenCV here: whoever composes a story writes the file, devices.camera.replay plays it.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from devices.camera.source import CameraLost


class Fault(StrEnum):
    """What a broken camera does, for tests and demonstrations."""

    BLACK = "black"
    FROZEN = "frozen"
    CORRUPT = "corrupt"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Show:
    """One thing shown for `seconds`. Without a `file` it is the empty scene; a clip starts at `from_s`, then holds its end."""

    seconds: float
    file: Path | None = None
    from_s: float = 0.0
    fault: Fault | None = None

    def __post_init__(self) -> None:
        if self.seconds <= 0 or self.from_s < 0:
            raise ValueError("a show needs seconds > 0 and from_s >= 0")


@dataclass(frozen=True, slots=True)
class Playlist:
    """Shows in order. `speed` 2 plays twice as fast at the same `rate` (frames a second); `start_s` skips into it."""

    shows: tuple[Show, ...]
    loop: bool = True
    speed: float = 1.0
    rate: float = 15.0
    start_s: float = 0.0
    seed: int = 1
    width: int = 640
    height: int = 480

    def __post_init__(self) -> None:
        if not self.shows or self.speed <= 0 or not 0 < self.rate <= 120 or self.start_s < 0:
            raise ValueError("a playlist needs at least one show, speed > 0, rate 0..120 and start_s >= 0")

    @property
    def seconds(self) -> float:
        return sum(show.seconds for show in self.shows)

    def at(self, position_s: float) -> tuple[Show, float]:
        """What is shown at a position and for how long already; after the end of one that does not loop, the empty scene."""
        rest = position_s % self.seconds if self.loop else position_s
        for show in self.shows:
            if rest < show.seconds:
                return show, rest
            rest -= show.seconds
        return Show(seconds=float("inf")), rest


def read_playlist(path: Path) -> Playlist:
    """The playlist in a TOML file; relative file names stand beside it. Raises CameraLost with what is wrong."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        shows = tuple(_show(entry, path.parent) for entry in table.pop("show", ()))
        return Playlist(shows=shows, **_known(table, Playlist))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError, ValueError) as error:
        raise CameraLost(f"playlist {path}: {error}") from error


def playlist_toml(playlist: Playlist) -> str:
    """The text that `read_playlist` reads back as the same playlist."""
    head = [_line(field.name, getattr(playlist, field.name)) for field in fields(Playlist) if field.name != "shows"]
    shows = [
        "\n".join(
            ["[[show]]", *(_line(f.name, value) for f in fields(Show) if (value := getattr(show, f.name)) is not None)]
        )
        for show in playlist.shows
    ]
    return "\n\n".join(["\n".join(head), *shows]) + "\n"


def _show(entry: Mapping[str, Any], folder: Path) -> Show:
    values = _known(entry, Show)
    file, fault = values.pop("file", None), values.pop("fault", None)
    return Show(file=folder / file if file else None, fault=Fault(fault) if fault else None, **values)


def _known(table: Mapping[str, Any], kind: type[Playlist] | type[Show]) -> dict[str, Any]:
    unknown = set(table) - {field.name for field in fields(kind)}
    if unknown:
        raise ValueError(f"unknown key {', '.join(sorted(unknown))}")
    return dict(table)


def _line(name: str, value: object) -> str:
    if isinstance(value, bool):
        return f"{name} = {str(value).lower()}"
    if isinstance(value, int | float):
        return f"{name} = {value}"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'{name} = "{escaped}"'
