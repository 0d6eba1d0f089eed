"""City and device put together over a real Mosquitto: orders by the command line, done here, answered there."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from config.load import load
from edge.adapters.clock import SystemClock
from edge.adapters.downlink import CityLine, Stations, open_city
from edge.cli import app
from edge.domain.command import Outcome
from edge.services.directory import DirectoryService
from edge.services.faults import Faults
from edge.store import directory as dossiers
from edge.store.migrations import scripts
from sync.city.commands import CommandState, CommandStore, make_command
from sync.city.database import open_database
from sync.city.receiver import CityReceiver
from sync.city.sender import CommandSender
from sync.events import DeviceStarted
from sync.journal import Journal
from sync.keys import DeviceKey
from tests.sync.broker_fixtures import QUICK, Mosquitto, make_mosquitto, mosquitto, until

__all__ = ["make_mosquitto", "mosquitto"]
pytestmark = [pytest.mark.broker, pytest.mark.enable_socket, pytest.mark.timeout(60)]

DEVICE = "phuong-thu-duc/quay-01"
SOURCE = "/sites/phuong-thu-duc/devices/quay-01"
CONFIG = """
[agent]
site = "phuong-thu-duc"
device = "quay-01"
data_dir = "data"
[mqtt]
host = "127.0.0.1"
port = {port}
tls = false
city_key = "{key}"
"""


@dataclass
class Both:
    """The city's file, and the device's line to it."""

    store: Path
    orders: CommandStore
    key: DeviceKey
    line: CityLine
    journal: Journal

    async def motcua(self, *arguments: object) -> Result:
        command = ["city", "command", *map(str, arguments), "--sqlite", str(self.store), "--json"]
        return await asyncio.to_thread(CliRunner().invoke, app, command)

    async def sent(self, name: str, *arguments: object) -> str:
        result = await self.motcua("send", DEVICE, name, "--by", "chi-an", *arguments)
        assert result.exit_code == 0, result.output
        return str(json.loads(result.stdout)["id"])

    async def outcome(self, order: str) -> tuple[CommandState, str | None]:
        """Once the device's journal has told the city."""
        async with asyncio.timeout(30):
            while True:
                found = await asyncio.to_thread(self.orders.find, order, datetime.now(UTC))
                assert found is not None
                if found.answered:
                    return found.state, found.why
                await asyncio.sleep(0.02)


@pytest.fixture
async def both(mosquitto: Mosquitto, tmp_path: Path) -> AsyncIterator[Both]:
    city_dir = tmp_path / "city"
    city_dir.mkdir()
    store, key = city_dir / "city.sqlite", DeviceKey.load_or_create(city_dir)
    file = tmp_path / "motcua.toml"
    file.write_text(CONFIG.format(port=mosquitto.port, key=key.public))
    config = load(file)
    async with contextlib.AsyncExitStack() as stack:
        journal = await Journal.open(
            config.agent.data_dir, site="phuong-thu-duc", device="quay-01", migrations=scripts()
        )
        await stack.enter_async_context(journal)
        faults, clock = Faults(journal, SystemClock(config.agent.zone)), SystemClock(config.agent.zone)
        directory = DirectoryService(journal, clock, faults, None, "guide")
        line = open_city(config, journal, faults, Stations(directory=directory))
        assert line is not None
        await journal.record(DeviceStarted(boot=journal.identity.boot, version="1", stations=()))
        database = open_database(store)
        orders = CommandStore(database)
        there = asyncio.Event()  # what is said before the city is there is said again after a minute
        receiver = CityReceiver(store, mosquitto.broker, key=key, pace=QUICK, on_status=lambda _: there.set())
        running = [asyncio.ensure_future(receiver.run())]
        await there.wait()
        sender = CommandSender(orders, mosquitto.broker, pace=QUICK, look_s=0.05)
        running += [asyncio.ensure_future(run) for run in (sender.run(), *(run() for _, run in line.parts))]
        await until(lambda: journal.backlog == 0)
        yield Both(store, orders, key, line, journal)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        database.close()


