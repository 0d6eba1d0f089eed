"""The room kept aside: laid down where there is plenty, freed when the disk is full, and what it is for."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from sync import reserve
from sync.journal import Journal
from tests.sync.samples import Opener

FreeBytes = Callable[[int], None]


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> FreeBytes:
    def say(free_bytes: int) -> None:
        monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_bavail=free_bytes, f_frsize=1))

    return say


def test_it_is_laid_down_once_and_only_where_there_is_plenty(tmp_path: Path, free: FreeBytes) -> None:
    free(2 * reserve.RESERVE_BYTES)
    reserve.lay_down(tmp_path)
    assert not (tmp_path / reserve.RESERVE_FILE).exists()

    free(100 * reserve.RESERVE_BYTES)
    reserve.lay_down(tmp_path)
    assert (tmp_path / reserve.RESERVE_FILE).stat().st_blocks * 512 >= reserve.RESERVE_BYTES


def test_it_is_given_up_on_a_full_disk_only(tmp_path: Path, free: FreeBytes) -> None:
    free(100 * reserve.RESERVE_BYTES)
    reserve.lay_down(tmp_path)
    reserve.give_up_when_full(tmp_path)
    assert (tmp_path / reserve.RESERVE_FILE).exists()

    free(0)
    reserve.give_up_when_full(tmp_path)
    assert not (tmp_path / reserve.RESERVE_FILE).exists()


async def test_a_journal_frees_it_before_it_opens_and_lays_it_down_again_when_there_is_room(
    open_journal: Opener, tmp_path: Path, free: FreeBytes
) -> None:
    async def is_there_after_opening() -> bool:
        journal: Journal = await open_journal()
        await journal.close()
        return (tmp_path / reserve.RESERVE_FILE).exists()

    assert await is_there_after_opening()
    free(0)
    assert not await is_there_after_opening()
    free(100 * reserve.RESERVE_BYTES)
    assert await is_there_after_opening()
