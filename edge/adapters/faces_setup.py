"""From a data folder to its book of faces. For `edge.compose`, the guide's set-up and `motcua faces`."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import timedelta, timezone
from pathlib import Path
from typing import NoReturn, TypeVar

from config.schema import Config
from edge.adapters.clock import SystemClock
from edge.adapters.face_rules import ALIKE, recognition_rules
from edge.adapters.seal import FACE_KEY, DeviceSeal, device_key
from edge.domain.consent import EnrolmentRules
from edge.face_ports import ErasingLedger
from edge.ports import Clock
from edge.services.faces import FaceBook
from edge.store import migrations
from models.matching import load_matching
from sync.errors import JournalUnusable
from sync.journal import Journal
from sync.schema import JOURNAL_FILE, open_reader

T = TypeVar("T")
ZONE = timezone(timedelta(hours=7))  # what the command line shows times in
TRIAL = ("trial", "faces")  # site and device of a data folder that has no journal yet


def face_book(data_dir: Path, ledger: ErasingLedger, clock: Clock, unused_days: int | None = None) -> FaceBook:
    """Not yet loaded. Raise KeyFileUnusable, ParametersUnusable."""
    matching = load_matching()
    rules = EnrolmentRules(ALIKE) if unused_days is None else EnrolmentRules(ALIKE, unused_days=unused_days)
    seal = DeviceSeal(device_key(data_dir / FACE_KEY))
    return FaceBook(
        ledger, seal, clock, model=matching.model, recognition=recognition_rules(matching), enrolment=rules
    )  # fmt: skip


async def device_book(config: Config, journal: Journal, *, is_wanted: bool = False) -> FaceBook | None:
    """The book of a running agent; None where nobody was ever enrolled and no station wants one. Raise what `face_book` raises."""
    agent = config.agent
    if not is_wanted and not (agent.data_dir / FACE_KEY).exists():
        return None
    book = face_book(agent.data_dir, journal, SystemClock(agent.zone), config.retention.faces_unused_days)
    await book.load()
    return book


@contextlib.asynccontextmanager
async def open_face_book(
    data_dir: Path, site: str | None = None, device: str | None = None, unused_days: int | None = None
) -> AsyncIterator[FaceBook]:
    """The book for one command, over a journal that nobody else has. Raise JournalBusy and what `face_book` raises."""
    known = _owner_of(data_dir)
    journal = await Journal.open(
        data_dir, site=site or known[0], device=device or known[1], migrations=migrations.scripts()
    )  # fmt: skip
    async with journal:
        book = face_book(data_dir, journal, SystemClock(ZONE), unused_days)
        await book.load()
        yield book


async def reading_book(data_dir: Path) -> FaceBook:
    """The book to look at, while the agent runs too. Raise JournalUnusable and what `face_book` raises."""
    book = face_book(data_dir, _OnlyRead(data_dir / JOURNAL_FILE), SystemClock(ZONE))
    await book.load()
    return book


class _OnlyRead:
    """An `ErasingLedger` that refuses to write."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        with contextlib.closing(open_reader(self._path)) as connection:
            return query(connection)

    async def forget_log(self) -> bool:
        return True

    async def transact(self, *_: object, **__: object) -> NoReturn:
        raise JournalUnusable("opened to read only")

    async def record(self, *_: object, **__: object) -> NoReturn:
        raise JournalUnusable("opened to read only")

    def follow(self) -> NoReturn:
        raise JournalUnusable("opened to read only")


def _owner_of(data_dir: Path) -> tuple[str, str]:
    """Site and device of the journal that is there, else those of a trial in a new folder."""
    data_dir.mkdir(parents=True, exist_ok=True)
    if not (data_dir / JOURNAL_FILE).exists():
        return TRIAL
    with contextlib.closing(open_reader(data_dir / JOURNAL_FILE)) as connection:
        (source,) = connection.execute("SELECT source FROM ledger_identity").fetchone()
    _, _, site, _, device = source.split("/")
    return site, device
