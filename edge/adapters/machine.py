"""What only the machine knows: memory, disk, and how far the city has confirmed. For the health service."""

import os
import shutil
from pathlib import Path

from edge.services.counter import CounterService
from edge.services.health import Vitals
from sync.errors import JournalFull
from sync.journal import Journal

MB = 1024 * 1024


class Machine:
    """`edge.services.health.Device`."""

    def __init__(self, data_dir: Path, journal: Journal, counters: CounterService) -> None:
        self._data_dir = data_dir
        self._journal = journal
        self._counters = counters

    @property
    def refusing_why(self) -> str | None:
        refusal = self._journal.refusal
        if refusal is None:
            return None
        return "disk_full" if isinstance(refusal, JournalFull) else "refusing"

    def vitals(self) -> Vitals:
        return Vitals(memory_mb=resident_mb(), disk_free_mb=shutil.disk_usage(self._data_dir).free / MB)

    def backlog(self) -> int:
        return self._journal.backlog

    def cameras_live(self) -> int:
        return self._counters.cameras_live()


def resident_mb(pid: int | None = None) -> float:
    """Resident memory of a process, megabytes (proc(5), statm's second field in pages)."""
    pages = int(Path(f"/proc/{pid or 'self'}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MB
