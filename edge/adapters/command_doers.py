"""What each order of the city means here: its arguments as they travel, and which service does it. For `edge.adapters.downlink`.

Each returns None (done), why not, or raises BadArgs. The long ones are in `config_trial` and `model_update`.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Literal, TypeVar

import msgspec

from edge.adapters.city_wire import PAGE, Row, record_of
from edge.command_ports import BadArgs, Doer, Task
from edge.domain.command import CommandNote, CommandRefusal
from edge.locker_ports import CityDesk, Refused, Staff
from edge.ports import Clock
from edge.services.directory import DirectoryService
from edge.services.identify import AT_MOST_S, SECONDS, Identify
from edge.services.locker_plan import CITY
from sync.errors import UNREADABLE

T = TypeVar("T")
KEPT = timedelta(days=3)  # how long a compartment waits for a dossier where the order does not say
LONGEST = timedelta(days=14)
DossierText = Annotated[str, msgspec.Meta(max_length=60)]


class _Args(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class ReserveArgs(_Args, frozen=True, kw_only=True):
    dossier: DossierText
    size: str | None = None
    low: bool = False
    until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class ReleaseArgs(_Args, frozen=True, kw_only=True):
    dossier: DossierText


class RecallArgs(_Args, frozen=True, kw_only=True):
    dossier: DossierText
    why: Literal["overdue", "citizen_asked", "wrong_dossier", "fault", "fire", "moving"]


class StatusArgs(_Args, frozen=True, kw_only=True):
    dossiers: Annotated[tuple[Row, ...], msgspec.Meta(min_length=1, max_length=PAGE)]


class ResendArgs(_Args, frozen=True, kw_only=True):
    seq: Annotated[int, msgspec.Meta(ge=0)]


class IdentifyArgs(_Args, frozen=True, kw_only=True):
    seconds: Annotated[float, msgspec.Meta(ge=1, le=AT_MOST_S)] = SECONDS


def args_of(task: Task, kind: type[T]) -> T:
    """Raise BadArgs; its text names fields and no values."""
    try:
        return msgspec.json.decode(task.args, type=kind)
    except UNREADABLE as error:
        raise BadArgs(f"not the arguments of {kind.__name__}") from error


def not_here(why: CommandRefusal) -> Doer:
    """A station that this device does not have."""

    async def refuse(task: Task) -> CommandRefusal | None:  # noqa: ARG001 - whatever it asks for
        return why

    return refuse


def reserve(desk: CityDesk, clock: Clock) -> Doer:
    async def do(task: Task) -> CommandRefusal | None:
        args, now = args_of(task, ReserveArgs), clock.now()
        until = args.until or now + KEPT
        if not now < until <= now + LONGEST:
            raise BadArgs("until: within the next two weeks")
        told = desk.reserve(_city(task), args.dossier, until, task.answered, size=args.size, low=args.low)
        return _refusal(await told)

    return do


def release(desk: CityDesk) -> Doer:
    async def do(task: Task) -> CommandRefusal | None:
        return _refusal(await desk.release(_city(task), args_of(task, ReleaseArgs).dossier, task.answered))

    return do


def recall(desk: CityDesk) -> Doer:
    async def do(task: Task) -> CommandRefusal | None:
        args = args_of(task, RecallArgs)
        return _refusal(await desk.recall(_city(task), args.dossier, args.why, task.answered))

    return do


def dossier_status(directory: DirectoryService) -> Doer:
    async def do(task: Task) -> CommandRefusal | None:
        try:
            records = [record_of(row) for row in args_of(task, StatusArgs).dossiers]
        except ValueError as error:
            raise BadArgs("a dossier's code that is none") from error
        await directory.push(records, task.answered)
        return None

    return do


def resend(resend_from: Callable[[int], Awaitable[None]], last: Callable[[], int]) -> Doer:
    async def do(task: Task) -> CommandRefusal | None:
        seq = args_of(task, ResendArgs).seq
        if seq > last():
            return CommandRefusal.SEQ_AHEAD
        await resend_from(seq)
        return None

    return do


def identify(screens: Identify) -> Doer:
    async def do(task: Task) -> CommandNote | None:
        screens.start(args_of(task, IdentifyArgs).seconds)
        return None if await screens.is_heard() else CommandNote.NO_SOUND

    return do


def _city(task: Task) -> Staff:
    return Staff(task.by, CITY)


def _refusal(refused: Refused | None) -> CommandRefusal | None:
    return None if refused is None else CommandRefusal(refused.why.value)
