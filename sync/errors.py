"""What can go wrong between an event and the city; one class for each decision of the caller.

Everybody may import this module.
"""

from pathlib import Path

import msgspec

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)  # what decoding somebody else's JSON may raise


class SyncError(Exception):
    """Root of this package."""


class JournalError(SyncError):
    """The journal could not do what was asked; nothing of the request was kept."""


class JournalFull(JournalError):
    """No room (disk full, or the size bound for this class of event). Try again later; nothing accepted was lost."""


class BreaksContract(JournalError, ValueError):
    """A payload that its own type does not allow (a wrong type, NaN, a share above 1): a mistake of the caller."""


class JournalClosed(JournalError):
    """The journal is closed or closing: do not retry."""


class JournalBusy(JournalError):
    """Another process has this data directory open."""


class JournalUnusable(JournalError):
    """The file cannot be used (damaged, foreign, failing disk): tell a person."""


class JournalDamaged(JournalUnusable):
    """SQLite cannot read the file. `why` is in its words; the whole says what to do."""

    def __init__(self, file: Path, why: object) -> None:
        self.why = f"the journal cannot be read: {why}"
        super().__init__(f"{file}: {self.why}; keep the file, and see: motcua journal verify --data {file.parent}")


class MigrationFailed(JournalUnusable):
    """A schema script is wrong, or was changed after it had been applied."""


class KeyUnusable(JournalUnusable):
    """The device key file is missing, damaged or readable by others."""


class LinkError(SyncError):
    """One connection to the broker ended; the link reconnects by itself."""


class VersionRefused(LinkError):
    """The broker does not speak this MQTT version: try the older one at once. `is_certain`: it said so itself."""

    def __init__(self, why: str, *, is_certain: bool) -> None:
        super().__init__(why)
        self.is_certain = is_certain


class BrokerLost(LinkError):
    """The line or the broker went away: reconnect with backoff."""


class BrokerRefused(LinkError):
    """The broker refused the credentials or a publish: reconnect with backoff and tell a person."""
