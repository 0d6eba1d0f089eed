"""A worker of the city as a process of its own: takes a file of events again and again, and says after each commit how far it is."""

import sys
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import msgspec

from sync.city.database import open_database
from sync.city.store import CityStore
from sync.city.terms import Arrival
from sync.events import Event
from tests.sync.city_samples import DEVICE

BATCH = 23


def main(where: str, events: Path) -> None:
    store = CityStore(open_database(where if "=" in where else Path(where)))
    lines = iter(events.read_bytes().splitlines())
    while batch := list(islice(lines, BATCH)):
        arrivals = [
            Arrival(DEVICE, msgspec.json.decode(one, type=Event).short_type, one, datetime.now(UTC)) for one in batch
        ]
        (due,) = store.take(arrivals).due
        sys.stdout.write(f"{due.head.seq}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
