"""The city's system over HTTP: `edge.guide_ports.City`. Every question has a timeout; what is not understood counts as no answer."""

import asyncio
import ssl
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec

from edge.adapters.city_wire import Page, Row, record_of
from edge.domain.dossier import DossierCode
from edge.domain.dossier_status import DossierRecord
from edge.guide_ports import Changes, CityUnavailable

T = TypeVar("T")
TIMEOUT_S = 4.0  # somebody stands in front of the screen
NOT_FOUND = 404


class HttpCity:
    """`token_file` is read at every question, so that a new token needs no restart. Nothing is held open between questions."""

    def __init__(self, url: str, token_file: Path | None = None, *, timeout_s: float = TIMEOUT_S) -> None:
        self._url, self._token_file, self._timeout_s = url.rstrip("/"), token_file, timeout_s
        self._trust = ssl.create_default_context()  # the machine's own, where a city's authority may have been added

    async def ask(self, code: DossierCode) -> DossierRecord | None:
        response = await self._get(f"/dossiers/{code}")
        if response.status_code == NOT_FOUND:
            return None
        record = _understood(_read(response, Row))
        if record.code != code:
            raise CityUnavailable("it answers for another dossier than was asked for")
        return record

    async def changes(self, mark: str) -> Changes:
        page = _read(await self._get("/dossiers", after=mark), Page)
        return Changes(tuple(_understood(row) for row in page.dossiers), page.mark, page.is_last)

    async def _get(self, path: str, **query: str) -> httpx.Response:
        headers = await asyncio.to_thread(self._headers)
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                httpx.AsyncClient(timeout=self._timeout_s, verify=self._trust, trust_env=False) as client,
            ):
                return await client.get(self._url + path, params=query, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise CityUnavailable(f"no answer ({type(error).__name__})") from error

    def _headers(self) -> dict[str, str]:
        if self._token_file is None:
            return {}
        try:
            token = self._token_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CityUnavailable("the token cannot be read") from error
        return {"Authorization": f"Bearer {token}"}


def _read(response: httpx.Response, kind: type[T]) -> T:
    if not response.is_success:
        raise CityUnavailable(f"HTTP {response.status_code}")
    try:
        return msgspec.json.decode(response.content, type=kind)
    except msgspec.DecodeError as error:
        raise CityUnavailable("an answer of another shape") from error


def _understood(row: Row) -> DossierRecord:
    try:
        return record_of(row)
    except ValueError as error:
        raise CityUnavailable(str(error)) from error
