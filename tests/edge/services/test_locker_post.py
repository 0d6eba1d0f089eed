"""The SMS to a citizen over a real journal: one a code, honest about what left, and nothing personal left behind."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import nullcontext, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from devices.sms.phone_sim import PhoneSimChannel, SimulatedPhones
from edge.adapters.seal import KEY_BYTES, DeviceSeal
from edge.adapters.sms import ChannelPort
from edge.domain.retention import RetentionRules, cutoffs
from edge.ports import SmsReply, SmsReport, SmsStatus
from edge.services.locker_post import LockerPost
from edge.services.locker_text import LockerText
from edge.store.locker_outbox import Handed, SmsKind, Words, ref_of
from edge.store.outbox import Sending
from edge.store.purge import purge
from tests.edge.sentences import strings
from tests.edge.services.fakes import IdempotentPhone
from tests.edge.services.locker_house import House
from tests.edge.services.locker_town import CITIZEN, DIGITS, DOSSIER, Died, Town

REF = ref_of("stay-1", SmsKind.CODE, 1)


@pytest.fixture
def phone() -> IdempotentPhone:
    return IdempotentPhone()


@pytest.fixture
async def town(tmp_path: Path, phone: IdempotentPhone) -> AsyncIterator[Town]:
    town = await Town.open(tmp_path, phone)
    yield town
    await town.journal.close()


async def test_a_code_goes_out_once_and_is_forgotten(town: Town, phone: IdempotentPhone) -> None:
    for _ in range(3):
        await town.queue()
        await town.post.send_due()
    to, text = phone.sent[REF]
    assert (to, len(phone.sent), phone.asked) == (CITIZEN, 1, [REF])
    assert DOSSIER in text
    assert DIGITS in text
    assert town.codes.told == [("stay-1", 1)]


async def test_it_counts_as_unsent_until_the_transport_says_that_it_left(town: Town) -> None:
    seen: list[str] = []
    town.post.subscribe(seen.append)
    await town.queue()
    await town.post.send_due()
    assert Sending.QUEUED is await town.status()
    for told in (SmsStatus.SUBMITTED, SmsStatus.DELIVERED, SmsStatus.SUBMITTED, SmsStatus.DELIVERED):
        await town.post.take(SmsReport(REF, told))
    assert Sending.DELIVERED is await town.status()
    assert seen == ["stay-1", "stay-1"]


async def test_without_a_modem_it_waits_longer_each_time_and_never_gives_up(town: Town, phone: IdempotentPhone) -> None:
    phone.is_down = True
    await town.queue()
    tries = []
    for _ in range(400):
        before = len(phone.asked)
        await town.post.send_due()
        tries.append(len(phone.asked) - before)
        town.clock.advance(60)
    assert Sending.QUEUED is await town.status()
    assert sum(tries[300:]) == pytest.approx(50, abs=1)  # every two minutes at last
    assert town.faults.why("sms") == "unavailable"
    phone.is_down = False
    town.clock.advance(120)
    await town.post.send_due()
    assert list(phone.sent) == [REF]
    assert town.faults.why("sms") is None


async def test_a_clock_that_was_put_back_keeps_no_code_waiting(town: Town, phone: IdempotentPhone) -> None:
    phone.is_down = True
    await town.queue()
    await town.post.send_due()
    phone.is_down = False
    town.clock.put(hours=-7)
    town.clock.advance(120)
    await town.post.send_due()
    assert list(phone.sent) == [REF]


async def test_a_clock_that_was_put_back_by_seconds_makes_no_code_due(town: Town, phone: IdempotentPhone) -> None:
    phone.is_down = True
    await town.queue()
    for _ in range(8):
        await town.post.send_due()
        town.clock.advance(121)
    await town.post.send_due()
    tries = len(phone.asked)
    town.clock.put(hours=-30 / 3600)
    await town.post.send_due()
    assert tries == len(phone.asked)


async def test_a_replaced_code_is_not_sent(town: Town, phone: IdempotentPhone) -> None:
    town.codes.owed = {("stay-1", 2): "111222"}
    await town.queue()
    await town.queue(number=2)
    await town.post.send_due()
    assert [(await town.row(place=place)).status for place in (0, 1)] == [Sending.CANCELLED, Sending.QUEUED]
    assert [ref_of("stay-1", SmsKind.CODE, 2)] == list(phone.sent)


async def test_a_code_that_opens_nothing_any_more_is_taken_back(tmp_path: Path, phone: IdempotentPhone) -> None:
    """The modem is dead, the officer reads out another code; with the modem back the dead one came last."""
    house, phone.holds_back = await House.open(tmp_path), True
    post = post_of(house, phone)
    await house.loaded()
    await post.send_due()
    assert len(phone.sent) == 1
    await house.spoken()
    await post.send_due()
    assert phone.sent == {}
    assert await house.rows("SELECT status, sealed_phone FROM locker_sms WHERE kind = 'code'") == [("cancelled", None)]
    await house.journal.close()


@pytest.mark.parametrize("is_killed", [False, True])
async def test_a_code_replaced_while_it_is_handed_over_is_taken_back(
    tmp_path: Path, phone: IdempotentPhone, *, is_killed: bool
) -> None:
    house, phone.holds_back = await House.open(tmp_path), True
    await house.loaded()

    async def replaced() -> None:
        phone.after_submit = None
        await house.spoken()
        if is_killed:
            raise Died

    phone.after_submit, post = replaced, post_of(house, phone)
    with pytest.raises(ExceptionGroup) if is_killed else nullcontext():
        await post.send_due()
    assert len(phone.sent) == 1
    if is_killed:
        house = await house.killed()
        post = post_of(house, phone)
    await post.send_due()
    assert phone.sent == {}
    assert await house.rows("SELECT status, sealed_phone FROM locker_sms WHERE kind = 'code'") == [("cancelled", None)]
    await house.journal.close()


def post_of(house: House, phone: IdempotentPhone) -> LockerPost:
    text = LockerText(strings(), "UBND")
    return LockerPost(
        house.disk, phone, house.locker.codes, house.locker.parts.seal, text, faults=house.faults, clock=house.clock
    )


async def test_a_code_of_which_nothing_says_that_it_is_over_stays_on_its_way(
    town: Town, phone: IdempotentPhone
) -> None:
    phone.holds_back = True
    await town.queue()
    for _ in range(5):
        await town.post.send_due()
        town.clock.advance(60)
    assert list(phone.sent) == [REF]


async def test_what_is_cancelled_is_not_sent_and_what_was_handed_over_stays_true(
    town: Town, phone: IdempotentPhone
) -> None:
    await town.queue()
    await town.post.send_due()
    await town.queue(kind=SmsKind.REMINDER, number=0)
    await town.cancel()
    await town.post.send_due()
    await town.post.take(SmsReport(REF, SmsStatus.DELIVERED))
    assert [(await town.row(place=place)).status for place in (0, 1)] == [Sending.DELIVERED, Sending.CANCELLED]
    assert list(phone.sent) == [REF]


async def test_a_refused_number_has_failed(town: Town, phone: IdempotentPhone) -> None:
    phone.refuses.add(CITIZEN)
    await town.queue()
    await town.post.send_due()
    assert Sending.FAILED is await town.status()
    assert town.codes.told == []


async def test_a_number_of_another_devices_key_has_failed(town: Town, phone: IdempotentPhone) -> None:
    own, town.seal = town.seal, DeviceSeal(secrets.token_bytes(KEY_BYTES))
    await town.queue()
    town.seal = own
    await town.queue("stay-2", SmsKind.RECEIPT, number=0, phone="not a number", words=Words("03", receipt="BN-7F3K"))
    await town.post.send_due()
    assert [(await town.row(stay)).status for stay in ("stay-1", "stay-2")] == [Sending.FAILED] * 2
    assert phone.sent == {}


async def test_killed_after_the_handing_over_sends_once_and_forgets_the_code(
    town: Town, phone: IdempotentPhone
) -> None:
    async def die() -> None:
        raise Died

    phone.after_submit = die
    await town.queue()
    with pytest.raises(ExceptionGroup):
        await town.post.send_due()
    phone.after_submit, town.codes.dies_at_sent = None, True
    town = await town.killed()
    with pytest.raises(ExceptionGroup):
        await town.post.send_due()
    assert Handed.YES is (await town.row()).handed
    town.codes.dies_at_sent = False
    town = await town.killed()
    await town.post.settle()
    await town.post.send_due()
    assert (phone.asked, list(phone.sent)) == ([REF, REF], [REF])
    assert (town.codes.told, town.codes.owed) == ([("stay-1", 1)], {})
    await town.journal.close()


async def test_the_running_post_sends_when_woken_and_takes_reports(town: Town, phone: IdempotentPhone) -> None:
    is_told = asyncio.Event()
    town.post.subscribe(lambda _stay: is_told.set())

    async def report() -> None:
        phone.incoming.put_nowait(SmsReport(REF, SmsStatus.SUBMITTED))

    phone.after_submit = report
    running = asyncio.create_task(town.post.run())
    await town.queue()
    town.post.wake()
    phone.incoming.put_nowait(SmsReply("in-1", CITIZEN, "cam on"))
    async with asyncio.timeout(10):
        await is_told.wait()
        while len(phone.forgotten) < 2 or not phone.sent:
            await asyncio.sleep(0.01)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert Sending.SUBMITTED is await town.status()


async def test_simulated_phones_report_every_step(tmp_path: Path) -> None:
    network = tmp_path / "phones.sqlite"
    town = await Town.open(tmp_path / "agent", ChannelPort(PhoneSimChannel(network, delivery_s=0.05, poll_s=0.01)))
    seen: asyncio.Queue[str] = asyncio.Queue()
    town.post.subscribe(seen.put_nowait)
    running = asyncio.create_task(town.post.run())
    await town.queue()
    async with asyncio.timeout(10):
        while await town.status() is not Sending.DELIVERED:
            assert await seen.get() == "stay-1"
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await town.journal.close()
    assert len(SimulatedPhones(network).texts(CITIZEN)) == 1


async def test_neither_number_nor_code_is_anywhere(
    town: Town, phone: IdempotentPhone, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await town.queue()
    row = await town.row()
    phone.is_down = True
    await town.post.send_due()
    assert row.phone is not None
    phone.is_down = False
    town.clock.advance(5)
    await town.post.send_due()
    assert (await town.row()).phone is None  # the transport has it: nobody needs the number any more
    await town.post.take(SmsReport(REF, SmsStatus.FAILED))
    files = b"".join(path.read_bytes() for path in town.folder.rglob("*") if path.is_file())
    told = f"{row!r} {caplog.text}".encode()
    assert REF.encode() in files
    assert [secret for secret in (CITIZEN, CITIZEN[3:], DIGITS) for place in (files, told) if secret.encode() in place] == []  # fmt: skip


async def test_old_rows_go_and_waiting_ones_stay(town: Town) -> None:
    await town.queue()
    await town.post.send_due()
    await town.queue("stay-2", SmsKind.RECEIPT, number=0)
    later = town.clock.now() + timedelta(days=100)
    old = cutoffs(later.timestamp(), RetentionRules())
    counted = await town.change(lambda connection: purge(connection, old, later))
    assert counted["locker_sms"] == 1
    assert Sending.QUEUED is (await town.row("stay-2")).status
