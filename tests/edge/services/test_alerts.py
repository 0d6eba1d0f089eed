"""An alert on its way: told along the chain, answered, contested, withdrawn; and through crashes at every place."""

import asyncio
from collections.abc import Sequence

import pytest

from edge.domain.escalation import Why
from edge.domain.level import Level
from edge.ports import AlertState, AlertView, NotThere, SmsReply, SmsReport, SmsStatus
from edge.services.alert_changes import Cause
from edge.services.plan import telling_order
from sync.events import AlertAcknowledged, AlertClosed, AlertContested, AlertRaised, AlertSms
from tests.edge.services.centre import CONTACTS, DUTY, HEAD, LEADER, Centre

NEXT_S = 300.0


async def raised(centre: Centre, visit: str = "visit", why: Why = Why.ANGER) -> AlertView:
    since = centre.clock.now()
    alert = await centre.alerts.raise_alert(Cause("q1", visit, why, why.level, since, ("brow_lowered", "lips_pressed")))
    assert alert is not None
    return alert


async def told(centre: Centre) -> list[str]:
    """Send what is due; whose phones have had a message so far."""
    await centre.post.send_due()
    return sorted(to for to, _ in centre.phone.sent.values())


async def statuses(centre: Centre, contact: str) -> list[str]:
    found = await centre.events(AlertSms)
    return [sms.status for sms in found if isinstance(sms, AlertSms) and sms.contact == contact]


async def test_leader_and_head_of_unit_are_told_what_where_and_how_to_answer(centre: Centre) -> None:
    alert = await raised(centre)

    assert sorted(number.reveal() for number in (LEADER, HEAD)) == await told(centre)
    texts = {text for _, text in centre.phone.sent.values()}
    assert {f"Quầy 1: người dân tỏ ra bực từ 08:00 (cau mày, mím môi). Nhận xử lý: soạn 1 {alert.alert}"} == texts
    assert all(len(text) <= 134 for text in texts)


async def test_an_answer_by_sms_takes_it_on(centre: Centre) -> None:
    alert = await raised(centre)
    await told(centre)
    await centre.post.take(SmsReply("r1", HEAD.reveal(), f"1 {alert.alert.lower()}"))
    centre.clock.advance(NEXT_S + 1)
    await centre.alerts.advance()

    (now,) = await centre.alerts.recent()
    assert (now.state, now.owner) == (AlertState.ACKNOWLEDGED, "head")
    assert [AlertAcknowledged(alert=alert.alert, by="head", via="sms")] == await centre.events(AlertAcknowledged)
    assert [AlertClosed(alert=alert.alert, why="acknowledged")] == await centre.events(AlertClosed)
    assert len(await told(centre)) == 2


async def test_a_bare_one_means_the_only_open_alert(centre: Centre) -> None:
    await raised(centre)
    await told(centre)
    await centre.post.take(SmsReply("r1", LEADER.reveal(), "1"))

    (now,) = await centre.alerts.recent()
    assert now.owner == "leader"


async def test_a_bare_one_is_no_answer_when_two_are_open(centre: Centre) -> None:
    await raised(centre, "a")
    await raised(centre, "b")
    await told(centre)
    await centre.post.take(SmsReply("r1", LEADER.reveal(), "1"))

    assert [alert.state for alert in await centre.alerts.recent()] == [AlertState.OPEN] * 2


async def test_a_bare_one_of_somebody_who_was_told_late_takes_on_what_nobody_answered(centre: Centre) -> None:
    centre.phone.is_down = True
    await raised(centre)
    await minutes(centre, 11)
    await centre.post.take(SmsReply("r1", LEADER.reveal(), "1"))
    assert AlertState.UNANSWERED is (await centre.alerts.recent())[0].state, "it was no answer: nobody was told"

    centre.phone.is_down = False
    await minutes(centre, 3)
    await centre.post.take(SmsReply("r2", LEADER.reveal(), "1"))
    now = (await centre.alerts.recent())[0]
    assert (now.state, now.owner) == (AlertState.ACKNOWLEDGED, "leader")


async def test_a_bare_one_takes_on_nothing_of_yesterday(centre: Centre) -> None:
    await raised(centre)
    await minutes(centre, 11)
    centre.clock.advance(20 * 3600)
    await centre.post.take(SmsReply("r1", LEADER.reveal(), "1"))
    assert AlertState.UNANSWERED is (await centre.alerts.recent())[0].state


@pytest.mark.parametrize("sender", ["+84977777777", "+8490000", "VIETTEL"])
async def test_a_stranger_takes_nothing_on_and_is_not_asked_again(centre: Centre, sender: str) -> None:
    alert = await raised(centre)
    reply = SmsReply("r1", sender, f"1 {alert.alert}")
    await centre.post.take(reply)

    assert AlertState.OPEN is (await centre.alerts.recent())[0].state
    assert [reply] == centre.phone.forgotten


