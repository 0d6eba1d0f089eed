"""MediaPipe's landmarker file as this project has it run: its networks changed in memory, the file on the disk untouched.

Pure; models.face_detector and models.face_mesh use it.
"""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from models.blue_first import taking_blue_first
from models.first_token import for_the_first_token
from models.long_rows import lengthened

DETECTOR, LANDMARKS, BLENDSHAPES = "face_detector.tflite", "face_landmarks_detector.tflite", "face_blendshapes.tflite"
GEOMETRY = "geometry_pipeline_metadata_landmarks.binarypb"

_CHANGES: Mapping[str, Callable[[bytes], bytes]] = {LANDMARKS: lengthened, BLENDSHAPES: for_the_first_token}


def part_of(task: Path, name: str, *, is_blue_first: bool = False) -> bytes:
    """One part of the file, changed where it is a network that is changed. Raises KeyError for a name that is not in it."""
    with zipfile.ZipFile(task) as parts:
        return _changed(name, parts.read(name), is_blue_first=is_blue_first)


def _changed(name: str, network: bytes, *, is_blue_first: bool) -> bytes:
    if is_blue_first and name in {DETECTOR, LANDMARKS}:
        network = taking_blue_first(network)
    return _CHANGES[name](network) if name in _CHANGES else network
