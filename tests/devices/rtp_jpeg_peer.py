"""A network camera that sends JPEG pictures (RTP payload type 26, RFC 2435), whole or damaged as a test wishes."""

import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import cv2
import numpy as np

from tests.devices.rtsp_peer import NetworkCamera

RATE = 10
SIZE = (320, 240)
_PART = 1300  # bytes of a picture in one RTP packet
_LAST = 0x80  # the marker: a picture's last packet
_YUV420, _OWN_TABLES = 1, 255


class JpegCamera(NetworkCamera):
    """A pattern that moves, ten times a second. `damage` is done to the coded data of every picture from then on."""

    def __init__(self) -> None:
        self.damage: Callable[[bytes], bytes] = whole
        self.sent = 0
        super().__init__(b"", 0.0)

    def _answer(self, method: str, headers: dict[str, str]) -> bytes:
        return super()._answer(method, headers).replace(b"RTP/AVP 33", b"RTP/AVP 26")

    def _play(self, client: socket.socket) -> None:
        sequence, began = 0, time.monotonic()
        with suppress(OSError):
            for number, (tables, scan) in enumerate(_pictures()):
                time.sleep(max(0.0, number / RATE - (time.monotonic() - began)))
                for packet in _packets(tables, self.damage(scan), sequence, number * 90_000 // RATE):
                    client.sendall(b"$\x00" + len(packet).to_bytes(2, "big") + packet)
                    sequence = sequence + 1 & 0xFFFF
                self.sent += 1


@contextmanager
def jpeg_camera() -> Iterator[JpegCamera]:
    camera = JpegCamera()
    try:
        yield camera
    finally:
        camera.close()


def whole(scan: bytes) -> bytes:
    return scan


def cut_short(scan: bytes) -> bytes:
    return scan[: len(scan) * 2 // 5]


def garbled(scan: bytes) -> bytes:
    return random.Random(len(scan)).randbytes(len(scan))


def _pictures() -> Iterator[tuple[bytes, bytes]]:
    rng = np.random.default_rng(1)
    coarse = rng.integers(60, 190, (24, 32, 3), dtype=np.uint8)
    scene = np.asarray(cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)
    number = 0
    while True:
        noise = rng.integers(0, 6, scene.shape, dtype=np.uint8)
        yield _parts(cv2.imencode(".jpg", cv2.add(np.roll(scene, number, axis=1), noise))[1].tobytes())
        number += 1


def _parts(jpeg: bytes) -> tuple[bytes, bytes]:
    """Quantisation tables and coded data: what travels; the rest is the same for all and put back by the receiver."""
    at, tables = 2, b""
    while True:
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        body = jpeg[at + 4 : at + 2 + length]
        at += 2 + length
        if marker == 0xDB:
            tables += b"".join(body[start + 1 : start + 65] for start in range(0, len(body), 65))
        if marker == 0xDA:
            return tables, jpeg[at:-2]


def _packets(tables: bytes, scan: bytes, sequence: int, stamp: int) -> Iterator[bytes]:
    for offset in range(0, len(scan), _PART):
        last = _LAST if offset + _PART >= len(scan) else 0
        head = bytes([0x80, 26 | last]) + (sequence & 0xFFFF).to_bytes(2, "big") + stamp.to_bytes(4, "big") + bytes(4)
        head += bytes(1) + offset.to_bytes(3, "big") + bytes([_YUV420, _OWN_TABLES, SIZE[0] // 8, SIZE[1] // 8])
        if offset == 0:
            head += bytes(2) + len(tables).to_bytes(2, "big") + tables
        yield head + scan[offset : offset + _PART]
        sequence += 1
