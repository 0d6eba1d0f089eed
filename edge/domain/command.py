"""Whether an order of the city is carried out, and why not. Pure: who it is from was judged before."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

AHEAD = timedelta(seconds=60)  # an order issued so much later than now: it is our clock that is wrong


class CommandRefusal(StrEnum):
    """Keys under `page.command.why`. The first four are answered and kept nowhere: they are not the city's orders to us."""

    NO_CITY_KEY = "no_city_key"
    NOT_SIGNED = "not_signed"
    FOREIGN = "foreign"  # the city's, for another device
    REUSED = "reused"  # another order under an id that was answered
    UNKNOWN_COMMAND = "unknown_command"
    BAD_ARGS = "bad_args"
    TOO_LATE = "too_late"
    CLOCK_UNTRUSTED = "clock_untrusted"
    NO_LOCKER = "no_locker"
    NO_GUIDE = "no_guide"
    BUSY = "busy"
    NO_ROOM = "no_room"
    NOT_THERE = "not_there"
    ALREADY_INSIDE = "already_inside"
    NOT_TRUSTED = "not_trusted"
    NOT_ALLOWED = "not_allowed"
    BAD_DOSSIER = "bad_dossier"
    BAD_DATE = "bad_date"
    SEQ_AHEAD = "seq_ahead"
    CONFIG_INVALID = "config_invalid"
    CONFIG_FOREIGN = "config_foreign"  # for another site, device or data folder
    CONFIG_UNWRITABLE = "config_unwritable"
    CONFIG_FIXED = "config_fixed"  # this agent was not started from a file that it may change
    CONFIG_UNHEALTHY = "config_unhealthy"  # tried, and rolled back
    MANIFEST_UNSIGNED = "manifest_unsigned"
    MANIFEST_INVALID = "manifest_invalid"
    MODELS_UNREACHABLE = "models_unreachable"
    MODELS_NO_ROOM = "models_no_room"
    SUPERSEDED = "superseded"  # a newer one of the same kind came before this was done


class CommandNote(StrEnum):
    """Of an order that was done, what could not be. Keys under `page.command.why` too."""

    NO_SOUND = "no_sound"  # the screens blink, and nothing here can beep


class Outcome(StrEnum):
    """As `command.answered` says it."""

    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Order:
    """What the city signed, without its arguments. `by`: a user's name in the city's system."""

    id: str
    name: str
    source: str
    issued: datetime
    not_after: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Rules:
    """`known`: what this device can do. `doors`: what moves dossiers or their codes, so that a wrong clock may not allow it."""

    source: str
    known: Collection[str]
    doors: Collection[str]


def refuse(order: Order, rules: Rules, now: datetime, *, is_clock_wrong: bool) -> CommandRefusal | None:
    """Why it is not carried out; None when it may be. `is_clock_wrong`: the city's receipts say another time."""
    if order.source != rules.source:
        return CommandRefusal.FOREIGN
    if order.name not in rules.known:
        return CommandRefusal.UNKNOWN_COMMAND
    if now > order.not_after:
        return CommandRefusal.TOO_LATE
    is_ahead = order.issued > now + AHEAD
    if order.name in rules.doors and (is_clock_wrong or is_ahead):
        return CommandRefusal.CLOCK_UNTRUSTED
    return None
