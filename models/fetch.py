"""Pull, verify and find the model files of models/manifest.toml: the whole public face of this folder's files.

The command line, the workers' parents and tests call it. It prints nothing and reads no environment variable.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import platformdirs

from models.cache import Cache, Write, sha256_of, write_all
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
from models.manifest import FileSet, Manifest, ModelFile, load_manifest
from models.pull_run import PullOutcome, PullResult, PullRun, Tried
from models.sources import Progress, ProgressCallback

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


class VerifyState(StrEnum):
    """What hashing a file showed."""

    OK = "ok"
    MISSING = "missing"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """One file as it lies on the disk; `found_sha256` is None when it is missing."""

    file: ModelFile
    path: Path
    state: VerifyState
    found_sha256: str | None


def default_directory() -> Path:
    """Where model files lie when the configuration names no [models] directory."""
    return Path(platformdirs.user_cache_dir("motcua")) / "models"


def pull(
    names_or_set: str | Iterable[str],
    directory: Path,
    mirror: Path | None = None,
    progress: ProgressCallback | None = None,
    *,
    manifest: Manifest | None = None,
    write: Write = write_all,
    tell_wait: Callable[[], None] = lambda: None,
) -> list[PullResult]:
    """Bring the named files or sets (or `all`) into the directory, each verified and whole. `tell_wait`: another pull is waited for.

    Every file is tried even when another failed; then one failure is raised as itself, several as PullIncomplete.
    Raises UnknownName, BadManifest, PullBusy, DiskFull and CacheUnusable at once.
    """
    wanted = (manifest or load_manifest()).select(names_or_set)
    cache = Cache(directory, write)
    with disk_errors(directory), cache.locked(tell_wait=tell_wait):
        try:
            return PullRun(cache, mirror, progress or _silent).run(wanted)
        except OSError:
            cache.discard_parts()  # a full disk gets back the room it had
            raise


def verify(
    directory: Path,
    names_or_set: str | Iterable[str] = "all",
    mirror: Path | None = None,
    *,
    manifest: Manifest | None = None,
) -> list[VerifyResult]:
    """Hash every named file where `locate` would find it, whatever its stamp says; a wrong file is no longer trusted afterwards."""
    cache = Cache(directory)
    with disk_errors(directory):
        return [_verified(cache, file, mirror) for file in (manifest or load_manifest()).select(names_or_set)]


def locate(name: str, directory: Path, mirror: Path | None = None, *, manifest: Manifest | None = None) -> Path:
    """Path of a file that may be used: pulled and verified, or right in the mirror. Raises MissingModel, WrongHash."""
    file = (manifest or load_manifest()).get(name)
    cache = Cache(directory)
    with disk_errors(directory):
        if cache.is_trusted(file) or _is_right(file, cache.path(file), cache.check(file)):
            return cache.path(file)
    if mirror and _is_right(file, mirror / name, _hash_in(mirror / name)):
        return mirror / name
    where = "" if directory == default_directory() else f" --dir {directory}"
    raise MissingModel(f"{name}: not in {directory}\n  do: run: motcua models pull {name}{where}")


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


def _verified(cache: Cache, file: ModelFile, mirror: Path | None) -> VerifyResult:
    path, found = cache.path(file), cache.check(file)
    if found is None and mirror and (in_mirror := _hash_in(mirror / file.name)):
        path, found = mirror / file.name, in_mirror
    states = {None: VerifyState.MISSING, file.sha256: VerifyState.OK}
    return VerifyResult(file, path, states.get(found, VerifyState.WRONG), found)


def _silent(_: Progress) -> None:
    """Nobody is watching."""
