"""Entry of the voice worker's process: joins devices.audio and models.voice_worker, which may not know each other.

Started by edge.adapters.voice as `python -m edge.adapters.voice_child FD PARENT`: spec and tells on stdin, messages to FD.
"""

import logging
import os
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeAlias

import msgspec

from edge.adapters.confinement import confine
from edge.adapters.voice_spec import VoiceSpec, parse_spec
from models.framing import pack
from models.voice_wire import WIRE_VERSION, StateMessage, Tell, VoiceHello, VoiceMessage

Emit: TypeAlias = Callable[[VoiceMessage], None]
Work: TypeAlias = Callable[[VoiceSpec, Emit], None]

LOG_MARK = "motcua:"
NICENESS = 3
"""Behind the agent, before the cameras: somebody stands there and waits for an answer."""


def main(work: Work | None = None) -> None:
    """Read the spec, give up what is not needed, work until the parent goes. Tests bring a `work` of their own."""
    pipe, parent_pid = (int(word) for word in sys.argv[-2:])
    os.set_inheritable(pipe, False)  # noqa: FBT003 - positional only
    spec = parse_spec(sys.stdin.buffer.readline())
    is_offline = confine(parent_pid, with_network=False, niceness=NICENESS)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=f"{LOG_MARK}%(levelname)s:%(message)s")
    threading.excepthook = _end_process
    if not is_offline:
        logging.getLogger(__name__).warning("this kernel cannot refuse the worker network sockets")
    try:
        (work or hear)(spec, partial(send, pipe))
    except BrokenPipeError:
        sys.exit(0)


def hear(spec: VoiceSpec, emit: Emit) -> None:
    """Load everything, say hello, open the microphone, listen for ever."""
    from devices.audio.source import open_source  # noqa: PLC0415 - heavy: only after the process is confined
    from models.intent import load_phrases  # noqa: PLC0415 - same
    from models.speech import Engine, open_recogniser  # noqa: PLC0415 - same
    from models.voice_activity import SpeechDetector  # noqa: PLC0415 - same
    from models.voice_worker import VoiceWorker  # noqa: PLC0415 - same

    book = load_phrases(Path(spec.intents), spec.procedures, spec.places)
    recogniser = open_recogniser(Engine(spec.engine), Path(spec.recogniser), threads=spec.threads)
    detector = SpeechDetector(Path(spec.detector))
    emit(VoiceHello(wire=WIRE_VERSION, pid=os.getpid(), book=book.number))
    emit(StateMessage(state="opening"))
    with open_source(spec.source, speed=spec.replay_speed) as microphone:
        worker = VoiceWorker(
            microphone, detector, recogniser, book, emit,
            procedures=tuple(spec.procedures), places=tuple(spec.places),
        )  # fmt: skip
        follow(sys.stdin.buffer, worker.tell)
        worker.run()


def follow(stdin: BinaryIO, tell: Callable[[Tell], None]) -> None:
    """Hand on every tell; end this process at once when the agent is gone. Nothing needs saving here."""
    threading.Thread(target=_follow, args=(stdin, tell), name="tells", daemon=True).start()


def _follow(stdin: BinaryIO, tell: Callable[[Tell], None]) -> None:
    while line := stdin.readline():
        tell(msgspec.json.decode(line, type=Tell))
    os._exit(0)


def send(pipe: int, message: VoiceMessage) -> None:
    """Write one message whole; waits while the parent is busy."""
    rest = memoryview(pack(message))
    while rest:
        rest = rest[os.write(pipe, rest) :]


def _end_process(failure: threading.ExceptHookArgs) -> None:
    """A thread that dies takes the process along: the supervisor starts a whole one."""
    sys.excepthook(failure.exc_type, failure.exc_value or failure.exc_type(), failure.exc_traceback)
    sys.stderr.flush()
    os._exit(70)


if __name__ == "__main__":
    main()
