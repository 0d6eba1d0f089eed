"""Who is logged in, on disk, so that an agent that starts again knows them. For `edge.web.auth`; no HTTP here.

The file (JSON, 0600) holds no token: what it says of one is its SHA-256, so a copy of the file lets nobody in.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from edge.web.users import write_secret

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeptSession:
    """`key`: SHA-256 of the token. `record`: what the user was at the login, as `User.record` has it. `ends`: Unix time, seconds."""

    key: str
    name: str
    record: str
    ends: float


class SessionFile:
    """Of a damaged file nobody is known: people log in once more."""

    def __init__(self, path: Path, wall: Callable[[], float]) -> None:
        """`wall` is Unix time in seconds."""
        self._path = path
        self._turn = asyncio.Lock()
        self.wall = wall

    def load(self) -> tuple[KeptSession, ...]:
        """Oldest first, as they were kept."""
        if not self._path.exists():
            return ()
        try:
            return tuple(_kept(row) for row in json.loads(self._path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            log.error("%s is damaged: everybody logs in again", self._path)  # noqa: TRY400 - the sentence is enough
            return ()

    async def keep(self, rows: Callable[[], Iterable[KeptSession]]) -> None:
        """Durable, unless the disk takes nothing: then a restart logs people out, or in again who had logged out.

        `rows` is asked when the write begins, so of two at once the later one writes what is so.
        """
        async with self._turn:
            text = json.dumps([asdict(row) for row in rows()])
            try:
                await asyncio.to_thread(write_secret, self._path, text)
            except OSError as error:
                log.error("logins are not kept over a restart: %s", error.strerror)  # noqa: TRY400 - the sentence is enough


def _kept(row: dict[str, object]) -> KeptSession:
    """Raise TypeError or ValueError for what this module did not write."""
    kept = KeptSession(**row)  # type: ignore[arg-type]  # checked on the next line
    if not (all(isinstance(text, str) for text in (kept.key, kept.name, kept.record)) and isinstance(kept.ends, float)):
        msg = "not a session"
        raise TypeError(msg)
    return kept
