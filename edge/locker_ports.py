"""What the locker's service and pages may ask for: Protocols and the values that cross them, as `edge.ports` for the counter.

One *stay* is one use of one compartment, from reserved to free again. Its id stands in every event and table.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from edge.domain.door import Door as Door  # noqa: PLC0414 - offered from here
from edge.domain.door import Pulse as Pulse  # noqa: PLC0414 - offered from here
from edge.domain.locker import CompartmentState, Purpose
from edge.domain.pickup_code import PickupCode
from edge.ports import Change

# --- the doors, as the locker service sees them ---


@dataclass(frozen=True, slots=True)
class DoorChange:
    """`at` is the agent's monotonic clock, seconds. `pushed`: the board said so by itself."""

    compartment: str
    door: Door
    at: float
    pushed: bool = False


@dataclass(frozen=True, slots=True)
class BoardChange:
    """`why` is the short key of a sentence under `page.fault`, None when the board answers as it should."""

    board: str
    why: str | None


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One frame on a line, for the technician: decoded to `meaning`, a key under `page.locker.trace`, and its values."""

    at: datetime
    board: str
    sent: bool
    frame: str  # hex, bytes apart
    meaning: str
    values: Mapping[str, str | int]


class Doors(Protocol):
    """All boards of one cabinet behind the write policy."""

    def watch(self) -> AsyncIterator[DoorChange | BoardChange]:
        """Every change from now on; the first read of each door counts as a change."""

    async def read(self, compartment: str | None = None) -> Mapping[str, Door]:
        """Ask the boards now, all of them or the one of a compartment; a silent board's doors are UNKNOWN."""

    async def pulse(self, compartment: str, stay: str) -> Pulse:
        """Open one door, once. The caller has written the authorisation of `stay` to the disk before."""

    def trace(self) -> tuple[TraceRow, ...]: ...  # the last frames, oldest first
    def subscribe_trace(self, callback: Callable[[TraceRow], None]) -> Callable[[], None]: ...


# --- seals, printer, scanner, codes to send ---


class Seal(Protocol):
    """Encrypts what must rest on the disk but may be read back here alone (a citizen's number); the key is a file of the device."""

    def close(self, plain: str) -> bytes: ...
    def open(self, sealed: bytes) -> str:
        """Raise ValueError for what another key sealed."""


class PrintOutcome(StrEnum):
    PRINTED = "printed"
    NO_PAPER = "no_paper"
    OFFLINE = "offline"
    UNKNOWN = "unknown"  # the job was given and no answer came: never printed again by itself
    NO_PRINTER = "no_printer"  # this cabinet has none


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a depositor takes home; `receipt` is also the QR."""

    receipt: str
    procedure: str
    compartment: str
    at: datetime
    lang: str = "vi"


class ReceiptPrinter(Protocol):
    async def print(self, receipt: Receipt) -> PrintOutcome: ...


class Scans(Protocol):
    """A scanner at one place. Its texts go to whoever looks at the page of that place; an empty one could not be read."""

    def subscribe(self, callback: Callable[[str], None]) -> Callable[[], None]: ...


class CodeBook(Protocol):
    """Codes that are still owed to a citizen by SMS."""

    async def to_send(self, stay: str, number: int) -> PickupCode | None:
        """The code `number` of a stay; None when it was replaced, used or killed since: then nothing is sent."""

    async def sent(self, stay: str, number: int) -> None:
        """The transport has it: from now on nobody here can say it again."""


# --- the citizen's screen ---


class Step(StrEnum):
    """How far one opening is, as a screen shows it."""

    OPENING = "opening"
    OPEN = "open"
    CLOSE_IT = "close_it"  # open for too long: please close it
    DONE = "done"
    FAILED = "failed"  # `why` says what to do; the code or the reservation stays valid where that is so


@dataclass(frozen=True, slots=True)
class OpeningView:
    """One door being opened for somebody. `number` is what stands on the door. `why`: a key under `page.locker.why`."""

    opening: str
    compartment: str
    number: str
    step: Step
    why: str | None = None
    receipt: str | None = None  # of a deposit that is done
    printed: PrintOutcome | None = None


class RefusalWhy(StrEnum):
    """Keys under `page.locker.refusal`; each sentence says what to do."""

    WRONG = "wrong"  # unknown dossier and wrong code alike
    WAIT = "wait"  # `wait_s`
    DEAD = "dead"  # a new code goes to the registered number only
    BAD_DOSSIER = "bad_dossier"
    BAD_DATE = "bad_date"
    BAD_PHONE = "bad_phone"
    BAD_CCCD = "bad_cccd"
    NO_ROOM = "no_room"
    BUSY = "busy"  # somebody is at a door of this cabinet right now
    ALREADY_INSIDE = "already_inside"
    NOT_TRUSTED = "not_trusted"  # disk or board: nothing opens, staff know
    NOT_THERE = "not_there"
    RECALLED = "recalled"  # by the city: staff take it out, no code is issued any more
    NOT_ALLOWED = "not_allowed"
    TWO_PERSONS = "two_persons"


@dataclass(frozen=True, slots=True)
class Refused:
    why: RefusalWhy
    wait_s: float | None = None


@dataclass(frozen=True, slots=True)
class Procedure:
    """One procedure in one language; `papers` in the order in which they are put in the bag."""

    key: str
    name: str
    papers: tuple[str, ...]
    size: str = "small"


class CitizenDesk(Protocol):
    """What a keypad may do. `keypad` names the screen: guesses are counted for each."""

    async def pick_up(self, keypad: str, dossier: str, code: str) -> OpeningView | Refused:
        """`dossier`: its code, a receipt's text, or the registered number's last four digits."""

    async def deposit(
        self,
        keypad: str,
        procedure: str,
        phone: str,
        *,
        dossier: str | None = None,
        low: bool = False,
        lang: str = "vi",
    ) -> OpeningView | Refused:
        """A free compartment opens for a citizen's papers; `low` asks for one that a wheelchair reaches."""

    def procedures(self, lang: str) -> tuple[Procedure, ...]: ...
    def opening(self, opening: str) -> OpeningView | None: ...
    def subscribe(self, opening: str, callback: Callable[[OpeningView], None]) -> Callable[[], None]: ...
    def is_trusted(self) -> bool: ...  # False: nothing opens now (disk, boards), the screen says so
    def scans(self, keypad: str) -> Scans | None: ...


