"""Entry of the vision worker's process: joins devices.camera and models.vision_worker, which may not know each other.

Started by edge.adapters.vision as `python -m edge.adapters.vision_child FD PARENT`: spec on stdin, messages to FD.
"""

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

from edge.adapters.camera_spec import opened_camera
from edge.adapters.child_process import serve
from edge.adapters.confinement import end_with
from edge.adapters.vision_spec import VisionSpec, parse_spec
from models.wire import WIRE_VERSION, Hello, Message

Emit: TypeAlias = Callable[[Message], None]
Work: TypeAlias = Callable[[VisionSpec, Emit], None]


def main(work: Work | None = None) -> None:
    """Tests bring a `work` of their own."""
    serve(parse_spec, partial(_watched, work or see), needs_network=lambda spec: spec.needs_network)


def _watched(work: Work, spec: VisionSpec, emit: Emit) -> None:
    """Nobody tells this worker anything: an end of stdin is the agent's."""
    end_with(sys.stdin.fileno())
    work(spec, emit)


def see(spec: VisionSpec, emit: Emit) -> None:
    """Load the networks, say hello, open the camera, read it for ever."""
    import cv2  # noqa: PLC0415 - heavy: only after the process is confined

    from models.expression import PARAMS_DIR, ExpressionModel  # noqa: PLC0415 - same
    from models.face import FaceReader  # noqa: PLC0415 - same
    from models.face_mesh import FaceNetworks  # noqa: PLC0415 - same
    from models.thrifty import ThriftyReader  # noqa: PLC0415 - same
    from models.vision_worker import VisionWorker, Zone  # noqa: PLC0415 - same

    cv2.setNumThreads(1)
    model = ExpressionModel(Path(spec.params_dir) if spec.params_dir else PARAMS_DIR)
    networks = FaceNetworks.load(Path(spec.landmarker), is_blue_first=True)
    reading = partial(FaceReader, networks, "video", model=model)
    several = partial(reading, max_faces=spec.max_faces)
    reader = ThriftyReader(reading(max_faces=1), networks.detector.count, several)
    emit(Hello(wire=WIRE_VERSION, pid=os.getpid(), params_version=model.version))
    with opened_camera(spec) as camera:
        VisionWorker(camera, reader, emit, zone=Zone(*spec.zone), fps=spec.fps).run()


if __name__ == "__main__":
    main()
