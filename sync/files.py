"""Small private files, replaced in one step and on the disk before a call returns. Everybody in `sync` may use it."""

import os
import secrets
from pathlib import Path

from sync.keys import sync_directory


def write_private(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace `path`, `mode` from its first byte. Root writes in the name of who has to read it later: whoever the old one belonged to."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)  # whatever the umask
            own_like(descriptor, _whose(path))
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)  # only there when something failed: no copy of a secret stays behind
    sync_directory(path.parent)


def private_directory(path: Path) -> None:
    """Make the folder 0700 where it is missing, in the name of the owner of the one above."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        return
    own_like(path, path.parent)
    sync_directory(path.parent)


def own_like(file: int | Path, model: Path) -> None:
    """Give a file root has made to the owner of another or of the folder it lies in; anybody else's files are their own already."""
    if os.geteuid() == 0:
        owner = model.stat()
        os.chown(file, owner.st_uid, owner.st_gid)


def _whose(path: Path) -> Path:
    """The old file, or the folder where there is none; root's in a folder of somebody else was left there by mistake."""
    is_kept = path.exists() and (path.stat().st_uid or not path.parent.stat().st_uid)
    return path if is_kept else path.parent
