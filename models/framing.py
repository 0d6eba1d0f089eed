"""Messages on a pipe between a worker and the agent: length, then MessagePack, bounded; shared by all the workers' wires."""

from collections.abc import Iterator
from typing import Generic, TypeVar

import msgspec

MAX_MESSAGE = 4096  # bytes
M = TypeVar("M")


class WireBroken(Exception):
    """The other end does not speak this wire; close it and start a new worker."""


def pack(message: msgspec.Struct) -> bytes:
    """One message ready to send: its length in 4 bytes, big endian, then MessagePack."""
    body = _ENCODER.encode(message)
    if len(body) > MAX_MESSAGE:
        raise WireBroken(f"a message of {len(body)} bytes is larger than {MAX_MESSAGE}")
    return len(body).to_bytes(_PREFIX, "big") + body


class Deframer(Generic[M]):
    """Turns received bytes, in pieces of any size, into messages; raises WireBroken and is then of no further use."""

    def __init__(self, decoder: "msgspec.msgpack.Decoder[M]") -> None:
        self._decoder = decoder
        self._pending = bytearray()

    def feed(self, received: bytes) -> Iterator[M]:
        """Every message completed by `received`, in order; never keeps more than one unfinished message."""
        self._pending += received
        while (end := self._end()) is not None:
            body = bytes(self._pending[_PREFIX:end])
            del self._pending[:end]
            yield self._decoded(body)

    def _end(self) -> int | None:
        """Where the first pending message ends, or None while it is not complete."""
        if len(self._pending) < _PREFIX:
            return None
        size = int.from_bytes(self._pending[:_PREFIX], "big")
        if not 0 < size <= MAX_MESSAGE:
            raise WireBroken(f"a message of {size} bytes was announced; at most {MAX_MESSAGE} are allowed")
        end = _PREFIX + size
        return end if len(self._pending) >= end else None

    def _decoded(self, body: bytes) -> M:
        try:
            return self._decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise WireBroken(f"not a message of this wire: {error}") from error


_PREFIX = 4
_ENCODER = msgspec.msgpack.Encoder()
