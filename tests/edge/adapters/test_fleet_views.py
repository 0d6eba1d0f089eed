"""What the fleet's pages say of a device, out of what the city's database holds."""

from pathlib import Path

from edge.adapters.fleet_views import Places, fleet_view
from edge.domain.fleet import State
from sync.city.board import Board
from sync.city.database import Database, open_database
from sync.city.known import Registered
from sync.city.store import CityStore
from sync.keys import DeviceKey
from sync.topics import Presence
from tests.sync.city_samples import DEVICE, KEY, NOW, OTHER_KEY, SOURCE, Sender


def enrol(database: Database, key: DeviceKey, state: str = "active") -> None:
    """The box with this key has the place from now on."""
    row = (SOURCE, DEVICE.site, DEVICE.device, "BOX", key.public, state)
    with database.transaction() as writing:
        writing.execute("DELETE FROM enrolled_devices WHERE source = ?", (SOURCE,))
        writing.execute("INSERT INTO enrolled_devices VALUES (?, ?, ?, ?, ?, ?, 1, 1, 'c', 1, NULL, NULL)", row)
        writing.execute("INSERT INTO enrolled_keys VALUES (?, ?, 1) ON CONFLICT DO NOTHING", (key.public, SOURCE))


def test_a_replaced_box_whose_events_are_refused_needs_a_person(tmp_path: Path) -> None:
    """The box before it was revoked with something on its way; the new one begins at 1 and nobody retired the old history."""
    database = open_database(tmp_path / "city.sqlite")
    store, board = CityStore(database, Registered(), clock=lambda: NOW), Board(database, clock=lambda: NOW)
    old = Sender()
    enrol(database, KEY)
    store.take(old.visits(5))
    enrol(database, KEY, "revoked")
    store.take(old.visits(1))
    assert [one.state for one in fleet_view(board.fleet(), Places({})).devices] == [State.REVOKED]
    enrol(database, OTHER_KEY)
    store.present([(DEVICE, Presence(state="online", boot="b2"))])
    store.take(Sender(key=OTHER_KEY).visits(3))
    view = fleet_view(board.fleet(), Places({}))
    assert ([one.state for one in view.devices], [one.devices for one in view.sites]) == ([State.CHAIN], [1])
    database.close()
