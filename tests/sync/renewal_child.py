"""Renews once in a process that is killed: it stops for good at the step it is told, after saying so on stdout.

Arguments: data folder, days the device's clock is ahead, step (a number; see `Stopping`).
"""

import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sync.identity import store_of
from sync.keystore import KeyStore
from sync.renewal import Renewal, Standing


class Stopping:
    """A store that never comes back from before, or after, its n-th change."""

    def __init__(self, store: KeyStore, step: int) -> None:
        self._store = store
        self._left = step

    def read(self, name: str) -> bytes | None:
        return self._store.read(name)

    def write(self, name: str, content: bytes) -> None:
        self._pass()
        self._store.write(name, content)
        self._pass()

    def remove(self, name: str) -> None:
        self._pass()
        self._store.remove(name)
        self._pass()

    def _pass(self) -> None:
        self._left -= 1
        if self._left == 0:
            sys.stdout.write("here\n")
            sys.stdout.flush()
            threading.Event().wait()


async def _nobody(_: Standing) -> None:
    """Nobody is told."""


def main(folder: str, days: str, step: str) -> None:
    ahead = timedelta(days=float(days))
    store = Stopping(store_of(Path(folder)), int(step))
    Renewal(store, lambda: datetime.now(UTC) + ahead, _nobody).look()
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
