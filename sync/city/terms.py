"""What the rooms of the city say to each other: arrivals, what was judged of them, devices as the registry knows them.

Values only. Everything in `sync.city` and the composition above it may import this module.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sync.topics import Topics

MAX_EVENT = 64_000  # bytes; the largest event of the contract is a few hundred


class Judgement(StrEnum):
    """What an arrival is. The first four are the ordinary life of a line that repeats and loses; the rest is quarantined."""

    NEW = "new"
    DUPLICATE = "duplicate"
    AHEAD = "ahead"  # something before it is missing: it is asked for again
    EARLY = "early"  # an urgent copy before its turn
    UNREADABLE = "unreadable"  # no JSON, or not this contract's
    TOO_BIG = "too_big"
    UNKNOWN_VERSION = "unknown_version"  # of a type's version that this city does not know: kept, chained, not counted
    FOREIGN = "foreign"  # speaks for another device, or for another type than its topic
    UNREGISTERED = "unregistered"
    REVOKED = "revoked"
    FORKED = "forked"  # this seq is here with other bytes: two devices with one key, or a restored backup
    UNCHAINED = "unchained"  # the next seq, but it does not carry the hash of what is here
    FORGED = "forged"  # a checkpoint that the registered key did not sign


class DeviceState(StrEnum):
    ACTIVE = "active"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One MQTT message as it came: `kind` is the event's short type, out of the topic."""

    topics: Topics
    kind: str
    body: bytes
    at: datetime
    is_early: bool = False


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An arrival that does not count, for a person to look at. `why` is the judgement's value and a sentence's key."""

    source: str
    why: Judgement
    seq: int | None
    at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class Device:
    """A device as the registry knows it. `key` is the public half of its event signing key (hex)."""

    source: str
    site: str
    device: str
    serial: str
    key: str
    state: DeviceState
    registered: datetime
    certificate_ends: datetime | None = None
    certificate_serial: str | None = None  # hex
    revoked: datetime | None = None
    why_revoked: str | None = None
