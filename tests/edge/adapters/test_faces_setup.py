"""The book of a device: there when somebody enrolled, readable beside a running agent, written by one process only."""

from pathlib import Path

import pytest

from config.schema import Config
from edge.adapters.faces_setup import device_book, open_face_book, reading_book
from edge.adapters.seal import FACE_KEY
from edge.domain.consent import ChosenName, Ended, Shot, noted
from edge.domain.recognition import mean_of
from edge.face_ports import Application, Enrolled
from edge.store.migrations import scripts
from sync.errors import JournalBusy, JournalUnusable
from sync.journal import Journal

SHOT = Shot(1, width_px=150, sharpness=0.2, brightness=120, numbers=mean_of([tuple(float(n % 7) for n in range(128))]))
WHO = Application(ChosenName.parse("cô Lan"), (SHOT,), "quay-01", noted("notice"))


def config(folder: Path) -> Config:
    agent = {"site": "phuong-mau", "device": "kiosk-01", "data_dir": str(folder)}
    return Config.model_validate({"agent": agent, "retention": {"faces_unused_days": 30}})


async def enrolled(folder: Path) -> Enrolled:
    async with open_face_book(folder, "phuong-mau", "kiosk-01") as book:
        answer = await book.enrol(WHO)
    assert isinstance(answer, Enrolled)
    return answer


async def agents_journal(folder: Path) -> Journal:
    return await Journal.open(folder, site="phuong-mau", device="kiosk-01", migrations=scripts())


async def test_a_device_where_nobody_enrolled_has_no_book_and_no_key(tmp_path: Path) -> None:
    async with await agents_journal(tmp_path) as journal:
        assert await device_book(config(tmp_path), journal) is None
        assert not (tmp_path / FACE_KEY).exists()
        assert await device_book(config(tmp_path), journal, is_wanted=True) is not None


async def test_the_agent_knows_who_enrolled_before_its_start(tmp_path: Path) -> None:
    person = await enrolled(tmp_path)
    async with await agents_journal(tmp_path) as journal:
        book = await device_book(config(tmp_path), journal)
        assert book is not None
        assert [one.person for one in await book.people()] == [person.person]


async def test_beside_a_running_agent_the_book_is_read_and_not_written(tmp_path: Path) -> None:
    person = await enrolled(tmp_path)
    async with await agents_journal(tmp_path):
        book = await reading_book(tmp_path)
        assert [one.person for one in await book.people()] == [person.person]
        with pytest.raises(JournalUnusable, match="read only"):
            await book.forget(person.person, Ended.PERSON_ASKED, "quay-01")
        with pytest.raises(JournalBusy):
            await enrolled(tmp_path)


async def test_a_folder_keeps_its_owner(tmp_path: Path) -> None:
    """A command that was only told the folder writes into the journal of the device it belongs to."""
    await enrolled(tmp_path)
    async with open_face_book(tmp_path) as book:
        assert len(await book.people()) == 1


def test_a_notice_is_named_by_its_words() -> None:
    assert noted("one") != noted("two")
    assert len(noted("one")) == 16
