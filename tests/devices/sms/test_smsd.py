"""The whole modem path: our spool files, the real smsd of Debian's smstools, AT and PDU over a pty, simulated phones."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from devices.sms.at_modem import Fault
from devices.sms.channel import DeliveryUpdate, IncomingSms, Outgoing, SmsStatus, Update
from devices.sms.modem_sim import PtyModem
from devices.sms.sim_network import SimNetwork, SimPhone
from devices.sms.smsd_channel import SmsdChannel
from devices.sms.smsd_config import FAST_TIMINGS, make_spool, smsd_config
from devices.sms.smsd_process import SmsdProcess, find_smsd
from devices.sms.smsd_spool import SmsdSpool

pytestmark = [pytest.mark.smsd, pytest.mark.enable_socket, pytest.mark.timeout(120)]

LEADER = "+84912345678"
ALERT = (
    "Quầy 03 (Hộ tịch): công dân rất không hài lòng từ 09:14. Dấu hiệu: nhíu mày, môi mím chặt. "
    "Mời lãnh đạo đến hỗ trợ. Trả lời 1 7F3K để nhận việc."
)


class Line:
    """Everything from the channel to the phone, and what the channel told so far."""

    def __init__(self, root: Path) -> None:
        self.root = root / "spool"
        self.network = SimNetwork()
        self.modem = PtyModem(self.network, root / "modem")
        self.smsd = SmsdProcess(self.modem.path, self.root, FAST_TIMINGS)
        self.channel = SmsdChannel(SmsdSpool(self.root), poll_s=0.1)
        self.told: list[Update] = []

    @property
    def phone(self) -> SimPhone:
        return self.network.phone(LEADER)

    def statuses(self, ref: str) -> list[SmsStatus]:
        return [one.status for one in self.told if isinstance(one, DeliveryUpdate) and one.ref == ref]

    def incoming(self) -> list[IncomingSms]:
        return [one for one in self.told if isinstance(one, IncomingSms)]

    def kept_texts(self) -> list[Path]:
        return [path for name in ("sent", "report", "bound", "incoming") for path in (self.root / name).iterdir()]

    async def listen(self) -> None:
        async for update in self.channel.updates():
            self.told.append(update)
            await self.channel.acknowledge(update)


async def until(fact: Callable[[], bool]) -> None:
    while not fact():
        await asyncio.sleep(0.02)


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    line = Line(tmp_path)
    async with line.modem, line.smsd:
        listener = asyncio.create_task(line.listen())
        yield line
        listener.cancel()
        with suppress(asyncio.CancelledError):
            await listener


async def test_three_parts_arrive_whole_once_and_replies_come_back(line: Line) -> None:
    for _ in range(3):
        await line.channel.submit(Outgoing("alert-1", LEADER, ALERT))
    await until(lambda: SmsStatus.DELIVERED in line.statuses("alert-1"))
    await line.channel.submit(Outgoing("alert-1", LEADER, ALERT))
    assert (await line.channel.health()).is_alive
    line.phone.reply("1 7F3K")
    line.phone.reply(ALERT)  # three parts back
    await until(lambda: len(line.incoming()) == 2)
    assert {(sms.sender, sms.text) for sms in line.incoming()} == {(LEADER, "1 7F3K"), (LEADER, ALERT)}
    assert (line.phone.texts, line.phone.parts_received) == ([ALERT], 3)
    await until(lambda: not line.kept_texts())


async def test_modem_refuses_and_serves_the_next(line: Line) -> None:
    line.network.refused = {"+84999999999"}
    line.modem.at.faults.append(Fault.CMS_ERROR)
    await line.channel.submit(Outgoing("unlucky", LEADER, "Xui quá ạ"))
    await until(lambda: SmsStatus.FAILED in line.statuses("unlucky"))
    await line.channel.submit(Outgoing("nobody", "+84999999999", "Không tới"))
    await line.channel.submit(Outgoing("good", LEADER, "Có tới 😀"))
    await until(lambda: SmsStatus.DELIVERED in line.statuses("good") and SmsStatus.FAILED in line.statuses("nobody"))
    assert line.phone.texts == ["Có tới 😀"]
    failures = {one.ref: one.why for one in line.told if isinstance(one, DeliveryUpdate) and one.why}
    assert failures == {"unlucky": "cms_500", "nobody": "cms_1"}
    log = (line.root / "smsd.log").read_text("utf-8")
    assert not [secret for secret in ("912345678", "999999999", "Xui", "tới") if secret in log]


async def test_lost_answer_is_settled_by_the_report_and_a_lost_message_stays_unknown(line: Line) -> None:
    line.modem.at.faults.extend([Fault.DROP_REPLY, Fault.LOSE])
    await line.channel.submit(Outgoing("unheard", LEADER, "Nghe rõ không ạ"))
    await until(lambda: SmsStatus.DELIVERED in line.statuses("unheard"))
    await line.channel.submit(Outgoing("lost", LEADER, "Mất rồi ạ"))
    await until(lambda: line.statuses("lost") == [SmsStatus.UNKNOWN])
    await line.channel.submit(Outgoing("next", LEADER, "Tin kế tiếp ạ"))
    await until(lambda: SmsStatus.DELIVERED in line.statuses("next"))
    assert line.phone.texts == ["Nghe rõ không ạ", "Tin kế tiếp ạ"]
    assert line.statuses("lost") == [SmsStatus.UNKNOWN]


async def test_killed_smsd_finishes_the_message_in_its_hands(line: Line) -> None:
    await line.channel.submit(Outgoing("alert-1", LEADER, ALERT))
    await until(lambda: line.modem.at.accepted_parts == 1)
    assert line.smsd.pid is not None
    os.kill(line.smsd.pid, signal.SIGKILL)
    await line.channel.submit(Outgoing("alert-2", LEADER, "Sau khi bị ngắt ạ"))
    await until(lambda: SmsStatus.DELIVERED in line.statuses("alert-2"))
    await until(lambda: SmsStatus.DELIVERED in line.statuses("alert-1"))
    assert line.phone.texts == [ALERT, "Sau khi bị ngắt ạ"]
    assert line.smsd.starts == 2


async def test_smsd_and_its_modem_process_killed_between_parts_sends_nothing_twice(line: Line) -> None:
    await line.channel.submit(Outgoing("alert-1", LEADER, ALERT))
    await until(lambda: line.modem.at.accepted_parts == 1)
    assert line.smsd.pid is not None
    os.killpg(line.smsd.pid, signal.SIGKILL)
    await line.channel.submit(Outgoing("alert-2", LEADER, "Sau khi bị ngắt ạ"))
    await until(lambda: SmsStatus.DELIVERED in line.statuses("alert-2"))
    assert line.statuses("alert-1") == [SmsStatus.UNKNOWN]
    assert line.phone.texts == ["Sau khi bị ngắt ạ"]
    assert line.phone.parts_received == 2


async def test_killed_after_the_last_part_is_delivered_once(line: Line) -> None:
    def kill_at_once(_phone: SimPhone, _text: str) -> None:
        assert line.smsd.pid is not None
        os.killpg(line.smsd.pid, signal.SIGKILL)
        line.network.on_received = lambda _phone, _text: None

    line.network.on_received = kill_at_once
    await line.channel.submit(Outgoing("alert-1", LEADER, ALERT))
    await until(lambda: SmsStatus.DELIVERED in line.statuses("alert-1"))
    assert line.phone.texts == [ALERT]
    assert line.phone.parts_received == 3


async def test_modem_that_vanishes_and_comes_back_is_used_again(line: Line) -> None:
    await line.channel.submit(Outgoing("first", LEADER, "Trước ạ"))
    await until(lambda: SmsStatus.DELIVERED in line.statuses("first"))
    line.modem.hang_up()
    await line.channel.submit(Outgoing("second", LEADER, "Sau ạ"))
    await until(lambda: line.smsd.pid is None)  # it was talking to the dead port
    line.modem.plug_in()
    await until(lambda: SmsStatus.DELIVERED in line.statuses("second"))
    assert line.phone.texts == ["Trước ạ", "Sau ạ"]


async def test_without_network_a_message_waits(line: Line) -> None:
    line.network.is_registered = False
    await line.channel.submit(Outgoing("alert-1", LEADER, "Chờ sóng ạ"))
    await until(lambda: bool(list((line.root / "checked").glob("mc-*"))))
    assert line.statuses("alert-1") == []
    line.network.is_registered = True
    await until(lambda: SmsStatus.DELIVERED in line.statuses("alert-1"))
    assert line.phone.texts == ["Chờ sóng ạ"]


async def test_what_waits_for_a_network_is_taken_back_and_never_sent(line: Line) -> None:
    line.network.is_registered = False
    await line.channel.submit(Outgoing("alert-1", LEADER, "Chờ sóng ạ"))
    await until(lambda: is_in_hands(line.root / "checked" / "mc-alert-1"))
    await line.channel.submit(Outgoing("alert-2", LEADER, "Không cần nữa ạ"))
    await until((line.root / "checked" / "mc-alert-2").exists)
    assert not await line.channel.take_back("alert-1")
    while not await line.channel.take_back("alert-2"):  # it may be between two folders just now
        await asyncio.sleep(0.02)
    line.network.is_registered = True
    await line.channel.submit(Outgoing("alert-2", LEADER, "Không cần nữa ạ"))  # the same ref, once and for ever
    await line.channel.submit(Outgoing("alert-3", LEADER, "Sau ạ"))
    await until(lambda: SmsStatus.DELIVERED in line.statuses("alert-3"))
    assert sorted(line.phone.texts) == ["Chờ sóng ạ", "Sau ạ"]
    assert not await line.channel.take_back("alert-3")


def is_in_hands(message: Path) -> bool:
    """Whether smsd's modem process holds it; the main one locks a message for the moment of moving it."""
    with suppress(FileNotFoundError):
        return "MODEM" in message.with_name(f"{message.name}.LOCK").read_text("ascii")
    return False


