"""What people ask of a locker in a campaign, and what it says to them: values that fit through a socket.

`answer` carries an order out at the real desks, in whichever process they are.
"""

import contextlib
from collections.abc import AsyncGenerator
from typing import TypeAlias

import msgspec

from edge.adapters.locker_commands import Watched
from edge.locker_ports import (
    CabinetView,
    LockerDesks,
    OpeningView,
    RefusalWhy,
    Refused,
    SpokenCode,
    Staff,
    StaffDesk,
    Step,
)

OFFICER, LEADER, TECHNICIAN = Staff("can-bo", "officer"), Staff("lanh-dao", "leader"), Staff("ky-thuat", "technician")
KEYPAD, OTHER_KEYPAD = "kiosk", "kiosk-2"
PROCEDURE = "khai-sinh"
ENDED = frozenset({Step.DONE, Step.FAILED})


class Order(msgspec.Struct, frozen=True, tag=True):
    """Base of all orders."""


class Load(Order, frozen=True):
    dossier: str
    phone: str


class PickUp(Order, frozen=True):
    dossier: str
    code: str
    keypad: str = KEYPAD


class Deposit(Order, frozen=True):
    phone: str
    keypad: str = KEYPAD


class Collect(Order, frozen=True):
    compartment: str


class Recall(Order, frozen=True):
    compartment: str
    why: str = "fault"


class Test(Order, frozen=True):
    compartment: str


class Empty(Order, frozen=True):
    stay: str


class Reissue(Order, frozen=True):
    stay: str
    via: str = "sms"


class OutOfService(Order, frozen=True):
    compartment: str


class BackInService(Order, frozen=True):
    compartment: str


class Look(Order, frozen=True):
    """The officer's picture of the cabinet."""


AnyOrder: TypeAlias = (
    Load | PickUp | Deposit | Collect | Recall | Test | Empty | Reissue | OutOfService | BackInService | Look
)


class Said(msgspec.Struct, frozen=True, tag=True):
    """Base of all answers. `is_last`: nothing more follows to this order."""

    is_last: bool = True


class No(Said, frozen=True):
    why: RefusalWhy = RefusalWhy.WRONG
    wait_s: float | None = None


class Shown(Said, frozen=True):
    """What the screen beside the door shows now."""

    view: OpeningView | None = None


class Picture(Said, frozen=True):
    cabinet: CabinetView | None = None


class Spoken(Said, frozen=True):
    """A code read out by telephone."""

    code: str = ""


class Yes(Said, frozen=True):
    pass


AnySaid: TypeAlias = No | Shown | Picture | Spoken | Yes


async def answer(desks: LockerDesks, order: AnyOrder) -> AsyncGenerator[AnySaid, None]:
    """Every view of an opening until it has ended; one answer to everything else."""
    first = await _ask(desks, order)
    match first:
        case Refused(why=why, wait_s=wait_s):
            yield No(why=why, wait_s=wait_s)
        case OpeningView():
            async with contextlib.aclosing(_followed(desks, first)) as views:
                async for view in views:
                    yield Shown(is_last=view.step in ENDED, view=view)
        case CabinetView():
            yield Picture(cabinet=first)
        case SpokenCode(code=code):
            yield Spoken(code=code.reveal())
        case None:
            yield Yes()


async def _followed(desks: LockerDesks, first: OpeningView) -> AsyncGenerator[OpeningView, None]:
    """From the view that the service has now: it may have moved while the answer was on its way."""
    watched = Watched(desks.staff, desks.citizen.opening(first.opening) or first)
    try:
        async for view in watched.views():
            yield view
    finally:
        watched.stop()


Answer: TypeAlias = OpeningView | Refused | SpokenCode | CabinetView | None


async def _ask(desks: LockerDesks, order: AnyOrder) -> Answer:
    match order:
        case PickUp():
            return await desks.citizen.pick_up(order.keypad, order.dossier, order.code)
        case Deposit():
            return await desks.citizen.deposit(order.keypad, PROCEDURE, order.phone)
        case Load() | Collect() | Recall() | Empty() | Reissue():
            return await _ask_officer(desks.staff, order)
        case Test() | OutOfService() | BackInService():
            return await _ask_technician(desks.staff, order)
        case Look():
            return desks.staff.cabinet()


async def _ask_officer(staff: StaffDesk, order: Load | Collect | Recall | Empty | Reissue) -> Answer:
    match order:
        case Load():
            return await staff.load(OFFICER, order.dossier, order.phone)
        case Collect():
            return await staff.collect(OFFICER, order.compartment)
        case Recall():
            return await staff.recall(OFFICER, order.compartment, order.why)
        case Empty():
            return await staff.empty(OFFICER, order.stay)
        case Reissue():
            return await staff.reissue(OFFICER, order.stay, order.via)


async def _ask_technician(staff: StaffDesk, order: Test | OutOfService | BackInService) -> Answer:
    match order:
        case Test():
            return await staff.test(TECHNICIAN, order.compartment)
        case OutOfService():
            return await staff.out_of_service(TECHNICIAN, order.compartment)
        case BackInService():
            return await staff.back_in_service(TECHNICIAN, order.compartment)