async def test_an_order_goes_down_is_done_and_its_answer_comes_up(both: Both) -> None:
    order = await both.sent("device.identify", "--args", '{"seconds": 60}')
    assert await both.outcome(order) == (
        CommandState.DONE,
        "no_sound",
    )  # no screen is open, and there is no loudspeaker
    assert 50 < both.line.identify.left_s() <= 60
    (shown,) = await both.line.commands()
    assert (shown.id, shown.name, shown.by, shown.outcome) == (order, "device.identify", "chi-an", Outcome.DONE)
    (row,) = [json.loads(line) for line in (await both.motcua("list", "--device", DEVICE)).stdout.splitlines()]
    assert (row["id"], row["state"], row["why"]) == (order, "done", "no_sound")


async def test_a_screen_that_beeps_is_worth_no_word(both: Both) -> None:
    screens = both.line.identify
    stop = screens.subscribe(lambda _: screens.sounded(), sounds=True)
    assert await both.outcome(await both.sent("device.identify")) == (CommandState.DONE, None)
    (shown,) = await both.line.commands()
    assert (shown.outcome, shown.why) == (Outcome.DONE, None)
    stop()


async def test_the_line_says_how_it_is(both: Both) -> None:
    view = both.line.link()
    assert (view.state, view.backlog, view.version, view.not_ours) == ("connected", 0, "v5", 0)
    assert view.last_receipt is not None
    await both.journal.record(DeviceStarted(boot="b", version="1", stations=()))
    await until(lambda: both.line.link().skew_s is not None)
    skew_s = both.line.link().skew_s
    assert skew_s is not None
    assert abs(skew_s) < 60


@pytest.mark.parametrize(
    ("name", "args", "why"),
    [
        ("locker.recall", {"dossier": "H29.19-261124-0012", "why": "fire"}, "no_locker"),
        ("dossier.status", {"dossiers": [{"code": "?", "status": "ready", "as_of": "2026-11-21T08:00:00Z"}]}, "bad_args"),
        ("dossier.status", {"dossiers": []}, "bad_args"),
        ("ledger.resend", {"seq": 1_000_000}, "seq_ahead"),
        ("ledger.resend", {"seq": -1}, "bad_args"),
        ("device.identify", {"colour": "red"}, "bad_args"),
        ("config.set", {"text": "x"}, "config_fixed"),
        ("models.update", {"manifest": "x", "signature": "00"}, "manifest_unsigned"),
    ],
)  # fmt: skip
async def test_what_is_refused_says_why(both: Both, name: str, args: dict[str, Any], why: str) -> None:
    order = await both.sent(name, "--args", json.dumps(args))
    assert await both.outcome(order) == (CommandState.REFUSED, why)


async def test_an_order_of_a_newer_city_is_refused_with_a_reason(both: Both) -> None:
    command = make_command(SOURCE, "robot.dance", {}, by="an", valid=timedelta(minutes=5), now=datetime.now(UTC))
    both.orders.order(command, both.key)
    assert await both.outcome(command.id) == (CommandState.REFUSED, "unknown_command")


async def test_dossiers_are_pushed_into_what_the_guide_knows(both: Both) -> None:
    row = {"code": "H29.19-261124-0012", "status": "ready", "as_of": "2026-11-21T08:00:00Z"}
    order = await both.sent("dossier.status", "--args", json.dumps({"dossiers": [row]}))
    assert await both.outcome(order) == (CommandState.DONE, None)
    assert await both.journal.read(lambda connection: dossiers.latest(connection, 5)) == (row["code"],)


async def test_everything_goes_up_again_and_counts_once(both: Both) -> None:
    order = await both.sent("ledger.resend", "--args", '{"seq": 0}')
    assert await both.outcome(order) == (CommandState.DONE, None)
    await until(lambda: both.journal.backlog == 0)


@pytest.mark.parametrize(
    "wrong",
    [
        ("send", "phuong-thu-duc", "device.identify", "--by", "an"),
        ("send", DEVICE, "robot.dance", "--by", "an"),
        ("send", DEVICE, "device.identify", "--by", "an", "--args", "[1]"),
    ],
)
async def test_the_command_line_refuses_what_no_device_could_do(both: Both, wrong: tuple[str, ...]) -> None:
    assert (await both.motcua(*wrong)).exit_code == 2
