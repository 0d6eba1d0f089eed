"""MediaPipe's landmarker file as this project has it run: its networks changed in memory, the file on the disk untouched.

Pure; models.face, models.face_count and models.follower use it.
"""

import struct
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

from models.blue_first import taking_blue_first
from models.first_token import for_the_first_token
from models.long_rows import lengthened
from models.tflite_file import ALIGNED

DETECTOR, LANDMARKS, BLENDSHAPES = "face_detector.tflite", "face_landmarks_detector.tflite", "face_blendshapes.tflite"
GEOMETRY = "geometry_pipeline_metadata_landmarks.binarypb"

_CHANGES: Mapping[str, Callable[[bytes], bytes]] = {LANDMARKS: lengthened, BLENDSHAPES: for_the_first_token}
_ENTRY_HEADER = 30  # bytes of a zip entry before its name
_ALIGNMENT_FIELD = 0xD935  # as Android's zipalign calls it


def changed_task(task: Path, *, is_blue_first: bool = False) -> bytes:
    """The whole file with its networks changed."""
    made = BytesIO()
    with zipfile.ZipFile(task) as parts, zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as changed:
        for name in parts.namelist():
            entry = zipfile.ZipInfo(name)
            entry.extra = _padding(made.tell() + _ENTRY_HEADER + len(name))
            changed.writestr(entry, _changed(name, parts.read(name), is_blue_first=is_blue_first))
    return made.getvalue()


def part_of(task: Path, name: str, *, is_blue_first: bool = False) -> bytes:
    """One part of the file, changed where it is a network that is changed. Raises KeyError for a name that is not in it."""
    with zipfile.ZipFile(task) as parts:
        return _changed(name, parts.read(name), is_blue_first=is_blue_first)


def _changed(name: str, network: bytes, *, is_blue_first: bool) -> bytes:
    if is_blue_first and name in {DETECTOR, LANDMARKS}:
        network = taking_blue_first(network)
    return _CHANGES[name](network) if name in _CHANGES else network


def _padding(place: int) -> bytes:
    """The extra field of a zip entry after which its content stands aligned: MediaPipe reads it where it lies."""
    header = struct.Struct("<HH")  # the field's kind, bytes of its content
    pad_bytes = -(place + header.size) % ALIGNED
    return header.pack(_ALIGNMENT_FIELD, pad_bytes) + bytes(pad_bytes)
