"""Room kept aside so that a journal still opens on a disk that others have filled. Only `Parts.open` uses it.

SQLite needs some KB for its shared memory and its log before it can even read a journal.
"""

import contextlib
import os
from pathlib import Path

RESERVE_FILE = "journal.reserve"
RESERVE_BYTES = 1 << 20
_COMFORT = 8  # the reserve is laid down only where this many times its size is free


def give_up_when_full(data_dir: Path) -> None:
    """Free the reserve when the disk has less than that left; whoever is quicker may take it, so it is freed just before use."""
    if _free(data_dir) < RESERVE_BYTES:
        (data_dir / RESERVE_FILE).unlink(missing_ok=True)


def lay_down(data_dir: Path) -> None:
    """Keep the room for the next time; nothing happens when it is there already or when the disk is nearly full."""
    path = data_dir / RESERVE_FILE
    if path.exists() or _free(data_dir) < _COMFORT * RESERVE_BYTES:
        return
    with contextlib.suppress(OSError):  # a file system that cannot: then there is no reserve
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
        finally:
            os.close(descriptor)


def _free(data_dir: Path) -> int:
    found = os.statvfs(data_dir)
    return found.f_bavail * found.f_frsize
