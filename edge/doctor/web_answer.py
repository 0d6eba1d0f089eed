"""Asks a web server for its head: whether it is there, and what time it has. For the checks of gateways and of the clock."""

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

from edge.cli_common import sentence

TIMEOUT_S = 6.0


@dataclass(frozen=True, slots=True)
class Answer:
    """`why`: it could not be reached, in words. `date`: its Date header; it was said between `asked` and `answered`."""

    url: str
    status: int | None = None
    date: str | None = None
    why: str | None = None
    asked: datetime = field(default_factory=partial(datetime.now, UTC))
    answered: datetime = field(default_factory=partial(datetime.now, UTC))

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or self.url

    @property
    def shown(self) -> str:
        """Without a query, which may hold a secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def ask_head(url: str, context: ssl.SSLContext | None = None) -> Answer:
    """Blocking. Sends no body, no token and follows nothing."""
    import httpx

    asked = datetime.now(UTC)
    try:
        told = httpx.head(url, timeout=TIMEOUT_S, verify=context if context is not None else True)
    except httpx.TimeoutException:
        return Answer(url, why=f"no answer in {TIMEOUT_S:.0f} s")
    except httpx.InvalidURL:
        return Answer(url, why="not a URL")
    except httpx.HTTPError as error:
        return Answer(url, why=sentence(error) or type(error).__name__)
    return Answer(url, told.status_code, told.headers.get("date"), asked=asked)
