"""What can be known of a door and of an unlock: the words that drivers, rules and pages share."""

from enum import StrEnum


class Door(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"  # not read yet, or nobody can tell


class Pulse(StrEnum):
    """What is known of an unlock. None of these says that the door opened: only a door that is *seen* open does."""

    ANSWERED = "answered"
    LOST = "lost"  # it may have reached the board: read the doors, never send it again blindly
    NOT_SENT = "not_sent"  # surely nothing left the port
    REFUSED = "refused"  # the board said no (duty cycle, channel)