async def test_the_second_answer_leaves_the_first_owner(centre: Centre) -> None:
    alert = await raised(centre)
    await centre.alerts.acknowledge(alert.alert, "binh")
    await centre.alerts.acknowledge(alert.alert, "an")
    await centre.post.take(SmsReply("r1", LEADER.reveal(), f"1 {alert.alert}"))

    assert (await centre.alerts.recent())[0].owner == "binh"
    assert [AlertAcknowledged(alert=alert.alert, by="binh", via="page")] == await centre.events(AlertAcknowledged)


async def test_nobody_answers(centre: Centre) -> None:
    alert = await raised(centre)
    await told(centre)
    centre.clock.advance(NEXT_S)
    await centre.alerts.advance()
    assert DUTY.reveal() in await told(centre)

    centre.clock.advance(NEXT_S)
    await centre.alerts.advance()
    assert [AlertClosed(alert=alert.alert, why="nobody_answered")] == await centre.events(AlertClosed)
    assert AlertState.UNANSWERED is (await centre.alerts.recent())[0].state

    late = await centre.alerts.acknowledge(alert.alert, "binh")
    assert (late.state, late.owner) == (AlertState.ACKNOWLEDGED, "binh")


async def test_whoever_cannot_be_reached_is_not_waited_for(centre: Centre) -> None:
    centre.phone.refuses = {LEADER.reveal(), HEAD.reveal()}
    await raised(centre)
    await told(centre)

    assert [DUTY.reveal()] == await told(centre)
    assert await statuses(centre, "leader") == ["failed"]


async def test_a_transport_that_is_down_is_tried_again_and_told_once(centre: Centre) -> None:
    centre.phone.is_down = True
    await raised(centre)
    for _ in range(5):
        assert await told(centre) == []
        centre.clock.advance(40)
    assert [tile.part for tile in centre.faults.tiles() if not tile.ok] == ["sms"]

    centre.phone.is_down = False
    assert len(await told(centre)) == 2
    assert [tile.part for tile in centre.faults.tiles() if not tile.ok] == []
    assert len(set(centre.phone.asked)) == 2


async def test_a_transport_that_stays_down_makes_it_the_next_contacts_turn(centre: Centre) -> None:
    centre.phone.is_down = True
    await raised(centre)
    for _ in range(50):
        await told(centre)
        centre.clock.advance(120)
    contacts = dict((await centre.alerts.recent())[0].contacts)

    assert (contacts["leader"], contacts["head"]) == ("failed", "failed")
    assert "duty" in contacts


async def minutes(centre: Centre, count: int) -> None:
    """What the alert service and the SMS post do all the time, a little coarser."""
    for _ in range(count * 6):
        await told(centre)
        await centre.alerts.advance()
        centre.clock.advance(10)


async def test_whom_no_sms_could_reach_in_time_is_told_when_it_can(centre: Centre) -> None:
    centre.phone.is_down = True
    alert = await raised(centre)
    await minutes(centre, 11)
    assert [AlertClosed(alert=alert.alert, why="nobody_answered")] == await centre.events(AlertClosed)

    centre.phone.is_down = False
    await minutes(centre, 3)
    assert sorted(to for to, _ in centre.phone.sent.values()) == [LEADER.reveal(), HEAD.reveal(), DUTY.reveal()]


async def test_a_power_cut_longer_than_the_chain_keeps_nobody_from_being_told(centre: Centre) -> None:
    one = await centre.killed()
    await raised(one)
    two = await one.killed()
    two.clock.advance(3 * NEXT_S)
    for _ in range(2):  # the alert service may well come first
        await two.alerts.advance()
        two.clock.advance(NEXT_S)
    assert AlertState.UNANSWERED is (await two.alerts.recent())[0].state
    assert {LEADER.reveal(), HEAD.reveal()} <= set(await told(two))
    await two.journal.close()


async def test_an_alert_that_is_over_since_last_night_calls_nobody_in_the_morning(centre: Centre) -> None:
    one = await centre.killed()
    one.phone.is_down = True
    await raised(one)
    await minutes(one, 30)
    two = await one.killed()
    two.clock.advance(10 * 3600)
    two.phone.is_down = False

    assert await told(two) == []
    assert {"failed"} == {status for _, status in (await two.alerts.recent())[0].contacts}
    await two.journal.close()


async def test_what_is_acknowledged_is_not_sent_any_more(centre: Centre) -> None:
    centre.phone.is_down = True
    alert = await raised(centre)
    await minutes(centre, 11)
    await centre.alerts.acknowledge(alert.alert, "binh")
    centre.phone.is_down = False
    await minutes(centre, 3)
    assert centre.phone.sent == {}


