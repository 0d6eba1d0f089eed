"""What goes down after a commit, and what came up before it, as messages. For every receiver of the city."""

from datetime import UTC, datetime

import msgspec

from sync.city.store import Due
from sync.city.terms import Arrival
from sync.errors import UNREADABLE
from sync.keys import DeviceKey
from sync.marks import Receipt
from sync.topics import ROOT, Presence, Topics

_EVENT, _EARLY, _STATUS = "ev", "early", "status"
_presence = msgspec.json.Decoder(Presence)


def receipt_of(due: Due, key: DeviceKey | None) -> Receipt:
    """What to tell one device now, signed with the city's key."""
    receipt = Receipt(seq=due.head.seq, head=due.head.hash, resend=due.resend, at=datetime.now(UTC))
    return receipt.signed(key, due.source) if key else receipt


def arrival_of(topic: str, body: bytes, at: datetime) -> Arrival | None:
    """An event or an early copy by its MQTT topic; None for any other topic."""
    parts = topic.split("/")
    if len(parts) != 6 or "/".join(parts[:2]) != ROOT or parts[4] not in {_EVENT, _EARLY}:
        return None
    return Arrival(Topics(parts[2], parts[3]), parts[5], body, at, is_early=parts[4] == _EARLY)


def presence_of(topic: str, body: bytes) -> tuple[Topics, Presence] | None:
    """Who says that it is there or gone; None for any other topic and for what is no presence (an empty one clears it)."""
    parts = topic.split("/")
    if len(parts) != 5 or "/".join(parts[:2]) != ROOT or parts[4] != _STATUS:
        return None
    try:
        return Topics(parts[2], parts[3]), _presence.decode(body)
    except UNREADABLE:
        return None
