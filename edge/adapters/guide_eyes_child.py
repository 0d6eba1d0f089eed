"""Entry of the guide's camera worker: joins devices.camera and models.guide_worker, which may not know each other.

Started by edge.adapters.guide_eyes as `python -m edge.adapters.guide_eyes_child FD PARENT`: spec and tells on stdin, messages to FD.
"""

import logging
import os
import queue
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

import msgspec

from edge.adapters.camera_spec import opened_camera
from edge.adapters.confinement import confine
from edge.adapters.guide_eyes_spec import GuideEyesSpec, parse_spec
from edge.adapters.vision_child import end_process, without_plotting
from models.framing import pack
from models.guide_wire import WIRE_VERSION, GuideHello, GuideMessage, GuideTell

if TYPE_CHECKING:
    from edge.adapters.guide_recogniser import FaceSenses

Emit: TypeAlias = Callable[[GuideMessage], None]
Work: TypeAlias = Callable[[GuideEyesSpec, Emit], None]

LOG_MARK = "motcua:"


def main(work: Work | None = None) -> None:
    """Read the spec, give up what is not needed, work until the parent goes. Tests bring a `work` of their own."""
    pipe, parent_pid = (int(word) for word in sys.argv[-2:])
    os.set_inheritable(pipe, False)  # noqa: FBT003 - positional only
    spec = parse_spec(sys.stdin.buffer.readline())
    is_offline = confine(parent_pid, with_network=spec.needs_network)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=f"{LOG_MARK}%(levelname)s:%(message)s")
    threading.excepthook = end_process
    if not is_offline and not spec.needs_network:
        logging.getLogger(__name__).warning("this kernel cannot refuse the worker network sockets")
    try:
        (work or see)(spec, partial(send, pipe))
    except BrokenPipeError:
        sys.exit(0)


def see(spec: GuideEyesSpec, emit: Emit) -> None:
    """Load the detector, say hello, open the camera, read it for ever."""
    tells: queue.SimpleQueue[GuideTell] = queue.SimpleQueue()
    follow(sys.stdin.buffer, tells.put)
    without_plotting()
    import cv2  # noqa: PLC0415 - heavy: only after the process is confined

    from edge.adapters.guide_gaze import GuideGaze  # noqa: PLC0415 - same
    from models.face_count import FaceCounter  # noqa: PLC0415 - same
    from models.guide_worker import LOOK_FPS, GuideWorker  # noqa: PLC0415 - same

    cv2.setNumThreads(1)
    with FaceCounter(Path(spec.landmarker)) as finder:
        gaze = GuideGaze(finder, partial(_senses, spec), emit, tells, spec.near_rules)
        emit(GuideHello(wire=WIRE_VERSION, pid=os.getpid()))
        with opened_camera(spec, max(spec.fps, LOOK_FPS)) as camera:
            GuideWorker(camera, gaze, emit, fps=spec.fps).run()


def follow(stdin: BinaryIO, tell: Callable[[GuideTell], None]) -> None:
    """Hand on every tell; end this process at once when the agent is gone. Nothing needs saving here."""
    threading.Thread(target=_follow, args=(stdin, tell), name="tells", daemon=True).start()


def send(pipe: int, message: GuideMessage) -> None:
    """Write one message whole; waits while the parent is busy."""
    rest = memoryview(pack(message))
    while rest:
        rest = rest[os.write(pipe, rest) :]


def _follow(stdin: BinaryIO, tell: Callable[[GuideTell], None]) -> None:
    while line := stdin.readline():
        tell(msgspec.json.decode(line, type=GuideTell))
    os._exit(0)


def _senses(spec: GuideEyesSpec) -> "FaceSenses":
    """Imported here, too: nobody needs it until somebody is enrolled."""
    from edge.adapters.face_rules import recognition_rules  # noqa: PLC0415
    from edge.adapters.guide_recogniser import FaceSenses  # noqa: PLC0415
    from models.matching import load_matching  # noqa: PLC0415

    return FaceSenses(Path(spec.landmarker), Path(spec.network), recognition_rules(load_matching()))


if __name__ == "__main__":
    main()
