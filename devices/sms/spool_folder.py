"""How files are seen and written in a folder that another program works in at the same time. The spool calls this."""

import os
from dataclasses import dataclass
from pathlib import Path

from devices.sms.smsd_files import SpoolFile, parse

LOCK = ".LOCK"


@dataclass(frozen=True, slots=True)
class Seen:
    """A message file as it was at one moment; `written_at` is its time stamp in seconds."""

    path: Path
    file: SpoolFile
    written_at: float


def look(folder: Path) -> list[Seen]:
    """The files that nobody holds a lock on, oldest first. smsd makes and renames files here: one that vanishes is none."""
    return [one for one in _all(folder) if not is_locked(one.path)]


def look_at_locked(folder: Path) -> list[Seen]:
    """The files that smsd holds a lock on, oldest first."""
    return [one for one in _all(folder) if is_locked(one.path)]


def is_locked(path: Path) -> bool:
    """Whether smsd has this file in its hands."""
    return path.with_name(path.name + LOCK).exists()


def is_ours(lock: Path) -> bool:
    """Whether `take_away` made this lock file, and was killed before it removed it: smsd writes its number and name into its own."""
    return lock.stat().st_size == 0


def take_away(path: Path) -> None:
    """Remove a file for good, unless smsd has it in its hands or has moved it on: while we hold smsd's own lock it takes it not."""
    lock = path.with_name(path.name + LOCK)
    try:
        os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
    except FileExistsError:
        return
    try:
        path.unlink(missing_ok=True)
    finally:
        lock.unlink()
    sync_folder(path.parent)


def write_durably(fresh: Path, final: Path, content: bytes) -> None:
    """Whole or not at all, and still there after a power cut: file, rename and folder are synced."""
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(final)
    sync_folder(final.parent)


def sync_folder(folder: Path) -> None:
    """What was renamed into or out of it is on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _all(folder: Path) -> list[Seen]:
    found = [_see(path) for path in folder.iterdir() if path.suffix != LOCK]
    return sorted((one for one in found if one is not None), key=lambda one: (one.written_at, one.path.name))


def _see(path: Path) -> Seen | None:
    try:
        return Seen(path, parse(path.read_bytes()), path.stat().st_mtime)
    except FileNotFoundError:
        return None
