"""What all the ways of getting a model file share: progress, the reasons a source fails, filling the part file.

Only models.fetch, models.download, models.packages and models.client_words use it. A disk that does not take the bytes raises plain OSError.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import responses
from itertools import chain
from pathlib import Path

from models.cache import CHUNK_BYTES, Cache, Oversize
from models.manifest import ModelFile

WEB_PAGE = "a web page"
"""What a network answers in a source's place while nobody has logged in to it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one download is; `total_bytes` is None while nobody has said."""

    label: str
    done_bytes: int
    total_bytes: int | None


ProgressCallback = Callable[[Progress], None]


class SourceFailed(Exception):
    """This source did not deliver; try the next one."""


class WrongBytes(SourceFailed):
    """It delivered something else than the manifest pins; try the next one, and say so if none is better."""


class ConnectionDropped(SourceFailed):
    """It may deliver the rest when asked again."""


def answered(status: int) -> str:
    """An HTTP status in words."""
    return f"answered HTTP status {status} ({responses.get(status, 'unknown')})"


def fill(file: ModelFile, cache: Cache, chunks: Iterator[bytes]) -> None:
    """Write the whole file into its part file, from the start; a source without a first byte leaves an old part alone."""
    first = next(chunks, b"")
    with cache.part(file).open("wb") as target, oversize_is_wrong():
        cache.append(file, target, chain([first], chunks))


def read_file(path: Path) -> Iterator[bytes]:
    """A mirror's file in chunks."""
    try:
        with path.open("rb") as source:
            while chunk := source.read(CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise SourceFailed(error.strerror or str(error)) from error


@contextmanager
def oversize_is_wrong() -> Iterator[None]:
    """A body longer than the file is not that file."""
    try:
        yield
    except Oversize as error:
        raise WrongBytes(str(error)) from error
