"""One transport, two posts: each hears its own, nothing is forgotten before its owner took it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from edge.ports import SmsReply, SmsReport, SmsStatus
from edge.services.sms_switch import Item, SmsSwitch, SwitchedPort
from tests.edge.services.fakes import IdempotentPhone

ALERT = SmsReport("260101080000-7F3K-leader", SmsStatus.DELIVERED)
LOCKER = [SmsReport(f"lk-stay-{number}-code-1", SmsStatus.DELIVERED) for number in range(5)]
REPLY = SmsReply("in-1", "+84912345678", "1 7F3K")


@pytest.fixture
def phone() -> IdempotentPhone:
    return IdempotentPhone()


@pytest.fixture
async def switch(phone: IdempotentPhone) -> AsyncIterator[SmsSwitch]:
    switch = SmsSwitch(phone, room=2)
    running = asyncio.create_task(switch.run())
    yield switch
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def heard(port: SwitchedPort, count: int) -> list[Item]:
    """The first few of a new walk."""
    found: list[Item] = []
    async with asyncio.timeout(5):
        async for item in port.inbox():
            found.append(item)
            if len(found) == count:
                break
    return found


async def test_each_post_hears_its_own_and_replies_go_to_the_alerts(phone: IdempotentPhone, switch: SmsSwitch) -> None:
    for item in (LOCKER[0], REPLY, ALERT):
        phone.incoming.put_nowait(item)
    assert await heard(switch.locker, 1) == [LOCKER[0]]
    assert await heard(switch.alerts, 2) == [REPLY, ALERT]
    assert phone.forgotten == []


async def test_what_is_not_done_comes_again_to_the_next_walk(phone: IdempotentPhone, switch: SmsSwitch) -> None:
    for item in LOCKER[:2]:
        phone.incoming.put_nowait(item)
    assert await heard(switch.locker, 2) == LOCKER[:2]
    await switch.locker.done(LOCKER[0])
    assert await heard(switch.locker, 1) == [LOCKER[1]]
    assert phone.forgotten == [LOCKER[0]]


async def test_a_full_post_leaves_the_rest_with_the_transport_until_it_has_room(
    phone: IdempotentPhone, switch: SmsSwitch
) -> None:
    for item in LOCKER:
        phone.incoming.put_nowait(item)
    assert await heard(switch.locker, 2) == LOCKER[:2]
    assert phone.incoming.qsize() == 2  # one is in the switch's hand
    found: list[Item] = []
    async with asyncio.timeout(5):
        async for report in switch.locker.inbox():
            found.append(report)
            await switch.locker.done(report)
            if len(found) == len(LOCKER):
                break
    assert found == LOCKER == phone.forgotten


async def test_the_same_report_again_is_news_after_it_was_done(phone: IdempotentPhone, switch: SmsSwitch) -> None:
    walk = switch.alerts.inbox()
    for _ in range(2):
        phone.incoming.put_nowait(ALERT)
        async with asyncio.timeout(5):
            assert await anext(walk) == ALERT
        await switch.alerts.done(ALERT)
    assert phone.forgotten == [ALERT, ALERT]


async def test_both_ports_send(phone: IdempotentPhone, switch: SmsSwitch) -> None:
    await switch.locker.submit("lk-1", "+84912345678", "a")
    await switch.alerts.submit("26-1", "+84912345678", "b")
    assert list(phone.sent) == ["lk-1", "26-1"]
