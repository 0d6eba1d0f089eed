"""Codecs against invariants: whatever the line does to bytes, no frame is invented and none that is whole is lost."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.lock_board import kerong, kerong48, wkly, xor8a
from devices.lock_board.codec import (
    Ask,
    BadChannel,
    Command,
    Decoder,
    DoorReply,
    DoorsReply,
    Heard,
    Noise,
    Refused,
    Request,
    Scan,
    UnlockReply,
)
from devices.lock_board.families import FAMILIES, codec_of
from devices.lock_board.modbus import READ_INPUTS, framed
from tests.devices.lock_board.vectors import HEARD, SENT, frame

CHANNELS = {"xor8a": 24, "kerong-cu16": 16, "kerong-cu48": 48, "wkly": 8, "modbus": 16}
families = st.sampled_from(FAMILIES)


def all_doors(family: str, shorted: list[bool]) -> bytes:
    """What a board at address 1 answers when asked for all its doors."""
    match family:
        case "xor8a":
            return xor8a.doors_reply(1, shorted).to_bytes()
        case "kerong-cu16":
            return kerong.status_reply(1, shorted).to_bytes()
        case "kerong-cu48":
            return kerong48.doors_reply(1, shorted).to_bytes()
        case "wkly":
            return wkly.doors_reply(1, [int(one) for one in shorted]).to_bytes()
    mask = sum(1 << place for place, one in enumerate(shorted) if one)
    octets = mask.to_bytes(len(shorted) // 8, "little")
    return framed(1, READ_INPUTS, bytes([len(octets)]) + octets)


@st.composite
def answered(draw: st.DrawFn) -> tuple[str, Request, bytes, DoorsReply]:
    family = draw(families)
    count = CHANNELS[family]
    shorted = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return family, codec_of(family).read_all(1, count), all_doors(family, shorted), DoorsReply(1, tuple(shorted))


def heard_of(decoder: Decoder, chunks: list[bytes], expecting: Request | None) -> list[Heard]:
    frames = [one for chunk in chunks for one in decoder.feed(chunk, expecting)] + decoder.idle()
    return [heard for heard, _ in frames if not isinstance(heard, Noise)]


@given(answered(), st.data())
def test_a_whole_frame_is_found_however_it_is_cut(
    exchange: tuple[str, Request, bytes, DoorsReply], data: st.DataObject
) -> None:
    family, request, reply, expected = exchange
    cuts = sorted(data.draw(st.sets(st.integers(1, len(reply) - 1))))
    chunks = [reply[start:end] for start, end in zip([0, *cuts], [*cuts, len(reply)], strict=True)]
    assert heard_of(Decoder(codec_of(family)), chunks, request) == [expected]


@given(answered(), st.binary(max_size=40), st.binary(max_size=40))
def test_noise_around_a_frame_does_not_hide_it(
    exchange: tuple[str, Request, bytes, DoorsReply], before: bytes, after: bytes
) -> None:
    """Noise may look like a frame, as it may on a real line; the true one is there all the same, once the line fell silent."""
    family, request, reply, expected = exchange
    decoder = Decoder(codec_of(family))
    first = heard_of(decoder, [before], request)
    assert expected in heard_of(decoder, [reply, after], request)
    assert not decoder.is_waiting
    assert all(not isinstance(heard, Noise) for heard in first)


@given(answered(), st.binary(max_size=40), st.binary(max_size=40))
def test_noise_in_one_piece_with_a_frame_hides_it_only_behind_another_frame(
    exchange: tuple[str, Request, bytes, DoorsReply], before: bytes, after: bytes
) -> None:
    family, request, reply, expected = exchange
    heard = heard_of(Decoder(codec_of(family)), [before + reply + after], request)
    assert expected in heard or heard != []


@given(answered(), st.data())
def test_one_flipped_bit_is_never_believed(
    exchange: tuple[str, Request, bytes, DoorsReply], data: st.DataObject
) -> None:
    family, request, reply, _ = exchange
    bit = data.draw(st.integers(0, len(reply) * 8 - 1))
    spoilt = bytearray(reply)
    spoilt[bit // 8] ^= 1 << bit % 8
    codec = codec_of(family)
    heard = heard_of(Decoder(codec), [bytes(spoilt)], request)
    assert [one for one in heard if codec.answer(request, one) is not None] == []


@given(families, st.lists(st.binary(max_size=64), max_size=8))
def test_decoder_keeps_every_byte_and_never_fails(family: str, chunks: list[bytes]) -> None:
    decoder = Decoder(codec_of(family))
    frames = [one for chunk in chunks for one in decoder.feed(chunk)] + decoder.idle()
    assert b"".join(octets for _, octets in frames) == b"".join(chunks)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_single_bit_turns_an_unlock_into_another_command(family: str) -> None:
    """Exhaustive over every door: what a board would take for an unlock differs in more than one bit."""
    codec = codec_of(family)
    address = codec.boards[0]
    for channel in range(1, min(codec.most_channels, 24) + 1):
        request = codec.unlock(address, channel)
        for bit in range(len(request.frame) * 8):
            spoilt = bytearray(request.frame)
            spoilt[bit // 8] ^= 1 << bit % 8
            parsed = codec.parse(bytes(spoilt), None)
            assert isinstance(parsed, Scan) or not isinstance(parsed[1], UnlockReply | Command)


TWO_BITS = {
    "xor8a": (24, 780),
    "kerong-cu16": (4, 780),
    "kerong-cu48": (9, 1128),
    "wkly": (27, 2556),
    "modbus": (0, 2016),
}


@pytest.mark.parametrize(("family", "frame_text"), [
    ("xor8a", "8A 01 01 11 9B"), ("kerong-cu16", "02 00 31 03 36"), ("kerong-cu48", "02 00 00 61 03 66"),
    ("wkly", "57 4B 4C 59 09 00 82 01 83"), ("modbus", "01 05 02 00 00 07 8D B0"),
])  # fmt: skip
def test_wrong_doors_by_two_flipped_bits_are_as_documented(family: str, frame_text: str) -> None:
    """Why all doors are read after each unlock: for the weak checksums a wrong door is possible. Modbus: none."""
    octets = frame(frame_text)
    pairs = [(one, two) for one in range(len(octets) * 8) for two in range(one)]
    believed = sum(1 for pair in pairs if is_another_command(family, flipped(octets, pair)))
    known, tries = TWO_BITS[family]
    assert len(pairs) == tries
    assert believed == known


def flipped(octets: bytes, places: tuple[int, ...]) -> bytes:
    spoilt = bytearray(octets)
    for bit in places:
        spoilt[bit // 8] ^= 1 << bit % 8
    return bytes(spoilt)


def is_another_command(family: str, octets: bytes) -> bool:
    """Would it open a door?"""
    parsed = codec_of(family).parse(octets, None)
    if isinstance(parsed, Scan) or parsed[0] != len(octets):
        return False
    heard = parsed[1]
    if isinstance(heard, UnlockReply):
        return heard.shorted is not False  # of an 8A frame: 00 is no command
    return isinstance(heard, Command) and heard.what.startswith(("unlock", "open", "delayed", "write"))


@pytest.mark.parametrize(("family", "asked", "octets", "expected"), HEARD)
def test_an_answer_of_another_board_answers_nothing(
    family: str, asked: Request | None, octets: str, expected: Heard
) -> None:
    codec = codec_of(family)
    other = codec.boards[5]
    for request in (codec.unlock(other, 1), codec.read_one(other, 1, 16), codec.read_all(other, 16)):
        assert codec.answer(request, expected) is None


@pytest.mark.parametrize(
    ("family", "octets", "refused"),
    [
        ("modbus", "01 85 06 C2 92", Ask.UNLOCK),
        ("modbus", "01 82 06 C0 A2", Ask.READ_ALL),
        ("wkly", "57 4B 4C 59 0B 01 83 FF 01 01 7F", Ask.READ_ONE),
        ("wkly", "57 4B 4C 59 0A 01 84 FF 00 79", Ask.READ_ALL),
    ],
)
def test_a_refusal_answers_what_was_refused_and_nothing_else(family: str, octets: str, refused: Ask) -> None:
    codec = codec_of(family)
    parsed = codec.parse(bytes.fromhex(octets), None)
    assert not isinstance(parsed, Scan)
    asked = (codec.unlock(1, 1), codec.read_one(1, 1, 8), codec.read_all(1, 8))
    assert {one.ask for one in asked if codec.answer(one, parsed[1])} == {refused}


def test_a_reading_of_all_doors_may_begin_like_one_of_one_door() -> None:
    """Doors 8 and 17 shut, the rest open: `80 01 01 00 80` stands at the start of a longer frame."""
    shorted = [place in {7, 16} for place in range(24)]
    reply = xor8a.doors_reply(1, shorted).to_bytes()
    assert reply.startswith(xor8a.door_reply(1, 1, shorted=False).to_bytes())
    chunks = [reply[place : place + 1] for place in range(len(reply))]
    request = codec_of("xor8a").read_all(1, 24)
    assert heard_of(Decoder(codec_of("xor8a")), chunks, request) == [DoorsReply(1, tuple(shorted))]


def test_a_late_reading_of_one_door_is_told_from_one_of_all() -> None:
    request = codec_of("xor8a").read_all(1, 24)
    late = xor8a.door_reply(1, 3, shorted=True).to_bytes()
    reply = xor8a.doors_reply(1, [True] * 24).to_bytes()
    decoder = Decoder(codec_of("xor8a"))
    assert heard_of(decoder, [late], request) == [DoorReply(1, 3, True)]
    assert heard_of(decoder, [late + reply], request) == [DoorReply(1, 3, True), DoorsReply(1, (True,) * 24)]


@pytest.mark.parametrize(("channels", "octets"), [(32, 4), (24, 3), (18, 3), (12, 2), (50, 7)])
def test_boards_of_every_size_are_read(channels: int, octets: int) -> None:
    shorted = [place % 3 == 0 for place in range(channels)]
    reply = xor8a.doors_reply(1, shorted).to_bytes()
    assert len(reply) == 4 + octets
    heard = heard_of(Decoder(codec_of("xor8a")), [reply], codec_of("xor8a").read_all(1, channels))
    assert heard == [DoorsReply(1, tuple(shorted + [False] * (octets * 8 - channels)))]


@pytest.mark.parametrize("family", FAMILIES)
def test_what_cannot_be_addressed_is_refused(family: str) -> None:
    codec = codec_of(family)
    board = codec.boards[0]
    for wrong in ((board, 0), (board, codec.most_channels + 1), (codec.boards[-1] + 1, 1), (codec.boards[0] - 1, 1)):
        with pytest.raises(BadChannel):
            codec.unlock(*wrong)
        with pytest.raises(BadChannel):
            codec.read_one(*wrong, 8)


def test_the_boards_own_pulse_may_be_named() -> None:
    assert codec_of("xor8a").unlock(1, 1, 300) == codec_of("xor8a").unlock(1, 1)


@pytest.mark.parametrize(("family", "pulse_ms"), [
    ("xor8a", 500), ("xor8a", 10_000), ("modbus", 650), ("modbus", 10_000), ("wkly", 300), ("kerong-cu48", 300),
])  # fmt: skip
def test_a_pulse_that_the_board_cannot_make_is_refused(family: str, pulse_ms: int) -> None:
    with pytest.raises(BadChannel):
        codec_of(family).unlock(1, 1, pulse_ms)


def test_a_pulse_length_that_the_board_cannot_store_is_refused() -> None:
    with pytest.raises(BadChannel):
        codec_of("kerong-cu16").set_pulse(0, 505)


def test_every_frame_of_ours_is_understood_when_it_comes_back() -> None:
    """An echo must never pass for an answer where the family's bytes allow the difference."""
    same_bytes = {"xor8a", "modbus"}  # their answer to an unlock is the request itself
    for family, request, _ in SENT:
        parsed = codec_of(family).parse(request.frame, request)
        assert not isinstance(parsed, Scan)
        is_unlock = request.ask.value == "unlock"
        assert isinstance(parsed[1], Command) or (is_unlock and family in same_bytes)


def test_random_noise_rarely_speaks_for_a_configured_door() -> None:
    """A bound on invention: a megabyte of noise, seeded."""
    dice = random.Random(7)
    for family in FAMILIES:
        codec = codec_of(family)
        noise = dice.randbytes(100_000)
        decoder = Decoder(codec)
        request = codec.read_all(codec.boards[1], 16)
        frames = [one for at in range(0, len(noise), 50) for one in decoder.feed(noise[at : at + 50], request)]
        answers = [
            heard
            for heard, _ in frames
            if not isinstance(heard, Noise | Refused) and codec.answer(request, heard) is not None
        ]
        assert len(answers) <= 2
