"""The event contract: CloudEvents 1.0 in structured JSON mode, one frozen struct for each payload.

Everybody may import this module. Adding a field is compatible; renaming or removing one is not.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

import msgspec

TYPE_PREFIX = "vn.motcua."
GENESIS = "0" * 64  # prevhash of the first event of a device

LevelName = Literal["very_satisfied", "satisfied", "neutral", "dissatisfied", "angry"]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
Purpose = Literal["result", "deposit"]


class Keep(StrEnum):
    """What a full disk may take first, and what it may never take (DESIGN 3)."""

    HEALTH = "health"
    READING = "reading"
    PROOF = "proof"


class Payload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """The `data` of an event. `TYPE` is the short name, `KEEP` its class of retention."""

    TYPE: ClassVar[str]
    KEEP: ClassVar[Keep] = Keep.PROOF


class VisitStarted(Payload, frozen=True, kw_only=True):
    TYPE = "visit.started"
    KEEP = Keep.READING
    visit: str
    counter: str


class VisitEnded(Payload, frozen=True, kw_only=True):
    """One citizen's visit. `shares` are of usable seconds; `level` is the rating if pressed, else what the camera judged.

    `camera` is the camera's judgement alone, None without enough evidence: the two are never mixed in a statistic.
    """

    TYPE = "visit.ended"
    KEEP = Keep.READING
    visit: str
    counter: str
    unit: str
    started: datetime
    seconds_present: Seconds
    seconds_usable: Seconds
    evidence: Literal["enough", "not_enough"]
    shares: dict[LevelName, Share]
    level: LevelName | None
    level_at_end: LevelName | None
    peak: LevelName | None
    reasons: tuple[str, ...]
    rating: LevelName | None
    camera: LevelName | None = None


class VisitDropped(Payload, frozen=True, kw_only=True):
    TYPE = "visit.dropped"
    visit: str
    counter: str
    why: Literal["opted_out"]


class MoodChanged(Payload, frozen=True, kw_only=True):
    """Recorded with the visit's end, `at` says when it was: until then a citizen's opt-out can still drop it for good."""

    TYPE = "mood.changed"
    KEEP = Keep.READING
    visit: str
    counter: str
    previous: LevelName | None
    level: LevelName
    valence: float
    reasons: tuple[str, ...]
    at: datetime | None = None


class RatingGiven(Payload, frozen=True, kw_only=True):
    """A pressed face. `visit` is None when nobody was being measured.

    It may follow the visit's `visit.ended` (a tablet pressed on the way out) and then amends `level` and `rating` there.
    """

    TYPE = "rating.given"
    counter: str
    visit: str | None
    level: LevelName


class NudgeShown(Payload, frozen=True, kw_only=True):
    TYPE = "nudge.shown"
    visit: str
    counter: str
    level: LevelName
    since: datetime
    reasons: tuple[str, ...]


class AlertRaised(Payload, frozen=True, kw_only=True):
    TYPE = "alert.raised"
    alert: str
    visit: str
    counter: str
    unit: str
    why: Literal["anger", "not_mended"]
    level: LevelName
    since: datetime
    reasons: tuple[str, ...]


class AlertSms(Payload, frozen=True, kw_only=True):
    """What became of one SMS. `contact` is the configured key, never a name or a number."""

    TYPE = "alert.sms"
    alert: str
    ref: str
    contact: str
    status: Literal["submitted", "delivered", "failed", "unknown"]


class AlertAcknowledged(Payload, frozen=True, kw_only=True):
    TYPE = "alert.acknowledged"
    alert: str
    by: str
    via: Literal["sms", "page"]


class AlertClosed(Payload, frozen=True, kw_only=True):
    TYPE = "alert.closed"
    alert: str
    why: Literal["acknowledged", "nobody_answered", "contested", "withdrawn"]


class AlertContested(Payload, frozen=True, kw_only=True):
    """The note itself stays on the device: free text may hold a name."""

    TYPE = "alert.contested"
    alert: str
    by: str
    role: Literal["officer", "leader"]


class LockerReserved(Payload, frozen=True, kw_only=True):
    """A compartment was set aside. `stay` names one use of one compartment, from reserved to free again, in every event."""

    TYPE = "locker.reserved"
    stay: str
    compartment: str
    purpose: Purpose
    dossier: str | None
    procedure: str | None = None
    by: str


class LockerLoaded(Payload, frozen=True, kw_only=True):
    """An officer's result lies in the compartment: its door was seen open, then closed."""

    TYPE = "locker.loaded"
    stay: str
    compartment: str
    dossier: str
    by: str


