"""The expression classifier: the committed network and head, loaded and run on one thread.

The only module that imports onnxruntime (models.embedding opens its network through it); worker processes, command-line
tools and tests import it, the agent never.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from math import tanh
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from models.errors import ParametersUnusable
from models.geometry import CROP_PX
from models.movements import EMOTIONS, FEATURES
from models.pipeline import CLASSES, ExpressionHead, FloatArray, GrayImage, SmileRule, TearfulRule

PARAMS_DIR = Path(__file__).with_name("params")
NETWORK_FILE = "expression.onnx"
HEAD_FILE = "expression.toml"
_SHAPES = f"crop {[1, CROP_PX, CROP_PX]} -> logits {[len(EMOTIONS) + 1]}"


@dataclass(frozen=True, slots=True)
class NetworkOutput:
    """What the network says about one crop."""

    emotions: FloatArray  # [7] logits, in the order of movements.EMOTIONS
    hidden: float  # probability that the face is covered, cut or no face


class ExpressionModel:
    """Network and head of one parameter directory."""

    def __init__(self, directory: Path = PARAMS_DIR) -> None:
        """Raises ParametersUnusable when a file is missing, damaged or of another shape."""
        source = directory / HEAD_FILE
        table = _table(source)
        self.version = _version(table, source)
        """Date of the parameters, as 20261121."""
        self.head = head_of(table, source)
        self._session = _session(directory / NETWORK_FILE)

    def look(self, crop: GrayImage) -> NetworkOutput:
        """Run the network on an aligned gray crop, uint8 [side, side], and on its mirror image; the answer is their mean."""
        return self._mean_over(crop, crop[:, ::-1])

    def glance(self, crop: GrayImage, *, is_mirrored: bool) -> NetworkOutput:
        """Half of `look` at half its cost. In a video the other half is the next look's, and smoothing takes their mean."""
        return self._mean_over(crop[:, ::-1] if is_mirrored else crop)

    def _mean_over(self, *crops: GrayImage) -> NetworkOutput:
        looks: FloatArray = self._session.run(None, {"crop": np.array(crops, np.float32)[:, None]})[0]
        logits = looks[0] if len(looks) == 1 else looks.mean(0)
        return NetworkOutput(logits[: len(EMOTIONS)], _share(float(logits[len(EMOTIONS)])))


def _share(logit: float) -> float:
    """Probability, 0..1, of a logit of any size."""
    return 0.5 + 0.5 * tanh(logit / 2)


def head_of(table: Mapping[str, Any], source: Path) -> ExpressionHead:
    """The linear head of a parsed parameter file; every one of FEATURES must be there for every class, and no other."""
    try:
        rows = [table["classes"][name]["weights"] for name in CLASSES]
        strange = {feature for row in rows for feature in row} ^ set(FEATURES)
        if strange:
            raise ParametersUnusable(f"{source}: features do not match this version: {', '.join(sorted(strange))}")
        return ExpressionHead(
            weights=np.array([[float(row[feature]) for feature in FEATURES] for row in rows]),
            bias=np.array([float(table["classes"][name]["bias"]) for name in CLASSES]),
            temperature=float(table["temperature"]),
            smile=SmileRule(**table["very_satisfied"]),
            tearful=TearfulRule(**table["tearful"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ParametersUnusable(f"{source}: not an expression head ({error})") from error


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ParametersUnusable(f"{path}: cannot be read ({error})") from error


def _version(table: Mapping[str, Any], source: Path) -> int:
    try:
        return int(table["version"])
    except (KeyError, TypeError, ValueError) as error:
        raise ParametersUnusable(f"{source}: version must be the date of the training, as 20261121") from error


def _session(path: Path) -> ort.InferenceSession:
    try:
        session = network_session(path.read_bytes(), str(path))
    except OSError as error:
        raise ParametersUnusable(f"{path}: cannot be read ({error})") from error
    if (found := _shapes(session)) != _SHAPES:
        raise ParametersUnusable(
            f"{path}: is the network of another version ({found}, not {_SHAPES}); copy expression.onnx and expression.toml of one training"
        )
    return session


def _shapes(session: ort.InferenceSession) -> str:
    """Name and size of what goes in and what comes out, for one face."""
    ends = (session.get_inputs(), session.get_outputs())
    return " -> ".join(", ".join(f"{one.name} {list(one.shape[1:])}" for one in end) for end in ends)


def network_session(network: bytes, source: str) -> ort.InferenceSession:
    """An ONNX network on one thread of the CPU; `source` names it in ParametersUnusable."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ParametersUnusable(f"{source}: not a usable network ({type(error).__name__})") from error
