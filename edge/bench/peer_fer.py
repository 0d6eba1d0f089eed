"""The peer of the counter benchmark: `fer` on the same film at the same pace. Runs in .venv-fer, apart from everything else.

Arguments: film of JPEG pictures, pictures a second, frames a second to read, frames to read, frames before counting.
stdout: one JSON object at the end.
"""

import contextlib
import json
import os
import resource
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from fer.fer import FER  # type: ignore[import-not-found]  # in .venv-fer only


def main() -> None:
    """Decode, detect and score every frame with the peer's default settings; CPU of the whole process, all threads."""
    film = pictures(Path(sys.argv[1]).read_bytes())
    camera_fps, fps = float(sys.argv[2]), float(sys.argv[3])
    frames, warmup = int(sys.argv[4]), int(sys.argv[5])
    os.nice(10)  # as the worker
    detector = FER()
    faces, start_s, began_cpu_s = 0, time.monotonic(), 0.0
    for number in range(frames + warmup):
        time.sleep(max(0.0, start_s + number / fps - time.monotonic()))
        if number == warmup:
            began_cpu_s = time.process_time()
        coded = film[int(number / fps * camera_fps) % len(film)]
        frame = cv2.imdecode(np.frombuffer(coded, np.uint8), cv2.IMREAD_COLOR)
        with contextlib.redirect_stdout(sys.stderr):
            found = bool(detector.detect_emotions(frame))
        faces += found and number >= warmup
    cpu_ms = (time.process_time() - began_cpu_s) * 1000 / frames
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps({"frames": frames, "with_face": faces, "cpu_ms": round(cpu_ms, 2), "rss_mb": round(rss_mb, 1)}))


def pictures(raw: bytes) -> list[bytes]:
    """The pictures of a film: each after its length in four bytes."""
    found, offset = [], 0
    while offset < len(raw):
        size = int.from_bytes(raw[offset : offset + 4], "big")
        found.append(raw[offset + 4 : offset + 4 + size])
        offset += 4 + size
    return found


if __name__ == "__main__":
    main()
