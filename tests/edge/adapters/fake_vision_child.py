"""A vision worker for tests: the real process plumbing and camera, a reader that needs no networks, and bad manners.

Usage: fake_vision_child.py MANNER FD PARENT. Not a test; started by test_vision_eyes.py.
"""

import os
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from devices.camera.camera import Camera, Patience
from devices.camera.condition import Limits
from devices.camera.open import open_source
from edge.adapters.camera_spec import since_ns
from edge.adapters.vision_child import Emit, main
from edge.adapters.vision_spec import VisionSpec
from models.pipeline import Box, Level, RgbImage
from models.vision_worker import VisionWorker, Zone, beat
from models.wire import WIRE_VERSION, Hello

SCORES = dict(zip(Level, (0.1, 0.5, 0.2, 0.15, 0.05), strict=True))


@dataclass(frozen=True)
class Face:
    """One citizen in the middle of the zone."""

    box: Box
    usable: bool = True
    why_not: str | None = None
    level: Level = Level.SATISFIED
    scores: Mapping[Level, float] = field(default_factory=lambda: SCORES)
    valence: float = 0.4
    reasons: Sequence[str] = ("smile",)


class Reader:
    """Sees one face in every picture."""

    def read(self, frame_rgb: RgbImage, t_ms: int) -> Sequence[Face]:
        height, width = frame_rgb.shape[:2]
        return [Face(Box(width * 0.3, height * 0.3, width * 0.4, height * 0.4))]


def see(spec: VisionSpec, emit: Emit) -> None:
    """Everything the real one does, but for the networks."""
    limits = Limits(frozen_s=spec.frozen_s, settle_s=spec.settle_s)
    opener = partial(open_source, spec.camera, since_ns=since_ns(spec))
    with Camera(opener, limits, Patience(spec.retry_s, 1.0, spec.silence_s)) as camera:
        VisionWorker(camera, Reader(), emit, zone=Zone(*spec.zone), fps=spec.fps).run()


def behave(spec: VisionSpec, emit: Emit) -> None:
    """Say hello, then do as the manner asks."""
    manner, pipe = sys.argv[1], int(sys.argv[-2])
    if manner == "crash":
        sys.exit(3)
    if manner == "no_hello":
        emit(beat(0, 0))
    emit(Hello(wire=WIRE_VERSION + (manner == "foreign"), pid=os.getpid(), params_version=20261121))
    if manner == "garbage":
        os.write(pipe, (9).to_bytes(4, "big") + b"\xff\xd8\xff\xe0 jpeg")
    elif manner == "oversize":
        os.write(pipe, (921_600).to_bytes(4, "big") + b"\x00" * 4000)
    elif manner == "chatty":
        sys.stderr.write("x" * 100_000 + "\n" + "motcua:ERROR:" + "\x1b[2J" * 400 + "\n" + "line\n" * 1000)
    elif manner == "scribble":
        scribble()
    elif manner == "phone_home":
        phone_home()
    if manner in {"mute", "garbage", "oversize"}:
        time.sleep(60)
    see(spec, emit)


def scribble() -> None:
    """Try to put something on the disk; say how it went."""
    try:
        with open(sys.argv[2], "wb", buffering=0) as file:  # noqa: PTH123 - as raw as it gets
            file.write(b"\xff\xd8 a picture")
    except OSError as error:
        sys.stderr.write(f"motcua:WARNING:refused {error.errno}\n")


def phone_home() -> None:
    """Try to open network sockets; say how it went."""
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_PACKET):
        try:
            socket.socket(family, socket.SOCK_DGRAM).close()
        except OSError as error:
            sys.stderr.write(f"motcua:WARNING:refused {family.name} {error.errno}\n")


if __name__ == "__main__":
    main(behave)
