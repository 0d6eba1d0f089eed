"""The city's commands, what is signed of them, and their answers. Contract, on `.../cmd/{name}` and back.

A command is done at most once however often it comes: its id is kept with its answer, and the answer is an event.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from sync.errors import UNREADABLE
from sync.keys import DeviceKey, is_signed

BY_AT_MOST = 80  # letters; a device takes an order with more for one that nobody signed
MAX_BODY = 1_000_000  # bytes; a configuration file is the largest thing that is sent down


class CommandName(StrEnum):
    LOCKER_RESERVE = "locker.reserve"  # keep a compartment free for a dossier that is on its way
    LOCKER_RELEASE = "locker.release"
    LOCKER_RECALL = "locker.recall"  # take a result back: its code dies, staff collect it
    DOSSIER_STATUS = "dossier.status"  # how far a dossier is, so that the guide can say it offline
    CONFIG_SET = "config.set"  # a whole configuration file: validated, applied, confirmed or rolled back
    MODELS_UPDATE = "models.update"  # a signed manifest
    RESEND = "ledger.resend"  # send every event behind `seq` again
    IDENTIFY = "device.identify"  # blink and say so on the screens: which of these boxes is it?


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One order to one device. `source` names the device; `by` is who ordered it (a user's name in the city's system)."""

    id: Annotated[str, msgspec.Meta(min_length=10, max_length=40)]
    name: str  # text, so that a name of a newer city is refused with a reason and not unreadable
    source: str
    issued: Annotated[datetime, msgspec.Meta(tz=True)]
    not_after: Annotated[datetime, msgspec.Meta(tz=True)]
    by: Annotated[str, msgspec.Meta(max_length=BY_AT_MOST)]
    args: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"{}"))


class SignedCommand(msgspec.Struct, frozen=True, kw_only=True):
    """What travels: the command's exact JSON text and the city's signature over it (hex)."""

    body: Annotated[str, msgspec.Meta(max_length=MAX_BODY)]
    key: str
    signature: str

    @classmethod
    def of(cls, command: Command, key: DeviceKey) -> "SignedCommand":
        body = msgspec.json.encode(command).decode()
        return cls(body=body, key=key.public, signature=key.sign(_signed_bytes(body)))

    def opened(self, city_key: str) -> Command | None:
        """The command, or None when the city with the key `city_key` did not sign it or it is none."""
        if self.key != city_key or not is_signed(city_key, _signed_bytes(self.body), self.signature):
            return None
        try:
            return msgspec.json.decode(self.body, type=Command)
        except UNREADABLE:
            return None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The immediate answer, at most once a connection; the event `command.answered` says the same for good."""

    command: str
    name: str
    outcome: Literal["done", "refused"]
    why: str | None = None


def signed_manifest(manifest: str, key: DeviceKey) -> str:
    """The city's signature (hex) over a list of models, as `models.update` carries it."""
    return key.sign(_manifest_bytes(manifest))


def is_manifest_signed(manifest: str, city_key: str, signature: str) -> bool:
    return is_signed(city_key, _manifest_bytes(manifest), signature)


def _manifest_bytes(manifest: str) -> bytes:
    return b"motcua models v1\n" + manifest.encode()


def _signed_bytes(body: str) -> bytes:
    return b"motcua command v1\n" + body.encode()
