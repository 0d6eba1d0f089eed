"""What the composition root adds to its parts: what a part's end and return leave in the journal, over restarts too."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NoReturn

import pytest

from config.load import load
from devices.sms.phone_sim import PhoneSimChannel
from edge.adapters import sms
from edge.adapters.supervisor import Backoff, PartState
from edge.agent import FAILED, report_part, supervised
from edge.app import open_agent
from sync.errors import JournalFull
from sync.events import ConfigChanged, DeviceRecovered, DeviceStarted, Payload
from sync.journal import Journal
from tests.edge.services.centre import Centre


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_part_that_failed_before_the_restart_is_well_again_once_it_runs(tmp_path: Path) -> None:
    centre = await Centre.open(tmp_path)
    await centre.faults.fault("web", FAILED)
    await centre.faults.fault("sms", "unavailable")
    again = await centre.killed()
    news = again.journal.follow()
    async with asyncio.TaskGroup() as group:
        parts = [
            group.create_task(supervised(again.faults, part, for_ever, Backoff(first_s=0.01)), name=part)
            for part in ("web", "sms")
        ]
        told = (await anext(news)).payload
        for part in parts:
            part.cancel()

    assert isinstance(told, DeviceRecovered)
    assert told.part == "web"
    assert [tile.part for tile in again.faults.tiles() if not tile.ok] == ["sms"]
    await again.journal.close()


async def test_a_part_that_runs_again_takes_back_only_its_own_failure(tmp_path: Path) -> None:
    centre = await Centre.open(tmp_path)
    await report_part(centre.faults, "link", PartState.DOWN)
    await centre.faults.fault("link", "receipt_mismatch")
    await report_part(centre.faults, "link", PartState.RUNNING)
    assert centre.faults.why("link") == "receipt_mismatch"
    await report_part(centre.faults, "link", PartState.DOWN)
    await report_part(centre.faults, "link", PartState.RUNNING)
    assert centre.faults.why("link") is None
    await centre.journal.close()


SITE = """
[agent]
site = "x"
device = "y"
data_dir = "data"
[web]
port = 0
"""


async def test_faults_of_parts_that_the_configuration_no_longer_has_are_closed_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(SITE)
    config = load(tmp_path / "site.toml")
    gone = {"camera/quay-09", "eyes/quay-09", "counter/quay-09", "mqtt", "link", "sms", "sms_line"}
    gone |= {"board/tren", "locker/07", "scanner/kiosk", "printer"}
    async with open_agent(config) as agent:
        for part in (*gone, "disk", "web"):
            await agent.faults.fault(part, "failed")

    async with open_agent(config) as agent:
        assert {tile.part for tile in agent.faults.tiles()} == {"disk", "web"}
        recovered = [each async for each in up_to_now(agent.journal) if isinstance(each, DeviceRecovered)]
    assert {each.part for each in recovered} == gone


@pytest.mark.parametrize("torn", [b"", b"\xff\xfe", b"0" * 64])
async def test_a_torn_stamp_of_the_configuration_starts_and_is_written_whole(tmp_path: Path, torn: bytes) -> None:
    (tmp_path / "site.toml").write_text(SITE)
    config = load(tmp_path / "site.toml")
    async with open_agent(config):
        pass
    stamp = config.agent.data_dir / "config.sha256"
    whole = stamp.read_bytes()
    stamp.write_bytes(torn)
    for _ in range(2):
        async with open_agent(config) as agent:
            assert stamp.read_bytes() == whole
            changes = [each async for each in up_to_now(agent.journal) if isinstance(each, ConfigChanged)]
    assert len(changes) == 2
    assert sorted(path.name for path in config.agent.data_dir.glob(".config*")) == []


async def test_a_stamp_is_on_the_disk_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bytes are synced under another name before it takes the place of the old one."""
    (tmp_path / "site.toml").write_text(SITE)
    config = load(tmp_path / "site.toml")
    stamp = config.agent.data_dir / "config.sha256"
    seen: list[bool] = []
    sync = os.fsync

    def watched(handle: int) -> None:
        name = Path(f"/proc/self/fd/{handle}").readlink().name
        seen.extend([stamp.exists()] if name.startswith(".config.sha256") else [])
        sync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    async with open_agent(config):
        assert seen == [False]
        assert stamp.exists()


async def test_an_agent_starts_on_a_full_disk_and_says_what_it_owes_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site.toml").write_text(SITE)
    config = load(tmp_path / "site.toml")
    async with open_agent(config):
        pass

    async def refuse(*_: object, **__: object) -> NoReturn:
        raise JournalFull("the disk is full")

    with monkeypatch.context() as full:
        full.setattr(Journal, "record", refuse)
        async with open_agent(config) as agent:
            start = dict(agent.parts)["start"]
            with pytest.raises(JournalFull):
                await start()
            full.undo()
            await start()
            starts = [each async for each in up_to_now(agent.journal) if isinstance(each, DeviceStarted)]
            await start()
            assert len(starts) == 2
            assert agent.journal.head.seq == len([each async for each in up_to_now(agent.journal)])


async def up_to_now(journal: Journal) -> AsyncIterator[Payload]:
    last = journal.head.seq
    async for recorded in journal.follow(after=0):
        yield recorded.payload
        if recorded.seq >= last:
            return


class Phones(PhoneSimChannel):
    is_closed = False

    async def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize("is_brought_along", [False, True])
async def test_only_the_configured_way_to_phones_is_closed_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_brought_along: bool
) -> None:
    phones = Phones(tmp_path / "phones.sqlite")
    monkeypatch.setattr(sms, "open_channel", lambda *_: phones)
    (tmp_path / "site.toml").write_text(
        '[agent]\nsite = "x"\ndevice = "y"\ndata_dir = "data"\n[sms]\nchannel = "phones"\n'
    )
    async with open_agent(load(tmp_path / "site.toml"), channel=phones if is_brought_along else None) as agent:
        assert "sms" in dict(agent.parts)
        assert not phones.is_closed
    assert phones.is_closed is not is_brought_along
