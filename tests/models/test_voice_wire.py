"""The voice worker's wire carries no sound, and words in one type alone: every type is walked, every bound tried, garbage refused."""

import itertools
import re
import typing
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect as shape

from models import voice_wire as wire
from models.framing import MAX_MESSAGE, WireBroken, pack

MESSAGES: tuple[type, ...] = typing.get_args(wire.VoiceMessage)


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


ALL_PARTS = list(parts(shape.type_info(wire.VoiceMessage)))


def test_only_closed_types_make_up_the_wire() -> None:
    allowed = (
        shape.UnionType, shape.StructType, shape.VarTupleType, shape.LiteralType,
        shape.IntType, shape.FloatType, shape.NoneType,
    )  # fmt: skip
    others = [part for part in ALL_PARTS if not isinstance(part, allowed)]
    strings = [(part.pattern, part.max_length) for part in others if isinstance(part, shape.StrType)]
    assert strings == [(r"^[0-9A-Z][0-9A-Z.-]{2,25}$", 26), (None, wire.MAX_TRACED)]
    assert len(others) == 2


def test_words_have_a_place_in_the_message_for_technicians_and_in_no_other() -> None:
    with_words = {
        one
        for one in MESSAGES
        for part in parts(shape.type_info(one))
        if isinstance(part, shape.StrType) and part.pattern is None
    }
    assert with_words == {wire.TraceMessage}


def test_the_one_string_of_an_answer_is_a_code_and_no_sentence() -> None:
    (code,) = [part for part in parts(shape.type_info(wire.HeardMessage)) if isinstance(part, shape.StrType)]
    assert code.max_length is not None
    assert code.max_length <= 26
    assert code.pattern is not None
    for whole in ("H29.19-261124-0012", "000.00.19.H29-261124-00123"):
        assert re.match(code.pattern, whole)
    for sentence in ("xin chào", "hồ sơ của tôi", "toi ten la", "0912 345 678"):
        assert not re.match(code.pattern, sentence)


def test_every_number_and_every_tuple_is_bounded() -> None:
    for part in ALL_PARTS:
        if isinstance(part, shape.IntType | shape.FloatType):
            assert part.ge is not None, part
            assert part.le is not None, part
        if isinstance(part, shape.VarTupleType):
            assert part.max_length is not None, part
            assert part.max_length <= wire.MAX_SCORES, part


def test_no_struct_takes_a_field_it_does_not_know() -> None:
    structs = [part for part in ALL_PARTS if isinstance(part, shape.StructType)]
    assert {part.cls for part in structs} == {*MESSAGES, wire.Guess, wire.Score}
    assert all(part.forbid_unknown_fields for part in structs)


def largest_message() -> wire.HeardMessage:
    guess = wire.Guess(9999, "procedure", 9999, "saturday", 9999, 9999, 0.123456789)
    return wire.HeardMessage(guess, (guess,) * 3, "out_of_set", "H" * 26, 2**63 - 1, 2**63 - 1, 1e11 / 3, 1e11 / 3)


def test_the_largest_message_holds_no_tenth_of_a_second_of_sound() -> None:
    """3 kbit/s is the leanest speech codec there is; one message an utterance, and levels five times a second."""
    assert len(pack(largest_message())) < 800
    assert len(pack(wire.LevelMessage(-33.3, 0.5))) * 5 < 300
    score = wire.Score(9999, 0.123456789)
    traced = wire.TraceMessage(
        "ữ" * wire.MAX_TRACED, (score,) * wire.MAX_SCORES, "asked_back", 0.5, 0.5, 1e11 / 3, 1e11 / 3
    )
    assert len(pack(traced)) < 800


EXAMPLES: list[wire.VoiceMessage] = [
    wire.VoiceHello(wire=1, pid=4711, book=123),
    wire.StateMessage(state="listening"),
    wire.HeardMessage(None, (), "foreign", None, 0, 1, 2.0, 3.0),
    wire.TraceMessage("ho so", (wire.Score(1, 0.5),), "asked_back", 0.1, 0.2, 900.0, 400.0),
    wire.LevelMessage(db=-40.0, speech=0.7),
    wire.VoiceBeat(heard=1, cpu_ms=99.5, rss_mb=301.5),
    largest_message(),
]


@given(order=st.permutations(EXAMPLES), cuts=st.lists(st.integers(1, 300), max_size=12))
def test_messages_arrive_whole_however_the_pipe_cuts_them(order: list[wire.VoiceMessage], cuts: list[int]) -> None:
    stream = b"".join(pack(message) for message in order)
    edges = sorted({0, *(cut for cut in itertools.accumulate(cuts) if cut < len(stream)), len(stream)})
    unpacker = wire.VoiceUnpacker()
    heard = [message for a, b in itertools.pairwise(edges) for message in unpacker.feed(stream[a:b])]
    assert heard == order


@given(st.binary(min_size=1, max_size=600))
def test_garbage_is_refused_and_nothing_else_happens(garbage: bytes) -> None:
    with pytest.raises(WireBroken):
        list(wire.VoiceUnpacker().feed(len(garbage).to_bytes(4, "big") + garbage))


def packed(message: dict[str, object]) -> bytes:
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(4, "big") + body


HEARD = {"type": "heard", **typing.cast("dict[str, object]", msgspec.to_builtins(EXAMPLES[2]))}
TRACE = {"type": "trace", **typing.cast("dict[str, object]", msgspec.to_builtins(EXAMPLES[3]))}
GUESS = msgspec.to_builtins(largest_message())["choices"][0]


@pytest.mark.parametrize(
    "message",
    [
        {**HEARD, "text": "hồ sơ của tôi"},
        {**HEARD, "unheard": "nguyễn văn a"},
        {**TRACE, "text": "a" * 121},
        {**TRACE, "verdict": "tên tôi là"},
        {**TRACE, "pcm": b"\x00" * 900},
        {**HEARD, "pcm": b"\x00" * 900},
        {**HEARD, "code_said": "xin chao"},
        {**HEARD, "code_said": "H" * 27},
        {**HEARD, "choices": [GUESS] * 4},
        {**HEARD, "choices": [{**GUESS, "intent": "sing"}]},
        {**HEARD, "choices": [{**GUESS, "sentence": 10**6}]},
        {"type": "transcript", "text": "x"},
        {"type": "level", "db": 3.0, "speech": 0.5},
    ],
)
def test_a_message_of_another_shape_is_refused(message: dict[str, object]) -> None:
    with pytest.raises(WireBroken):
        list(wire.VoiceUnpacker().feed(packed(message)))


def test_what_the_agent_tells_is_bounded_too() -> None:
    codes = tuple(f"H29.19-261124-{order:04}" for order in range(wire.MAX_CODES))
    tell = wire.Tell(number=1, codes=codes)
    assert msgspec.json.decode(msgspec.json.encode(tell), type=wire.Tell) == tell
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"codes": (*codes, "H29-261124-9999")}, wire.Tell)
    assert len(pack(largest_message())) < MAX_MESSAGE
