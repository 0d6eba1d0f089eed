"""Files that a command is given by the dozen (`score`, `hear`): one that cannot be opened spoils no other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any


def files_of(paths: list[Path]) -> list[Path]:
    """Folders give what is directly in them, sorted; one without files, or that cannot be looked into, stands for itself."""
    return [file for path in paths for file in _inside(path) or [path]]


def row_of(path: Path, read: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """What `read` makes of the file, or `path` and `error`."""
    try:
        if path.is_dir():
            next(path.iterdir(), None)  # raises where it cannot be looked into
            return {"path": str(path), "error": "the folder holds no file"}
        return read(path)
    except OSError as error:
        return {"path": str(path), "error": error.strerror or str(error)}


def _inside(path: Path) -> list[Path]:
    try:
        return sorted(inner for inner in path.iterdir() if inner.is_file()) if path.is_dir() else []
    except OSError:
        return []  # told in its turn, as a row of its own
