"""A network camera for tests: RTSP 1.0 over TCP (RFC 2326), MPEG-TS in RTP (RFC 2250, payload type 33), Basic login."""

import base64
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import cv2
import numpy as np

_TS_PACKETS = 7 * 188  # bytes of transport stream in one RTP packet
_CLOCK_HZ = 90_000


def film(folder: Path, seconds: float = 30.0, rate: int = 10) -> bytes:
    """A moving, grainy picture of 320x240 as a transport stream."""
    path = folder / "film.ts"
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"mpg2"), rate, (320, 240))
    rng = np.random.default_rng(1)
    for number in range(round(seconds * rate)):
        picture = rng.integers(90, 130, (240, 320, 3), dtype=np.uint8)
        picture[60:180, number : number + 60] += 80
        writer.write(picture)
    writer.release()
    return path.read_bytes()


class NetworkCamera:
    """One listening camera; `cut` ends the running stream, `is_closed` refuses the next."""

    def __init__(self, stream: bytes, seconds: float, login: str | None = None) -> None:
        self._stream, self._seconds = stream, seconds
        self._login = login and "Basic " + base64.b64encode(login.encode()).decode()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._client: socket.socket | None = None
        self.asked: list[str] = []
        self.is_closed = False
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def address(self) -> str:
        return f"rtsp://127.0.0.1:{self._server.getsockname()[1]}/stream"

    def cut(self) -> None:
        if self._client:
            with suppress(OSError):
                self._client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.is_closed = True
        self.cut()
        self._server.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                self._client, _ = self._server.accept()
                with self._client, suppress(OSError):
                    self._talk(self._client)

    def _talk(self, client: socket.socket) -> None:
        with client.makefile("rb") as lines:
            while request := lines.readline().decode():
                headers = dict(line.split(": ", 1) for line in iter(lambda: lines.readline().decode().strip(), ""))
                method = request.split()[0]
                self.asked.append(request.split()[1])
                client.sendall(self._answer(method, headers))
                if method == "PLAY" and not self.is_closed:
                    threading.Thread(target=self._play, args=(client,), daemon=True).start()

    def _answer(self, method: str, headers: dict[str, str]) -> bytes:
        begin = f"CSeq: {headers.get('CSeq', 0)}\r\nSession: 1;timeout=60\r\n"
        if self._login and method != "OPTIONS" and headers.get("Authorization") != self._login:
            return f'RTSP/1.0 401 Unauthorized\r\n{begin}WWW-Authenticate: Basic realm="camera"\r\n\r\n'.encode()
        if method == "DESCRIBE":
            body = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 33\r\na=control:track\r\n"
            return f"RTSP/1.0 200 OK\r\n{begin}Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        more = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n" if method == "SETUP" else ""
        return f"RTSP/1.0 200 OK\r\n{begin}{more}Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n".encode()

    def _play(self, client: socket.socket) -> None:
        parts = [self._stream[at : at + _TS_PACKETS] for at in range(0, len(self._stream), _TS_PACKETS)]
        began = time.monotonic()
        with suppress(OSError):
            for number, part in enumerate(parts):
                due_s = self._seconds * number / len(parts)
                time.sleep(
                    max(0.0, due_s - (time.monotonic() - began) - 1.0)
                )  # a second ahead: the decoder probes first
                stamp = int(due_s * _CLOCK_HZ) & 0xFFFFFFFF
                packet = bytes([0x80, 33]) + number.to_bytes(2, "big") + stamp.to_bytes(4, "big") + bytes(4) + part
                client.sendall(b"$\x00" + len(packet).to_bytes(2, "big") + packet)


@contextmanager
def network_camera(stream: bytes, seconds: float, login: str | None = None) -> Iterator[NetworkCamera]:
    camera = NetworkCamera(stream, seconds, login)
    try:
        yield camera
    finally:
        camera.close()
