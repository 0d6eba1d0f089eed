"""Frames of unrelated authors, byte for byte. The few that nobody printed follow from their rule; none came from our code.

xor8a: the vendor's sheet (CSDN), a C# and a ROS 2 driver. kerong: the maker's documents, a Python and a Rust client. cu48: a
TypeScript driver. wkly: the expected values of a Kotlin unit-test suite. modbus: a relay board's manual.
"""

from dataclasses import dataclass

from devices.lock_board import kerong, wkly, xor8a
from devices.lock_board.codec import (
    Ask,
    Command,
    Done,
    DoorPushed,
    DoorReply,
    DoorsReply,
    Heard,
    Refused,
    Request,
    UnlockReply,
)
from devices.lock_board.families import codec_of

XOR8A, KERONG, CU48, WKLY, MODBUS = (
    codec_of(family) for family in ("xor8a", "kerong-cu16", "kerong-cu48", "wkly", "modbus")
)


def frame(text: str) -> bytes:
    return bytes.fromhex(text)


def doors(pattern: str) -> tuple[bool, ...]:
    """`pattern` as groups of eight, channel 1 first."""
    return tuple(letter == "1" for letter in pattern.replace(" ", ""))


CLOSED_8, OPEN_8, FIRST_8 = "11111111", "00000000", "10000000"

SENT: list[tuple[str, Request, str]] = [
    ("xor8a", XOR8A.unlock(1, 1), "8A 01 01 11 9B"),
    ("xor8a", XOR8A.unlock(1, 2), "8A 01 02 11 98"),
    ("xor8a", XOR8A.unlock(1, 1, 5000), "8A 01 01 11 05 9E"),
    ("xor8a", XOR8A.read_one(1, 1, 24), "80 01 01 33 B3"),
    ("xor8a", XOR8A.read_all(1, 24), "80 01 00 33 B2"),
    ("kerong-cu16", KERONG.read_all(0, 16), "02 00 30 03 35"),
    ("kerong-cu16", KERONG.unlock(0, 1), "02 00 31 03 36"),
    ("kerong-cu16", KERONG.unlock(0, 5), "02 04 31 03 3A"),
    ("kerong-cu16", KERONG.unlock(0, 16), "02 0F 31 03 45"),
    ("kerong-cu48", CU48.read_all(0, 48), "02 00 00 60 03 65"),
    ("kerong-cu48", CU48.unlock(0, 1), "02 00 00 61 03 66"),
    ("kerong-cu48", CU48.unlock(0, 2), "02 00 01 61 03 67"),
    ("wkly", WKLY.unlock(0, 1), "57 4B 4C 59 09 00 82 01 83"),
    ("wkly", WKLY.read_one(0, 1, 4), "57 4B 4C 59 09 00 83 01 82"),
    ("wkly", WKLY.read_all(0, 4), "57 4B 4C 59 08 00 84 85"),
    ("modbus", MODBUS.unlock(1, 1, 700), "01 05 02 00 00 07 8D B0"),
    ("modbus", MODBUS.read_all(1, 8), "01 02 00 00 00 08 79 CC"),
]  # fmt: skip

