"""What a worker process gives up before it sees the first frame: writing files, dumping core, outliving the agent.

Called once by a child's entry, before heavy imports. Linux only where it says so; elsewhere that part is left out.
"""

import ctypes
import os
import resource
import signal
import sys
import threading

NICENESS = 10
_PR_SET_PDEATHSIG = 1


def confine(parent_pid: int) -> None:
    """Be nice, never write a byte to a file (RLIMIT_FSIZE 0), leave no picture in a core dump, die with the parent."""
    os.nice(NICENESS)
    os.umask(0o777)
    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(limit, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:  # it died before we asked
        os._exit(0)


def end_with(pipe: int) -> None:
    """End this process at once when `pipe` closes: whoever held its other end is gone. Nothing needs saving here."""
    threading.Thread(target=_wait_for_end, args=(pipe,), name="parent-watch", daemon=True).start()


def _wait_for_end(pipe: int) -> None:
    while os.read(pipe, 1024):
        pass
    os._exit(0)
