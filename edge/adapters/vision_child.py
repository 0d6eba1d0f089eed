"""Entry of the vision worker's process: joins devices.camera and models.vision_worker, which may not know each other.

Started by edge.adapters.vision as `python -m edge.adapters.vision_child FD PARENT`: spec on stdin, messages to FD.
"""

import logging
import os
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

from edge.adapters.camera_spec import opened_camera
from edge.adapters.confinement import confine, end_with
from edge.adapters.vision_spec import VisionSpec, parse_spec
from models.wire import WIRE_VERSION, Hello, Message, pack

Emit: TypeAlias = Callable[[Message], None]
Work: TypeAlias = Callable[[VisionSpec, Emit], None]

LOG_MARK = "motcua:"
"""Before a line on stderr that this worker wrote itself; everything else there is a library talking."""


def main(work: Work | None = None) -> None:
    """Read the spec, give up what is not needed, work until the parent goes. Tests bring a `work` of their own."""
    pipe, parent_pid = (int(word) for word in sys.argv[-2:])
    os.set_inheritable(pipe, False)  # noqa: FBT003 - positional only
    spec = parse_spec(sys.stdin.buffer.readline())
    is_offline = confine(parent_pid, with_network=spec.needs_network)
    end_with(sys.stdin.fileno())
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=f"{LOG_MARK}%(levelname)s:%(message)s")
    threading.excepthook = end_process
    if not is_offline and not spec.needs_network:
        logging.getLogger(__name__).warning("this kernel cannot refuse the worker network sockets")
    try:
        (work or see)(spec, partial(send, pipe))
    except BrokenPipeError:
        sys.exit(0)


def see(spec: VisionSpec, emit: Emit) -> None:
    """Load the networks, say hello, open the camera, read it for ever."""
    without_plotting()
    import cv2  # noqa: PLC0415 - heavy: only after the process is confined

    from models.expression import PARAMS_DIR, ExpressionModel  # noqa: PLC0415 - same
    from models.face import FaceReader  # noqa: PLC0415 - same
    from models.face_count import FaceCounter  # noqa: PLC0415 - same
    from models.thrifty import ThriftyReader  # noqa: PLC0415 - same
    from models.vision_worker import VisionWorker, Zone  # noqa: PLC0415 - same

    cv2.setNumThreads(1)
    model = ExpressionModel(Path(spec.params_dir) if spec.params_dir else PARAMS_DIR)
    landmarker = Path(spec.landmarker)
    with FaceReader(landmarker, "video", 1, model=model) as single, FaceCounter(landmarker) as counter:
        several = partial(FaceReader, landmarker, "video", spec.max_faces, model=model)
        reader = ThriftyReader(single, counter.count, several)
        emit(Hello(wire=WIRE_VERSION, pid=os.getpid(), params_version=model.version))
        with opened_camera(spec) as camera:
            VisionWorker(camera, reader, emit, zone=Zone(*spec.zone), fps=spec.fps).run()


def send(pipe: int, message: Message) -> None:
    """Write one message whole; waits while the parent is busy."""
    rest = memoryview(pack(message))
    while rest:
        rest = rest[os.write(pipe, rest) :]


def without_plotting() -> None:
    """MediaPipe imports matplotlib for a drawing aid nobody calls; it costs memory and writes a font cache."""
    for name in ("matplotlib", "matplotlib.pyplot"):
        sys.modules.setdefault(name, ModuleType(name))


def end_process(failure: threading.ExceptHookArgs) -> None:
    """A thread that dies takes the process along: the supervisor starts a whole one."""
    sys.excepthook(failure.exc_type, failure.exc_value or failure.exc_type(), failure.exc_traceback)
    sys.stderr.flush()
    os._exit(70)


if __name__ == "__main__":
    main()