async def test_what_the_transport_has_not_sent_is_taken_back_when_the_alert_is_over(centre: Centre) -> None:
    """A modem without a network holds messages for hours; after an opt-out they must not go out any more."""
    centre.phone.holds_back = True
    alert = await raised(centre)
    assert len(await told(centre)) == 2
    await centre.alerts.acknowledge(alert.alert, "binh")
    centre.phone.is_down = True
    await minutes(centre, 1)
    assert len(centre.phone.sent) == 2

    centre.phone.is_down = False
    assert await told(centre) == []
    assert dict((await centre.alerts.recent())[0].contacts) == {"leader": "cancelled", "head": "cancelled"}
    assert await statuses(centre, "leader") == ["submitted"], "the contract has no word for what was taken back"
    await minutes(centre, 5)
    assert centre.phone.sent == {}


async def test_what_the_transport_had_in_its_hands_for_a_moment_is_taken_back_later(centre: Centre) -> None:
    """smsd moves a message between two folders under a lock: the first question may come just then."""
    alert = await raised(centre)
    await told(centre)
    await centre.alerts.acknowledge(alert.alert, "binh")
    assert len(await told(centre)) == 2

    centre.phone.holds_back = True
    await minutes(centre, 1)
    assert centre.phone.sent == {}


async def test_what_was_handed_over_right_before_a_crash_is_taken_back_too(centre: Centre) -> None:
    one = await centre.killed()
    one.phone.holds_back = True
    alert = await raised(one)
    one.phone.after_submit = die
    await killed_while_sending(one)
    one.phone.after_submit = None
    assert one.phone.sent

    two = await one.killed()
    await two.alerts.acknowledge(alert.alert, "binh")
    await minutes(two, 1)
    assert two.phone.sent == {}
    assert await two.events(AlertSms) == []
    await two.journal.close()


async def test_what_is_on_its_way_already_stays_known_as_sent(centre: Centre) -> None:
    alert = await raised(centre)
    await told(centre)
    await centre.alerts.acknowledge(alert.alert, "binh")
    await minutes(centre, 1)
    (ref, *_) = centre.phone.sent
    await centre.post.take(SmsReport(ref, SmsStatus.DELIVERED))
    assert sorted(dict((await centre.alerts.recent())[0].contacts).values()) == ["delivered", "submitted"]


@pytest.mark.parametrize("hours", [-7, -24 * 365, 9])
async def test_a_clock_that_is_put_right_leaves_nobody_waiting(centre: Centre, hours: float) -> None:
    await raised(centre)
    await told(centre)
    centre.clock.put(hours)
    await minutes(centre, 6)
    assert len(centre.phone.sent) == 3


@pytest.mark.parametrize("step_s", [-1, -30])
async def test_a_clock_that_is_put_back_by_seconds_makes_nobodys_turn_come(centre: Centre, step_s: float) -> None:
    centre.phone.is_down = True
    await raised(centre)
    for _ in range(8):
        await told(centre)
        centre.clock.advance(121)  # each waits as long as any message may
    await told(centre)
    tries = len(centre.phone.asked)
    centre.clock.put(step_s / 3600)
    await told(centre)
    assert tries == len(centre.phone.asked)


@pytest.mark.parametrize("step_s", [-1, -30])
async def test_a_clock_put_back_by_seconds_right_after_an_alert_leaves_the_next_contact_alone(
    centre: Centre, step_s: float
) -> None:
    await raised(centre)
    centre.clock.put(step_s / 3600)
    await centre.alerts.advance()
    assert len(await told(centre)) == 2


@pytest.mark.parametrize("hours", [-7, 9])
async def test_a_message_that_was_put_off_is_sent_though_the_clock_was_put_right(centre: Centre, hours: float) -> None:
    centre.phone.is_down = True
    await raised(centre)
    await minutes(centre, 1)
    centre.phone.is_down = False
    centre.clock.put(hours)
    await minutes(centre, 3)
    assert len(centre.phone.sent) >= 2


async def test_delivery_is_told_once_whatever_the_order_of_reports(centre: Centre) -> None:
    await raised(centre)
    ref = (await centre.rows("SELECT ref FROM alert_sms WHERE contact = 'leader'"))[0][0]
    for status in (SmsStatus.DELIVERED, SmsStatus.SUBMITTED, SmsStatus.DELIVERED, SmsStatus.FAILED):
        await centre.post.take(SmsReport(str(ref), status))
    await told(centre)

    assert await statuses(centre, "leader") == ["delivered"]
    assert ref not in centre.phone.asked


async def test_a_report_of_an_unknown_message_is_put_aside(centre: Centre) -> None:
    report = SmsReport("of-another-life", SmsStatus.DELIVERED)
    await centre.post.take(report)

    assert [report] == centre.phone.forgotten


