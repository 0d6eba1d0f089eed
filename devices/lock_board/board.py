"""What a caller sees of lock boards: `LockBoard` and the values that cross it. The driver behind it is `driver.py`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, TypeAlias


class Door(Enum):
    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"  # not read yet, or nobody can tell


class Pulse(Enum):
    """What is known of an unlock. None of these says that the door opened: read it."""

    ANSWERED = "answered"
    LOST = "lost"  # it may have reached the board: read the doors, never send it again blindly
    NOT_SENT = "not_sent"  # surely nothing left the port
    REFUSED = "refused"  # the board said no


class Feedback(Enum):
    """How a door's switch is wired."""

    CLOSED_SHORT = "closed_short"
    OPEN_SHORT = "open_short"

    def door(self, *, shorted: bool) -> Door:
        return Door.CLOSED if shorted is (self is Feedback.CLOSED_SHORT) else Door.OPEN


@dataclass(frozen=True, slots=True)
class BoardPlan:
    """One board as it is configured: `name` for people, `address` by its DIP switch, `channels` doors counted from 1.

    `feedback` names the doors that are wired the other way. `pulse_ms` None: the pulse the board makes by itself.
    """

    name: str
    address: int
    channels: int
    feedback: Mapping[int, Feedback] = field(default_factory=dict)
    pulse_ms: int | None = None


@dataclass(frozen=True, slots=True)
class DoorSeen:
    """A door is not as it was; its first reading counts. `at`: the loop's monotonic clock, seconds."""

    board: str
    channel: int
    door: Door
    at: float
    pushed: bool = False


class BoardWhy(Enum):
    """Why a board cannot be used."""

    SILENT = "board_silent"
    CORRUPT = "board_corrupt"  # something answers, but no whole frame
    CHANNELS = "board_channels"  # it has fewer than configured
    REFUSED = "board_refused"  # it answers every question with no
    PORT = "board_port"  # the line it hangs on is gone


@dataclass(frozen=True, slots=True)
class BoardSeen:
    """`why` is None when the board answers as it should."""

    board: str
    why: BoardWhy | None


Seen: TypeAlias = DoorSeen | BoardSeen
Watcher: TypeAlias = Callable[[Seen], None]


class LockBoard(Protocol):
    """One board. A silent one's doors are UNKNOWN, never what they were."""

    @property
    def plan(self) -> BoardPlan: ...
    @property
    def why(self) -> BoardWhy | None:
        """None: present."""

    def doors(self) -> Mapping[int, Door]:
        """As they were last seen, by channel."""

    def authorise(self, channel: int, ttl_s: float = ...) -> None:
        """Permit one unlock of one door, once, for a short time. The caller has written down why. Raise BadChannel."""

    async def unlock(self, channel: int) -> Pulse:
        """Send the unlock that was authorised. Never repeated. Raise WriteRefused where none was."""

    async def read(self, channel: int) -> Door:
        """Ask now. Raise PortLost, NoAnswer, FrameCorrupt or BoardRefused."""

    async def read_all(self) -> Mapping[int, Door]:
        """Ask now, as `read`; what comes is not smoothed."""

    async def store_pulse(self) -> bool:
        """Store the configured pulse length in the board; False where it keeps none. For a technician, not for each start."""

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Every change from now on, in the loop. The result ends it."""
