"""The wire cannot carry a picture: every type is walked, every bound tried, every kind of garbage refused."""

import itertools
import typing
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect as shape

from models import wire
from models.framing import pack
from models.pipeline import Level
from models.pipeline import WhyNot as SeenWhyNot

MESSAGES: tuple[type, ...] = typing.get_args(wire.Message)


def parts(kind: shape.Type) -> Iterator[shape.Type]:
    """The type itself and all it is made of."""
    yield kind
    inner: list[shape.Type] = []
    match kind:
        case shape.UnionType():
            inner = list(kind.types)
        case shape.StructType():
            inner = [field.type for field in kind.fields]
        case shape.TupleType():
            inner = list(kind.item_types)
        case shape.VarTupleType():
            inner = [kind.item_type]
    for part in inner:
        yield from parts(part)


ALL_PARTS = list(parts(shape.type_info(wire.Message)))


def test_only_closed_types_make_up_the_wire() -> None:
    allowed = (
        shape.UnionType, shape.StructType, shape.TupleType, shape.VarTupleType, shape.LiteralType,
        shape.IntType, shape.FloatType, shape.BoolType, shape.NoneType,
    )  # fmt: skip
    assert [part for part in ALL_PARTS if not isinstance(part, allowed)] == []


def test_every_number_and_every_tuple_is_bounded() -> None:
    for part in ALL_PARTS:
        if isinstance(part, shape.IntType | shape.FloatType):
            assert part.ge is not None, part
            assert part.le is not None, part
        if isinstance(part, shape.VarTupleType):
            assert part.max_length is not None, part
            assert part.max_length <= 6, part


def test_no_struct_takes_a_field_it_does_not_know() -> None:
    structs = [part for part in ALL_PARTS if isinstance(part, shape.StructType)]
    assert {part.cls for part in structs} == {*MESSAGES, wire.FaceMessage}
    assert all(part.forbid_unknown_fields for part in structs)


def longest(kind: object) -> typing.Any:
    return max(typing.get_args(kind), key=len)


def largest_message() -> wire.FrameMessage:
    face = wire.FaceMessage(
        track=2**63 - 1,
        box=(1.999, 1.999, 1.999, 1.999),
        usable=True,
        why_not=longest(wire.WhyNot),
        level=longest(wire.LevelName),
        scores=(0.1, 0.2, 0.3, 0.4, 0.5),
        valence=-0.123,
        reasons=(longest(wire.Reason),) * wire.MAX_REASONS,
    )
    return wire.FrameMessage(frame=2**63 - 1, captured_ns=2**63 - 1, faces=(face,) * wire.MAX_FACES)


def test_the_largest_message_is_half_of_the_bound() -> None:
    size = len(pack(largest_message()))
    assert size < 2048 < wire.MAX_MESSAGE


def test_what_fits_into_a_message_is_no_picture() -> None:
    """The free numbers of the largest message, all misused, hold fewer bits than a 20 x 20 picture of 8 bits."""
    numbers = sum(
        isinstance(part, shape.IntType | shape.FloatType) for part in parts(shape.type_info(wire.FaceMessage))
    )
    assert wire.MAX_FACES * numbers * 64 < 20 * 20 * 8


EXAMPLES: list[wire.Message] = [
    wire.Hello(wire=1, pid=4711, params_version=20261121),
    wire.CameraMessage(state="live"),
    wire.Beat(frames=12, skipped=3, cpu_ms=99.5, rss_mb=201.5),
    wire.FrameMessage(frame=1, captured_ns=2, faces=()),
    largest_message(),
]


@given(order=st.permutations(EXAMPLES), cuts=st.lists(st.integers(1, 700), max_size=12))
def test_messages_arrive_whole_however_the_pipe_cuts_them(order: list[wire.Message], cuts: list[int]) -> None:
    stream = b"".join(pack(message) for message in order)
    edges = sorted({0, *(cut for cut in itertools.accumulate(cuts) if cut < len(stream)), len(stream)})
    unpacker = wire.Unpacker()
    heard = [message for a, b in itertools.pairwise(edges) for message in unpacker.feed(stream[a:b])]
    assert heard == order


def test_byte_by_byte() -> None:
    unpacker = wire.Unpacker()
    stream = pack(EXAMPLES[0]) + pack(EXAMPLES[4])
    heard = [message for byte in stream for message in unpacker.feed(bytes([byte]))]
    assert heard == [EXAMPLES[0], EXAMPLES[4]]


@given(st.binary(min_size=1, max_size=600))
def test_garbage_is_refused_and_nothing_else_happens(garbage: bytes) -> None:
    framed = len(garbage).to_bytes(4, "big") + garbage
    with pytest.raises(wire.WireBroken):
        list(wire.Unpacker().feed(framed))


@pytest.mark.parametrize("size", [0, wire.MAX_MESSAGE + 1, 2**32 - 1])
def test_an_oversize_or_empty_message_is_refused_before_it_is_read(size: int) -> None:
    with pytest.raises(wire.WireBroken, match="announced"):
        list(wire.Unpacker().feed(size.to_bytes(4, "big")))


def packed(message: dict[str, object]) -> bytes:
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(4, "big") + body


FRAME = {"type": "frame", "frame": 1, "captured_ns": 1, "faces": []}
FACE = msgspec.to_builtins(largest_message())["faces"][0]


@pytest.mark.parametrize(
    "message",
    [
        {**FRAME, "jpeg": b"\xff\xd8" * 900},
        {**FRAME, "faces": [{**FACE, "crop": b"\x00" * 400}]},
        {**FRAME, "faces": [FACE] * 5},
        {**FRAME, "faces": [{**FACE, "reasons": ["smile"] * 7}]},
        {**FRAME, "faces": [{**FACE, "reasons": ["a word that nobody agreed on"]}]},
        {**FRAME, "faces": [{**FACE, "box": [0.0, 0.0, 0.0, 3.0]}]},
        {**FRAME, "faces": [{**FACE, "scores": [0.2] * 6}]},
        {**FRAME, "frame": -1},
        {**FRAME, "captured_ns": "now"},
        {"type": "photo", "frame": 1},
        {"type": "beat", "frames": 1, "skipped": 0, "cpu_ms": float("nan"), "rss_mb": 1.0},
    ],
)
def test_a_message_of_another_shape_is_refused(message: dict[str, object]) -> None:
    with pytest.raises(wire.WireBroken):
        list(wire.Unpacker().feed(packed(message)))


def test_the_wire_knows_every_word_of_the_pipeline() -> None:
    assert typing.get_args(wire.LevelName) == tuple(Level)
    assert set(SeenWhyNot) <= set(typing.get_args(wire.WhyNot))
