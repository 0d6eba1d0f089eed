"""What an arrival is, given what the city knows of its device. Pure: no clock, no database, no random numbers.

`read` looks at an arrival alone, `Bench` judges one device's arrivals one after another. Nothing here raises for bad input.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from sync.chain import Head, digest, source_of
from sync.checkpoint import is_checkpoint_signed
from sync.city.facts import Moment
from sync.city.terms import MAX_EVENT, Arrival, DeviceState, Judgement
from sync.errors import UNREADABLE
from sync.events import PAYLOADS, TYPE_PREFIX, Event, LedgerCheckpoint, Payload
from sync.marks import MAX_SEQ

AHEAD_S = 300.0  # events do not come from the future: a clock further ahead is wrong
BEHIND_S = 400 * 86_400.0  # no journal keeps an event longer: a clock further behind is wrong
_decoder = msgspec.json.Decoder(Event)
_payload_decoders = {kind: msgspec.json.Decoder(payload) for kind, payload in PAYLOADS.items()}


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a device. `state` None: unregistered. Without keys the first checkpoint's own key is trusted."""

    head: Head = field(default_factory=Head)
    keys: tuple[str, ...] = ()
    state: DeviceState | None = DeviceState.ACTIVE


@dataclass(frozen=True, slots=True)
class Reading:
    """An arrival, decoded once. `flaw` is what is wrong with it whatever the chain says; then there may be no event."""

    arrival: Arrival
    event: Event | None
    flaw: Judgement | None

    @property
    def seq(self) -> int | None:
        return self.event.seq if self.event else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`payload` is there only for an event that counts; `skew_s` only where the device's clock is certainly wrong."""

    reading: Reading
    judgement: Judgement
    payload: Payload | None = None
    skew_s: float | None = None


def source_named(arrival: Arrival) -> str | None:
    """The device whose topic this is, or None for a topic that no device can have."""
    try:
        return source_of(arrival.topics.site, arrival.topics.device)
    except ValueError:
        return None


def read(arrival: Arrival) -> Reading:
    """Decode the envelope and compare it with the topic."""
    if len(arrival.body) > MAX_EVENT:
        return Reading(arrival, None, Judgement.TOO_BIG)
    try:
        event = _decoder.decode(arrival.body)
    except UNREADABLE:
        return Reading(arrival, None, Judgement.UNREADABLE)
    if event.time.tzinfo is None or not 1 <= event.seq <= MAX_SEQ:
        return Reading(arrival, None, Judgement.UNREADABLE)
    is_own = event.source == source_named(arrival) and event.short_type == arrival.kind
    return Reading(arrival, event, None if is_own else Judgement.FOREIGN)


def skew_of(time: datetime, taken: datetime) -> float | None:
    """By how many seconds a device's clock is certainly wrong (ahead: above 0), or None. A backlog is no wrong clock.

    To the millisecond of `taken`, which is what a row keeps: whoever recounts must come to the same.
    """
    ahead_s = (time - taken.replace(microsecond=taken.microsecond // 1000 * 1000)).total_seconds()
    return None if -BEHIND_S <= ahead_s <= AHEAD_S else ahead_s


def moment_of(event: Event, taken: datetime) -> Moment:
    """When it was, for the pages: the event's own time, or the arrival's where the device's clock is certainly wrong."""
    return Moment(event.seq, event.time if skew_of(event.time, taken) is None else taken)


def payload_of(event: Event) -> Payload | None:
    """The payload, or None for a type, a version or a form that this city does not know."""
    decoder = _payload_decoders.get(event.short_type)
    if decoder is None or event.type != f"{TYPE_PREFIX}{event.short_type}.v1":
        return None
    try:
        return decoder.decode(event.data)
    except UNREADABLE:
        return None


class Bench:
    """Judges the arrivals of one device in turn; `head`, `keys` and `signed_upto` move with what is taken.

    `held` are the bytes the city has at the seqs that arrive, as far as they are behind `standing.head`; `early` are the
    early copies it has beyond. `denied` are early copies that the chain, having reached them, says otherwise of.
    """

    def __init__(
        self,
        standing: Standing,
        held: Mapping[int, bytes],
        early: Mapping[int, bytes] | None = None,
        signed_upto: int = 0,
    ) -> None:
        self.head = standing.head
        self.keys = standing.keys
        self.signed_upto = signed_upto
        self._state = standing.state
        self._held = dict(held)
        self._early = dict(early or {})
        self.denied: list[tuple[int, bytes]] = []

    def judge(self, reading: Reading) -> Verdict:
        """Say what it is, and move the head when it is the next one."""
        barred = self._barred() or reading.flaw
        if barred or reading.event is None:
            return Verdict(reading, barred or Judgement.UNREADABLE)
        event, body = reading.event, reading.arrival.body
        if event.seq <= self.head.seq:
            is_same = self._held.get(event.seq) == body
            return Verdict(reading, Judgement.DUPLICATE if is_same else Judgement.FORKED)
        if reading.arrival.is_early:
            return Verdict(reading, self._early_copy(event.seq, body))
        if event.seq > self.head.seq + 1:
            return Verdict(reading, Judgement.AHEAD)
        if event.prevhash != self.head.hash:
            return Verdict(reading, Judgement.UNCHAINED)
        return self._next(reading, event)

    def _barred(self) -> Judgement | None:
        if self._state is None:
            return Judgement.UNREGISTERED
        return Judgement.REVOKED if self._state is DeviceState.REVOKED else None

    def _early_copy(self, seq: int, body: bytes) -> Judgement:
        """The first copy of a seq stays; the chain will say whether it was the true one."""
        known = self._early.get(seq)
        if known is None:
            self._early[seq] = body
            return Judgement.EARLY
        return Judgement.DUPLICATE if known == body else Judgement.FORKED

    def _next(self, reading: Reading, event: Event) -> Verdict:
        payload = payload_of(event)
        if event.short_type == LedgerCheckpoint.TYPE and not self._vouches(payload, event.source):
            return Verdict(reading, Judgement.FORGED)
        body = reading.arrival.body
        self.head = Head(event.seq, digest(body))
        self._held[event.seq] = body
        copy = self._early.pop(event.seq, body)
        if copy != body:
            self.denied.append((event.seq, copy))
        judgement = Judgement.UNKNOWN_VERSION if payload is None else Judgement.NEW
        return Verdict(reading, judgement, payload, skew_of(event.time, reading.arrival.at))

    def _vouches(self, payload: Payload | None, source: str) -> bool:
        """Whether this checkpoint is one of the device's own, and about exactly the history that is here."""
        if not isinstance(payload, LedgerCheckpoint) or (self.keys and payload.key not in self.keys):
            return False
        if Head(payload.upto, payload.head) != self.head or not is_checkpoint_signed(payload, source, payload.key):
            return False
        self.keys = self.keys or (payload.key,)
        self.signed_upto = payload.upto
        return True
