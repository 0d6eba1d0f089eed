"""The peer of the counter benchmark: `fer` on frames read from stdin. Runs in .venv-fer, apart from everything else here.

stdin: frames as raw bytes, `width height warmup` as arguments; stdout: one JSON object at the end.
"""

import contextlib
import json
import resource
import sys
import time

import numpy as np
from fer.fer import FER  # type: ignore[import-not-found]  # in .venv-fer only


def main() -> None:
    """Detect and score every frame with the peer's default settings; CPU of the whole process, all threads."""
    width, height, warmup = (int(word) for word in sys.argv[1:4])
    detector = FER()
    frames = faces = 0
    began_cpu_s = began_s = 0.0
    while len(raw := sys.stdin.buffer.read(width * height * 3)) == width * height * 3:
        frame = np.frombuffer(raw, np.uint8).reshape(height, width, 3)
        if frames == warmup:
            began_cpu_s, began_s = time.process_time(), time.perf_counter()
        with contextlib.redirect_stdout(sys.stderr):
            faces += bool(detector.detect_emotions(frame))
        frames += 1
    counted = frames - warmup
    print(
        json.dumps(
            {
                "frames": counted,
                "with_face": faces,
                "cpu_ms": (time.process_time() - began_cpu_s) * 1000 / counted,
                "wall_ms": (time.perf_counter() - began_s) * 1000 / counted,
                "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
            }
        )
    )


if __name__ == "__main__":
    main()
