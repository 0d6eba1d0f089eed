"""Entry of the voice worker's process: joins devices.audio and models.voice_worker, which may not know each other.

Started by edge.adapters.voice as `python -m edge.adapters.voice_child FD PARENT`: spec and tells on stdin, messages to FD.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from edge.adapters.child_process import follow, serve
from edge.adapters.voice_spec import VoiceSpec, parse_spec
from models.voice_wire import WIRE_VERSION, StateMessage, Tell, VoiceHello, VoiceMessage

Emit: TypeAlias = Callable[[VoiceMessage], None]
Work: TypeAlias = Callable[[VoiceSpec, Emit], None]

NICENESS = 3
"""Behind the agent, before the cameras: somebody stands there and waits for an answer."""


def main(work: Work | None = None) -> None:
    """Tests bring a `work` of their own."""
    serve(parse_spec, work or hear, niceness=NICENESS)


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
        follow(sys.stdin.buffer, Tell, worker.tell)
        worker.run()


if __name__ == "__main__":
    main()
