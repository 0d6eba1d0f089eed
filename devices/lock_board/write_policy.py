"""Stands between the logic and the port: reading is always allowed, an unlock once for each permit, everything else never.

Every frame that may ever leave is written down at the start, so "open all", "open many", "hold" and an unlock of a channel
that nobody configured do not exist here, whatever asks for them.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from devices.errors import DeviceError
from devices.lock_board.codec import BadChannel, Codec

PERMIT_S = 3.0  # from the authorisation on disk to the wire; longer means that somebody has walked away


class WriteRefused(DeviceError):
    """The frame was not authorised. Nothing has left the port; it is a mistake of the program that asked."""


class PermitExpired(WriteRefused):
    """It was authorised too long ago. Nothing has left the port."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What one board is configured to drive. `pulse_ms` None: its own pulse."""

    channels: int
    pulse_ms: int | None = None


class WritePolicy:
    """One line's policy. `boards` by address. Raise BadChannel for a reach that the family cannot address."""

    def __init__(
        self, codec: Codec, boards: Mapping[int, Reach], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._reads: set[bytes] = set()
        self._unlocks: dict[tuple[int, int], bytes] = {}
        self._settings: dict[int, bytes] = {}
        self._permits: dict[bytes, float] = {}
        for address, reach in boards.items():
            self._write_down(codec, address, reach)

    def permit_unlock(self, board: int, channel: int, ttl_s: float = PERMIT_S) -> None:
        """Exactly this unlock may leave once, until `ttl_s` from now. A second permit before it left replaces the first."""
        frame = self._unlocks.get((board, channel))
        if frame is None:
            msg = f"no door is configured on channel {channel} of board {board}"
            raise BadChannel(msg)
        self._permits[frame] = self._clock() + ttl_s

    def permit_pulse_setting(self, board: int, ttl_s: float = PERMIT_S) -> None:
        """The board's configured pulse length may be stored in it once."""
        frame = self._settings.get(board)
        if frame is None:
            msg = f"board {board} has no pulse length that could be stored"
            raise BadChannel(msg)
        self._permits[frame] = self._clock() + ttl_s

    def let_out(self, frame: bytes) -> None:
        """Return if `frame` may leave now, and use its permit up. Raise WriteRefused or PermitExpired."""
        if frame in self._reads:
            return
        until = self._permits.pop(frame, None)
        if until is None:
            msg = f"a frame of {len(frame)} bytes was not authorised"
            raise WriteRefused(msg)
        if self._clock() > until:
            msg = "the permit for this frame has expired"
            raise PermitExpired(msg)

    def is_spent(self, frame: bytes) -> bool:
        """No permit is left for it: it was let out, or never permitted."""
        return frame not in self._permits

    def revoke(self, board: int, channel: int) -> None:
        """Take a permit back that has not been used."""
        self._permits.pop(self._unlocks.get((board, channel), b""), None)

    def _write_down(self, codec: Codec, address: int, reach: Reach) -> None:
        self._reads.add(codec.read_all(address, reach.channels).frame)
        for channel in range(1, reach.channels + 1):
            self._reads.add(codec.read_one(address, channel, reach.channels).frame)
        setting = None if reach.pulse_ms is None else codec.set_pulse(address, reach.pulse_ms)
        if setting is not None:
            self._settings[address] = setting.frame
        for channel in range(1, reach.channels + 1):
            self._unlocks[address, channel] = codec.unlock(address, channel, reach.pulse_ms).frame
