"""What `motcua locker` and the running agent say to each other: one JSON object a line, over a Unix socket in the data folder.

A code of an authenticator app is the only secret in it; `Login` shows none of it in its repr.
"""

from typing import Literal

import msgspec

from edge.locker_ports import CabinetView, OpeningView

MALFORMED = "malformed"
Why = Literal["test", "fault", "map", "cleaning"]
RecallWhy = Literal["overdue", "citizen_asked", "wrong_dossier", "fault", "fire", "moving"]


class Ask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="ask", tag=str.lower):
    """A line of the command line."""


class Status(Ask, frozen=True, kw_only=True):
    """The cabinet as the agent knows it."""


class Read(Ask, frozen=True, kw_only=True):
    """Ask the boards now: every door, or one."""

    compartment: str | None = None


class Login(Ask, frozen=True, kw_only=True):
    """Who stands at this terminal. The `second` person is for opening every door."""

    user: str
    totp: str
    is_second: bool = False

    def __repr__(self) -> str:
        return f"Login(user={self.user!r})"


class Open(Ask, frozen=True, kw_only=True):
    """A technician's test of one door."""

    compartment: str
    why: Why


class Recall(Ask, frozen=True, kw_only=True):
    """Staff take something back. Without a compartment: every door, with the second person who logged in."""

    why: RecallWhy
    compartment: str | None = None


class Say(msgspec.Struct, frozen=True, kw_only=True, tag_field="say", tag=str.lower):
    """A line of the agent. The last line of an answer is a `Done` or a `Refusal`."""


class Cabinet(Say, frozen=True, kw_only=True):
    cabinet: CabinetView


class Doors(Say, frozen=True, kw_only=True):
    doors: dict[str, str]


class Opening(Say, frozen=True, kw_only=True):
    opening: OpeningView


class Done(Say, frozen=True, kw_only=True):
    role: str | None = None


class Refusal(Say, frozen=True, kw_only=True):
    """`why` is a `RefusalWhy`, or `malformed`: the two programs are not of one version."""

    why: str
    wait_s: float | None = None


AnyAsk = Status | Read | Login | Open | Recall
AnySay = Cabinet | Doors | Opening | Done | Refusal
_ASKS: msgspec.json.Decoder[AnyAsk] = msgspec.json.Decoder(AnyAsk)
_SAYS: msgspec.json.Decoder[AnySay] = msgspec.json.Decoder(AnySay)


def encode(line: Ask | Say) -> bytes:
    return msgspec.json.encode(line) + b"\n"


def decode_ask(line: bytes) -> AnyAsk:
    """Raise msgspec.MsgspecError or UnicodeDecodeError."""
    return _ASKS.decode(line)


def decode_say(line: bytes) -> AnySay:
    """Raise as `decode_ask`."""
    return _SAYS.decode(line)


def to_builtins(view: CabinetView) -> dict[str, object]:
    """A cabinet as JSON has it, for `--json`."""
    found: dict[str, object] = msgspec.to_builtins(view)
    return found
