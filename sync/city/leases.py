"""Who of the workers is alive, told by a table: each raises its own beat, and watches whether the others' beats rise.

No clocks are compared, so machines whose clocks differ agree all the same. Called from a worker's threads.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sync.city.transactions import Database

_FORGOTTEN = 10  # a row that stood still for so many leases is deleted


@dataclass(frozen=True, slots=True)
class _Seen:
    beat: int
    moved_at: float


class Leases:
    """One worker's view. `worker` is a name that no other and no earlier run has."""

    def __init__(
        self, database: Database, worker: str, lease_s: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.worker = worker
        self.lease_s = lease_s
        self._database = database
        self._monotonic = monotonic
        self._seen: dict[str, _Seen] = {}

    def renew(self) -> tuple[str, ...]:
        """Beat once, and return who lives, ourselves among them. Raise DatabaseLost."""
        with self._database.transaction() as transaction:
            transaction.execute(
                "INSERT INTO city_workers (worker, beat) VALUES (?, 1) "
                "ON CONFLICT (worker) DO UPDATE SET beat = city_workers.beat + 1",
                (self.worker,),
            )
            rows = transaction.rows("SELECT worker, beat FROM city_workers")
            now = self._monotonic()
            self._look(dict(rows), now)
            for worker in self._standing(now, self.lease_s * _FORGOTTEN):
                transaction.execute(
                    "DELETE FROM city_workers WHERE worker = ? AND beat = ?", (worker, self._seen[worker].beat)
                )
        dead = set(self._standing(now, self.lease_s))
        return tuple(sorted(set(self._seen) - dead))

    def leave(self) -> None:
        """Give everything up at once, on a stop. Raise DatabaseLost."""
        with self._database.transaction() as transaction:
            transaction.execute("DELETE FROM city_workers WHERE worker = ?", (self.worker,))

    def _look(self, beats: dict[str, int], now: float) -> None:
        """A beat that differs from what we saw is a sign of life; one seen for the first time counts as one."""
        known = self._seen
        self._seen = {
            worker: known[worker] if worker in known and known[worker].beat == beat else _Seen(beat, now)
            for worker, beat in beats.items()
        }

    def _standing(self, now: float, longer_than_s: float) -> list[str]:
        return [
            worker
            for worker, seen in self._seen.items()
            if worker != self.worker and now - seen.moved_at > longer_than_s
        ]
