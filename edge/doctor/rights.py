"""What the agent has to read, and whether its user may. Root, who looks in its place, is stopped by no rights and would find all well.

For `edge.doctor.plan` and `motcua check`.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config.load import Mistake, anchored, named_files, parse
from edge.doctor.finding import Finding, broken, good
from edge.doctor.holders import Person, can_open
from sync.identity import FOLDER
from sync.keys import KEY_FILE
from sync.opening import LOCK_FILE
from sync.schema import JOURNAL_FILE

WRITTEN = (JOURNAL_FILE, f"{JOURNAL_FILE}-wal", f"{JOURNAL_FILE}-shm", LOCK_FILE)
DEFAULT_FILE = "/etc/motcua/motcua.toml"
READ = (KEY_FILE, "users.toml", f"{FOLDER}/*")


@dataclass(frozen=True, slots=True)
class Closed:
    """`at`: what stops the reader, the file itself or a folder on the way to it. `place`: where the configuration names it, if it does."""

    file: Path
    at: Path
    place: str | None = None

    def way_out(self, who: str, folder: Path) -> str:
        """`folder`: the configuration's own, in which the reader is at home."""
        if self.at in {self.file, folder}:
            return f"sudo chown {who} {self.at}"
        if self.place is None:
            return f"move {self.file} out of {self.at}, where {who} may read it, such as to {DEFAULT_FILE}"
        return f"sudo install -m 600 -o {who} {self.file} {folder}/, and correct `{self.place}`"


def closed_files(file: Path, who: Person) -> list[Closed]:
    """The configuration and what it names. Raise ConfigError."""
    named = [(None, file), *named_files(anchored(parse(file), file.parent))]
    return [
        Closed(one.absolute(), at, place) for place, one in named if (at := _stopped_at(one.absolute(), who, os.R_OK))
    ]


def closed_data(data_dir: Path, who: Person) -> list[Closed]:
    """What the agent has made in its data folder, or root in its place. Blocking."""
    wanted = {**dict.fromkeys(WRITTEN, os.R_OK | os.W_OK), **dict.fromkeys(READ, os.R_OK)}
    found = [(one, mode) for name, mode in wanted.items() for one in sorted(data_dir.glob(name))]
    return [Closed(one.absolute(), at) for one, mode in found if (at := _stopped_at(one.absolute(), who, mode))]


def verdict_of_rights(closed: Sequence[Closed], who: str, folder: Path) -> Finding:
    if not closed:
        return good(f"the agent's user {who} may read what it needs")
    names = ", ".join(str(one.file) for one in closed)
    do = "; ".join(dict.fromkeys(one.way_out(who, folder) for one in closed))
    return broken(f"the agent's user {who} may not open {names}", do)


def look_at_rights(file: Path, data_dir: Path, who: Person) -> Finding:
    """Blocking."""
    closed = [*closed_files(file, who), *closed_data(data_dir, who)]
    return verdict_of_rights(closed, who.name, file.absolute().parent)


def mistakes_of_rights(file: Path, who: Person) -> list[Mistake]:
    """The same of the configuration, where root speaks for `who`. Raise ConfigError."""
    if not who.is_another:
        return []
    folder = file.absolute().parent
    why = f"is closed to {who.name}, as whom the agent runs; run: "
    return [
        Mistake(one.place or "the file", str(one.file), why + one.way_out(who.name, folder))
        for one in closed_files(file, who)
    ]


def _stopped_at(file: Path, who: Person, wanted: int) -> Path | None:
    """The first on the way that `who` may not pass; None where nothing stops them, or nothing is there."""
    for one in (*reversed(file.parents), file):
        try:
            if not can_open(one, who, wanted if one == file else 0):
                return one
        except OSError:
            return None  # told as a file that is not there
    return None
