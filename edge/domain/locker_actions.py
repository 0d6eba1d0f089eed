"""What a step asks for. Commands are for the service to do; facts are for it to tell as `locker.*` events.

Order: the service saves the compartment and tells all facts of one step in one transaction; after it is durable it does the
commands. Facts carry what the compartment knows; dossier, procedure and receipt stand in the stay's row.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from edge.domain.locker import OpenFor, Purpose

# --- commands ---


@dataclass(frozen=True, slots=True)
class Authorise:
    """Write to the disk, durably, that pulse number `pulse` may be sent; then step `Authorised`, or `NotWritten`."""

    compartment: str
    stay: str  # of an opening without a stay (test, an empty door in a recall of all): the opening's id
    opening: str
    pulse: int


@dataclass(frozen=True, slots=True)
class SendPulse:
    """Send one pulse, once; then step `Pulsed`."""

    compartment: str
    stay: str
    opening: str


@dataclass(frozen=True, slots=True)
class ReadAll:
    """Read every door of the cabinet and step each: `locker_cabinet.doors_seen`."""


@dataclass(frozen=True, slots=True)
class IssueCode:
    """A result was loaded: make the stay's first code and queue its SMS."""

    compartment: str
    stay: str


@dataclass(frozen=True, slots=True)
class UseUpCode:
    """The door was seen open for the citizen: the code is spent."""

    compartment: str
    stay: str


@dataclass(frozen=True, slots=True)
class KillCode:
    """The stay is over or in staff's hands: no code of it opens anything any more."""

    compartment: str
    stay: str


class WarnWhy(StrEnum):
    CLOSE_IT = "close_it"
    ITEM_LEFT = "item_left"  # closed after a pickup, and something still lies inside: the stay goes on without a code


@dataclass(frozen=True, slots=True)
class Warn:
    compartment: str
    stay: str | None
    why: WarnWhy


class RefuseWhy(StrEnum):
    """Values as `edge.locker_ports.RefusalWhy`."""

    BUSY = "busy"
    NOT_TRUSTED = "not_trusted"
    ALREADY_INSIDE = "already_inside"
    NOT_THERE = "not_there"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Refuse:
    """The request cannot be met now; the compartment did not change. `wait_s` for WAIT: the coil must cool down."""

    compartment: str
    why: RefuseWhy
    wait_s: float | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The opening is over. `why` None: all went as meant; else why not, for the screen."""

    compartment: str
    opening: str
    why: str | None = None


# --- facts ---


@dataclass(frozen=True, slots=True)
class Reserved:
    compartment: str
    stay: str
    purpose: Purpose
    by: str


@dataclass(frozen=True, slots=True)
class Opened:
    compartment: str
    stay: str | None
    what_for: OpenFor
    by: str


@dataclass(frozen=True, slots=True)
class Closed:
    compartment: str
    stay: str | None
    open_s: float


@dataclass(frozen=True, slots=True)
class Loaded:
    compartment: str
    stay: str
    by: str


@dataclass(frozen=True, slots=True)
class Deposited:
    compartment: str
    stay: str


@dataclass(frozen=True, slots=True)
class Collected:
    compartment: str
    stay: str
    purpose: Purpose
    by: str


@dataclass(frozen=True, slots=True)
class Recalled:
    compartment: str
    stay: str | None
    by: str
    why: str
    second: str | None = None


class ReleasedWhy(StrEnum):
    NOT_OPENED = "not_opened"
    LEFT_EMPTY = "left_empty"
    CANCELLED = "cancelled"
    RECALLED = "recalled"
    FOUND_EMPTY = "found_empty"


@dataclass(frozen=True, slots=True)
class Released:
    compartment: str
    stay: str
    why: ReleasedWhy


class FaultWhy(StrEnum):
    OPEN_FAILED = "open_failed"
    OPEN_UNKNOWN = "open_unknown"
    LEFT_OPEN = "left_open"
    FORCED = "forced"
    WRONG_DOOR = "wrong_door"
    BOARD_LOST = "board_lost"
    BOARD_REFUSED = "board_refused"
    SENSOR = "sensor"
    OUT_OF_SERVICE = "out_of_service"
    BACK_IN_SERVICE = "back_in_service"


@dataclass(frozen=True, slots=True)
class Fault:
    compartment: str
    stay: str | None
    why: FaultWhy
    by: str | None = None


Fact: TypeAlias = Reserved | Opened | Closed | Loaded | Deposited | Collected | Recalled | Released | Fault
Command: TypeAlias = Authorise | SendPulse | ReadAll | IssueCode | UseUpCode | KillCode | Warn | Refuse | Ended
Action: TypeAlias = Fact | Command
