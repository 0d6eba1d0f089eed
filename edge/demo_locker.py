"""Who comes to the demo's cabinet: an officer with a result, its citizen with the code from the SMS, another one with papers.

They ask the desks that the pages ask. The code is read from the simulated telephone and from nowhere else.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable

from edge.locker_ports import CitizenDesk, LockerDesks, OpeningView, RefusalWhy, Refused, Staff, Step

log = logging.getLogger(__name__)

OFFICER = Staff("quay-01", "officer")
KEYPAD, PROCEDURE = "kiosk", "khai-sinh"
RESULT, RESULT_PHONE = "000.00.00.H29-261124-0012", "0900000011"
LEFT, LEFT_PHONE = "000.00.00.H29-261124-0013", "0900000012"  # stays in the cabinet: to be picked up by hand
DEPOSIT_PHONE = "0900000013"
SMS_S, OPENING_S, DOORS_S = 20.0, 20.0, 10.0
_CODE = re.compile(r"\bma (\d{6})\b")
Texts = Callable[[str], list[str]]


class StoryStuck(Exception):
    """Somebody at the cabinet was refused, or waited in vain; the message says who."""


async def play_locker(desks: LockerDesks, texts: Texts) -> None:
    """Load, a wrong code, the right one, a deposit, and a result that stays. Raise StoryStuck or TimeoutError."""
    await _doors_read(desks)
    citizen, staff = desks.citizen, desks.staff
    await _opened(citizen, lambda: staff.load(OFFICER, RESULT, RESULT_PHONE), "the officer's result")
    code = await _code(texts, RESULT_PHONE)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    refused = await citizen.pick_up(KEYPAD, RESULT, wrong)
    if not isinstance(refused, Refused):
        raise StoryStuck("a wrong code was not refused")
    await _opened(citizen, lambda: citizen.pick_up(KEYPAD, RESULT, code), "the citizen's pickup")
    await _opened(citizen, lambda: citizen.deposit(KEYPAD, PROCEDURE, DEPOSIT_PHONE), "the citizen's deposit")
    await _opened(citizen, lambda: staff.load(OFFICER, LEFT, LEFT_PHONE), "the result that stays")


async def _doors_read(desks: LockerDesks) -> None:
    """The cabinet is trusted and a compartment can be offered."""
    async with asyncio.timeout(DOORS_S):
        while not (  # noqa: ASYNC110 - the desk tells its own screens
            desks.citizen.is_trusted() and any(one.door == "closed" for one in desks.staff.cabinet().compartments)
        ):
            await asyncio.sleep(0.05)


async def _opened(citizen: CitizenDesk, ask: Callable[[], Awaitable[OpeningView | Refused]], who: str) -> None:
    """Ask, wait where one is told to (a coil cools down), and follow the opening to its end, as a screen does."""
    first = await ask()
    if isinstance(first, Refused) and first.why is RefusalWhy.WAIT:
        await asyncio.sleep((first.wait_s or 0.0) + 0.1)
        first = await ask()
    if isinstance(first, Refused):
        raise StoryStuck(f"{who} was refused: {first.why}")
    views: asyncio.Queue[OpeningView] = asyncio.Queue()
    unsubscribe = citizen.subscribe(first.opening, views.put_nowait)
    view = citizen.opening(first.opening) or first
    try:
        async with asyncio.timeout(OPENING_S):
            while view.step not in {Step.DONE, Step.FAILED}:
                view = await views.get()
    finally:
        unsubscribe()
    if view.step is Step.FAILED:
        raise StoryStuck(f"{who}: compartment {view.number}, {view.why}")
    log.info("demo: %s is done, compartment %s", who, view.number)


async def awaited_texts(texts: Texts, phone: str) -> list[str]:
    """Every SMS with a code on this telephone, as soon as there is one. Raise TimeoutError."""
    async with asyncio.timeout(SMS_S):
        while not (found := [text for text in texts(phone) if _CODE.search(text)]):  # noqa: ASYNC110 - a telephone does not call back
            await asyncio.sleep(0.1)
    return found


async def _code(texts: Texts, phone: str) -> str:
    found = _CODE.search((await awaited_texts(texts, phone))[-1])
    assert found is not None  # noqa: S101 - awaited
    return found[1]
