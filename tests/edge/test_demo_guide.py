"""The demo's visitor on the real desks: what they do is in the journal, and they are through in time."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.load import load
from edge.adapters.city_sim import CitySim, serving
from edge.app import open_agent
from edge.demo_guide import READY, config_text, count_lookups, fill_city, play_visitor
from edge.demo_queue import CONFIG, count_tickets
from edge.domain.dossier import DossierCode
from sync import inspect


@pytest.mark.enable_socket
async def test_the_visitor_checks_papers_takes_a_number_looks_up_and_is_called(tmp_path: Path) -> None:
    city = CitySim()
    fill_city(city, datetime.now(UTC))
    counters = "".join(f'[queue.counters.quay-0{place}]\nname = "Quầy {place}"\nnumber = {place}\n' for place in (1, 2))
    file = tmp_path / "motcua.toml"
    async with serving(city):
        agent = f'[agent]\nsite = "mau"\ndevice = "demo"\ndata_dir = "data"\n[web]\nport = 0\n{CONFIG}{counters}'
        file.write_text(agent + config_text(city.url), encoding="utf-8")
        config = load(file)
        async with open_agent(config) as made:
            desks = made.web.site.desks
            assert desks.guide is not None
            assert desks.queue is not None
            running = asyncio.ensure_future(dict(made.parts)["guide"]())
            await play_visitor(desks.guide, desks.queue, 0.0)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            assert len(desks.queue.hall().calls) == 0
    assert count_tickets(config.agent.data_dir) == {"issued": 1, "called": 1}
    assert count_lookups(config.agent.data_dir) == 1
    by_type = inspect.stats(config.agent.data_dir).by_type
    assert (by_type["ticket.served"], by_type["guide.asked"]) == (1, 3)


def test_the_city_of_the_demo_knows_what_the_visitor_asks() -> None:
    city = CitySim()
    fill_city(city, datetime.now(UTC))
    assert DossierCode.parse(READY) in {record.code for record in city._changes}
