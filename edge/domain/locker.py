"""The compartment's rules. Under construction by one hand: states and purposes are fixed, `step` is to come."""

from enum import StrEnum


class Purpose(StrEnum):
    """Which way the paper goes: a result out to the citizen, or a citizen's dossier in."""

    RESULT = "result"
    DEPOSIT = "deposit"


class CompartmentState(StrEnum):
    """As DESIGN 3 names them; `OPENING`, `OPEN` and `CLOSED` occur on the way in and on the way out."""

    UNKNOWN = "unknown"  # after boot, until the sensor is read
    FREE = "free"
    RESERVED = "reserved"
    OPENING = "opening"
    OPEN = "open"
    CLOSED = "closed"
    OCCUPIED = "occupied"
    CLAIMED = "claimed"
    OPEN_FAILED = "open_failed"
    OPEN_UNKNOWN = "open_unknown"
    LEFT_OPEN = "left_open"
    FORCED = "forced"
    WRONG_DOOR = "wrong_door"
    OVERDUE = "overdue"
    RECALL = "recall"
    OUT_OF_SERVICE = "out_of_service"
