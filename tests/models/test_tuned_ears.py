"""What was trained here added to a published network: the file's bytes there and back, the sum, the refusal of what does not fit."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.ct2_file import Ct2Model, ct2_bytes, parse_ct2
from models.errors import ParametersUnusable
from models.tuned_ears import tuned

WIDE = np.linspace(-1, 1, 12, dtype=np.float16).reshape(3, 4)
ARRAYS = {
    "decoder/heads": np.array([1, 2], np.int16),
    "decoder/words/weight": WIDE,
    "encoder/conv/weight": np.ones((2, 2, 3), np.float16),
    "encoder/gamma": np.ones(4, np.float16),
    "encoder/one/weight": WIDE[::-1].copy(),
}
MODEL = Ct2Model("WhisperSpec", 3, ARRAYS, {"decoder/out/weight": "decoder/words/weight"})


def deltas(**halves: np.ndarray) -> bytes:
    kept = io.BytesIO()
    np.savez_compressed(kept, **{name.replace("__", "/"): half for name, half in halves.items()})  # type: ignore[arg-type]
    return kept.getvalue()


def plain(made: bytes, name: str) -> np.ndarray:
    """A matrix of 8 bits in its own scale."""
    arrays = parse_ct2(made).arrays
    return np.asarray(arrays[name] / arrays[f"{name}_scale"][:, None])


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
    st.lists(st.lists(st.integers(0, 3), max_size=3), max_size=4),
)
def test_a_file_is_read_as_it_was_written(spec: str, shapes: list[list[int]]) -> None:
    kinds = (np.float32, np.int8, np.int16, np.int32, np.float16)
    arrays = {f"{place}/weight": np.zeros(shape, kinds[place]) for place, shape in enumerate(shapes)}

    read = parse_ct2(ct2_bytes(Ct2Model(spec, 3, arrays, {"a": "b"})))

    assert (read.spec, read.revision, read.aliases) == (spec, 3, {"a": "b"})
    assert {name: (array.dtype, array.shape) for name, array in read.arrays.items()} == {
        name: (array.dtype, array.shape) for name, array in arrays.items()
    }


def test_the_product_is_added_and_rounded_to_8_bits_a_row() -> None:
    left, right = np.array([[0.5], [0], [1]], np.float16), np.array([[1, 0, -1, 2]], np.float16)

    made = tuned(ct2_bytes(MODEL), deltas(encoder__one__weight__left=left, encoder__one__weight__right=right))

    wanted = WIDE[::-1] + left @ right
    assert np.abs(plain(made, "encoder/one/weight") - wanted).max() <= np.abs(wanted).max() / 254 + 1e-3
    assert np.abs(plain(made, "decoder/words/weight") - WIDE).max() <= 1 / 254 + 1e-6


def test_convolutions_small_arrays_and_second_names_stay() -> None:
    read = parse_ct2(tuned(ct2_bytes(MODEL), deltas()))

    for name in ("decoder/heads", "encoder/conv/weight", "encoder/gamma"):
        assert read.arrays[name].dtype == ARRAYS[name].dtype
        assert np.array_equal(read.arrays[name], ARRAYS[name])
    assert read.aliases == {
        "decoder/out/weight": "decoder/words/weight", "decoder/out/weight_scale": "decoder/words/weight_scale",
    }  # fmt: skip


def test_a_convolution_takes_a_product_too() -> None:
    left, right = np.array([[1], [2]], np.float16), np.arange(6, dtype=np.float16)[None]

    read = parse_ct2(
        tuned(ct2_bytes(MODEL), deltas(encoder__conv__weight__left=left, encoder__conv__weight__right=right))
    )

    assert np.array_equal(read.arrays["encoder/conv/weight"].reshape(2, 6), 1 + left @ right)


@pytest.mark.parametrize(
    "halves",
    [
        {"encoder__two__weight__left": np.ones((3, 1)), "encoder__two__weight__right": np.ones((1, 4))},
        {"encoder__one__weight__left": np.ones((3, 1)), "encoder__one__weight__right": np.ones((1, 5))},
        {"encoder__one__weight__left": np.ones((3, 1))},
    ],
    ids=["of another network", "of another size", "only a half"],
)
def test_deltas_that_do_not_fit_are_refused(halves: dict[str, np.ndarray]) -> None:
    with pytest.raises(ParametersUnusable):
        tuned(ct2_bytes(MODEL), deltas(**halves))


@pytest.mark.parametrize("content", [b"", b"\x06\0\0\0", b"text, no network", ct2_bytes(MODEL)[:-40]])
def test_what_is_no_model_file_is_refused(content: bytes) -> None:
    with pytest.raises(ParametersUnusable):
        tuned(content, deltas())


@pytest.mark.parametrize("content", [b"", b"text", deltas()[:-5], deltas(a__left=np.ones((1, 1)))[:-30]])
def test_no_deltas_are_refused(content: bytes) -> None:
    with pytest.raises(ParametersUnusable, match="no deltas"):
        tuned(ct2_bytes(MODEL), content)
