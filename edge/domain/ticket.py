"""One queue number: its states and what may happen to it. Siblings: `queue` (a day of them), `queue_calls`, `queue_wait`.

Transition table (what is not in it is refused):

=========  =======  ======  =======  ======  ==============  =======  ======  ========  ========
state      call     recall  come     finish  skip            no_show  park    transfer  close
=========  =======  ======  =======  ======  ==============  =======  ======  ========  ========
waiting    called   -       -        -       -               -        -       -         day_over
called     -        called  serving  served  waiting (1)     no_show  parked  waiting   day_over
serving    -        -       -        served  -               -        parked  waiting   day_over
parked     called   -       -        -       -               no_show  -       waiting   day_over
served     -        -       -        -       -               -        -       -         -
no_show    -        -       -        -       -               -        -       -         -
day_over   -        -       -        -       -               -        -       -         -
=========  =======  ======  =======  ======  ==============  =======  ======  ========  ========

(1) `no_show` when it was the last of `QueueRules.calls_at_most` calls. `finish` out of `called` is an officer who forgot
to press that the citizen had come. A transferred citizen keeps number and place: nobody is sent to the end of a queue
for having been given the wrong one. Who was skipped comes back behind the next few.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Priority(StrEnum):
    """By the citizen's own word. `UNSAID`: had priority; why is forgotten once the ticket is over."""

    NONE = "none"
    OLDER = "older"
    DISABLED = "disabled"
    PREGNANT = "pregnant"
    UNSAID = "unsaid"


ASKED_FOR = (Priority.OLDER, Priority.DISABLED, Priority.PREGNANT)


class TicketState(StrEnum):
    WAITING = "waiting"
    CALLED = "called"  # on the board; the citizen is on the way
    SERVING = "serving"
    PARKED = "parked"  # fetching a paper, say; the officer calls again
    SERVED = "served"
    NO_SHOW = "no_show"
    DAY_OVER = "day_over"

    @property
    def is_over(self) -> bool:
        return self in {TicketState.SERVED, TicketState.NO_SHOW, TicketState.DAY_OVER}

    @property
    def is_at_counter(self) -> bool:
        return self in {TicketState.CALLED, TicketState.SERVING}


class Action(StrEnum):
    CALL = "call"
    RECALL = "recall"
    COME = "come"
    FINISH = "finish"
    SKIP = "skip"
    NO_SHOW = "no_show"
    PARK = "park"
    TRANSFER = "transfer"
    CLOSE = "close"


_LIVE = (TicketState.WAITING, TicketState.CALLED, TicketState.SERVING, TicketState.PARKED)
TRANSITIONS: Mapping[tuple[TicketState, Action], TicketState] = {
    (TicketState.WAITING, Action.CALL): TicketState.CALLED,
    (TicketState.PARKED, Action.CALL): TicketState.CALLED,
    (TicketState.CALLED, Action.RECALL): TicketState.CALLED,
    (TicketState.CALLED, Action.COME): TicketState.SERVING,
    (TicketState.CALLED, Action.FINISH): TicketState.SERVED,
    (TicketState.SERVING, Action.FINISH): TicketState.SERVED,
    (TicketState.CALLED, Action.SKIP): TicketState.WAITING,
    (TicketState.CALLED, Action.NO_SHOW): TicketState.NO_SHOW,
    (TicketState.PARKED, Action.NO_SHOW): TicketState.NO_SHOW,
    (TicketState.CALLED, Action.PARK): TicketState.PARKED,
    (TicketState.SERVING, Action.PARK): TicketState.PARKED,
    (TicketState.CALLED, Action.TRANSFER): TicketState.WAITING,
    (TicketState.SERVING, Action.TRANSFER): TicketState.WAITING,
    (TicketState.PARKED, Action.TRANSFER): TicketState.WAITING,
    **{(state, Action.CLOSE): TicketState.DAY_OVER for state in _LIVE},
}


@dataclass(frozen=True, slots=True)
class Ticket:
    """`order` counts the day's tickets of all services; `place` is where it stands in its queue (smaller is earlier).

    Times are epoch seconds: `called_s` of the first call ever, `counter_s` of the last one, `came_s` when work began,
    `over_s` when it ended. `at` is the counter of a ticket that is called, served or parked.
    """

    order: int
    letter: str
    number: int
    service: str
    priority: Priority
    issued_s: float
    state: TicketState = TicketState.WAITING
    place: int = 0
    calls: int = 0
    misses: int = 0
    at: str | None = None
    called_s: float | None = None
    counter_s: float | None = None
    came_s: float | None = None
    over_s: float | None = None

    @property
    def label(self) -> str:
        """`A012`, as on paper and board."""
        return f"{self.letter}{self.number:03}"

    @property
    def is_priority(self) -> bool:
        return self.priority is not Priority.NONE

    @property
    def standing(self) -> tuple[int, int, int]:
        """Sorts a lane."""
        return self.place, self.misses, self.order

    @property
    def served_s(self) -> float | None:
        """How long the work took: from coming (or the call, when coming was not pressed) to its end."""
        began = self.came_s if self.came_s is not None else self.counter_s
        if self.state is not TicketState.SERVED or began is None or self.over_s is None:
            return None
        return max(0.0, self.over_s - began)

    @property
    def waited_s(self) -> float | None:
        """From issue to the first call."""
        return None if self.called_s is None else max(0.0, self.called_s - self.issued_s)