NEVER_SENT: list[tuple[str, bytes, str]] = [
    ("xor8a", xor8a.unlock_all(1).to_bytes(), "8A 01 00 11 9A"),
    ("xor8a", xor8a.unlock_all(2).to_bytes(), "8A 02 00 11 99"),
    ("xor8a", xor8a.unlock_many(1, (2, 10, 18)).to_bytes(), "90 01 02 02 02 93"),
    ("xor8a", xor8a.hold(1, 1).to_bytes(), "9A 01 01 11 8B"),
    ("xor8a", xor8a.release(1, 1).to_bytes(), "9B 01 01 11 8A"),
    ("xor8a", xor8a.ask_firmware(1).to_bytes(), "82 01 00 22 A1"),
    ("kerong-cu16", kerong.unlock_all(0).to_bytes(), "02 00 33 03 38"),
    ("kerong-cu16", kerong.status_of_all().to_bytes(), "02 F0 32 03 27"),
    ("kerong-cu16", kerong.status_of_all(0).to_bytes(), "02 00 32 03 37"),
    ("kerong-cu16", kerong.set_unlock_time(0, 500).to_bytes(), "02 00 37 00 32 03 6E"),
    ("kerong-cu16", kerong.delayed_unlock(0, 1, 5).to_bytes(), "02 00 39 05 03 43"),
    ("wkly", wkly.open_all(0).to_bytes(), "57 4B 4C 59 08 00 86 87"),
    ("wkly", wkly.open_many(0, (1, 2, 3)).to_bytes(), "57 4B 4C 59 0C 00 80 03 01 02 03 86"),
    ("wkly", wkly.open_one_by_one(0, (1, 2, 3)).to_bytes(), "57 4B 4C 59 0C 00 87 03 01 02 03 81"),
    ("modbus", frame("01 05 00 00 FF 00 8C 3A"), "01 05 00 00 FF 00 8C 3A"),
    ("modbus", frame("01 05 00 00 00 00 CD CA"), "01 05 00 00 00 00 CD CA"),
    ("modbus", frame("01 05 00 00 55 00 F2 9A"), "01 05 00 00 55 00 F2 9A"),
    ("modbus", frame("01 0F 00 00 00 08 01 FF BE D5"), "01 0F 00 00 00 08 01 FF BE D5"),
    ("modbus", frame("01 01 00 00 00 08 3D CC"), "01 01 00 00 00 08 3D CC"),
]  # fmt: skip

