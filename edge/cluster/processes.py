"""Programs that outlive the command that started them: a pid file each, killed only when the pid is still that program."""

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.cluster.layout import HOST, ClusterError

_STEP_S = 0.05


@dataclass(frozen=True, slots=True)
class Daemon:
    """One program. `mark` is a text of its command line that nobody else's has, so that a reused pid is never hit."""

    pid_file: Path
    mark: str

    def start(self, command: list[str], log: Path, environment: Mapping[str, str]) -> None:
        """Spawned without a handle to it: nobody here waits for its end."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        pid = os.posix_spawn(command[0], command, environment, file_actions=actions, setsid=True)
        self.pid_file.write_text(str(pid))

    @property
    def pid(self) -> int | None:
        """None when it does not run."""
        try:
            pid = int(self.pid_file.read_text().split()[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            return None
        return pid if self.mark.encode() in command else None

    def signal(self, number: int) -> bool:
        """False when there was nobody to signal."""
        pid = self.pid
        if pid is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        return True

    def kill(self, within_s: float = 10.0) -> bool:
        """Kill with -9, and wait until it is gone."""
        if not self.signal(signal.SIGKILL):
            return False
        self.until_gone(within_s)
        return True

    def stop(self, number: int, within_s: float) -> None:
        """Ask first; kill what does not listen."""
        if self.signal(number):
            try:
                self.until_gone(within_s)
            except ClusterError:
                self.kill()

    def until_gone(self, within_s: float) -> None:
        wait_for(self._is_gone, within_s, f"{self.pid_file.stem} does not end")

    def _is_gone(self) -> bool:
        with contextlib.suppress(ChildProcessError, OSError, ValueError):  # a zombie if it was our own child
            os.waitpid(int(self.pid_file.read_text().split()[0]), os.WNOHANG)
        return self.pid is None


def wait_for(condition: Callable[[], bool], within_s: float, otherwise: str) -> None:
    """Raise ClusterError with `otherwise` when it took too long."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise ClusterError(otherwise)
        time.sleep(_STEP_S)


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False
