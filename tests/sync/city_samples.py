"""Chains of a device as the city receives them, and arrivals made of their events."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sync.chain import Chain, Head
from sync.checkpoint import make_checkpoint
from sync.city.terms import Arrival
from sync.events import Payload, VisitStarted
from sync.keys import DeviceKey
from sync.topics import Topics

DEVICE = Topics("phuong-thu-duc", "quay-01")
SOURCE = "/sites/phuong-thu-duc/devices/quay-01"
KEY = DeviceKey.from_seed(bytes(range(32)))
OTHER_KEY = DeviceKey.from_seed(bytes(range(1, 33)))
NOW = datetime(2026, 11, 21, 1, 15, 30, tzinfo=UTC)


class Sender:
    """A device: `says` appends events and returns them as arrivals, `signs` appends a checkpoint."""

    def __init__(self, topics: Topics = DEVICE, key: DeviceKey = KEY, head: Head | None = None) -> None:
        self.topics, self.key = topics, key
        self.now = NOW
        self.source = f"/sites/{topics.site}/devices/{topics.device}"
        self._chain = Chain(self.source, head or Head(), lambda: self.now)

    @property
    def head(self) -> Head:
        return self._chain.head

    def says(self, *payloads: Payload) -> list[Arrival]:
        rows, _ = self._chain.extend(payloads)
        return [Arrival(self.topics, kind, body, self.now) for _, kind, _, _, body in rows]

    def visits(self, count: int) -> list[Arrival]:
        return self.says(*[VisitStarted(visit=f"v{self.head.seq + n}", counter="quay-01") for n in range(count)])

    def signs(self) -> list[Arrival]:
        return self.says(make_checkpoint(self.key, self.source, "boot-1", self._chain.head))


def changed(arrival: Arrival, **fields: object) -> Arrival:
    """The same arrival with other fields in its event."""
    body = json.dumps(json.loads(arrival.body) | fields, separators=(",", ":")).encode()
    return with_body(arrival, body)


def with_body(arrival: Arrival, body: bytes) -> Arrival:
    return Arrival(arrival.topics, arrival.kind, body, arrival.at, is_early=arrival.is_early)


def early(arrival: Arrival) -> Arrival:
    return Arrival(arrival.topics, arrival.kind, arrival.body, arrival.at, is_early=True)


def later(arrival: Arrival, **amount: float) -> Arrival:
    return Arrival(
        arrival.topics, arrival.kind, arrival.body, arrival.at + timedelta(**amount), is_early=arrival.is_early
    )


def seqs(arrivals: Sequence[Arrival]) -> list[int]:
    return [json.loads(arrival.body)["seq"] for arrival in arrivals]
