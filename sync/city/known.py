"""Which devices the city takes events from: those of its registry, or, in the demo and in tests, anybody.

The registry itself is `sync.city.registry`'s; only its tables are read here, in the transaction that takes the events.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sync.city.terms import DeviceState
from sync.city.transactions import Transaction

_CHUNK = 500  # parameters a statement


@dataclass(frozen=True, slots=True)
class Known:
    """A device that may have events here. Without keys, the key of its first checkpoint is trusted from then on."""

    state: DeviceState
    keys: tuple[str, ...] = ()


class KnownDevices(Protocol):
    """Asked once for each batch."""

    def known(self, transaction: Transaction, sources: Sequence[str]) -> dict[str, Known]:
        """What is known of these devices; whoever is missing in it is not registered."""


class Anybody:
    """Everybody belongs, trust on first use: proves that a history is one history, not whose it is. Never for a city."""

    def known(self, transaction: Transaction, sources: Sequence[str]) -> dict[str, Known]:
        """Every one of them."""
        del transaction
        return {source: Known(DeviceState.ACTIVE) for source in sources}


class Registered:
    """Only enrolled devices; a checkpoint counts when any key signed it that was ever registered for its device."""

    def known(self, transaction: Transaction, sources: Sequence[str]) -> dict[str, Known]:
        """Those that are enrolled, revoked ones too."""
        states = _chosen(transaction, "SELECT source, state FROM enrolled_devices", sources, "source")
        keys: dict[str, list[str]] = {}
        for source, key in _chosen(transaction, "SELECT source, event_key FROM enrolled_keys", sources, "since"):
            keys.setdefault(source, []).append(key)
        return {source: Known(DeviceState(state), tuple(keys.get(source, ()))) for source, state in states}


def _chosen(transaction: Transaction, select: str, sources: Sequence[str], order: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for start in range(0, len(sources), _CHUNK):
        some = sources[start : start + _CHUNK]
        marks = ", ".join("?" * len(some))
        for source, value in transaction.rows(f"{select} WHERE source IN ({marks}) ORDER BY {order}", some):
            found.append((source, value))
    return found
