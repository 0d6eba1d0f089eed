"""One model file from an https address: resumed with HTTP Range where an earlier attempt stopped.

Only models.fetch calls it. The hash is checked afterwards, so a resumed file needs no trust in the server.
"""

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO

from models.cache import CHUNK_BYTES, Cache
from models.manifest import ModelFile, UrlSource, is_guarded
from models.sources import (
    WEB_PAGE,
    ConnectionDropped,
    Progress,
    ProgressCallback,
    SourceFailed,
    WrongBytes,
    answered,
    oversize_is_wrong,
)

TRIES = 5
"""How often a dropped connection is taken up again within one pull."""
BACKOFF_S = 0.5
"""Doubles with each try: 0.5, 1, 2, 4 s."""
SILENCE_S = 30.0
"""A server that says nothing for so long counts as gone."""

Pause = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Download:
    """One file from one address into the cache's part file."""

    file: ModelFile
    source: UrlSource
    cache: Cache
    report: ProgressCallback
    pause: Pause = time.sleep

    def run(self) -> None:
        """Fill the part file; raises SourceFailed and leaves what came for the next attempt."""
        for attempt in range(TRIES):
            try:
                return self._fetch_rest()
            except ConnectionDropped:
                if attempt == TRIES - 1:
                    raise
                self.pause(BACKOFF_S * 2**attempt)
        raise AssertionError("the loop returns or raises")

    def _fetch_rest(self) -> None:
        with self._opened() as response:
            if response.headers.get_content_type() == "text/html":
                raise SourceFailed(f"answered with {WEB_PAGE} in place of the file")
            start = self._first_byte(response)
            self._require_size(response, start)
            self._etag_path.write_text(_strong_etag(response), encoding="latin-1")
            with self.cache.part(self.file).open("r+b" if start else "wb") as target, oversize_is_wrong():
                target.truncate(start)
                target.seek(start)
                self.cache.append(self.file, target, self._body(response, start))
        if (done := self.cache.part_bytes(self.file)) < self.file.size_bytes:
            raise ConnectionDropped(f"stopped after {done} of {self.file.size_bytes} bytes")
        self._etag_path.unlink()

    @contextmanager
    def _opened(self) -> Iterator[HTTPResponse]:
        try:
            response = urllib.request.build_opener(_Guarded).open(self._request(), timeout=SILENCE_S)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(error.code) from error
        except (OSError, HTTPException) as error:
            raise ConnectionDropped(str(error) or type(error).__name__) from error
        with response:
            yield response

    def _request(self) -> urllib.request.Request:
        headers = {"Accept-Encoding": "identity"}
        if done := self.cache.part_bytes(self.file):
            headers["Range"] = f"bytes={done}-"
            if self._etag_path.exists() and (etag := self._etag_path.read_text(encoding="latin-1")):
                headers["If-Range"] = etag
        # the manifest allows https, and http on this very machine
        return urllib.request.Request(self.source.url, headers=headers)  # noqa: S310

    def _refused(self, status: int) -> SourceFailed:
        if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            self.cache.part(self.file).unlink(missing_ok=True)
            return ConnectionDropped("the server's file is shorter than what an earlier attempt left")
        kind = ConnectionDropped if status >= HTTPStatus.INTERNAL_SERVER_ERROR else SourceFailed
        return kind(answered(status))

    def _first_byte(self, response: HTTPResponse) -> int:
        """Where the body starts in the file: a server may ignore the range, or send another one."""
        if response.status != HTTPStatus.PARTIAL_CONTENT:
            return 0
        start = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
        if start != str(self.cache.part_bytes(self.file)):
            raise SourceFailed(f"sent another range than asked for: {start or 'unnamed'}")
        return int(start)

    def _require_size(self, response: HTTPResponse, start: int) -> None:
        length = response.headers.get("Content-Length")
        if length is not None and start + int(length) != self.file.size_bytes:
            raise WrongBytes(f"is {start + int(length)} bytes, the manifest says {self.file.size_bytes}")

    def _body(self, response: HTTPResponse, start: int) -> Iterator[bytes]:
        done = start
        try:
            while chunk := response.read1(CHUNK_BYTES):
                done += len(chunk)
                self.report(Progress(self.file.name, done, self.file.size_bytes))
                yield chunk
        except (OSError, HTTPException) as error:
            raise ConnectionDropped(str(error) or type(error).__name__) from error

    @property
    def _etag_path(self) -> Path:
        part = self.cache.part(self.file)
        return part.with_name(f"{part.name}.etag")


class _Guarded(urllib.request.HTTPRedirectHandler):
    """Follows a source only to where the manifest would let it stand."""

    def redirect_request(  # noqa: PLR0917 - as urllib calls it
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if not is_guarded(newurl):
            raise SourceFailed(f"sends us on to an address without encryption, as for {WEB_PAGE} to log in")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _strong_etag(response: HTTPResponse) -> str:
    """If-Range takes no weak tag; without a strong one the hash alone guards a resumed file."""
    etag = response.headers.get("ETag", "")
    return "" if etag.startswith("W/") else etag
