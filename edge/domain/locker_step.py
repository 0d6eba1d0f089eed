"""The compartment's state machine. Pure; the locker service keeps each compartment in a table and steps it.

The way of one opening; every arrow that leads to a pulse passes AUTHORISED, which the service steps only after the disk has it:

| state | event | next | told and done |
|---|---|---|---|
| FREE, door closed | Reserve | RESERVED | Reserved, Authorise |
| OCCUPIED, OVERDUE, OPEN_FAILED, OPEN_UNKNOWN, door closed | Claim | CLAIMED | Authorise |
| FREE, OUT_OF_SERVICE, troubled, no stay, door closed | Claim(TEST) | CLAIMED | Authorise |
| all of these, FORCED, WRONG_DOOR, OUT_OF_SERVICE, door closed | Recall | RECALL | Authorise |
| RESERVED, CLAIMED, RECALL | Authorised | OPENING | SendPulse |
| | Cancel, NotWritten, Tick (too long) | as before | Released of a new stay, Ended |
| | DoorSeen(OPEN) | FORCED | Fault(forced), Ended |
| OPENING | Pulsed(ANSWERED, LOST) | OPENING | ReadAll |
| | Pulsed(REFUSED) | OPENING | ReadAll; counts as a pulse that did nothing |
| | Pulsed(NOT_SENT) | as before | Fault(board_lost), Released of a new stay, Ended |
| | DoorSeen(OPEN) | OPEN | Opened; UseUpCode of a pickup, KillCode of a recall |
| | Tick (`open_within_s`) | OPENING | ReadAll |
| | then DoorSeen(CLOSED), pulses left | OPENING | after `cool_down_s`: Authorise the next pulse |
| | then DoorSeen(CLOSED), none left | OPEN_FAILED | Fault(open_failed), Released of a new stay, Ended |
| | DoorSeen(UNKNOWN), BoardLost, no read in time | OPEN_UNKNOWN | Fault(open_unknown, board_lost), Ended |
| | OtherMoved | WRONG_DOOR | Fault(wrong_door), Ended; also when both are seen open in one look: the code stays valid |
| OPEN | DoorSeen(CLOSED) | CLOSED | - |
| | Tick (`close_it_s`, `left_open_s`) | OPEN, LEFT_OPEN | Warn(close_it), Fault(left_open) |
| LEFT_OPEN | DoorSeen(CLOSED) | CLOSED | - |
| CLOSED | DoorSeen(OPEN): it bounced | OPEN | - |
| | Tick (`settle_s`) after LOAD | OCCUPIED | Closed, Loaded, IssueCode, Ended; empty: FREE, Released(left_empty) |
| | after DEPOSIT | OCCUPIED | Closed, Deposited, Ended; empty: FREE, Released(left_empty) |
| | after PICKUP, COLLECT | FREE | Closed, Collected, Ended; something left: OCCUPIED, Warn(item_left) |
| | after RECALL | FREE or OUT_OF_SERVICE | Closed, Recalled, Released(recalled), Ended |
| | after TEST | FREE or OUT_OF_SERVICE | Closed, Ended |

What should not happen, and how it ends:

| state | event | next | told and done |
|---|---|---|---|
| FREE, OCCUPIED, OVERDUE, OUT_OF_SERVICE with a stay | DoorSeen(OPEN) | FORCED; WRONG_DOOR when `beside` a pulse | Fault |
| OPEN_FAILED up to `late_open_s` after the pulse | DoorSeen(OPEN) | OPEN | as from OPENING; later FORCED |
| OPEN_UNKNOWN, door not seen since the pulse | DoorSeen(OPEN) | OPEN | as from OPENING; after it was seen closed FORCED |
| OPEN_FAILED, OPEN_UNKNOWN, FORCED, WRONG_DOOR, UNKNOWN | Found(inside) | OCCUPIED, OVERDUE | - (a result that was never seen loaded: Refuse) |
| | Found(empty) | FREE | KillCode, Released(found_empty) |
| OCCUPIED, OVERDUE | Found(empty) | FREE | KillCode, Released(left_empty; of a deposit found_empty) |
| OPEN, LEFT_OPEN, CLOSED of a LOAD | Found(empty) | the same | once closed: Released(left_empty) |
| OCCUPIED | Aged | OVERDUE | -; the code stays valid |
| whoever nobody has in hand | TakeOut | OUT_OF_SERVICE | Fault(out_of_service), by the agent itself Fault(sensor) |
| OUT_OF_SERVICE, troubled without a stay, door closed | BringBack | FREE, OCCUPIED, OVERDUE, or what was unsure before | Fault(back_in_service) |
| any | Booted | UNKNOWN | ReadAll |
| UNKNOWN, before RESERVED, CLAIMED, RECALL, OPENING | DoorSeen(OPEN) | OPEN | Opened, ...: seen open now, and it was authorised |
| | DoorSeen(CLOSED) | OPEN_UNKNOWN | Fault(open_unknown): it may have opened and closed in the dark |
| UNKNOWN, before OPEN, LEFT_OPEN, CLOSED | DoorSeen | OPEN, CLOSED | -; open was recorded, so closed now is a handover |
| UNKNOWN, before anything else | DoorSeen(CLOSED) | as before | - |
| | DoorSeen(OPEN) | as its state above | Fault(forced) where it is not known why |

Everything else changes nothing; a request (Reserve, Claim, Recall, Found, TakeOut, BringBack) is then answered with Refuse.
"""

from edge.domain.locker import Compartment, LockerRules
from edge.domain.locker_events import (
    Aged,
    Authorised,
    BoardLost,
    Booted,
    BringBack,
    Cancel,
    Claim,
    DoorSeen,
    Event,
    Found,
    ItemSeen,
    NotWritten,
    OtherMoved,
    Pulsed,
    Recall,
    Reserve,
    TakeOut,
    Tick,
)
from edge.domain.locker_opening import Step, advanced
from edge.domain.locker_opening import due_s as due_s  # noqa: PLC0414 - offered from here, beside `step`
from edge.domain.locker_requests import requested
from edge.domain.locker_seen import observed
from edge.domain.locker_staff import told


def step(compartment: Compartment, event: Event, now_s: float, rules: LockerRules) -> Step:
    """The compartment after `event`, and what is to be done and told, in order."""
    match event:
        case Reserve() | Claim() | Recall() | Cancel():
            return requested(compartment, event, now_s, rules)
        case Authorised() | NotWritten() | Pulsed() | Tick():
            return advanced(compartment, event, now_s, rules)
        case DoorSeen() | OtherMoved() | ItemSeen() | BoardLost() | Booted():
            return observed(compartment, event, now_s, rules)
        case Found() | Aged() | TakeOut() | BringBack():
            return told(compartment, event, now_s)
