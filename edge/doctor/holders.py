"""Who holds what on this machine: a lock, a device, a TCP port; and who may open a device. Reads /proc, touches nothing."""

import fcntl
import grp
import os
import pwd
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sync.opening import LOCK_FILE

PROC = Path("/proc")
_STARTTIME = 19  # of /proc/PID/stat behind the name, in ticks since the machine began, proc(5)
_LISTENS = "0A"  # TCP_LISTEN, include/net/tcp_states.h


@dataclass(frozen=True, slots=True)
class Holder:
    """A process; `pid` None where the kernel does not tell us (another container's)."""

    pid: int | None
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name or 'a process'} ({self.pid})" if self.pid else "another process"


@dataclass(frozen=True, slots=True)
class Person:
    """On whose behalf is asked: ourselves, or for root the user to whom the data folder belongs, as whom the agent runs."""

    name: str
    uid: int
    groups: frozenset[int]

    @property
    def is_another(self) -> bool:
        """Somebody whom root speaks for."""
        return self.uid != os.geteuid()

    @classmethod
    def of_agent(cls, data_dir: Path) -> "Person":
        uid = os.geteuid()
        if uid == 0:
            with suppress(OSError):
                uid = data_dir.stat().st_uid
        return cls.of(uid)

    @classmethod
    def of(cls, uid: int) -> "Person":
        try:
            found = pwd.getpwuid(uid)
        except KeyError:
            return cls(str(uid), uid, frozenset(os.getgroups()))
        own = frozenset(os.getgroups()) if uid == os.geteuid() else frozenset()
        return cls(found.pw_name, uid, own | frozenset(os.getgrouplist(found.pw_name, found.pw_gid)))


def may_open(mode: int, owner: int, group: int, who: Person, wanted: int = os.R_OK | os.W_OK) -> bool:
    """Whether `who` has what is `wanted` of a node with these rights (without access control lists)."""
    if who.uid == 0:
        return True
    shift = 6 if who.uid == owner else 3 if group in who.groups else 0
    return mode >> shift & wanted == wanted


def can_open(path: Path, who: Person, wanted: int = os.R_OK | os.W_OK) -> bool:
    """Whether `who` has what is `wanted` of it, and may enter a folder; asks the kernel where that is ourselves. Raise OSError."""
    found = path.stat()
    wanted |= os.X_OK if stat.S_ISDIR(found.st_mode) else 0
    if not who.is_another:
        return os.access(path, wanted)
    return may_open(stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, who, wanted)


def group_of(path: Path) -> str:
    gid = path.stat().st_gid
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def holder_of_journal(data_dir: Path) -> Holder | None:
    """The agent that runs over this folder. Raise PermissionError where this user may not look."""
    path = data_dir / LOCK_FILE
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    with suppress(OSError):  # no /proc/locks here
        pid = locker_of((PROC / "locks").read_text(encoding="ascii"), found.st_dev, found.st_ino)
        if pid is not None:
            return holder(pid)
    return Holder(None) if _is_locked(path) else None


def locker_of(locks: str, device: int, inode: int) -> int | None:
    """The process in the text of /proc/locks that has an exclusive flock(2) of this file."""
    place = f"{os.major(device):02x}:{os.minor(device):02x}:{inode}"
    rows = (line.split() for line in locks.splitlines())
    return next((int(row[4]) for row in rows if row[1:4] == ["FLOCK", "ADVISORY", "WRITE"] and row[5] == place), None)


def holder(pid: int) -> Holder:
    try:
        return Holder(pid or None, (PROC / str(pid) / "comm").read_text(encoding="utf-8", errors="replace").strip())
    except OSError:
        return Holder(pid or None)


def is_newer(file: Path, pid: int) -> bool:
    """Whether this file was written after this process began, by the time that has passed since either. Raise OSError."""
    row = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    began_s = int(row[_STARTTIME]) / os.sysconf("SC_CLK_TCK")
    return time.time() - file.stat().st_ctime < time.clock_gettime(time.CLOCK_BOOTTIME) - began_s


def holders_of(device: Path) -> tuple[Holder, ...]:
    """Other processes that have this device open, as far as this user may see them.

    Nothing for a pty: whoever simulates a device has both of its ends open.
    """
    target = str(device.resolve())
    if target.startswith("/dev/pts/"):
        return ()
    return tuple(holder(pid) for pid in _pids() if pid != os.getpid() and target in _opened(pid))


def listener_on(port: int) -> Holder | None:
    """Who listens on this TCP port, on whatever address."""
    sockets = {f"socket:[{inode}]" for name in ("tcp", "tcp6") for inode in _listening(name, port)}
    if not sockets:
        return None
    return next((holder(pid) for pid in _pids() if sockets & _opened(pid)), Holder(None))


def _listening(table: str, port: int) -> Iterator[str]:
    try:
        lines = (PROC / "net" / table).read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return
    for row in (line.split() for line in lines):
        if row[3] == _LISTENS and int(row[1].rpartition(":")[2], 16) == port:
            yield row[9]


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())


def _opened(pid: int) -> set[str]:
    """Empty for a process that has ended, or is somebody else's."""
    found = set()
    with suppress(OSError):
        for link in (PROC / str(pid) / "fd").iterdir():
            with suppress(OSError):
                found.add(str(link.readlink()))
    return found


def _is_locked(path: Path) -> bool:
    """Where the kernel's list does not show it (another container's). A shared lock for an instant: an exclusive one refuses it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