async def test_smsd_left_over_by_a_killed_program_is_ended_first(tmp_path: Path) -> None:
    device, root = tmp_path / "modem", tmp_path / "spool"
    make_spool(root)
    (root / "smsd.conf").write_text(smsd_config(device, root, FAST_TIMINGS), "utf-8")
    orphan = await asyncio.create_subprocess_exec(
        find_smsd(), "-t", "-c", root / "smsd.conf", stdout=asyncio.subprocess.DEVNULL, start_new_session=True
    )
    await until(lambda: (root / "smsd.pid").exists() and bool((root / "smsd.pid").read_text().strip()))
    async with SmsdProcess(device, root, FAST_TIMINGS) as smsd:
        assert await orphan.wait() is not None
        assert smsd.pid not in {None, orphan.pid}


async def test_the_command_of_the_service_file_keeps_a_modem_busy_until_it_is_told_to_stop(tmp_path: Path) -> None:
    network, root = SimNetwork(), tmp_path / "spool"
    make_spool(root)
    channel = SmsdChannel(SmsdSpool(root), poll_s=0.1)
    async with PtyModem(network, tmp_path / "modem") as modem:
        kept = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "devices.sms", "run", modem.path, root, cwd=Path(__file__).parents[3]
        )  # fmt: skip
        try:
            await channel.submit(Outgoing("alert-1", LEADER, "Có tới ạ"))
            await until(lambda: network.phone(LEADER).texts == ["Có tới ạ"])
            kept.send_signal(signal.SIGTERM)
            assert await kept.wait() == 0
        finally:
            with suppress(ProcessLookupError):
                kept.kill()
        assert not (await channel.health()).is_alive
