"""What stands still is found out: told with the stacks of every task, cut off, and counted as a broken promise."""

import asyncio
import contextlib
import io
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.soak import campaign, stacks, watchdog
from edge.soak.failures import Failure
from edge.soak.lives import Life, nursery
from edge.soak.promises import Promise
from edge.soak.site import Site
from edge.soak.stage import Stage
from edge.soak.watchdog import Hung, Stuck, watched

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "STEP_S", 0.01)
    monkeypatch.setattr(watchdog, "GONE_S", 0.05)


async def waiting_for_godot() -> None:
    await asyncio.Event().wait()


async def numbers() -> AsyncIterator[int]:
    await waiting_for_godot()
    yield 1


async def counting() -> None:
    async for _ in numbers():
        pass


async def test_what_ends_in_time_is_left_alone() -> None:
    told: list[str] = []

    async def hung(text: str) -> None:
        told.append(text)

    await watched(asyncio.sleep(0), 0.1, hung)
    assert told == []


async def test_what_fails_fails_as_it_did() -> None:
    async def hung(text: str) -> None:
        raise AssertionError(text)

    async def failing() -> None:
        msg = "as it did"
        raise LookupError(msg)

    with pytest.raises(LookupError, match="as it did"):
        await watched(failing(), 0.1, hung)


async def test_what_hangs_is_told_with_every_call_it_waits_in_and_cut_off() -> None:
    told: list[str] = []

    async def hung(text: str) -> None:
        told.append(text)

    with pytest.raises(Hung):
        await watched(counting(), 0.05, hung)
    lines = told[0].splitlines()
    names = [line.split(": ")[0].rpartition(" ")[2] for line in lines[lines.index("task watched") + 1 :]]
    assert names[:4] == ["counting", "numbers", "waiting_for_godot", "wait"]
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "watched"]


async def test_what_does_not_even_end_when_cancelled_holds_nobody_up() -> None:
    may_go = asyncio.Event()

    async def stubborn() -> None:
        while not may_go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await may_go.wait()

    async def hung(_text: str) -> None:
        pass

    with pytest.raises(Stuck):
        await watched(stubborn(), 0.02, hung)
    may_go.set()
    await asyncio.sleep(0)


async def test_a_signal_tells_where_every_task_stands(tmp_path: Path) -> None:
    task = asyncio.create_task(counting(), name="counter of numbers")
    with (tmp_path / "stacks").open("w+") as to, stacks.on_signal(to):
        os.kill(os.getpid(), signal.SIGUSR1)
        await asyncio.sleep(0.05)
        to.seek(0, io.SEEK_SET)
        text = to.read()
    task.cancel()
    assert "task counter of numbers" in text
    assert "waiting_for_godot" in text
    assert "most recent call first" in text  # and of every thread, for a loop that stands still itself


async def test_a_failure_that_hangs_is_a_broken_promise_and_the_next_one_is_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(watchdog, "STEP_S", 1.0)
    monkeypatch.setattr(watchdog, "GONE_S", 30.0)
    monkeypatch.setattr(campaign, "HUNG_S", 20.0)

    async def hang(stage: Stage) -> None:
        await stage.waiting()
        await waiting_for_godot()

    site = Site("wkly", tmp_path, seed=4)
    async with Stage(site).open() as stage:
        await stage.settled()
        await campaign.turn(stage, Failure("hangs", hang))
        assert site.promises.broken == {Promise.ENDS: 1, Promise.RECOVERED: 1}
        assert site.promises.sentences[0] == "nothing stands still for ever: wkly, hangs: hung (wkly, hangs)"
        assert "waiting_for_godot" in capsys.readouterr().err
        await campaign.turn(stage, next(one for one in campaign.catalogue("wkly") if one.name == "code typed again"))
    assert site.promises.broken.total() == 2


async def test_an_agent_tells_where_it_stands(tmp_path: Path) -> None:
    """One that would not end: it is asked by the signal, its own process writes the answer."""
    site = Site("wkly", tmp_path, seed=4)
    is_there, is_over = asyncio.Event(), asyncio.Event()

    async def came(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_there.set()
        await reader.read()  # until the agent is dead
        writer.close()
        is_over.set()

    with tempfile.TemporaryDirectory(prefix="motcua-") as short:  # the path of a socket may have 107 letters
        async with nursery(tmp_path / "agents.log") as home, site.hardware.cabinet:
            server = await asyncio.start_unix_server(came, Path(short, "desk"))
            life = Life(await home.bear(site.config, Path(short, "desk")))
            await is_there.wait()
            text = await life.stacks(home.log)
            life.end()
            died_of = await home.bury()
            await is_over.wait()
            server.close()
    assert "task locker-doors" in text
    assert "serve: while line := await reader.readline()" in text
    assert died_of == -signal.SIGKILL
