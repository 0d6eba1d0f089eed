"""The link and the city through the demo's in-process broker (amqtt, MQTT 3.1.1)."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from edge.adapters import demo_broker
from edge.adapters.demo_broker import DemoBroker
from sync.city.receiver import CityReceiver
from sync.events import VisitStarted
from sync.journal import Journal
from sync.link import Link, LinkOptions
from sync.mqtt import Broker, Version
from tests.sync.broker_fixtures import QUICK, Statuses, running, until

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(60)]

Opener = Callable[..., Awaitable[Journal]]
VISIT = VisitStarted(visit="v1", counter="quay-01")
V311 = (Version.V311,)


async def test_every_event_goes_through_once(open_journal: Opener, tmp_path: Path) -> None:
    demo = DemoBroker()
    broker = Broker("127.0.0.1", await demo.start())
    journal = await open_journal()
    await journal.record(*[VISIT] * 300)
    city = CityReceiver(tmp_path / "city.sqlite", broker, pace=QUICK, versions=V311)
    async with running(city), running(Link(journal, broker, LinkOptions(pace=QUICK, versions=V311))):
        await until(lambda: journal.backlog == 0)
        await journal.record(VISIT)
        await until(lambda: journal.backlog == 0)
    counts = city.counts()
    assert (counts.unique, counts.forged) == (journal.head.seq, 0)
    await demo.stop()
    await demo.stop()


async def test_the_link_finds_out_by_itself_that_it_speaks_3_1_1(open_journal: Opener, tmp_path: Path) -> None:
    demo = DemoBroker()
    broker = Broker("127.0.0.1", await demo.start(), connect_timeout_s=1.0)
    statuses = Statuses()
    async with running(Link(await open_journal(), broker, LinkOptions(pace=QUICK), statuses)):
        await until(lambda: bool(statuses.told))
    assert [(status.state.value, status.version) for status in statuses.told] == [("connected", Version.V311)]
    await demo.stop()


async def test_it_may_stop_and_come_back_under_a_live_link(open_journal: Opener) -> None:
    demo = DemoBroker()
    port = await demo.start()
    statuses = Statuses()
    async with running(
        Link(await open_journal(), Broker("127.0.0.1", port), LinkOptions(pace=QUICK, versions=V311), statuses)
    ):
        await until(lambda: statuses.states == ["connected"])
        await demo.stop()
        await until(lambda: statuses.states == ["connected", "lost"])
        await demo.start(port)
        await until(lambda: statuses.states == ["connected", "lost", "connected"])
    await demo.stop()


async def test_a_broker_that_does_not_end_is_cut_off(open_journal: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = DemoBroker()
    port = await demo.start()
    inner, statuses = demo._broker, Statuses()
    assert inner is not None
    link = Link(await open_journal(), Broker("127.0.0.1", port), LinkOptions(pace=QUICK, versions=V311), statuses)
    async with running(link):
        await until(lambda: statuses.states == ["connected"])
        with monkeypatch.context() as patched:
            patched.setattr(demo_broker, "SHUTDOWN_S", 0.05)
            patched.setattr(inner, "shutdown", asyncio.Event().wait)
            await demo.stop()
        await until(lambda: statuses.states == ["connected", "lost"])
    await inner.shutdown()


async def test_a_taken_port_is_told(open_journal: Opener) -> None:
    first, second = DemoBroker(), DemoBroker()
    port = await first.start()
    with pytest.raises(OSError, match="address"):
        await second.start(port)
    await second.stop()
    await first.stop()
    await asyncio.sleep(0)
