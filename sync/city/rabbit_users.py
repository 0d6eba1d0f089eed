"""RabbitMQ: one user a device through the management plugin's HTTP API (3.10 and 4.x), with permissions on its own topics.

Deleting the user refuses it from then on, and its connections are closed. RabbitMQ checks no list of revoked certificates
here; that is why a certificate's name counts enrolments: no certificate of before has a user any more.
"""

import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from sync.city.broker_users import READS, WRITES, BrokerNotReached, base_of
from sync.city.registry import BrokerUser

TAG = "motcua-device"  # the users that are ours to make and to delete
_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class RabbitSettings:
    """`url` as in https://127.0.0.1:15671; the password's user needs the tag `administrator`."""

    url: str
    user: str
    password: str = field(repr=False)
    vhost: str = "/"
    exchange: str = "amq.topic"
    authority: Path | None = None  # for https; the system's without it

    @property
    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.authority)


class RabbitUsers:
    """A `BrokerUsers`. Close it, or use it in a `with`."""

    def __init__(self, settings: RabbitSettings) -> None:
        self._settings = settings
        self._vhost = quote(settings.vhost, safe="")
        self._http = httpx.Client(
            base_url=settings.url,
            auth=(settings.user, settings.password),
            verify=settings.context,
            timeout=_TIMEOUT_S,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def apply(self, users: Sequence[BrokerUser], revoked_list: bytes) -> None:  # noqa: ARG002 - see the module's first lines
        wanted = {user.name: user for user in users}
        for name in self._ours() - wanted.keys():
            self._call("DELETE", f"/api/users/{name}", gone_is_good=True)
        for name in wanted.keys() - self._complete():
            self._make(wanted[name])

    def cut(self, names: Sequence[str]) -> None:
        """Deleting a user closes its connections; this says it once more for one that was just being opened."""
        for name in names:
            for connection in self._connections(name):
                self._call("DELETE", f"/api/connections/{quote(connection, safe='')}", gone_is_good=True)

    def _ours(self) -> set[str]:
        return {user["name"] for user in self._call("GET", "/api/users") if TAG in _tags(user)}

    def _complete(self) -> set[str]:
        """Those whose last step was done."""
        rows = self._call("GET", f"/api/vhosts/{self._vhost}/permissions")
        return {row["user"] for row in rows} & self._ours()

    def _make(self, user: BrokerUser) -> None:
        """Topics before the virtual host: without topic permissions RabbitMQ allows every topic."""
        self._call("PUT", f"/api/users/{user.name}", {"password_hash": "", "tags": TAG})
        self._call("PUT", f"/api/topic-permissions/{self._vhost}/{user.name}", self._topics(user))
        self._call("PUT", f"/api/permissions/{self._vhost}/{user.name}", self._resources(user))

    def _topics(self, user: BrokerUser) -> dict[str, str]:
        base = base_of(user).replace("/", ".")
        return {"exchange": self._settings.exchange, "write": _pattern(base, WRITES), "read": _pattern(base, READS)}

    def _resources(self, user: BrokerUser) -> dict[str, str]:
        queue = rf"mqtt-subscription-{re.escape(f'{user.site}.{user.device}')}(qos[01])?"
        both = rf"^({re.escape(self._settings.exchange)}|{queue})$"
        return {"configure": f"^{queue}$", "write": both, "read": both}

    def _connections(self, name: str) -> list[str]:
        return [row["name"] for row in self._call("GET", "/api/connections") if row.get("user") == name]

    def _call(self, method: str, path: str, body: dict[str, str] | None = None, *, gone_is_good: bool = False) -> Any:
        try:
            answer = self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise BrokerNotReached(f"RabbitMQ's management at {self._settings.url}: {error}") from error
        if gone_is_good and answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.is_error:
            raise BrokerNotReached(f"RabbitMQ's management refused {method} {path}: {answer.status_code}")
        return answer.json() if answer.content else None


def _tags(user: dict[str, Any]) -> list[str]:
    """A text with commas before 3.9, a list since."""
    tags = user["tags"]
    return tags.split(",") if isinstance(tags, str) else list(tags)


def _pattern(base: str, parts: Sequence[str]) -> str:
    """A regular expression on routing keys; `x/#` is `x` and everything below it."""
    own = [re.escape(part.removesuffix("/#")) + (r"(\..*)?" if part.endswith("/#") else "") for part in parts]
    return rf"^{re.escape(base)}\.({'|'.join(own)})$"
