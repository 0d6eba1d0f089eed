"""Puts the configuration in its place: checked as `motcua check` does it, in one step, the one before kept beside it."""

import os
import secrets
from pathlib import Path
from typing import Any

from config.schema import Config
from edge.adapters.config_files import load_whole
from edge.adapters.trial_files import TrialFiles
from edge.setup.base import Base
from edge.setup.toml_text import NotKept, fresh_text, rewritten, without_examples

MODE = 0o640
EXAMPLES = (
    "printer",
    "scanner",
    "guide.voice",
    "guide.camera",
    "guide.directory",
)  # what the profiles show as comments
MODEM_FILE = "modem"  # beside the configuration; deploy/motcua-sms.service reads it


def text_of(base: Base) -> tuple[str, bool]:
    """The file's text, and whether the comments of the one before could be kept."""
    _prune(base.table)
    text = without_examples(base.text, [name for name in EXAMPLES if _is_there(base.table, name)])
    try:
        return rewritten(text, base.table), True
    except NotKept:
        return fresh_text(base.table), False


def judged(file: Path, text: str) -> Config:
    """What the check says of this text in this place; nothing is left behind. Raise ConfigError."""
    trial = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        _write(trial, text.encode())
        return load_whole(trial)
    finally:
        trial.unlink(missing_ok=True)


def kept_at(file: Path) -> Path | None:
    """Where `put` keeps what is there. None: nothing is, or the city's that is on trial, whose way back lies in that place."""
    files = TrialFiles(file)
    trial = files.trial()
    return files.before if file.exists() and (trial is None or not files.is_in_place(trial)) else None


def put(file: Path, text: str) -> Path | None:
    """As `kept_at` says."""
    before = kept_at(file)
    if before is not None:
        _replace(before, file.read_bytes())
    _replace(file, text.encode())
    return before


def put_modem(file: Path, modem: str) -> Path:
    """`file`: the configuration, beside which it lies."""
    place = file.with_name(MODEM_FILE)
    _replace(place, f"MODEM={modem}\n".encode())
    return place


def _replace(path: Path, body: bytes) -> None:
    """Whole or not at all, on the disk before this returns."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        _write(fresh, body)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)  # only there when something failed
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(path: Path, body: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE), "wb") as out:
        os.fchmod(out.fileno(), MODE)  # whatever the umask
        out.write(body)
        out.flush()
        os.fsync(out.fileno())


def _is_there(table: Any, name: str) -> bool:
    for step in name.split("."):
        table = table.get(step) if isinstance(table, dict) else None
    return table is not None


def _prune(table: dict[str, Any]) -> None:
    """Sections that a step opened and put nothing into."""
    for name in [name for name, value in table.items() if value == {} and name != "guide"]:
        del table[name]