# --- the officer's and the technician's desk ---


@dataclass(frozen=True, slots=True)
class Kept:
    """A free compartment that the city keeps for a dossier; `by` ordered it, and after `until` it is free again."""

    dossier: str
    by: str
    until: datetime


@dataclass(frozen=True, slots=True)
class CompartmentView:
    """One door in the picture of the cabinet. `row` and `column` count from 0 at the top left, spans in grid cells."""

    compartment: str
    number: str
    size: str
    low: bool
    row: int
    column: int
    rows: int
    columns: int
    state: CompartmentState
    door: Door
    stay: str | None = None
    purpose: Purpose | None = None
    dossier: str | None = None
    procedure: str | None = None
    since: datetime | None = None
    sms: str | None = None  # status of the SMS with the code: queued, submitted, delivered, failed, unknown
    why: str | None = None  # of a fault: a key under `page.locker.why`
    kept: Kept | None = None
    recalled: bool = False  # by the city: no code is issued for it


@dataclass(frozen=True, slots=True)
class CabinetView:
    """`why`: None when trusted, else starting, disk or boards (`page.locker.distrust.*`)."""

    name: str
    trusted: bool
    why: str | None
    compartments: tuple[CompartmentView, ...]


@dataclass(frozen=True, slots=True)
class OverdueRow:
    stay: str
    compartment: str
    number: str
    dossier: str | None
    since: datetime
    days: int
    reminded: bool
    recalled: bool = False  # by the city


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One event of a dossier or receipt: `kind` is the event's short type, `values` its message parameters."""

    at: datetime
    kind: str
    values: Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Staff:
    """Who asks: a user's name and role as the session has it."""

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class SpokenCode:
    """A reissued code to be read to the registered citizen by telephone; shown once, held nowhere."""

    code: PickupCode


class StaffDesk(Protocol):
    """Officers load, collect, reissue, recall; technicians test and take out of service. Each answer is a value, never a raise."""

    def cabinet(self) -> CabinetView: ...
    def subscribe(self, callback: Callable[[CabinetView], None]) -> Callable[[], None]: ...
    def subscribe_opening(self, opening: str, callback: Callable[[OpeningView], None]) -> Callable[[], None]: ...
    async def load(
        self, by: Staff, dossier: str, phone: str, *, size: str | None = None, low: bool = False
    ) -> OpeningView | Refused:
        """A door opens for a result; when it was open and is closed the code goes out."""

    async def empty(self, by: Staff, stay: str) -> Refused | None:
        """Nothing was put in after all: the stay is over and the compartment free."""

    async def collect(self, by: Staff, compartment: str) -> OpeningView | Refused: ...
    async def reissue(self, by: Staff, stay: str, via: str) -> SpokenCode | Refused | None:
        """`via` sms: a new code goes to the registered number (None). phone: the new code, to be read out once."""

    async def recall(self, by: Staff, compartment: str, why: str) -> OpeningView | Refused: ...
    async def recall_all(self, by: Staff, why: str, second: Staff) -> tuple[OpeningView, ...] | Refused:
        """Every door, one after the other: two different persons, both officers or above, both just checked by the caller."""

    async def overdue(self) -> tuple[OverdueRow, ...]: ...
    async def history(self, text: str) -> tuple[HistoryRow, ...] | Refused: ...
    async def test(self, by: Staff, compartment: str) -> OpeningView | Refused: ...
    async def out_of_service(self, by: Staff, compartment: str) -> Refused | None: ...
    async def back_in_service(self, by: Staff, compartment: str) -> Refused | None: ...
    def trace(self) -> tuple[TraceRow, ...]: ...
    def subscribe_trace(self, callback: Callable[[TraceRow], None]) -> Callable[[], None]: ...
    def channels(self) -> Mapping[str, tuple[str, int]]: ...  # compartment -> board, channel: the door map
    def scans(self) -> Scans | None: ...


class CityDesk(Protocol):
    """What the city may do from afar, as `Staff` of the role `city`. No door opens. `answered` is written with what is done."""

    async def reserve(
        self, by: Staff, dossier: str, until: datetime, answered: Change, *, size: str | None = None, low: bool = False
    ) -> Refused | None:
        """A compartment is kept free for a dossier; once more for the same one is until another time."""

    async def release(self, by: Staff, dossier: str, answered: Change) -> Refused | None: ...
    async def recall(self, by: Staff, dossier: str, why: str, answered: Change) -> Refused | None:
        """The pickup code dies; staff take the paper out."""


@dataclass(frozen=True, slots=True)
class LockerDesks:
    citizen: CitizenDesk
    staff: StaffDesk
