"""What the city holds, in numbers: for `motcua city stats` and the first look of a technician."""

from dataclasses import dataclass

from sync.city.transactions import Database, Transaction


@dataclass(frozen=True, slots=True)
class DeviceStats:
    """`signed_upto`: vouched for by the device's key; `last_taken_ms` None: nothing came yet; `online` None: never heard of."""

    source: str
    events: int
    signed_upto: int
    last_taken_ms: int | None
    online: bool | None
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CityStats:
    devices: tuple[DeviceStats, ...]
    judged: dict[str, int]
    quarantined: int
    early: int
    last_root: str | None

    @property
    def events(self) -> int:
        return sum(device.events for device in self.devices)

    @property
    def online(self) -> int:
        return sum(bool(device.online) for device in self.devices)


def city_stats(database: Database) -> CityStats:
    """Raise DatabaseLost or DatabaseUnusable."""
    with database.reading() as reading:
        faults: dict[str, list[str]] = {}
        for source, kind in reading.rows("SELECT source, kind FROM city_faults WHERE closed_ms IS NULL ORDER BY kind"):
            faults.setdefault(source, []).append(kind)
        presence: dict[str, str] = dict(reading.rows("SELECT source, state FROM city_presence"))
        rows = reading.rows(
            "SELECT source, seq, signed_upto, last_taken_ms FROM city_chains WHERE retired_ms IS NULL ORDER BY source"
        )
        judged = reading.rows("SELECT judgement, sum(times) FROM city_tallies GROUP BY judgement ORDER BY judgement")
        root = reading.row("SELECT day FROM city_roots ORDER BY day DESC LIMIT 1")
        return CityStats(
            devices=tuple(
                DeviceStats(
                    source, seq, signed_upto, taken_ms, _is_online(presence.get(source)), tuple(faults.get(source, ()))
                )
                for source, seq, signed_upto, taken_ms in rows
            ),
            judged={judgement: int(times) for judgement, times in judged},
            quarantined=_count(reading, "city_quarantine"),
            early=_count(reading, "city_early"),
            last_root=root[0] if root else None,
        )


def _is_online(state: str | None) -> bool | None:
    return None if state is None else state == "online"


def _count(reading: Transaction, table: str) -> int:
    ((count,),) = reading.rows(f"SELECT count(*) FROM {table}")  # noqa: S608 - our own names
    return int(count)
