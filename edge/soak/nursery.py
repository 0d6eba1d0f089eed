"""Forks agents that are their locker alone, with everything imported, so that each is at work within milliseconds.

Run as a program. Each line on stdin is `CONFIG SOCKET`; the answer is the child's pid, and when it has died, the
signal. The first line of all says that everything is imported.
"""

import asyncio
import os
import sys
from pathlib import Path

from edge.adapters import logs
from edge.soak.child import live


def bear(config: Path, socket: Path) -> int:
    """The pid. The child never returns from here."""
    pid = os.fork()
    if pid:
        return pid
    try:
        asyncio.run(live(config, socket))
    finally:
        os._exit(1)  # an agent that ends by itself has failed


def main() -> None:
    logs.setup()
    print("ready", flush=True)
    for line in sys.stdin:
        config, socket = line.split()
        pid = bear(Path(config), Path(socket))
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
