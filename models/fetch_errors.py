"""Why a model file is not there: one exception for each thing the caller does next.

Raised by models.manifest, models.cache and models.fetch; the command line prints them and exits 1.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from pathlib import Path


class ModelFileError(Exception):
    """Any failure about model files; its text names the file and says what to do."""


class BadManifest(ModelFileError):
    """The manifest is wrong; correct every line of `problems`, nothing was fetched."""

    def __init__(self, path: Path, problems: tuple[str, ...]) -> None:
        self.path, self.problems = path, problems
        super().__init__("\n".join([f"{path}: {len(problems)} wrong", *(f"  {problem}" for problem in problems)]))


class UnknownName(ModelFileError):
    """Neither a file nor a set of the manifest; ask again with one of the names it lists."""


class MissingModel(ModelFileError):
    """The file was never pulled; run: motcua models pull."""


class NoSource(ModelFileError):
    """No source gave the file; connect the network or name a mirror directory, then pull again."""


class WrongHash(ModelFileError):
    """What came, or what lies there, is not the file the manifest pins; do not use it."""


class DiskFull(ModelFileError):
    """No room; nothing half-written was left, free space and pull again."""


class CacheUnusable(ModelFileError):
    """The directory cannot be read or written; correct its owner or choose another."""


class PullBusy(ModelFileError):
    """Another process is pulling into the same directory; wait for it."""


class PullIncomplete(ModelFileError):
    """Several files failed; `failures` holds one error a file, all the others are in place."""

    def __init__(self, failures: tuple[ModelFileError, ...]) -> None:
        self.failures = failures
        super().__init__("\n".join(str(failure) for failure in failures))


@contextmanager
def disk_errors(directory: Path) -> Iterator[None]:
    """Turn what the operating system says into DiskFull or CacheUnusable."""
    try:
        yield
    except OSError as error:
        if error.errno in {ENOSPC, EDQUOT}:
            text = f"{directory}: the disk is full\n  do: free space there and run: motcua models pull"
            raise DiskFull(text) from error
        raise CacheUnusable(
            f"{error.filename or directory}: {error.strerror or error}\n"
            f"  do: let this user write in {directory}, or name another directory as [models] directory"
        ) from error
