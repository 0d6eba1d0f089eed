"""Where a device keeps its secrets: private files by default, encrypted by systemd-creds where that is chosen.

systemd-creds seals to the TPM where there is one, else to a key of the machine. The latter keeps a copied data folder
useless elsewhere; against a stolen card neither a 0600 file nor that helps.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from sync.errors import KeyUnusable
from sync.files import private_directory, write_private

_SEALED = ".cred"
_TIMEOUT_S = 30.0
_TOOL = "systemd-creds"


class KeyStore(Protocol):
    """Small named secrets, each replaced as a whole and durably. Blocking."""

    def read(self, name: str) -> bytes | None:
        """None where there is none. Raise KeyUnusable."""

    def write(self, name: str, content: bytes) -> None:
        """Raise OSError or KeyUnusable; the one before is whole then."""

    def remove(self, name: str) -> None: ...


class StoreKind(StrEnum):
    AUTO = "auto"  # systemd-creds where there is a TPM that it can use, else files
    FILE = "file"
    SYSTEMD_CREDS = "systemd-creds"


@dataclass(frozen=True, slots=True)
class FileStore:
    """0600 files that only their owner may read."""

    directory: Path

    def read(self, name: str) -> bytes | None:
        path = self.directory / name
        try:
            if path.stat().st_mode & 0o077:
                raise KeyUnusable(f"{path} can be read by others: chmod 600 {path}")
            return path.read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        private_directory(self.directory)
        write_private(self.directory / name, content)

    def remove(self, name: str) -> None:
        (self.directory / name).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class SealedStore:
    """The same files, encrypted by systemd-creds under their own names: one cannot be put in another's place."""

    directory: Path
    with_key: str = "auto"

    def read(self, name: str) -> bytes | None:
        sealed = FileStore(self.directory).read(name + _SEALED)
        return None if sealed is None else _call("decrypt", name, sealed)

    def write(self, name: str, content: bytes) -> None:
        sealed = _call("encrypt", name, content, f"--with-key={self.with_key}")
        FileStore(self.directory).write(name + _SEALED, sealed)

    def remove(self, name: str) -> None:
        FileStore(self.directory).remove(name + _SEALED)


def open_store(directory: Path) -> KeyStore:
    """The store that was chosen when the device was enrolled."""
    is_sealed = any(directory.glob(f"*{_SEALED}"))
    return SealedStore(directory) if is_sealed else FileStore(directory)


def choose_store(directory: Path, kind: StoreKind) -> KeyStore:
    """The store for a new enrolment. Raise KeyUnusable where systemd-creds is wanted and does not work for us."""
    if kind is StoreKind.FILE or (kind is StoreKind.AUTO and not has_tpm()):
        return FileStore(directory)
    sealed = SealedStore(directory)
    try:
        _prove(directory.parent)
    except KeyUnusable:
        if kind is StoreKind.SYSTEMD_CREDS:
            raise
        return FileStore(directory)
    return sealed


def leave_others(directory: Path, chosen: KeyStore, names: Sequence[str]) -> None:
    """Remove what an earlier enrolment left in the other kind of store."""
    for other in (FileStore(directory), SealedStore(directory)):
        if type(other) is not type(chosen):
            for name in names:
                other.remove(name)


def has_tpm() -> bool:
    """Whether systemd-creds finds a TPM 2.0 that everything it needs supports."""
    tool = shutil.which(_TOOL)
    if tool is None:
        return False
    try:
        return subprocess.run([tool, "has-tpm2", "--quiet"], check=False, timeout=_TIMEOUT_S).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _prove(data_dir: Path) -> None:
    """Seal and open once, as the user who will have to: the agent's, to whom the data folder belongs."""
    if data_dir.stat().st_uid != os.geteuid():
        raise KeyUnusable(f"{data_dir} belongs to another user, who could not open what is sealed here")
    if _call("decrypt", "proof", _call("encrypt", "proof", b"proof")) != b"proof":
        raise KeyUnusable(f"{_TOOL} does not give back what it sealed")


def _call(verb: str, name: str, content: bytes, *options: str) -> bytes:
    tool = shutil.which(_TOOL)
    if tool is None:
        raise KeyUnusable(f"{_TOOL} is not installed here")
    command = [tool, verb, f"--name={name}", *options, "-", "-"]
    try:
        done = subprocess.run(command, input=content, capture_output=True, check=False, timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise KeyUnusable(f"{_TOOL} {verb} does not end") from error
    if done.returncode != 0:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        raise KeyUnusable(f"{_TOOL} {verb}: {told[-1] if told else done.returncode}")
    return done.stdout
