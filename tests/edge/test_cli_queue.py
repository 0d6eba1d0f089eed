"""`motcua queue` as a technician meets it: through the running agent, and alone where none runs."""

import asyncio
import contextlib
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from config.load import load
from edge.agent import Agent
from edge.app import open_agent, open_journal
from sync.errors import JournalFull
from tests.edge.command_line import Done, motcua

ALL_DAY = '["00:00-24:00"]'
SITE = f"""
[agent]
site = "x"
device = "y"
data_dir = "data"
[queue.services.ho-tich]
name = "Hộ tịch"
letter = "A"
counters = ["quay-01"]
[queue.counters.quay-01]
name = "Quầy 1"
number = 1
[queue.hours]
weekdays = {ALL_DAY}
saturday = {ALL_DAY}
sunday = {ALL_DAY}
"""

pytestmark = pytest.mark.timeout(60)  # each starts the command line, some more than once


@pytest.fixture
def site(tmp_path: Path) -> Path:
    file = tmp_path / "motcua.toml"
    file.write_text(SITE, encoding="utf-8")
    return file


def queue(site: Path, *arguments: str) -> Done:
    return motcua("queue", *arguments, "--config", site)


@pytest.mark.timeout(60)
def test_a_number_is_taken_called_and_reported(site: Path) -> None:
    (taken,) = queue(site, "issue", "ho-tich", "--priority", "older").lines
    assert (taken["number"], taken["ahead"], taken["wait_s"]) == ("A001", 0, 0.0)
    assert queue(site, "call", "quay-01").lines == [{"called": "A001", "refused": None}]
    again = queue(site, "call", "quay-01")
    assert (again.code, again.lines) == (1, [{"called": None, "refused": "busy"}])
    (status,) = queue(site, "status").lines
    assert status["calls"] == [{"number": "A001", "counter": "quay-01", "state": "called"}]
    (report,) = queue(site, "report").lines
    assert [(row["key"], row["tickets"], row["left"]) for row in report["services"]] == [("ho-tich", 1, 1)]
    assert report["services"][0]["waiting"]["n"] == 1


@pytest.mark.timeout(60)
async def test_a_running_agent_is_asked_and_its_pages_know_at_once(site: Path) -> None:
    async with running(site) as agent:
        taken = await asyncio.to_thread(queue, site, "issue", "ho-tich")
        called = await asyncio.to_thread(queue, site, "call", "quay-01", "--ticket", "A001")
        unknown = await asyncio.to_thread(queue, site, "issue", "khong-co")
        desk = agent.web.site.desks.queue
        assert desk is not None
        current = desk.panel("quay-01").current
        socket = site.parent / "data" / "desk.socket"
        assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    assert [row["number"] for row in taken.lines] == ["A001"]
    assert called.lines == [{"called": "A001", "refused": None}]
    assert current is not None
    assert current.label == "A001"
    assert (unknown.code, "khong-co is not defined" in unknown.err) == (2, True)
    assert queue(site, "issue", "ho-tich").lines[0]["number"] == "A002"


async def test_a_full_disk_is_said(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(site) as agent:

        async def full(*_: object, **__: object) -> None:
            raise JournalFull("the disk is full; nothing was written")

        monkeypatch.setattr(agent.journal, "transact", full)
        refused = await asyncio.to_thread(queue, site, "issue", "ho-tich")
    assert (refused.code, "the disk is full" in refused.err) == (1, True)


@contextlib.asynccontextmanager
async def running(site: Path) -> AsyncIterator[Agent]:
    """The agent with its socket alone."""
    async with open_agent(load(site)) as agent:
        task = asyncio.ensure_future(dict(agent.parts)["desk/socket"]())
        async with asyncio.timeout(10):
            while not (site.parent / "data" / "desk.socket").exists():
                await asyncio.sleep(0.01)
        try:
            yield agent
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.mark.timeout(60)
def test_what_cannot_be_is_refused_with_what_to_do(site: Path) -> None:
    asyncio.run(_with_the_agent_running(site))
    assert queue(site, "issue", "khong-co").code == 2
    assert queue(site, "issue", "ho-tich", "--priority", "vip").code == 2
    assert queue(site, "report", "--day", "hom-qua").code == 2
    site.write_text(SITE.replace(ALL_DAY, "[]"), encoding="utf-8")
    closed = queue(site, "issue", "ho-tich")
    assert (closed.code, closed.lines) == (1, [{"refused": "closed_day_off", "opens": None}])
    site.write_text(SITE.split("[queue.services", maxsplit=1)[0], encoding="utf-8")
    assert "has no queue" in queue(site, "status").err


async def _with_the_agent_running(site: Path) -> None:
    """It holds the journal and has no socket yet: status looks, call does not write."""
    async with open_journal(load(site)):
        looked = await asyncio.to_thread(queue, site, "status")
        refused = await asyncio.to_thread(queue, site, "call", "quay-01")
    assert (looked.code, looked.lines[0]["issued"]) == (0, 0)
    assert refused.code == 1
    assert "has this device's journal" in refused.err
