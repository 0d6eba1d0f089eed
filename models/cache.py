"""The directory of pulled files: what of it is trusted, and how a file gets in whole or not at all.

Layout: DIR/NAME is the file, DIR/.verified/NAME its stamp, DIR/.part/ what is on its way. Only models.fetch and models.sources use it.
"""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import ENOSPC
from pathlib import Path
from typing import BinaryIO

from models.fetch_errors import PullBusy
from models.manifest import ModelFile

CHUNK_BYTES = 256 * 1024
LOCK_POLL_S = 0.1
LOCK_WAIT_S = 900.0
"""Longer than a whole pull over a slow line; after that somebody should look."""

Write = Callable[[BinaryIO, bytes], object]
"""How bytes reach the disk; tests pass one that fails."""


class Oversize(Exception):
    """More bytes came than the manifest says; the file cannot be the right one."""


def write_all(target: BinaryIO, chunk: bytes) -> None:
    """Put the whole chunk into the file: the Write of every real pull."""
    target.write(chunk)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; raises OSError."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Cache:
    """One cache directory; every method may raise OSError, which fetch turns into a ModelFileError."""

    directory: Path
    write: Write = write_all

    @property
    def parts(self) -> Path:
        """Files here are part files, directories are downloaded packages."""
        return self.directory / ".part"

    def path(self, file: ModelFile) -> Path:
        """Where the file lies once it is whole."""
        return self.directory / file.name

    def part(self, file: ModelFile) -> Path:
        """Where the file is collected before it is whole."""
        return self.parts / _flat(file)

    def part_bytes(self, file: ModelFile) -> int:
        """How much of the file an earlier attempt left behind."""
        with suppress(FileNotFoundError):
            return self.part(file).stat().st_size
        return 0

    def is_trusted(self, file: ModelFile) -> bool:
        """These very bytes once had the right hash: size, change time and manifest hash are those of the stamp."""
        try:
            stamp = self._stamp(file).read_bytes()
            return stamp == _stamp_text(file, self.path(file).stat())
        except OSError:
            return False

    def check(self, file: ModelFile) -> str | None:
        """Hash the file and stamp it when right; returns the hash found, None when there is no file."""
        try:
            status = self.path(file).stat()
            found = sha256_of(self.path(file))
        except FileNotFoundError:
            return None
        with suppress(OSError):  # a worker may look but not write; it hashes again next time
            self._put_stamp(file, status) if found == file.sha256 else self._stamp(file).unlink(missing_ok=True)
        return found

    def append(self, file: ModelFile, target: BinaryIO, chunks: Iterable[bytes]) -> None:
        """Write chunks at the target's place; what came before a failure stays there. Raises Oversize."""
        for chunk in chunks:
            if target.tell() + len(chunk) > file.size_bytes:
                raise Oversize(f"larger than the {file.size_bytes} bytes of the manifest")
            self.write(target, chunk)

    def place(self, file: ModelFile) -> str:
        """Move the part file into its place, durably, if its hash is right, else delete it; returns the hash found."""
        part = self.part(file)
        found = sha256_of(part)
        if found != file.sha256:
            part.unlink()
            return found
        _fsync(part)
        self.path(file).parent.mkdir(exist_ok=True)
        part.replace(self.path(file))
        _fsync(self.path(file).parent)
        self._put_stamp(file, self.path(file).stat())
        return found

    def require_room(self, file: ModelFile) -> None:
        """Refuse before the first byte when the file cannot fit; raises OSError(ENOSPC)."""
        if shutil.disk_usage(self.directory).free < file.size_bytes - self.part_bytes(file):
            raise OSError(ENOSPC, os.strerror(ENOSPC), str(self.directory))

    def discard_parts(self, *, packages_only: bool = False) -> None:
        """Remove downloaded packages, and part files too unless told otherwise."""
        for entry in list(self.parts.iterdir()) if self.parts.is_dir() else []:
            if entry.is_dir():
                shutil.rmtree(entry)
            elif not packages_only:
                entry.unlink()

    @contextmanager
    def locked(self, wait_s: float = LOCK_WAIT_S, tell_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Hold the directory for one pull; the kernel lets go when the process dies. Raises PullBusy.

        `tell_wait` is called once, when another pull has it.
        """
        self.parts.mkdir(parents=True, exist_ok=True)
        with (self.directory / ".lock").open("wb") as lock:
            give_up = time.monotonic() + wait_s
            is_told = False
            while not _try_lock(lock):
                if not is_told:
                    tell_wait()
                is_told = True
                if time.monotonic() >= give_up:
                    raise PullBusy(
                        f"{self.directory}: another pull is running\n  do: wait for it, or end it, then pull again"
                    )
                time.sleep(LOCK_POLL_S)
            yield

    def _stamp(self, file: ModelFile) -> Path:
        return self.directory / ".verified" / _flat(file)

    def _put_stamp(self, file: ModelFile, status: os.stat_result) -> None:
        stamp = self._stamp(file)
        stamp.parent.mkdir(exist_ok=True)
        fresh = stamp.with_name(f"{stamp.name}.{os.getpid()}")
        fresh.write_bytes(_stamp_text(file, status))
        fresh.replace(stamp)


def _flat(file: ModelFile) -> str:
    """A name without folder; `+` stands in no name, so no two files meet."""
    return file.name.replace("/", "+")


def _stamp_text(file: ModelFile, status: os.stat_result) -> bytes:
    return f"{file.sha256} {status.st_size} {status.st_mtime_ns}\n".encode("ascii")


def _try_lock(lock: BinaryIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
