"""The demo's hall over its own configuration: everybody who takes a number is served."""

from pathlib import Path

from config.load import load
from edge.adapters.queue_setup import queue_setup
from edge.app import open_journal
from edge.demo_queue import CONFIG, count_tickets, play_hall
from edge.services.queue import QueueService
from tests.edge.services.fakes import FakeClock
from tests.edge.services.queue_hall import FRIDAY

COUNTERS = "".join(f'[queue.counters.quay-0{n}]\nname = "Quầy {n}"\nnumber = {n}\n' for n in (1, 2))


async def test_everybody_is_served(tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    file.write_text('[agent]\nsite = "x"\ndevice = "y"\ndata_dir = "data"\n' + CONFIG + COUNTERS, encoding="utf-8")
    config = load(file)
    assert config.queue is not None
    async with open_journal(config) as journal:
        desk = QueueService(journal, FakeClock(FRIDAY), queue_setup(config, config.queue))
        await desk.load()
        await play_hall(desk, 0.0)
        rows = {row.key: row for row in (await desk.report(FRIDAY.date())).by_service}
    assert [(key, row.served, row.left) for key, row in rows.items()] == [("ho-tich", 2, 0), ("dat-dai", 2, 0)]
    assert count_tickets(config.agent.data_dir) == {"issued": 4, "called": 7}
