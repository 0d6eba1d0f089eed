"""Stages without the wait: one process loads the pages once and forks a stage for everybody who asks.

Run as `python -m tests.edge.web.nursery SOCKET`. Loading NiceGUI and the pages takes seconds of processor time, and the
guide's and the queue's tests want a fresh stage each. A connection is one stage: its first line is the folder, then it is
the stage's stdin and stdout. Nothing is shared but what was imported.
"""

import asyncio
import os
import select
import signal
import socket
import sys
from importlib import import_module
from pathlib import Path

from tests.edge.web import stage

_SLOW = ("edge.web.pages", "edge.web.quiet_server")


def main(address: str) -> None:
    for module in _SLOW:
        import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a stage: its closed line tells
    door = socket.socket(socket.AF_UNIX)
    door.bind(address)
    door.listen()
    os.write(1, b"open\n")
    while door in select.select([door, sys.stdin], [], [])[0]:  # an end of stdin is the end of whoever started us
        line, _ = door.accept()
        if os.fork() == 0:
            door.close()
            _play(line)
        line.close()


def _play(line: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in (0, 1):
        os.dup2(line.fileno(), number)
    line.close()
    folder = b""
    while not folder.endswith(b"\n"):
        folder += os.read(0, 1)
    asyncio.run(stage.main(Path(folder.decode().rstrip("\n"))))
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
