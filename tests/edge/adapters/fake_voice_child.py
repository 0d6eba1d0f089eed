"""A voice worker for tests: the real process plumbing, a recogniser that needs no networks, and bad manners.

Usage: fake_voice_child.py MANNER FD PARENT. Not a test; started by test_voice_ears.py.
"""

import os
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from devices.audio.source import open_source
from edge.adapters.child_process import follow
from edge.adapters.voice_child import Emit, main
from edge.adapters.voice_spec import VoiceSpec
from models.intent import load_phrases
from models.mel import Samples
from models.speech import Heard, Ranked
from models.voice_wire import WIRE_VERSION, Tell, VoiceBeat, VoiceHello
from models.voice_worker import VoiceWorker


class Loudness:
    """Takes everything loud for speech."""

    def probability(self, chunk: Samples) -> float:
        return float(np.abs(chunk).max() > 0.05)

    def reset(self) -> None:
        """Nothing is remembered."""


class First:
    """Hears the first of the sentences that must be considered, else the first of all."""

    def recognise(self, samples: Samples, sentences: Sequence[str], always: Sequence[int] = ()) -> Heard:
        place = always[0] if always else 0
        return Heard((sentences[place],), (Ranked(place, 0.9),))

    def warm(self, sentences: Sequence[str], seconds: float) -> bool:
        return False


def behave(spec: VoiceSpec, emit: Emit) -> None:
    """Say hello, then do as the manner asks."""
    manner, pipe = sys.argv[1], int(sys.argv[-2])
    if manner == "crash":
        sys.exit(3)
    if manner == "no_hello":
        emit(VoiceBeat(heard=0, cpu_ms=0.0, rss_mb=1.0))
    book = load_phrases(Path(spec.intents), spec.procedures, spec.places)
    number = book.number + (manner == "other_book")
    emit(VoiceHello(wire=WIRE_VERSION + (manner == "foreign"), pid=os.getpid(), book=number))
    if manner == "garbage":
        os.write(pipe, (9).to_bytes(4, "big") + b"RIFF wave")
    elif manner == "sound":
        os.write(pipe, (32_000).to_bytes(4, "big") + b"\x00" * 32_000)
    elif manner == "forbidden":
        forbidden()
    if manner in {"mute", "garbage", "sound"}:
        time.sleep(60)
    with open_source(spec.source, speed=spec.replay_speed) as microphone:
        worker = VoiceWorker(
            microphone, Loudness(), First(), book, emit, procedures=tuple(spec.procedures), places=tuple(spec.places)
        )
        follow(sys.stdin.buffer, Tell, worker.tell)
        worker.run()


def forbidden() -> None:
    """Try to keep sound and to send it away; say how it went."""
    for attempt in (scribble, phone_home):
        try:
            attempt()
        except OSError as error:
            sys.stderr.write(f"motcua:WARNING:{attempt.__name__} refused {error.errno}\n")
        else:
            sys.stderr.write(f"motcua:WARNING:{attempt.__name__} went through\n")


def scribble() -> None:
    with Path(f"voice-{os.getpid()}.wav").open("wb", buffering=0) as file:
        try:
            file.write(b"sound")
        finally:
            Path(file.name).unlink()


def phone_home() -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()


if __name__ == "__main__":
    main(behave)
