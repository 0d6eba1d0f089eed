"""Seals what must rest on the disk but may be read back on this device alone: `edge.locker_ports.Seal` over AES-256-GCM.

The key is a file of the device (0600), made at the first start. Without that file nobody reads the citizens' numbers again.
"""

import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edge.web.users import write_secret

FACE_KEY = "faces-seal.key"  # in the data folder; without it no template of a face can be read again
KEY_BYTES, NONCE_BYTES = 32, 12  # NIST SP 800-38D: a random 96-bit nonce, far below 2^32 of them for one key


class KeyFileUnusable(Exception):
    """The device's key file is readable by others or is not what `device_key` wrote; the message says what to do."""


class DeviceSeal:
    """`edge.locker_ports.Seal`."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, plain: str) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain.encode(), None)

    def open(self, sealed: bytes) -> str:
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None).decode()
        except (InvalidTag, ValueError) as error:
            raise ValueError("sealed with another key, or changed since") from error


def device_key(file: Path) -> bytes:
    """The key in `file`, made when there is none. Raise KeyFileUnusable."""
    if not file.exists():
        write_secret(file, secrets.token_hex(KEY_BYTES) + "\n")
    if file.stat().st_mode & 0o077:
        raise KeyFileUnusable(f"{file}: readable by others; run: chmod 600 {file}")
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except (ValueError, UnicodeDecodeError) as error:
        raise KeyFileUnusable(f"{file}: not a key; put the file back from the backup") from error
    if len(key) != KEY_BYTES:
        raise KeyFileUnusable(f"{file}: not a key; put the file back from the backup")
    return key