class LockerCodeIssued(Payload, frozen=True, kw_only=True):
    """A pickup code was made; the one before it is dead. The code itself is nowhere. `number` counts the codes of a stay."""

    TYPE = "locker.code_issued"
    stay: str
    dossier: str
    number: Annotated[int, msgspec.Meta(ge=1)]
    why: Literal["loaded", "reissued", "lost"]
    via: Literal["sms", "phone"]
    by: str


class LockerCodeRefused(Payload, frozen=True, kw_only=True):
    """A pickup was refused. `stay` is None when no dossier matched: the citizen was given the same answer."""

    TYPE = "locker.code_refused"
    keypad: str
    stay: str | None
    why: Literal["wrong", "dead", "waiting"]


class LockerOpened(Payload, frozen=True, kw_only=True):
    """The door was *seen* open. `purpose` says what it was opened for."""

    TYPE = "locker.opened"
    compartment: str
    stay: str | None
    purpose: Literal["pickup", "deposit", "load", "collect", "recall", "test"]
    by: str


class LockerClosed(Payload, frozen=True, kw_only=True):
    TYPE = "locker.closed"
    compartment: str
    stay: str | None
    open_s: Seconds


class LockerCollected(Payload, frozen=True, kw_only=True):
    """A handover: the citizen's result, or the citizen's deposit collected by an officer. Open was seen, then closed."""

    TYPE = "locker.collected"
    stay: str
    compartment: str
    purpose: Purpose
    dossier: str | None
    by: str


class LockerDeposited(Payload, frozen=True, kw_only=True):
    """A citizen's dossier lies in the compartment. `receipt` is what stands on the printed receipt."""

    TYPE = "locker.deposited"
    stay: str
    compartment: str
    procedure: str
    receipt: str


class LockerOverdue(Payload, frozen=True, kw_only=True):
    TYPE = "locker.overdue"
    stay: str
    compartment: str
    dossier: str | None
    days: Annotated[int, msgspec.Meta(ge=0)]
    step: Literal["reminded", "overdue"]


class LockerRecalled(Payload, frozen=True, kw_only=True):
    """Staff took something back, with a reason. `second` is the second person of an opening of all doors."""

    TYPE = "locker.recalled"
    compartment: str
    stay: str | None
    dossier: str | None
    by: str
    second: str | None = None
    why: Literal["overdue", "citizen_asked", "wrong_dossier", "fault", "fire", "moving"]


class LockerReleased(Payload, frozen=True, kw_only=True):
    """A stay ended without a handover: nothing was put in, or staff emptied a compartment that nobody could name."""

    TYPE = "locker.released"
    stay: str
    compartment: str
    why: Literal["not_opened", "left_empty", "cancelled", "recalled", "found_empty"]


class LockerFault(Payload, frozen=True, kw_only=True):
    """What should not happen to a door. `by` is who set a compartment out of service, or brought it back."""

    TYPE = "locker.fault"
    compartment: str
    stay: str | None
    why: Literal[
        "open_failed",
        "open_unknown",
        "left_open",
        "forced",
        "wrong_door",
        "board_lost",
        "board_refused",
        "sensor",
        "out_of_service",
        "back_in_service",
    ]
    by: str | None = None


class ConsentGiven(Payload, frozen=True, kw_only=True):
    """Somebody agreed to be recognised: what is kept, what for, who took the consent, and which notice was shown.

    `person` is drawn at random and means nothing outside this device; name and template are in no event.
    """

    TYPE = "consent.given"
    person: str
    what: Literal["face"]
    why: Literal["greeting"]
    by: str
    notice: str


class ConsentWithdrawn(Payload, frozen=True, kw_only=True):
    """The template and the name are deleted in the transaction of this event. `by` is who pressed, or `retention`."""

    TYPE = "consent.withdrawn"
    person: str
    what: Literal["face"]
    why: Literal["person_asked", "enrolled_again", "unused", "unreadable"]
    by: str


class TicketIssued(Payload, frozen=True, kw_only=True):
    """A queue number. `ticket` names it for ever (`20261128-A012`), `number` is what stands on paper and board.

    `has_priority` never says why; `wait_s` is what the citizen was told, None when nothing could be said.
    """

    TYPE = "ticket.issued"
    KEEP = Keep.READING
    ticket: str
    number: str
    service: str
    has_priority: bool
    ahead: Annotated[int, msgspec.Meta(ge=0)]
    wait_s: Seconds | None


class TicketCalled(Payload, frozen=True, kw_only=True):
    """On the board and by voice. `call` counts: 1 is the first. `waited_s` runs from issue to the first call."""

    TYPE = "ticket.called"
    KEEP = Keep.READING
    ticket: str
    number: str
    service: str
    counter: str
    call: Annotated[int, msgspec.Meta(ge=1)]
    waited_s: Seconds


