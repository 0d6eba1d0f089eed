"""The device's Ed25519 key: made on first use, kept in a file only its owner may read.

The journal signs with it; anybody with the public half (hex) can check. It is not the TLS key.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync.errors import KeyUnusable

KEY_FILE = "device.key"
_PRIVATE_BYTES = 32


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """Signs for this device. `public` is 64 hex digits."""

    public: str
    _private: Ed25519PrivateKey

    @classmethod
    def load_or_create(cls, data_dir: Path) -> "DeviceKey":
        """Raise KeyUnusable for a file that is damaged or that others may read."""
        path = data_dir / KEY_FILE
        if not path.exists():
            _create(path)
        return cls.from_seed(_read_seed(path))

    @classmethod
    def generate(cls) -> "DeviceKey":
        """A key that lives in memory only."""
        return cls.from_seed(os.urandom(_PRIVATE_BYTES))

    @classmethod
    def from_seed(cls, seed: bytes) -> "DeviceKey":
        """The key of a 32-byte seed."""
        private = Ed25519PrivateKey.from_private_bytes(seed)
        return cls(private.public_key().public_bytes_raw().hex(), private)

    def sign(self, message: bytes) -> str:
        """Ed25519 signature, 128 hex digits."""
        return self._private.sign(message).hex()


def is_signed(public: str, message: bytes, signature: str) -> bool:
    """Whether `signature` over `message` was made by the key `public` (both hex; malformed hex is simply not signed)."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key_of(data_dir: Path) -> str | None:
    """The public key belonging to a data directory, or None where the key file is not there or not readable."""
    try:
        return DeviceKey.from_seed(_read_seed(data_dir / KEY_FILE)).public
    except (OSError, KeyUnusable):
        return None


def _create(path: Path) -> None:
    partial = path.with_suffix(".new")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(os.urandom(_PRIVATE_BYTES).hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the directory's entries durable: a rename is not on the disk before this."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_seed(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise KeyUnusable(f"{path} can be read by others: chmod 600 {path}")
    try:
        seed = bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError as error:
        raise KeyUnusable(f"{path} is damaged: restore it from the device's backup") from error
    if len(seed) != _PRIVATE_BYTES:
        raise KeyUnusable(f"{path} is damaged: {len(seed)} bytes instead of {_PRIVATE_BYTES}")
    return seed
