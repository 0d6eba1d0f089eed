"""What can go wrong on the city's side; one class for each decision of the caller. Everybody may import this module."""

from sync.errors import SyncError


class CityError(SyncError):
    """Root of the city's side."""


class DatabaseLost(CityError):
    """Gone, busy or full for now; nothing of the transaction counts for sure. The next transaction reconnects: try it again."""


class DatabaseUnusable(CityError):
    """Trying again changes nothing (wrong credentials, a changed script, a database that may lose commits): tell a person."""


class EngineLost(CityError):
    """The message engine went away, or refused what was asked: connect again, to another node, with backoff."""


class OrderTooLarge(CityError):
    """An order that no broker would let through. It was not kept."""
