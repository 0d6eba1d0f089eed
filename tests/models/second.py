"""Stand-ins for face-api.js's two files: the shape of the real network, weights of chance."""

import json
from collections.abc import Iterator
from math import prod
from pathlib import Path

import numpy as np

from models.second_files import SHAPES_FILE, WEIGHTS_FILE, SecondFiles

_CHANNELS = (32, 64, 128, 256)


def written_second(folder: Path, seed: int = 1) -> SecondFiles:
    """The two files in `folder`; 8-bit weights but for one row of floats, as the format allows."""
    rng = np.random.default_rng(seed)
    packed, listed = b"", []
    for name, shape in _shapes():
        one: dict[str, object] = {"name": name, "shape": shape, "dtype": "float32"}
        if name == "fc/bias":
            packed += rng.normal(size=shape).astype("<f4").tobytes()
        else:
            spread = 0.1 if name.endswith("bias") else 4 / np.sqrt(prod(shape[:-1]))
            one["quantization"] = {"dtype": "uint8", "scale": spread / 255, "min": -spread / 2}
            packed += rng.integers(0, 256, shape).astype(np.uint8).tobytes()
        listed.append(one)
    files = SecondFiles(folder / WEIGHTS_FILE, folder / SHAPES_FILE)
    files.weights.write_bytes(packed)
    files.shapes.write_text(json.dumps([{"weights": listed, "paths": [WEIGHTS_FILE]}]), encoding="utf-8")
    return files


def _shapes() -> Iterator[tuple[str, list[int]]]:
    inward = 3
    for block, outward in enumerate(_CHANNELS):
        for number in range(4):
            name = f"dense{block}/conv{number}"
            if block == number == 0:
                yield f"{name}/filters", [3, 3, inward, outward]
            else:
                yield f"{name}/depthwise_filter", [3, 3, inward, 1]
                yield f"{name}/pointwise_filter", [1, 1, inward, outward]
            yield f"{name}/bias", [outward]
            inward = outward
    yield "fc/weights", [_CHANNELS[-1], 7]
    yield "fc/bias", [7]
