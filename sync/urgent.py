"""Which events overtake a backlog, and when. Pure; one connection's thread uses it.

The chain wants its order, so nothing leaves it: an urgent event that would wait goes up at once as an *early copy* on a topic
of its own, the same bytes, and once more in its turn. A city shows the copy and counts the event.
"""

from collections import deque
from collections.abc import Iterable

import msgspec

from sync.errors import UNREADABLE

Row = tuple[int, str, bytes]  # seq, type, body

# A leader or a guard is to act on these within minutes; everything else can wait for its turn.
URGENT: dict[str, frozenset[str] | None] = {
    "alert.raised": None,  # somebody is angry at a counter now
    "locker.fault": frozenset({"forced", "wrong_door"}),  # a door nobody meant to open is open
    "device.fault": frozenset(
        {"receipt_mismatch", "receipt_ahead"}
    ),  # two histories of one device: tampering, or a restored disk
}


def is_urgent(kind: str, body: bytes) -> bool:
    """Whether an event of this type and these bytes may overtake."""
    if kind not in URGENT:
        return False
    wanted = URGENT[kind]
    return wanted is None or _why(body) in wanted


class EarlyCopies:
    """The urgent events of one connection. Each is looked at once, so none goes early twice, whatever is sent again."""

    def __init__(self, start: int) -> None:
        self.looked_up_to = start
        self._waiting: deque[Row] = deque()

    def saw(self, rows: Iterable[Row], up_to: int) -> None:
        """Rows of urgent types in the order of their seq; everything up to `up_to` was looked at."""
        self.looked_up_to = up_to
        self._waiting.extend(row for row in rows if is_urgent(row[1], row[2]))

    @property
    def is_waiting(self) -> bool:
        return bool(self._waiting)

    def next(self, sent_up_to: int, reach: int) -> Row | None:
        """What goes early now. `reach`: how many events can go in their turn at once; within it nothing needs to overtake."""
        while self._waiting and self._waiting[0][0] <= sent_up_to + reach:
            self._waiting.popleft()
        return self._waiting.popleft() if self._waiting else None


class _Why(msgspec.Struct, frozen=True):
    why: str = ""


class _Body(msgspec.Struct, frozen=True):
    data: _Why


_body = msgspec.json.Decoder(_Body)


def _why(body: bytes) -> str:
    try:
        return _body.decode(body).data.why
    except UNREADABLE:  # a row somebody damaged: it goes up in its turn, and the city says what it is
        return ""
