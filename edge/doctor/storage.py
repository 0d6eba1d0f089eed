"""The disk under the data folder: room, whether it can be written, and how long it takes until something is really on it."""

import errno
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.doctor.finding import Finding, State, broken, good, not_tested, weak
from edge.services.health import DISK_LOW_MB

GB, MB = 1 << 30, 1 << 20
LOW_BYTES = round(DISK_LOW_MB * MB)  # the agent's own fault `disk` begins there
FULL_BYTES = 50 * MB
INODES_LOW = 1000
SLOW_S, DEAD_S = 0.1, 1.0  # an SD card takes 5 to 50 ms; a door waits for two of them
TRIES = 5
BLOCK = bytes(4096)  # as much as the journal writes for one event
Measure = Callable[[Path], float]
Statvfs = Callable[[Path], os.statvfs_result]


@dataclass(frozen=True, slots=True)
class Room:
    """What statvfs(3) says, for who is not root. `inodes` None: this file system does not count them."""

    free_bytes: int
    total_bytes: int
    inodes: int | None
    is_read_only: bool = False

    @classmethod
    def of(cls, found: os.statvfs_result) -> "Room":
        inodes = found.f_favail if found.f_files else None
        return cls(
            found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize, inodes, bool(found.f_flag & os.ST_RDONLY)
        )


def verdict_of_room(room: Room, folder: Path) -> Finding | None:
    """None where there is room enough."""
    free = shown_size(room.free_bytes)
    look = f"see what fills it: sudo du -xh --max-depth=2 {_mount(folder)} | sort -h | tail"
    if room.is_read_only:
        return broken(f"{folder} is read-only", "look for a failing card or disk: sudo dmesg | tail; then replace it")
    if room.free_bytes < FULL_BYTES:
        return broken(f"full: {free} free of {shown_size(room.total_bytes)}", look)
    if room.inodes is not None and room.inodes < INODES_LOW:
        return broken(f"{free} free, but room for {room.inodes} files only", look)
    if room.free_bytes < LOW_BYTES:
        return weak(f"nearly full: {free} free of {shown_size(room.total_bytes)}", look)
    return None


def verdict_of_disk(room: Room, folder: Path, fsync_s: float | None) -> Finding:
    """`fsync_s` None: nothing could be measured there."""
    if (short := verdict_of_room(room, folder)) is not None:
        return short
    free = f"{shown_size(room.free_bytes)} free"
    if fsync_s is None:
        return not_tested(f"{free}; this user may not write there", "run it as the agent's user, or with sudo")
    took = f"{free}, an fsync takes {fsync_s * 1000:.1f} ms"
    if fsync_s > DEAD_S:
        return broken(
            f"{took}: far too slow", "replace the card or disk; an industrial SD card or an SSD takes under 20 ms"
        )
    if fsync_s > SLOW_S:
        return weak(
            f"{took}: slow",
            "repeat it when nothing else writes; if it stays, replace the card by an industrial one or an SSD",
        )
    return good(took)


def look_at_disk(data_dir: Path, measure: Measure | None = None, statvfs: Statvfs = os.statvfs) -> Finding:
    """Blocking. Leaves nothing behind."""
    folder = nearest(data_dir)
    room = Room.of(statvfs(folder))
    short = verdict_of_room(room, folder)
    if short is not None and short.state is not State.WEAK:
        return short
    try:
        fsync_s = (measure or fsync_time)(folder)
    except PermissionError:
        fsync_s = None
    except OSError as error:
        return broken(f"{folder} cannot be written: {error.strerror}", _what_to_do(error, folder))
    if fsync_s is None and folder != data_dir:
        return broken(
            f"{data_dir} is not there and this user cannot make it", f"sudo install -d -m 700 -o {_user()} {data_dir}"
        )
    return verdict_of_disk(room, folder, fsync_s)


def fsync_time(folder: Path) -> float:
    """Median of a few, seconds: a block to a temporary file without a name that others could meet. Raise OSError."""
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        return statistics.median(_timed(file.fileno()) for _ in range(TRIES))


def nearest(folder: Path) -> Path:
    """The folder itself, or what is there of the way to it: the agent makes the rest."""
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return folder


def shown_size(octets: int) -> str:
    if octets >= 10 * GB:
        return f"{octets / GB:.0f} GB"
    if octets >= GB:
        return f"{octets / GB:.1f} GB"
    return f"{octets / MB:.1f} MB" if octets >= MB else f"{octets / 1024:.0f} kB"


def _timed(descriptor: int) -> float:
    os.write(descriptor, BLOCK)
    began_s = time.perf_counter()
    os.fsync(descriptor)
    return time.perf_counter() - began_s


def _what_to_do(error: OSError, folder: Path) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"make room: sudo du -xh --max-depth=2 {_mount(folder)} | sort -h | tail"
    return "look for a failing card or disk: sudo dmesg | tail"


def _mount(folder: Path) -> Path:
    while not folder.is_mount():
        folder = folder.parent
    return folder


def _user() -> str:
    return os.environ.get("USER") or str(os.geteuid())
