"""The command line without the wait: one process loads it and forks a `motcua` for everybody who asks.

Run as a program. An order is a line of JSON: the words, the environment, the files for stdout and stderr; the answer is the
exit code. The fork then is `python -m edge` in all but what was imported before; nothing else is shared. What a command
imports while it works is imported when the first such command is ordered.
"""

import json
import os
import runpy
import sys
from importlib import import_module
from pathlib import Path

from edge.cli_lazy import LATE

_WHILE_AT_WORK = {
    "run": (
        "edge.adapters.model_files",
        "edge.adapters.restart",
        "edge.app",
        "edge.web.pages",
        "edge.web.quiet_server",
    ),
    "city": ("edge.adapters.city_enrolment",),
    "enrol": ("sync.enrol",),
    "score": ("models.pipeline",),
}


def main() -> None:
    """Returns in a child only, which is to be a command then."""
    import_module("edge.cli")
    os.write(1, b"open\n")
    for line in sys.stdin:
        order = json.loads(line)
        _load(order["words"][0])
        child = os.fork()
        if child == 0:
            _become(**order)
            return
        os.write(1, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os._exit(0)


def _load(command: str) -> None:
    known = [LATE[command].partition(":")[0]] if command in LATE else []
    for module in (*known, *_WHILE_AT_WORK.get(command, ())):
        import_module(module)


def _become(words: list[str], environment: dict[str, str], out: str, err: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for number, file in enumerate((os.devnull, out, err)):
        opened = os.open(file, os.O_RDWR)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = [str(Path(sys.modules["edge"].__path__[0]) / "__main__.py"), *words]


if __name__ == "__main__":
    main()
    runpy.run_module("edge", run_name="__main__")
