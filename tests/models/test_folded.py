"""The face network with its weights written out is the network that was published."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.embedding import MODEL_FILE
from models.errors import ParametersUnusable
from models.expression import network_session
from models.folded import folded
from models.onnx_bytes import message as _message
from models.onnx_bytes import number
from models.onnx_bytes import tensor as _tensor
from models.onnx_bytes import varint as _varint

Find = Callable[[str], Path]
WEIGHTS = np.array([[1, -2], [3, 4], [-128, 127], [0, 5]], np.int8)
SCALES = np.array([[0.5, 2.0], [0.25, 1.0]], np.float32)  # two rows share a scale
ZEROS = np.array([[0, 1], [2, -3]], np.int8)


def text(place: int, value: str) -> bytes:
    return _message(place, value.encode())


def quantised(name: str, values: np.ndarray, *, packed: bool) -> bytes:
    dims = b"".join(number(1, size) for size in values.shape)
    content = (
        _message(5, b"".join(_varint(int(value) % 2**64) for value in values.flat))
        if packed
        else _message(9, values.tobytes())
    )
    return dims + number(2, 3) + text(8, name) + content


def value_info(name: str, *dims: int) -> bytes:
    shape = b"".join(_message(1, number(1, size)) for size in dims)
    return text(1, name) + _message(2, _message(1, number(1, 1) + _message(2, shape)))


def network(*, packed: bool = False) -> bytes:
    """`out = data @ unpacked(weights)`, with a weight that is asked for and not used, as the real one has many."""
    attributes = [text(1, "axis") + number(3, 0) + number(20, 2), text(1, "block_size") + number(3, 2) + number(20, 2)]
    unpack = b"".join(text(1, name) for name in ("w", "s", "z")) + text(2, "w_float") + text(4, "DequantizeLinear")
    multiply = text(1, "data") + text(1, "w_float") + text(2, "out") + text(4, "MatMul")
    graph = b"".join(
        [
            _message(1, unpack + b"".join(_message(5, one) for one in attributes)),
            _message(1, multiply),
            text(2, "graph"),
            _message(5, quantised("w", WEIGHTS, packed=packed)),
            _message(5, _tensor("s", SCALES)),
            _message(5, quantised("z", ZEROS, packed=packed)),
            _message(11, value_info("data", 1, 4)),
            _message(11, value_info("old_weight", 4, 2)),
            _message(12, value_info("out", 1, 2)),
            _message(13, value_info("w_float", 4, 2)),
        ]
    )
    return number(1, 8) + _message(7, graph) + _message(8, number(2, 21))


@pytest.mark.parametrize("packed", [False, True])
def test_only_data_is_left_and_the_numbers_are_those_of_the_definition(packed: bool) -> None:
    session = network_session(folded(network(packed=packed)), "test")
    wide = (WEIGHTS.astype(np.float32) - np.repeat(ZEROS, 2, 0)) * np.repeat(SCALES, 2, 0)
    data = np.array([[1.0, 2.0, -3.0, 0.5]], np.float32)
    assert [one.name for one in session.get_inputs()] == ["data"]
    np.testing.assert_allclose(session.run(None, {"data": data})[0], data @ wide, rtol=1e-6)


@given(st.integers(0, len(network()) - 1))
@settings(max_examples=60)
def test_a_file_that_was_cut_is_refused_or_refused_by_the_network(at: int) -> None:
    try:
        made = folded(network()[:at])
    except ParametersUnusable:
        return
    with pytest.raises(ParametersUnusable):
        network_session(made, "cut")


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(ParametersUnusable, match="8-bit weights"):
        folded(b"this is not a network at all")


@pytest.mark.models
@pytest.mark.timeout(120)
def test_the_real_network_is_the_same_every_time_and_gives_what_the_published_one_gives(model_file: Find) -> None:
    published = model_file(MODEL_FILE).read_bytes()
    made = folded(published)
    assert hashlib.sha256(made).hexdigest() == "bd63da88e31ceae21acaf6986558bd2338be6d6282463c9820967eeca5262e86"
    ours = network_session(made, "ours")
    assert [one.name for one in ours.get_inputs()] == ["data"]
    theirs = network_session(published, "published")
    data = np.random.default_rng(0).integers(0, 256, (1, 3, 112, 112)).astype(np.float32)
    asked = {one.name: np.zeros(one.shape, _TYPES[one.type]) for one in theirs.get_inputs()}  # the weights nobody uses
    expected = theirs.run(None, asked | {"data": data})[0][0]
    found = ours.run(None, {"data": data})[0][0]
    assert found.shape == (128,)
    np.testing.assert_allclose(found, expected, atol=2e-4)


_TYPES = {"tensor(float)": np.float32, "tensor(int8)": np.int8, "tensor(int64)": np.int64}