async def test_contesting_keeps_the_note_on_the_device(centre: Centre) -> None:
    alert = await raised(centre)
    now = await centre.alerts.contest(alert.alert, "lan", "officer", "chỉ là nheo mắt vì nắng")
    await centre.alerts.contest(alert.alert, "minh", "leader", "khác")

    assert (now.state, now.contested_by, now.note) == (AlertState.CONTESTED, "lan", "chỉ là nheo mắt vì nắng")
    assert [AlertContested(alert=alert.alert, by="lan", role="officer")] == await centre.events(AlertContested)
    assert await told(centre) == []
    stored = await centre.rows("SELECT body FROM events")
    assert not [body for (body,) in stored if isinstance(body, bytes) and "nheo mắt vì".encode() in body]


async def test_an_unknown_alert(centre: Centre) -> None:
    with pytest.raises(NotThere):
        await centre.alerts.acknowledge("7K3P", "lan")
    with pytest.raises(NotThere):
        await centre.alerts.contest("7K3P", "lan", "officer", "không có")


async def test_pages_hear_of_every_change(centre: Centre) -> None:
    seen: list[AlertView] = []
    stop = centre.alerts.subscribe(seen.append)
    alert = await raised(centre)
    await told(centre)
    await centre.alerts.acknowledge(alert.alert, "binh")
    stop()
    await raised(centre, "another")

    assert [view.state for view in seen] == [AlertState.OPEN, AlertState.OPEN, AlertState.OPEN, AlertState.ACKNOWLEDGED]
    assert {("leader", "submitted"), ("head", "submitted")} == set(seen[-1].contacts)


def test_one_telephone_is_told_once() -> None:
    numbers = {"leader": LEADER, "head": LEADER, "duty": DUTY}

    assert telling_order("leader", "head", ["duty", "gone"], numbers) == ("leader", "duty")


async def test_no_number_and_no_name_is_stored(centre: Centre) -> None:
    alert = await raised(centre)
    await told(centre)
    await centre.post.take(SmsReply("r1", LEADER.reveal(), f"1 {alert.alert}"))
    await centre.journal.close()

    files = [path.read_bytes() for path in centre.folder.rglob("*") if path.is_file()]
    for number in CONTACTS.values():
        assert not [data for data in files if number.reveal()[3:].encode() in data]


class Killed(Exception):
    """The agent dies here."""


async def die() -> None:
    raise Killed


async def killed_while_sending(centre: Centre) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await centre.post.send_due()
    assert caught.group_contains(Killed)


@pytest.mark.parametrize(
    "deaths", [[], ["raised"], ["submitted"], ["raised", "submitted", "submitted"], ["noted", "noted"]]
)
async def test_one_sms_a_person_however_often_the_agent_dies(centre: Centre, deaths: Sequence[str]) -> None:
    alert = await raised(centre)
    for death in deaths:
        if death == "submitted":
            centre.phone.after_submit = die  # handed over, but nobody noted it
            await killed_while_sending(centre)
            centre.phone.after_submit = None
        if death == "noted":
            await centre.post.send_due()
        centre = await centre.killed()
    await centre.post.send_due()
    await centre.post.send_due()

    assert sorted([LEADER.reveal(), HEAD.reveal()]) == sorted(to for to, _ in centre.phone.sent.values())
    assert {"submitted"} == {status for _, status in (await centre.alerts.recent())[0].contacts}
    assert [alert.alert] == [e.alert for e in await centre.events(AlertRaised) if isinstance(e, AlertRaised)]
    assert await statuses(centre, "leader") == ["submitted"]
    await centre.journal.close()


async def test_the_next_contact_is_told_after_a_restart_too(centre: Centre) -> None:
    await raised(centre)
    await told(centre)
    again = await centre.killed()
    again.clock.advance(NEXT_S)
    await again.alerts.advance()

    assert DUTY.reveal() in await told(again)
    await again.journal.close()


async def test_an_answer_that_was_noted_but_not_forgotten_comes_again_harmlessly(centre: Centre) -> None:
    alert = await raised(centre)
    reply = SmsReply("r1", HEAD.reveal(), f"1 {alert.alert}")
    await centre.post.take(reply)
    again = await centre.killed()
    await again.post.take(reply)

    assert len(await again.events(AlertAcknowledged)) == 1
    await again.journal.close()


async def test_running_sends_receives_and_answers(centre: Centre) -> None:
    is_owned = asyncio.Event()
    centre.alerts.subscribe(lambda view: is_owned.set() if view.owner else None)
    running = asyncio.create_task(centre.post.run())
    alert = await raised(centre)
    centre.phone.incoming.put_nowait(SmsReply("r1", LEADER.reveal(), f"1 {alert.alert}"))
    async with asyncio.timeout(15):
        await is_owned.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert Level.ANGRY is (await centre.alerts.recent())[0].level
