"""What every way of sending an SMS promises: hand over once, tell what became of it, lose no reply.

The agent's adapters call this; the transports of this package implement it.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol, TypeAlias

from devices.errors import DeviceError

REF_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
E164_PATTERN = re.compile(r"\+[1-9][0-9]{6,14}")  # ITU-T E.164: at most 15 digits


class SmsError(DeviceError):
    """An SMS could not be handed over."""


class SmsRefused(SmsError):
    """The transport will never take this message: do not retry, tell a person or try the next contact."""


class SmsUnavailable(SmsError):
    """The transport cannot take it now: retry later with the same ref, which sends at most one message."""


class SmsStatus(Enum):
    """How far a message came. Only DELIVERED and FAILED are final; UNKNOWN may still become DELIVERED."""

    SUBMITTED = "submitted"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        return self in {SmsStatus.DELIVERED, SmsStatus.FAILED}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to one phone. `ref` is the idempotency key (letters, digits, `_`, `-`; at most 64), `to` is E.164.

    Neither number nor text shows in a repr. Raises SmsRefused when ref, number or text can never be sent.
    """

    ref: str
    to: str = field(repr=False)
    text: str = field(repr=False)

    def __post_init__(self) -> None:
        if not REF_PATTERN.fullmatch(self.ref):
            raise SmsRefused("the ref has a character or a length that no transport carries")
        if not E164_PATTERN.fullmatch(self.to):
            raise SmsRefused("the number is not in E.164 form")
        if not self.text.strip():
            raise SmsRefused("the text is empty")


@dataclass(frozen=True, slots=True)
class DeliveryUpdate:
    """What became of one message. `why` is the transport's own short word for a failure, never text or number."""

    ref: str
    status: SmsStatus
    parts: int = 1
    parts_delivered: int = 0
    why: str | None = None

    @property
    def update_id(self) -> str:
        """The same update has the same id after a restart, so a caller can drop what it has seen."""
        return f"{self.ref}:{self.status.value}"


@dataclass(frozen=True, slots=True)
class IncomingSms:
    """A whole message that a phone sent us: parts joined, copies dropped, text in NFC, time with its zone."""

    update_id: str
    sender: str = field(repr=False)
    text: str = field(repr=False)
    received_at: datetime


Update: TypeAlias = DeliveryUpdate | IncomingSms


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """`is_alive`: somebody works on what we hand over. `oldest_waiting_s`: age of the oldest message nobody took yet."""

    is_alive: bool
    waiting: int = 0
    oldest_waiting_s: float = 0.0
    why: str | None = None


class SmsChannel(Protocol):
    """One way to phones. One caller per channel: one task submits, one task walks `updates`."""

    async def submit(self, sms: Outgoing) -> None:
        """Hand over durably, at most once per ref for ever. Raises SmsRefused or SmsUnavailable."""

    async def take_back(self, ref: str) -> bool:
        """True: nobody had begun to send it, and nobody ever will. Its ref is not taken again. Raises SmsUnavailable.

        False: it is on its way, or in the hands of whoever sends it, where it may wait for a network. Later it may lie still again.
        """

    def updates(self) -> AsyncIterator[Update]:
        """Everything not yet acknowledged, then whatever comes. Never ends, waits through losses, starts again after a restart."""

    async def acknowledge(self, update: Update) -> None:
        """The caller has kept `update` for good: it will not come again, and its text is removed from the disk.

        Raises SmsUnavailable when that cannot be noted: then it comes again after a restart, with the same `update_id`.
        """

    async def health(self) -> ChannelHealth:
        """A look at the transport that sends nothing."""

    async def close(self) -> None:
        """Give back what is open. What was handed over stays handed over."""
