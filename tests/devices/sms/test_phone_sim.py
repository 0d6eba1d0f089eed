import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from devices.sms.channel import DeliveryUpdate, IncomingSms, Outgoing, SmsStatus, SmsUnavailable, Update
from devices.sms.phone_sim import PhoneSimChannel, SimulatedPhones

LEADER = "+84912345678"
TEXT = "Quầy 03: công dân rất không hài lòng từ 09:14. Trả lời 1 7F3K để nhận việc."


async def take(channel: PhoneSimChannel, count: int) -> list[Update]:
    taken: list[Update] = []
    async for update in channel.updates():
        taken.append(update)
        await channel.acknowledge(update)
        if len(taken) == count:
            break
    return taken


async def test_text_arrives_once_and_is_reported(tmp_path: Path) -> None:
    channel = PhoneSimChannel(tmp_path / "net", delivery_s=0, poll_s=0.01)
    for _ in range(3):
        await channel.submit(Outgoing("a", LEADER, TEXT))
    assert await take(channel, 1) == [DeliveryUpdate("a", SmsStatus.DELIVERED, 2, 2)]
    await channel.submit(Outgoing("a", LEADER, TEXT))
    await channel.submit(Outgoing("b", LEADER, "Xong ạ"))
    assert [one.update_id for one in await take(channel, 1)] == ["b:delivered"]
    assert SimulatedPhones(tmp_path / "net").texts(LEADER) == [TEXT, "Xong ạ"]


async def test_reply_comes_again_until_acknowledged(tmp_path: Path) -> None:
    SimulatedPhones(tmp_path / "net").reply(LEADER, "1 7F3K")
    first = await anext(PhoneSimChannel(tmp_path / "net").updates())
    again = PhoneSimChannel(tmp_path / "net", poll_s=0.01)
    assert await take(again, 1) == [first]
    assert isinstance(first, IncomingSms)
    assert (first.sender, first.text) == (LEADER, "1 7F3K")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await take(again, 1)


async def test_refused_number_fails(tmp_path: Path) -> None:
    channel = PhoneSimChannel(tmp_path / "net", delivery_s=0, refused={LEADER})
    await channel.submit(Outgoing("a", LEADER, TEXT))
    assert await take(channel, 1) == [DeliveryUpdate("a", SmsStatus.FAILED, 2, why="refused")]
    assert SimulatedPhones(tmp_path / "net").texts(LEADER) == []


async def test_no_place_for_the_file_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(SmsUnavailable):
        await PhoneSimChannel(tmp_path / "missing" / "net").submit(Outgoing("a", LEADER, TEXT))


SUBMIT_FOR_EVER = """
import asyncio, itertools, sys
from pathlib import Path
from devices.sms.channel import Outgoing
from devices.sms.phone_sim import PhoneSimChannel

async def main() -> None:
    channel = PhoneSimChannel(Path(sys.argv[1]), delivery_s=0)
    for number in itertools.count():
        ref = f"ref-{number % 50}"
        await channel.submit(Outgoing(ref, "+84912345678", ref))
        await anext(channel.updates(), None)
        print(ref, flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("submits", [1, 3, 7])
def test_agent_killed_and_started_again_sends_nothing_twice(tmp_path: Path, submits: int) -> None:
    for _ in range(3):
        agent = subprocess.Popen(
            [sys.executable, "-c", SUBMIT_FOR_EVER, str(tmp_path / "net")],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[3],
        )
        assert agent.stdout is not None
        for _ in range(submits):
            agent.stdout.readline()
        agent.send_signal(signal.SIGKILL)
        agent.wait()
        agent.stdout.close()
    texts = SimulatedPhones(tmp_path / "net").texts(LEADER)
    assert texts
    assert len(texts) == len(set(texts))


async def test_walk_survives_a_lost_file_and_says_so_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    folder = tmp_path / "later"
    channel = PhoneSimChannel(folder / "net", delivery_s=0, poll_s=0.01)
    walk = asyncio.create_task(take(channel, 1))
    while not caplog.messages:
        await asyncio.sleep(0.01)
    folder.mkdir()
    await channel.submit(Outgoing("a", LEADER, "Có lại rồi ạ"))
    assert [one.update_id for one in await walk] == ["a:delivered"]
    assert caplog.messages == ["sms.updates_lost", "sms.updates_back"]