UNASKED = None
HEARD: list[tuple[str, Request | None, str, Heard]] = [
    ("xor8a", XOR8A.unlock(1, 1), "8A 01 01 00 8A", UnlockReply(1, 1, None, False)),
    ("xor8a", XOR8A.unlock(1, 1), "8A 01 01 11 9B", UnlockReply(1, 1, None, True)),
    ("xor8a", XOR8A.read_one(1, 1, 24), "80 01 01 11 91", DoorReply(1, 1, True)),
    ("xor8a", XOR8A.read_one(1, 1, 24), "80 01 01 00 80", DoorReply(1, 1, False)),
    ("xor8a", XOR8A.read_all(1, 24), "80 01 01 01 01 33 B3", DoorsReply(1, doors(FIRST_8 * 3))),
    ("xor8a", UNASKED, "82 01 05 11 97", DoorPushed(1, 5, True)),
    ("xor8a", UNASKED, "82 01 05 00 86", DoorPushed(1, 5, False)),
    ("xor8a", UNASKED, "82 01 00 22 A1", Command(1, 0, "ask_firmware")),
    ("xor8a", UNASKED, "8A 01 00 11 9A", Command(1, 0, "unlock_all")),
    ("kerong-cu16", KERONG.read_all(0, 16), "02 00 35 FF FF 00 00 03 38", DoorsReply(0, doors(CLOSED_8 * 2))),
    ("kerong-cu16", KERONG.read_all(0, 16), "02 00 35 EF FF 00 00 03 28", DoorsReply(0, doors("11110111" + CLOSED_8))),
    ("kerong-cu16", KERONG.set_pulse(0, 500), "02 00 38 00 32 03 6F", Done(0, "unlock_time")),
    ("kerong-cu48", CU48.unlock(0, 1), "02 00 00 75 00 77", UnlockReply(0, 1, True, None)),
    ("kerong-cu48", CU48.unlock(0, 1), "02 00 00 00 00 02", UnlockReply(0, 1, False, None)),
    ("kerong-cu48", CU48.read_all(0, 48), "02 00 00 75 06 FE FF FF FF FF FF 76",
     DoorsReply(0, doors("01111111" + CLOSED_8 * 5))),
    ("wkly", WKLY.unlock(0, 1), "57 4B 4C 59 0B 00 82 00 01 00 81", UnlockReply(0, 1, True, False)),
    ("wkly", WKLY.unlock(0, 1), "57 4B 4C 59 0B 00 82 FF 01 01 7F", UnlockReply(0, 1, False, True)),
    ("wkly", WKLY.read_one(0, 1, 4), "57 4B 4C 59 0B 00 83 00 01 00 80", DoorReply(0, 1, False)),
    ("wkly", WKLY.read_all(0, 4), "57 4B 4C 59 0E 00 84 00 04 00 01 01 00 87", DoorsReply(0, doors("0110"))),
    ("wkly", UNASKED, "57 4B 4C 59 0A 00 85 01 01 86", DoorPushed(0, 1, True)),
    ("wkly", UNASKED, "57 4B 4C 59 0A 01 85 04 00 83", DoorPushed(1, 4, False)),
    ("wkly", UNASKED, "57 4B 4C 59 09 00 86 00 86", Done(0, "open_all")),
    ("modbus", MODBUS.unlock(1, 1, 700), "01 05 02 00 00 07 8D B0", UnlockReply(1, 1, True, None)),
    ("modbus", MODBUS.unlock(1, 1, 700), "01 85 02 C3 51", Refused(1, 0, "channel", Ask.UNLOCK)),
    ("modbus", MODBUS.read_all(1, 8), "01 02 01 FF E1 C8", DoorsReply(1, doors(CLOSED_8))),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a simulated board of `channels` doors answers to another author's master. `prepare`: which doors stand open."""

    family: str
    board: int
    channels: int
    request: str
    reply: str | None
    open_doors: tuple[int, ...] = ()
    pulsed: tuple[int, ...] = ()
    jammed: tuple[int, ...] = ()


_LATER_CLOSED = tuple(range(2, 9)) + tuple(range(10, 17)) + tuple(range(18, 25))
EXCHANGES = [
    Exchange("xor8a", 1, 24, "8A 01 01 11 9B", "8A 01 01 00 8A", pulsed=(1,)),
    Exchange("xor8a", 1, 24, "8A 01 01 11 9B", "8A 01 01 11 9B", pulsed=(1,), jammed=(1,)),
    Exchange("xor8a", 1, 24, "8A 01 02 11 98", "8A 01 02 00 89", pulsed=(2,)),
    Exchange("xor8a", 1, 24, "8A 01 01 11 05 9E", "8A 01 01 00 8A", pulsed=(1,)),
    Exchange("xor8a", 1, 24, "8A 01 00 11 9A", "8A 01 00 11 9A", pulsed=tuple(range(1, 25))),
    Exchange("xor8a", 2, 2, "8A 02 00 11 99", "8A 02 00 11 99", pulsed=(1, 2)),
    Exchange("xor8a", 1, 24, "90 01 02 02 02 93", "90 01 02 02 02 93", pulsed=(2, 10, 18)),
    Exchange("xor8a", 1, 24, "9A 01 01 11 8B", "9A 01 01 11 8B", pulsed=(1,)),
    Exchange("xor8a", 1, 24, "9B 01 01 11 8A", "9B 01 01 11 8A"),
    Exchange("xor8a", 1, 24, "80 01 01 33 B3", "80 01 01 11 91"),
    Exchange("xor8a", 1, 24, "80 01 01 33 B3", "80 01 01 00 80", open_doors=(1,)),
    Exchange("xor8a", 1, 24, "80 01 00 33 B2", "80 01 01 01 01 33 B3", open_doors=_LATER_CLOSED),
    Exchange("xor8a", 1, 24, "82 01 00 22 A1", None),
    Exchange("kerong-cu16", 0, 16, "02 00 30 03 35", "02 00 35 FF FF 00 00 03 38"),
    Exchange("kerong-cu16", 0, 16, "02 00 30 03 35", "02 00 35 EF FF 00 00 03 28", open_doors=(5,)),
    Exchange("kerong-cu16", 0, 16, "02 00 31 03 36", "02 00 35 FE FF 00 00 03 37", pulsed=(1,)),
    Exchange("kerong-cu16", 0, 16, "02 0F 31 03 45", "02 00 35 FF 7F 00 00 03 B8", pulsed=(16,)),
    Exchange("kerong-cu16", 0, 16, "02 00 33 03 38", None, pulsed=tuple(range(1, 17))),
    Exchange("kerong-cu16", 0, 16, "02 F0 32 03 27", "02 00 36 FF FF 00 00 03 39"),
    Exchange("kerong-cu16", 0, 16, "02 00 32 03 37", "02 00 36 FF FF 00 00 03 39"),
    Exchange("kerong-cu16", 0, 16, "02 00 37 00 32 03 6E", "02 00 38 00 32 03 6F"),
    Exchange("kerong-cu48", 0, 48, "02 00 00 60 03 65", "02 00 00 75 06 FE FF FF FF FF FF 76", open_doors=(1,)),
    Exchange("kerong-cu48", 0, 48, "02 00 00 61 03 66", "02 00 00 75 00 77", pulsed=(1,)),
    Exchange("kerong-cu48", 0, 1, "02 00 01 61 03 67", "02 00 01 00 00 03"),
    Exchange("wkly", 0, 4, "57 4B 4C 59 09 00 82 01 83", "57 4B 4C 59 0B 00 82 00 01 00 81", pulsed=(1,)),
    Exchange("wkly", 0, 4, "57 4B 4C 59 09 00 82 01 83", "57 4B 4C 59 0B 00 82 FF 01 01 7F", pulsed=(1,), jammed=(1,)),
    Exchange("wkly", 0, 4, "57 4B 4C 59 09 00 83 01 82", "57 4B 4C 59 0B 00 83 00 01 00 80", open_doors=(1,)),
    Exchange("wkly", 0, 4, "57 4B 4C 59 08 00 84 85", "57 4B 4C 59 0E 00 84 00 04 00 01 01 00 87", open_doors=(1, 4)),
    Exchange("wkly", 0, 4, "57 4B 4C 59 08 00 86 87", "57 4B 4C 59 09 00 86 00 86", pulsed=(1, 2, 3, 4)),
    Exchange("wkly", 0, 4, "57 4B 4C 59 0C 00 80 03 01 02 03 86", "57 4B 4C 59 09 00 80 00 80", pulsed=(1, 2, 3)),
    Exchange("wkly", 0, 4, "57 4B 4C 59 0C 00 87 03 01 02 03 81", "57 4B 4C 59 09 00 87 00 87", pulsed=(1, 2, 3)),
    Exchange("modbus", 1, 8, "01 05 00 00 FF 00 8C 3A", "01 05 00 00 FF 00 8C 3A", pulsed=(1,)),
    Exchange("modbus", 1, 8, "01 05 00 00 00 00 CD CA", "01 05 00 00 00 00 CD CA"),
    Exchange("modbus", 1, 8, "01 05 00 00 55 00 F2 9A", "01 05 00 00 55 00 F2 9A", pulsed=(1,)),
    Exchange("modbus", 1, 8, "01 05 02 00 00 07 8D B0", "01 05 02 00 00 07 8D B0", pulsed=(1,)),
    Exchange("modbus", 1, 8, "01 0F 00 00 00 08 01 FF BE D5", "01 0F 00 00 00 08 54 0D", pulsed=tuple(range(1, 9))),
    Exchange("modbus", 1, 8, "01 01 00 00 00 08 3D CC", "01 01 01 00 51 88"),
    Exchange("modbus", 1, 8, "01 02 00 00 00 08 79 CC", "01 02 01 FF E1 C8"),
    Exchange("modbus", 1, 8, "01 05 02 0F 00 07 BD B3", "01 85 02 C3 51"),
]
