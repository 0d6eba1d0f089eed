"""A worker process's own end, the same for every kind: spec on stdin, messages to FD, its log on stderr, gone with the agent.

`edge.adapters.supervised_worker` starts it as `python -m MODULE FD PARENT`. Nothing in such a process needs saving.
"""

import logging
import os
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import BinaryIO, TypeVar

import msgspec

from edge.adapters.confinement import NICENESS, confine
from models.framing import pack

LOG_MARK = "motcua:"
"""Before a line on stderr that a worker wrote itself; everything else there is a library talking."""
_FAILED = 70  # EX_SOFTWARE of sysexits.h

Spec = TypeVar("Spec")
M = TypeVar("M", bound=msgspec.Struct)
Tell = TypeVar("Tell")


def serve(
    parse: Callable[[bytes], Spec],
    work: Callable[[Spec, Callable[[M], None]], None],
    *,
    needs_network: Callable[[Spec], bool] = lambda _: False,
    niceness: int = NICENESS,
) -> None:
    """Read the spec, give up what is not needed, work until the agent goes."""
    pipe, parent_pid = (int(word) for word in sys.argv[-2:])
    os.set_inheritable(pipe, False)  # noqa: FBT003 - positional only
    spec = parse(sys.stdin.buffer.readline())
    with_network = needs_network(spec)
    is_offline = confine(parent_pid, with_network=with_network, niceness=niceness)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=f"{LOG_MARK}%(levelname)s:%(message)s")
    threading.excepthook = _end_process
    if not is_offline and not with_network:
        logging.getLogger(__name__).warning("this kernel cannot refuse the worker network sockets")
    try:
        work(spec, partial(send, pipe))
    except BrokenPipeError:
        sys.exit(0)


def follow(stdin: BinaryIO, kind: type[Tell], tell: Callable[[Tell], None]) -> None:
    """Hand on every tell; end this process at once when the agent is gone."""
    threading.Thread(target=_follow, args=(stdin, kind, tell), name="tells", daemon=True).start()


def send(pipe: int, message: msgspec.Struct) -> None:
    """Write one message whole; waits while the agent is busy."""
    rest = memoryview(pack(message))
    while rest:
        rest = rest[os.write(pipe, rest) :]


def _follow(stdin: BinaryIO, kind: type[Tell], tell: Callable[[Tell], None]) -> None:
    decoder = msgspec.json.Decoder(kind)
    while line := stdin.readline():
        tell(decoder.decode(line))
    os._exit(0)


def _end_process(failure: threading.ExceptHookArgs) -> None:
    """A thread that dies takes the process along: the supervisor starts a whole one."""
    sys.excepthook(failure.exc_type, failure.exc_value or failure.exc_type(), failure.exc_traceback)
    sys.stderr.flush()
    os._exit(_FAILED)
