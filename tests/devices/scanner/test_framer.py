import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.scanner.framer import Framer

CARD = "001085012345||Nguyễn Thị Ánh|02091985|Nữ|Số 5, ngõ 12\nPhường Ô Chợ Dừa|01072021"


def texts(*pieces: bytes) -> list[str]:
    framer = Framer()
    found = [text for piece in pieces for text in framer.feed(piece)]
    return found + list(framer.pause())


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ((b"BN-1\r",), ["BN-1"]),
        ((b"BN-1\r\nBN-2\r\n",), ["BN-1", "BN-2"]),
        ((b"BN-1\n",), ["BN-1"]),
        ((b"BN-1",), ["BN-1"]),
        ((b"BN", b"-1", b"\r"), ["BN-1"]),
        ((b"\r\n\r\n",), []),
        ((CARD.encode() + b"\r",), [CARD.replace("\n", " ")]),
        ((b"\xff\xfe\rBN-1\r",), ["BN-1"]),
        ((b"x" * 2049 + b"\rBN-1\r",), ["BN-1"]),
        ((b"x" * 2000, b"x" * 49, b"\rBN-1\r"), ["BN-1"]),
        ((b"x" * 2048 + b"\r",), ["x" * 2048]),
        ((b"]Q1BN-1\r]C0BN-2\r]d2", b"BN-3\r]zABN-4\r"), ["BN-1", "BN-2", "BN-3", "BN-4"]),
        ((b"]Q1" + CARD.encode() + b"\r",), [CARD.replace("\n", " ")]),
        ((b"]Q1]Q1BN-1\r]Q1\r]Q-BN\r] Q1BN\rBN]Q1\r",), ["]Q1BN-1", "]Q1", "]Q-BN", "] Q1BN", "BN]Q1"]),
    ],
)
def test_framing(pieces: tuple[bytes, ...], expected: list[str]) -> None:
    assert texts(*pieces) == expected


def test_what_is_dropped_is_counted() -> None:
    framer = Framer()
    assert list(framer.feed(b"\xff\r" + b"x" * 3000 + b"\r")) == []
    assert (framer.rejected, framer.is_waiting()) == (2, False)


@given(st.lists(st.text(st.characters(exclude_characters="]\r\n\x00 \t", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40), max_size=5),
       st.lists(st.integers(1, 7), min_size=1))  # fmt: skip
def test_pieces_of_any_size_give_the_same_texts(scans: list[str], sizes: list[int]) -> None:
    octets, framer, found = "".join(f"{scan}\r" for scan in scans).encode(), Framer(), []
    place, turn = 0, 0
    while place < len(octets):
        size = sizes[turn % len(sizes)]
        found += list(framer.feed(octets[place : place + size]))
        place, turn = place + size, turn + 1
    assert found == scans


@given(st.lists(st.binary(max_size=300), max_size=30))
def test_never_holds_more_than_its_bound(pieces: list[bytes]) -> None:
    framer = Framer(longest=100)
    for piece in pieces:
        assert all(len(text.encode()) <= 100 for text in framer.feed(piece))
        assert len(framer._held) <= 100
