"""After the campaign `sync`: every row of the city against every journal, and the city's own proof."""

import contextlib
from dataclasses import dataclass, field
from itertools import pairwise

from edge.soak.sync_town import SITE, Town, reading
from sync.chain import source_of
from sync.city.database import Database, open_database
from sync.city.stats import city_stats
from sync.city.terms import Judgement
from sync.city.verify import verify_city
from sync.verify import verify

_ROWS = "SELECT seq, body, taken_ms FROM city_events WHERE device = (SELECT id FROM city_chains WHERE source = ?) ORDER BY seq"


@dataclass
class Audit:
    """`strange`: rows that no journal has. `unordered`: rows taken before the one they follow.

    `repeated`, `asked`: arrivals that were there already, and those that something before them was missing of.
    """

    rows: int = 0
    lost: int = 0
    doubled: int = 0
    strange: int = 0
    unordered: int = 0
    quarantined: int = 0
    repeated: int = 0
    asked: int = 0
    broken: list[str] = field(default_factory=list)
    by_device: dict[str, int] = field(default_factory=dict)

    @property
    def all_held(self) -> bool:
        wrong = self.lost + self.doubled + self.strange + self.unordered + self.quarantined
        return self.rows > 0 and not wrong and not self.broken


def audit(town: Town) -> Audit:
    """Byte by byte."""
    found = Audit()
    with contextlib.closing(open_database(town.cluster.layout.dsn)) as database:
        for device in town.devices:
            _hold(town, device, database, found)
            proof = verify(town.journal(device))
            if not proof.ok:
                found.broken.append(f"journal {device}: {proof}")
        report = verify_city(database)
        found.broken += [f"{one.source} at {one.seq}: {one.why}" for one in report.findings]
        found.quarantined = city_stats(database).quarantined
        found.repeated, found.asked = (_tally(database, what) for what in (Judgement.DUPLICATE, Judgement.AHEAD))
    return found


def _tally(database: Database, judgement: Judgement) -> int:
    with database.reading() as picture:
        query = "SELECT coalesce(sum(times), 0) FROM city_tallies WHERE judgement = ?"
        row = picture.row(query, (judgement.value,))
    return int(row[0]) if row else 0


def _hold(town: Town, device: str, database: Database, found: Audit) -> None:
    with reading(town.journal(device)) as journal:
        ours = dict(journal.execute("SELECT seq, body FROM events"))
    with database.reading() as picture:
        rows = picture.rows(_ROWS, (source_of(SITE, device),))
    theirs = {int(seq): bytes(body) for seq, body, _ in rows}
    taken = [int(taken_ms) for _, _, taken_ms in rows]
    found.rows += len(rows)
    found.by_device[device] = len(rows)
    found.doubled += len(rows) - len(theirs)
    found.lost += sum(theirs.get(seq) != body for seq, body in ours.items())
    found.strange += len(theirs.keys() - ours.keys())
    found.unordered += sum(later < earlier for earlier, later in pairwise(taken))
