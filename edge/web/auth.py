"""Sessions and what each role may see and do. Kept over a restart by `edge.web.session_file`.

`edge.web.gate` checks every request with it, `edge.web.live` every action on a page.
"""

import asyncio
import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from edge.web.session_file import KeptSession, SessionFile
from edge.web.users import Role, User, UserBook, write_secret

COOKIE = "motcua_session"
SECRET = re.compile(rb"[0-9a-f]{64}\s*")
SESSIONS_AT_MOST = 500  # the oldest is closed first


@dataclass(frozen=True, slots=True)
class Session:
    """A logged-in person on one browser. `ends` is on the monotonic clock, seconds."""

    user: User
    ends: float
    key: str = field(repr=False)  # SHA-256 of the cookie's token; the token itself is not kept

    @property
    def role(self) -> Role:
        return self.user.role

    @property
    def is_leader(self) -> bool:
        return self.role is Role.LEADER

    def may_see_counter(self, counter: str) -> bool:
        return self.is_leader or (self.role is Role.OFFICER and counter in self.user.counters)

    def may_see_ward(self, ward: str | None) -> bool:
        """On the city's pages. A site without a ward is the leaders' alone."""
        return self.is_leader or (ward is not None and ward in self.user.wards)

    @property
    def may_see_locker(self) -> bool:
        return self.role in {Role.LEADER, Role.OFFICER}

    @property
    def may_take_consent(self) -> bool:
        return self.role in {Role.LEADER, Role.OFFICER}

    @property
    def may_overhear(self) -> bool:
        """What visitors say, live: only whoever mends the ears."""
        return self.role is Role.TECHNICIAN

    @property
    def may_see_device(self) -> bool:
        return self.role in {Role.LEADER, Role.TECHNICIAN}


class Sessions:
    """Opens, finds and closes sessions. One ends when its time is over, at logout, or when its user changed or is gone.

    Who was logged in when the agent last stopped still is: an officer's screen that asked for a PIN after every restart would
    show no nudge until somebody looked at it.
    """

    def __init__(self, book: UserBook, lifetime_s: float, monotonic: Callable[[], float], file: SessionFile) -> None:
        self._book = book
        self._lifetime_s = lifetime_s
        self._monotonic = monotonic
        self._file = file
        self._closed = asyncio.Event()  # since the file was written last
        self._open: OrderedDict[str, Session] = OrderedDict(self._found())

    def _found(self) -> Iterator[tuple[str, Session]]:
        """A clock that went back gives nobody more than a whole session again."""
        for kept in self._file.load():
            user, left_s = self._book.get(kept.name), kept.ends - self._file.wall()
            if user and user.record == kept.record and left_s > 0:
                yield kept.key, Session(user, self._monotonic() + min(left_s, self._lifetime_s), kept.key)
            else:
                self._closed.set()

    async def keep(self) -> None:
        """To be awaited before a login or a logout is answered."""
        await self._file.keep(self._kept)

    async def keep_closed(self) -> None:
        """Write soon whatever else closes a session, until cancelled: a user who is again what they were must not open it at the next start."""
        while True:
            await self._closed.wait()
            await self.keep()

    def _kept(self) -> list[KeptSession]:
        late = self._file.wall() - self._monotonic()
        alive = [one for one in tuple(self._open.values()) if self.is_alive(one)]
        self._closed.clear()
        return [KeptSession(one.key, one.user.name, one.user.record, one.ends + late) for one in alive]

    def open(self, user: User) -> str:
        """The token for the cookie."""
        token = secrets.token_urlsafe(32)
        key = _digest(token)
        self._open[key] = Session(user, self._monotonic() + self._lifetime_s, key)
        if len(self._open) > SESSIONS_AT_MOST:
            self._open.popitem(last=False)
        return token

    def find(self, token: str | None) -> Session | None:
        session = self._open.get(_digest(token)) if token else None
        return session if session and self.is_alive(session) else None

    def is_alive(self, session: Session) -> bool:
        if session.key not in self._open:
            return False
        if self._monotonic() >= session.ends or self._book.get(session.user.name) != session.user:
            self.close(session)
            return False
        return True

    def close(self, session: Session) -> None:
        if self._open.pop(session.key, None):
            self._closed.set()


class FormSeal:
    """Anti-forgery values for forms: an HMAC over what only this browser holds, keyed by a secret from a file."""

    def __init__(self, secret_file: Path) -> None:
        """Make the secret where there is none, or only what a failing disk left of one: an empty key would seal anything."""
        if not (secret_file.exists() and SECRET.fullmatch(secret_file.read_bytes())):
            write_secret(secret_file, secrets.token_hex(32))
        self._key = secret_file.read_bytes().strip()

    def of(self, held: str) -> str:
        return hmac.new(self._key, held.encode(), hashlib.sha256).hexdigest()

    def fits(self, held: str | None, seal: object) -> bool:
        return bool(held) and isinstance(seal, str) and hmac.compare_digest(self.of(held or "").encode(), seal.encode())


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
