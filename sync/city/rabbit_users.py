"""RabbitMQ: one user a device through the management plugin's HTTP API (3.10 and 4.x), with permissions on its own topics.

A user for the city's own programs is made as well, and where workers take the events each device is bound to its queue.
Deleting the user refuses it from then on, and its connections are closed. RabbitMQ checks no list of revoked certificates
here; that is why a certificate's name counts enrolments: no certificate of before has a user any more.
"""

import logging
import re
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from sync.city.broker_users import CITY, READS, WRITES, BrokerNotReached, base_of
from sync.city.registry import BrokerUser
from sync.city.topology import Topology, binding_of
from sync.topics import ROOT, Topics

TAG, CITY_TAG = "motcua-device", "motcua-city"  # the users that are ours to make and to delete
_log = logging.getLogger(__name__)
_TIMEOUT_S = 10.0
_REASON_LETTERS = 200  # of what RabbitMQ says about a refusal; no call here carries a password in its body


@dataclass(frozen=True, slots=True)
class RabbitSettings:
    """`url` as in https://127.0.0.1:15671; the password's user needs the tag `administrator`.

    `others`: the same of more nodes, when that one is away. `topology`: the queues of the city's workers, if it has some.
    """

    url: str
    user: str
    password: str = field(repr=False)
    others: tuple[str, ...] = ()
    vhost: str = "/"
    exchange: str = "amq.topic"
    authority: Path | None = None  # for https; the system's without it
    topology: Topology | None = None

    @property
    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.authority)


class RabbitUsers:
    """A `BrokerUsers`. Close it, or use it in a `with`."""

    def __init__(self, settings: RabbitSettings) -> None:
        self._settings = settings
        self._vhost = quote(settings.vhost, safe="")
        self._urls = [settings.url, *settings.others]
        self._bound: set[str] = set()  # routing keys that are known to be bound
        self._http = httpx.Client(
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
        tags = {user["name"]: _tags(user) for user in self._call("GET", "/api/users")}
        ours = {name for name, its in tags.items() if TAG in its}
        complete = {row["user"] for row in self._call("GET", f"/api/vhosts/{self._vhost}/permissions")}  # the last step
        wanted = {user.name: user for user in users}
        for name in ours - wanted.keys():
            self._call("DELETE", f"/api/users/{name}", gone_is_good=True)
        if CITY not in tags or (CITY_TAG in tags[CITY] and CITY not in complete):
            self._make_city()
        self._bind(users)
        for name in wanted.keys() - (ours & complete):
            self._make(wanted[name])

    def cut(self, names: Sequence[str]) -> None:
        """Deleting a user closes its connections; this says it once more for one that was just being opened."""
        for name in names:
            for connection in self._connections(name):
                self._call("DELETE", f"/api/connections/{quote(connection, safe='')}", gone_is_good=True)

    def _make(self, user: BrokerUser) -> None:
        base = base_of(user).replace("/", ".")
        topics = {"write": _pattern(base, WRITES), "read": _pattern(base, READS)}
        self._put(user.name, TAG, topics, re.escape(f"{user.site}.{user.device}"))

    def _make_city(self) -> None:
        """As on Mosquitto: every topic of ours. Its client ids hold no dot, so its queues are no device's."""
        everything = rf"^{re.escape(ROOT.replace('/', '.'))}\..+$"
        self._put(CITY, CITY_TAG, {"write": everything, "read": everything}, r"city-[a-z]+")

    def _put(self, name: str, tag: str, topics: dict[str, str], client_id: str) -> None:
        """Topics before the virtual host: without topic permissions RabbitMQ allows every topic."""
        exchange = self._settings.exchange
        queue = rf"mqtt-subscription-{client_id}(qos[01])?"
        both = rf"^({re.escape(exchange)}|{queue})$"
        self._put_user(name, {"password_hash": "", "tags": tag})
        self._call("PUT", f"/api/topic-permissions/{self._vhost}/{name}", {"exchange": exchange} | topics)
        resources = {"configure": f"^{queue}$", "write": both, "read": both}
        self._call("PUT", f"/api/permissions/{self._vhost}/{name}", resources)

    def _put_user(self, name: str, body: dict[str, str]) -> None:
        """RabbitMQ answers 400 to the second of two who make the same user at this moment: the server's round and a command, say.

        Said once more it is a change of the user that is there.
        """
        path = f"/api/users/{name}"
        answer = self._answer("PUT", path, body)
        if answer.status_code == httpx.codes.BAD_REQUEST:
            answer = self._answer("PUT", path, body)
        _checked(answer)

    def _bind(self, users: Iterable[BrokerUser]) -> None:
        """Each device's events to its worker's queue, before it may publish. Without queues yet: a worker binds it later."""
        topology = self._settings.topology
        if topology is None:
            return
        by_queue: dict[str, list[str]] = {}
        for topics in (Topics(user.site, user.device) for user in users):
            if (key := binding_of(topics)) not in self._bound:
                by_queue.setdefault(topology.queue_of(topics), []).append(key)
        for queue, keys in sorted(by_queue.items()):
            path = f"/api/queues/{self._vhost}/{queue}"
            if self._call("GET", path, gone_is_good=True) is None:  # its bindings would be an empty list
                _log.warning(
                    "city.devices_not_bound", extra={"queue": queue, "why": "no worker has made the queues yet"}
                )
                continue
            there = {row["routing_key"] for row in self._call("GET", f"{path}/bindings")}
            self._bind_all(queue, set(keys) - there)
            self._bound.update(keys)

    def _bind_all(self, queue: str, keys: Iterable[str]) -> None:
        path = f"/api/bindings/{self._vhost}/e/{quote(self._settings.exchange, safe='')}/q/{queue}"
        for key in sorted(keys):
            self._call("POST", path, {"routing_key": key})

    def _connections(self, name: str) -> list[str]:
        return [row["name"] for row in self._call("GET", "/api/connections") if row.get("user") == name]

    def _call(self, method: str, path: str, body: dict[str, str] | None = None, *, gone_is_good: bool = False) -> Any:
        answer = self._answer(method, path, body)
        if gone_is_good and answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return _checked(answer)

    def _answer(self, method: str, path: str, body: dict[str, str] | None) -> httpx.Response:
        """Of the node that answered last, or of another one: every call may be repeated."""
        why: list[str] = []
        for url in tuple(self._urls):
            try:
                return self._http.request(method, url + path, json=body)
            except httpx.TransportError as error:
                why.append(f"{url}: {error}")
                self._urls.append(self._urls.pop(0))
        raise BrokerNotReached(f"RabbitMQ's management: {'; '.join(why)}")


def _checked(answer: httpx.Response) -> Any:
    """What it brought. Raise BrokerNotReached for a refusal."""
    if answer.is_error:
        request, why = answer.request, f"{answer.status_code} {answer.text[:_REASON_LETTERS]}".strip()
        path = request.url.raw_path.decode()
        raise BrokerNotReached(f"RabbitMQ's management refused {request.method} {path}: {why}")
    return answer.json() if answer.content else None


def _tags(user: dict[str, Any]) -> list[str]:
    """A text with commas before 3.9, a list since."""
    tags = user["tags"]
    return tags.split(",") if isinstance(tags, str) else list(tags)


def _pattern(base: str, parts: Sequence[str]) -> str:
    """A regular expression on routing keys; `x/#` is `x` and everything below it."""
    own = [re.escape(part.removesuffix("/#")) + (r"(\..*)?" if part.endswith("/#") else "") for part in parts]
    return rf"^{re.escape(base)}\.({'|'.join(own)})$"
