"""The raw line for a technician: the last frames in both directions, each with what it means. Bounded: the oldest go."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from devices.lock_board.codec import (
    Command,
    Done,
    DoorPushed,
    DoorReply,
    DoorsReply,
    Heard,
    Noise,
    Refused,
    Request,
    UnlockReply,
)

KEPT = 500


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """`at`: seconds since 1970. `meaning`: a short key; `values` are its parameters. `board`: an address, None for noise."""

    at: float
    sent: bool
    octets: bytes
    meaning: str
    board: int | None = None
    values: Mapping[str, str | int] = field(default_factory=dict)


Listener = Callable[[TraceEntry], None]


class Trace:
    """Memory only: nothing of it is ever written by this package."""

    def __init__(self, kept: int = KEPT) -> None:
        self._entries: deque[TraceEntry] = deque(maxlen=kept)
        self._listeners: list[Listener] = []

    def entries(self) -> tuple[TraceEntry, ...]:
        return tuple(self._entries)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return unsubscribe

    def sent(self, request: Request) -> None:
        values: dict[str, str | int] = {"board": request.board}
        if request.channel:
            values["channel"] = request.channel
        self._add(TraceEntry(time.time(), True, request.frame, request.ask.value, request.board, values))  # noqa: FBT003

    def heard(self, heard: Heard | Noise, octets: bytes, kind: str | None = None) -> None:
        """`kind` replaces the meaning: echo, late, stray."""
        meaning, values = describe(heard)
        board = None if isinstance(heard, Noise) else heard.board
        self._add(TraceEntry(time.time(), False, octets, kind or meaning, board, values))  # noqa: FBT003

    def _add(self, entry: TraceEntry) -> None:
        self._entries.append(entry)
        for listener in tuple(self._listeners):
            listener(entry)


def describe(heard: Heard | Noise) -> tuple[str, dict[str, str | int]]:
    """The key and parameters of what a frame says."""
    match heard:
        case Noise(octets=octets):
            return "noise", {"count": len(octets)}
        case UnlockReply():
            key = "unlock_failed" if heard.accepted is False else "unlock_reply"
            return key, {"board": heard.board, "channel": heard.channel}
        case DoorReply() | DoorPushed():
            key = "door" if isinstance(heard, DoorReply) else "pushed"
            return key, {"board": heard.board, "channel": heard.channel, "contact": int(heard.shorted)}
        case DoorsReply():
            contacts = "".join("1" if shorted else "0" for shorted in heard.shorted)
            return "doors", {"board": heard.board, "contacts": contacts}
        case Refused():
            return "refused", {"board": heard.board, "why": heard.why}
        case Done() | Command():
            return "done" if isinstance(heard, Done) else "command", {"board": heard.board, "what": heard.what}