class TicketServed(Payload, frozen=True, kw_only=True):
    TYPE = "ticket.served"
    KEEP = Keep.READING
    ticket: str
    service: str
    counter: str
    waited_s: Seconds
    served_s: Seconds


class TicketSkipped(Payload, frozen=True, kw_only=True):
    """A ticket left its turn unserved: `not_there`, `parked` and `transferred` (to the service `to`) come back.

    `no_show` and `day_over` do not. `counter` is None when it was at none.
    """

    TYPE = "ticket.skipped"
    KEEP = Keep.READING
    ticket: str
    service: str
    counter: str | None
    why: Literal["not_there", "parked", "transferred", "no_show", "day_over"]
    to: str | None = None


class GuideAsked(Payload, frozen=True, kw_only=True):
    """Somebody wanted this of the guide, by voice or by button. No more than that: not what was said, not about what."""

    TYPE = "guide.asked"
    KEEP = Keep.READING
    place: str
    intent: Literal[
        "progress",
        "ticket",
        "procedure",
        "counter",
        "papers",
        "hours",
        "person",
        "hotline",
        "feedback",
        "help",
        "checklist",
        "directions",
    ]


class DossierLookedUp(Payload, frozen=True, kw_only=True):
    """Somebody asked how far a dossier is; which one is nobody's business. `status` None: there was no answer."""

    TYPE = "dossier.looked_up"
    KEEP = Keep.READING
    place: str
    outcome: Literal["city", "last_sync", "unknown", "no_answer"]
    status: str | None = None


class FeedbackGiven(Payload, frozen=True, kw_only=True):
    """What a citizen pressed at the guide; whoever wants to write or say more is led to 1022."""

    TYPE = "feedback.given"
    KEEP = Keep.READING
    place: str
    topic: Literal["attitude", "waiting", "procedure", "place", "machine"]
    is_pleased: bool


class DeviceStarted(Payload, frozen=True, kw_only=True):
    TYPE = "device.started"
    boot: str
    version: str
    stations: tuple[str, ...]


class DeviceHealth(Payload, frozen=True, kw_only=True):
    TYPE = "device.health"
    KEEP = Keep.HEALTH
    uptime_s: Seconds
    memory_mb: float
    disk_free_mb: float
    backlog: int
    cameras_live: int


class DeviceFault(Payload, frozen=True, kw_only=True):
    """A part stopped working. `part` as in `camera/quay-01`, `why` a message key."""

    TYPE = "device.fault"
    part: str
    why: str


class DeviceRecovered(Payload, frozen=True, kw_only=True):
    TYPE = "device.recovered"
    part: str
    after_s: Seconds


class ConfigChanged(Payload, frozen=True, kw_only=True):
    TYPE = "device.config_changed"
    sha256: str


class CommandAnswered(Payload, frozen=True, kw_only=True):
    """What became of a city's command; appended in the transaction that did it. `why` is a key: why not, or of one that was done what could not be."""

    TYPE = "command.answered"
    command: str
    name: str
    outcome: Literal["done", "refused"]
    why: str | None = None


class PrivacyPurged(Payload, frozen=True, kw_only=True):
    TYPE = "privacy.purged"
    rows: dict[str, int]


class LedgerCheckpoint(Payload, frozen=True, kw_only=True):
    """Signs device, boot, seq and head (`head` = SHA-256 of the event `upto`). `signature` and `key` are hex."""

    TYPE = "ledger.checkpoint"
    boot: str
    upto: int
    head: str
    key: str
    signature: str


PAYLOADS: dict[str, type[Payload]] = {payload.TYPE: payload for payload in Payload.__subclasses__()}


class UnknownEventType(ValueError):
    """The type is not in this version's contract; the bytes are still kept and forwarded as they are."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One CloudEvents 1.0 event; `data` stays raw so that hashing and forwarding never re-encode it."""

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    seq: int
    prevhash: str
    data: msgspec.Raw

    @property
    def short_type(self) -> str:
        """`visit.ended` out of `vn.motcua.visit.ended.v1`."""
        return self.type.removeprefix(TYPE_PREFIX).rsplit(".v", 1)[0]

    def payload(self) -> Payload:
        """Raise UnknownEventType for a type of another version, msgspec.ValidationError for a malformed payload."""
        kind = PAYLOADS.get(self.short_type)
        if kind is None:
            raise UnknownEventType(self.type)
        return msgspec.json.decode(self.data, type=kind)


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An event that is on the disk: what subscribers of the journal get."""

    seq: int
    time: datetime
    payload: Payload


def full_type(payload: Payload | type[Payload]) -> str:
    """The CloudEvents type of a payload."""
    return f"{TYPE_PREFIX}{payload.TYPE}.v1"
