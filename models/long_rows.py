"""The landmark network rewritten to do the same in less time: one activation over a long row instead of one a pixel.

XNNPACK calls its PReLU kernel once for every pixel, with 8 to 128 channels to do; half of the calls' time is the calling.
Seen as fewer, longer rows with the slopes repeated, the numbers stay the same to the last bit and the network takes a
seventh less. Imports mediapipe for the schema of its files; only models.face uses it.
"""

import gc
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec, module_from_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import flatbuffers  # type: ignore[import-untyped]
import numpy as np
import numpy.typing as npt

ROW = 512  # numbers; longer gains nothing
_MEMBER = "face_landmarks_detector.tflite"
_SMALLEST_SIDE = 16  # pixels; below that the copying costs what the calling did
_SCHEMA = "mediapipe.tasks.metadata.schema_py_generated"


def with_long_rows(task: Path) -> bytes:
    """A landmarker file with its landmark network rewritten."""
    made = BytesIO()
    with zipfile.ZipFile(task) as parts, zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as rewritten:
        for name in parts.namelist():
            content = parts.read(name)
            rewritten.writestr(name, lengthened(content) if name == _MEMBER else content)
    gc.collect()  # the schema's classes know each other
    return made.getvalue()


def lengthened(network: bytes) -> bytes:
    """A TFLite network with every PReLU over small rows done over long ones; whatever else it holds stays."""
    schema = _schema()
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(network, 0))
    _Rewriter(schema, model).run()
    builder = flatbuffers.Builder(len(network) * 2)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _schema() -> Any:
    """The classes of network files, loaded apart from all modules: 17,000 lines that are needed once can go again."""
    spec = find_spec(_SCHEMA)
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018 - part of the pinned mediapipe
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Rewriter:
    """One pass over the only subgraph of a network; new tensors and buffers are appended, old numbers stay valid."""

    def __init__(self, schema: Any, model: Any) -> None:
        self._schema, self._model, self._graph = schema, model, model.subgraphs[0]
        self._reshape = self._code(self._schema.BuiltinOperator.RESHAPE)
        self._prelu = self._code(self._schema.BuiltinOperator.PRELU)
        unpack = self._code(self._schema.BuiltinOperator.DEQUANTIZE)
        self._packed = {one.outputs[0]: one.inputs[0] for one in self._graph.operators if one.opcodeIndex == unpack}

    def run(self) -> None:
        self._graph.operators = [new for old in self._graph.operators for new in self._rewritten(old)]

    def _rewritten(self, old: Any) -> Iterator[Any]:
        shape = [int(side) for side in self._graph.tensors[old.outputs[0]].shape]
        slopes = self._slopes(old) if old.opcodeIndex == self._prelu else None
        if slopes is None or len(shape) != 4 or min(shape[1:3]) < _SMALLEST_SIDE or ROW % shape[3]:
            yield old
            return
        long = [1, int(np.prod(shape)) // ROW, 1, ROW]
        before, after = self._tensor(long), self._tensor(long)
        repeated = self._tensor([1, 1, ROW], np.tile(slopes, ROW // shape[3]))
        yield self._as(old.inputs[0], before, long)
        yield self._operator(self._prelu, [before, repeated], [after])
        yield self._as(after, old.outputs[0], shape)

    def _slopes(self, prelu: Any) -> npt.NDArray[np.float32] | None:
        """The slope of each channel, where they are constants."""
        place = prelu.inputs[1]
        tensor = self._graph.tensors[self._packed.get(place, place)]
        content = self._model.buffers[tensor.buffer].data
        kinds = {self._schema.TensorType.FLOAT16: np.float16, self._schema.TensorType.FLOAT32: np.float32}
        kind = kinds.get(tensor.type)
        return None if content is None or kind is None else np.frombuffer(bytes(content), kind).astype(np.float32)

    def _as(self, source: int, target: int, shape: list[int]) -> Any:
        """The same numbers under another shape."""
        options = self._schema.ReshapeOptionsT()
        options.newShape = shape
        operator = self._operator(
            self._reshape, [source, self._tensor([len(shape)], np.array(shape, np.int32))], [target]
        )
        operator.builtinOptionsType, operator.builtinOptions = self._schema.BuiltinOptions.ReshapeOptions, options
        return operator

    def _operator(self, code: int, inputs: list[int], outputs: list[int]) -> Any:
        operator = self._schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = code, inputs, outputs
        return operator

    def _tensor(self, shape: list[int], constant: npt.NDArray[Any] | None = None) -> int:
        """The number of a new tensor; without a constant it is one that the network fills."""
        tensor = self._schema.TensorT()
        tensor.shape, tensor.name = shape, b"row"
        is_whole = constant is not None and constant.dtype == np.int32
        tensor.type = self._schema.TensorType.INT32 if is_whole else self._schema.TensorType.FLOAT32
        tensor.buffer = 0 if constant is None else self._buffer(constant)
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _buffer(self, constant: npt.NDArray[Any]) -> int:
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(constant.tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        return len(self._model.buffers) - 1

    def _code(self, builtin: int) -> int:
        """The number under which operators name this kind; a new one when the network had none."""
        for place, code in enumerate(self._model.operatorCodes):
            if max(code.builtinCode, code.deprecatedBuiltinCode) == builtin:
                return place
        code = self._schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = builtin
        code.version = 1
        self._model.operatorCodes.append(code)
        return len(self._model.operatorCodes) - 1
