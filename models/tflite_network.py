"""A TensorFlow Lite network run by LiteRT in the thread that asks, one core, without MediaPipe's graph around it.

Imports ai_edge_litert; only models.follower uses it.
"""

from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from models.pipeline import FloatArray


class TfliteNetwork:
    """One loaded network with one input."""

    def __init__(self, network: bytes) -> None:
        """Raises ValueError for bytes that are no such network."""
        self._interpreter = Interpreter(model_content=network, num_threads=1)
        self._interpreter.allocate_tensors()
        (given,) = self._interpreter.get_input_details()
        self._given = self._interpreter.tensor(given["index"])
        self._answers = [answer["index"] for answer in self._interpreter.get_output_details()]

    @property
    def given(self) -> Any:
        """The input as it lies in the network, to be written to; nobody may hold it while the network runs."""
        return self._given()

    def run(self) -> list[FloatArray]:
        """Its outputs, flat, in their order in the file."""
        self._interpreter.invoke()
        return [np.ravel(self._interpreter.get_tensor(answer)) for answer in self._answers]
