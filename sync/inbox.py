"""The receipt that waits for its turn. Receipts are cumulative, so of several the newest is enough, except for what it asks.

The city asks once for what it misses and then repeats its head without asking: a receipt that asked must not be lost to a
newer one that only says the same.
"""

import asyncio
from dataclasses import dataclass

import msgspec

from sync.marks import Receipt


@dataclass(frozen=True, slots=True)
class Waiting:
    """`is_live`: sent just now, and not kept by the broker since an earlier day."""

    receipt: Receipt
    is_live: bool

    def replaced_by(self, newer: "Waiting") -> "Waiting":
        """The newer one, and it asks as well where ours asked for what the city still misses."""
        if not self.receipt.resend or newer.receipt.seq > self.receipt.seq:
            return newer
        return Waiting(msgspec.structs.replace(newer.receipt, resend=True), newer.is_live)


class ReceiptInbox:
    """Holds one receipt. Used on one loop."""

    def __init__(self) -> None:
        self._waiting: Waiting | None = None
        self._is_there = asyncio.Event()

    def put(self, waiting: Waiting) -> None:
        self._waiting = self._waiting.replaced_by(waiting) if self._waiting else waiting
        self._is_there.set()

    async def get(self) -> Waiting:
        """Wait for the next one, and take it out."""
        while self._waiting is None:
            await self._is_there.wait()
            self._is_there.clear()
        taken, self._waiting = self._waiting, None
        return taken
