"""Entry of the guide's camera worker: joins devices.camera and models.guide_worker, which may not know each other.

Started by edge.adapters.guide_eyes as `python -m edge.adapters.guide_eyes_child FD PARENT`: spec and tells on stdin, messages to FD.
"""

import os
import queue
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from edge.adapters.camera_spec import opened_camera
from edge.adapters.child_process import follow, serve
from edge.adapters.guide_eyes_spec import GuideEyesSpec, parse_spec
from models.guide_wire import WIRE_VERSION, GuideHello, GuideMessage, GuideTell

if TYPE_CHECKING:
    from edge.adapters.guide_recogniser import FaceSenses

Emit: TypeAlias = Callable[[GuideMessage], None]
Work: TypeAlias = Callable[[GuideEyesSpec, Emit], None]


def main(work: Work | None = None) -> None:
    """Tests bring a `work` of their own."""
    serve(parse_spec, work or see, needs_network=lambda spec: spec.needs_network)


def see(spec: GuideEyesSpec, emit: Emit) -> None:
    """Load the detector, say hello, open the camera, read it for ever."""
    tells: queue.SimpleQueue[GuideTell] = queue.SimpleQueue()
    follow(sys.stdin.buffer, GuideTell, tells.put)
    import cv2  # noqa: PLC0415 - heavy: only after the process is confined

    from edge.adapters.guide_gaze import GuideGaze  # noqa: PLC0415 - same
    from models.face_detector import FaceDetector  # noqa: PLC0415 - same
    from models.guide_worker import LOOK_FPS, GuideWorker  # noqa: PLC0415 - same

    cv2.setNumThreads(1)
    gaze = GuideGaze(FaceDetector(Path(spec.landmarker)), partial(_senses, spec), emit, tells, spec.near_rules)
    emit(GuideHello(wire=WIRE_VERSION, pid=os.getpid()))
    with opened_camera(spec, max(spec.fps, LOOK_FPS)) as camera:
        GuideWorker(camera, gaze, emit, fps=spec.fps).run()


def _senses(spec: GuideEyesSpec) -> "FaceSenses":
    """Imported here, too: nobody needs it until somebody is enrolled."""
    from edge.adapters.face_rules import recognition_rules  # noqa: PLC0415
    from edge.adapters.guide_recogniser import FaceSenses  # noqa: PLC0415
    from models.matching import load_matching  # noqa: PLC0415

    return FaceSenses(Path(spec.landmarker), Path(spec.network), recognition_rules(load_matching()))


if __name__ == "__main__":
    main()
