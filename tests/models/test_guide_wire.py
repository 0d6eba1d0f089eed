"""The guide's camera wire carries no picture: every type is walked, every bound tried, garbage refused."""

import itertools
import typing
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect as shape

from models import guide_wire as wire
from models.framing import WireBroken, pack
from models.wire import Beat, CameraMessage

MESSAGES: tuple[type, ...] = typing.get_args(wire.GuideMessage)


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


ALL_PARTS = list(parts(shape.type_info(wire.GuideMessage)))


def test_only_closed_types_make_up_the_wire_no_text_and_no_bytes() -> None:
    allowed = (
        shape.UnionType, shape.StructType, shape.VarTupleType, shape.LiteralType,
        shape.IntType, shape.FloatType, shape.BoolType, shape.NoneType,
    )  # fmt: skip
    assert [part for part in ALL_PARTS if not isinstance(part, allowed)] == []


def test_the_one_row_of_numbers_is_a_face_of_a_sitting() -> None:
    """Recognising sends none: WhoMessage has no row at all."""
    rows = [part for part in ALL_PARTS if isinstance(part, shape.VarTupleType)]
    assert [(row.min_length, row.max_length) for row in rows] == [(wire.NUMBERS, wire.NUMBERS)]
    holders = [
        part.cls for part in ALL_PARTS
        if isinstance(part, shape.StructType) and any(isinstance(field.type, shape.VarTupleType) for field in part.fields)
    ]  # fmt: skip
    assert holders == [wire.ShotMessage]


def test_every_number_is_bounded() -> None:
    for part in ALL_PARTS:
        if isinstance(part, shape.IntType | shape.FloatType):
            assert part.ge is not None, part
            assert part.le is not None or part.lt is not None, part


def test_no_struct_takes_a_field_it_does_not_know() -> None:
    structs = [part for part in ALL_PARTS if isinstance(part, shape.StructType)]
    assert {part.cls for part in structs} == set(MESSAGES)
    assert all(part.forbid_unknown_fields for part in structs)


def test_a_whole_sitting_holds_less_than_the_smallest_picture_of_a_face() -> None:
    """A face of 64 x 64 pixels, four shades: 8 kB."""
    assert len(pack(SHOT)) * wire.SHOTS_AT_MOST < 8192
    assert max(len(pack(message)) for message in EXAMPLES if message is not SHOT) < 200


SHOT = wire.ShotMessage(2**63 - 1, 16, 1e4 / 3, 1e2 / 3, 1e2 / 3, 1e2 / 3, 1 / 3, 1e2 / 3, 1.0, (1 / 3,) * wire.NUMBERS)
EXAMPLES: list[wire.GuideMessage] = [
    wire.GuideHello(wire=1, pid=4711),
    wire.NearMessage(is_near=True),
    wire.WhoMessage(3, "match", 999, 1 / 3, 24, "live"),
    wire.TaskMessage(1, "turn_left", 1, 2),
    wire.AnsweredMessage(1, is_passed=True),
    wire.AskMessage(1, "look_straight", 1, 3),
    wire.HintMessage(1, "several_faces"),
    SHOT,
    wire.OverMessage(1, "not_live"),
    CameraMessage(state="live"),
    Beat(frames=1, skipped=2, cpu_ms=99.5, rss_mb=301.5),
]


@given(order=st.permutations(EXAMPLES), cuts=st.lists(st.integers(1, 300), max_size=12))
def test_messages_arrive_whole_however_the_pipe_cuts_them(order: list[wire.GuideMessage], cuts: list[int]) -> None:
    stream = b"".join(pack(message) for message in order)
    edges = sorted({0, *(cut for cut in itertools.accumulate(cuts) if cut < len(stream)), len(stream)})
    unpacker = wire.GuideUnpacker()
    heard = [message for a, b in itertools.pairwise(edges) for message in unpacker.feed(stream[a:b])]
    assert heard == order


@given(st.binary(min_size=1, max_size=600))
def test_garbage_is_refused_and_nothing_else_happens(garbage: bytes) -> None:
    with pytest.raises(WireBroken):
        list(wire.GuideUnpacker().feed(len(garbage).to_bytes(4, "big") + garbage))


def plain(message: wire.GuideMessage) -> dict[str, object]:
    return dict(typing.cast("dict[str, object]", msgspec.to_builtins(message)))


def packed(message: dict[str, object]) -> bytes:
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(4, "big") + body


@pytest.mark.parametrize(
    "message",
    [
        {**plain(SHOT), "picture": b"\xff\xd8"},
        {**plain(SHOT), "numbers": [0.1] * 129},
        {**plain(SHOT), "numbers": [0.1] * 12},
        {**plain(SHOT), "numbers": [200.0] * 128},
        {**plain(EXAMPLES[2]), "numbers": [0.1] * 128},
        {**plain(EXAMPLES[2]), "person": "chi-lan"},
        {**plain(EXAMPLES[4]), "unfit": "ugly"},
        {"type": "frame", "jpeg": b"\xff\xd8"},
    ],
)
def test_a_message_of_another_shape_is_refused(message: dict[str, object]) -> None:
    with pytest.raises(WireBroken):
        list(wire.GuideUnpacker().feed(packed(message)))


def test_no_numbers_of_a_face_stand_in_what_is_logged() -> None:
    tell = wire.GuideTell(number=1, templates=(b"\x00\x01\x02\x03" * wire.NUMBERS,), sitting=2)
    assert msgspec.json.decode(msgspec.json.encode(tell), type=wire.GuideTell) == tell
    assert repr(tell) == "GuideTell(number=1, templates=1, sitting=2, challenge=0)"
    assert "0.33" not in repr(SHOT)


def test_what_the_agent_tells_is_bounded_too() -> None:
    refused: list[dict[str, object]] = [
        {"templates": ["AAAA"]}, {"templates": ["A" * 684] * 1001}, {"sitting": -1}, {"names": []},
    ]  # fmt: skip
    for wrong in refused:
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(msgspec.json.encode(wrong), type=wire.GuideTell)
