"""Retention that runs and says when it did not; faults told once; the device's pulse."""

from dataclasses import dataclass

from edge.domain.retention import RetentionRules
from edge.services.health import HealthService, Vitals
from edge.services.retention import RetentionService
from sync.events import DeviceFault, DeviceHealth, DeviceRecovered, PrivacyPurged
from tests.edge.services.centre import Centre
from tests.edge.services.fakes import CALM

DAY_S = 86_400.0
RULES = RetentionRules(visits_days=10, every_h=24)


@dataclass
class Machine:
    disk_free_mb: float = 10_000.0
    refusing_why: str | None = None

    def vitals(self) -> Vitals:
        return Vitals(memory_mb=99.94, disk_free_mb=self.disk_free_mb)

    def backlog(self) -> int:
        return 7

    def cameras_live(self) -> int:
        return 2


def service(centre: Centre) -> RetentionService:
    return RetentionService(centre.journal, centre.faults, centre.clock, RULES)


async def test_the_purge_runs_once_a_day_over_restarts(centre: Centre) -> None:
    await service(centre).step()
    again = await centre.killed()
    await service(again).step()
    again.clock.advance(DAY_S)
    await service(again).step()

    assert len(await again.events(PrivacyPurged)) == 2
    await again.journal.close()


async def test_an_old_visit_goes_and_is_counted(centre: Centre) -> None:
    await centre.play((CALM, 6))
    await centre.empty()
    centre.clock.advance(11 * DAY_S)
    gone = await service(centre).purge()

    assert (gone["visits"], await centre.rows("SELECT * FROM visits")) == (1, [])
    assert [PrivacyPurged(rows=gone)] == await centre.events(PrivacyPurged)


async def test_a_purge_that_does_not_run_turns_its_tile_red(centre: Centre) -> None:
    retention = service(centre)
    await retention.step()
    assert await retention.check()

    centre.clock.advance(2 * DAY_S + 1)
    assert not await retention.check()
    assert not await retention.check()
    assert [DeviceFault(part="retention", why="not_run")] == await centre.events(DeviceFault)

    await retention.step()
    assert len(await centre.events(DeviceRecovered)) == 1


async def test_a_purge_that_never_ran_is_late_too(centre: Centre) -> None:
    retention = service(centre)
    centre.clock.advance(2 * DAY_S + 1)

    assert not await retention.check()


async def test_the_pulse(centre: Centre) -> None:
    machine = Machine()
    retention = service(centre)
    health = HealthService(centre.journal, centre.faults, machine, centre.clock, checks=(retention.check,))
    centre.clock.advance(60)
    await health.beat()

    expected = DeviceHealth(uptime_s=60.0, memory_mb=99.9, disk_free_mb=10_000.0, backlog=7, cameras_live=2)
    assert [expected] == await centre.events(DeviceHealth)
    assert {tile.part: tile.ok for tile in health.tiles()} == {"disk": True, "retention": True}
    assert health.backlog() == 7

    machine.disk_free_mb = 100.0
    await health.beat()
    assert [(tile.part, tile.why, tile.ok) for tile in health.tiles() if not tile.ok] == [("disk", "low", False)]


async def test_a_journal_that_takes_nothing_is_a_red_tile_that_needs_no_journal(centre: Centre) -> None:
    machine = Machine()
    health = HealthService(centre.journal, centre.faults, machine, centre.clock)
    machine.refusing_why = "disk_full"
    began = centre.clock.now()
    assert [(tile.part, tile.why, tile.since) for tile in health.tiles()] == [("journal", "disk_full", began)]
    centre.clock.advance(60)
    assert [tile.since for tile in health.tiles()] == [began]

    machine.refusing_why = None
    assert health.tiles() == ()


async def test_a_fault_that_changes_keeps_its_beginning(centre: Centre) -> None:
    await centre.faults.fault("sms", "unavailable")
    centre.clock.advance(60)
    await centre.faults.fault("sms", "failed")
    (tile,) = [tile for tile in centre.faults.tiles() if not tile.ok]
    assert (tile.why, (centre.clock.now() - tile.since).total_seconds()) == ("failed", 60)

    await centre.faults.recovered("sms")
    await centre.faults.recovered("sms")
    assert [DeviceRecovered(part="sms", after_s=60.0)] == await centre.events(DeviceRecovered)
