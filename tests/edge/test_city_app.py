"""The city's server as a whole: put together, live, ended by a signal; the report by the command line."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from config.city import City, CityConfig, Site, load_city
from config.load import ConfigError
from config.schema import Mqtt
from edge.adapters.fleet_orders import PageOrders
from edge.city_app import open_city
from edge.cli import app
from edge.demo_city import DemoOptions, open_demo
from edge.fleet_ports import Filter, Order
from sync.city.database import open_database
from sync.city.store import CityStore
from sync.keys import DeviceKey
from tests.sync.city_samples import SOURCE, Sender

ROOT = Path(__file__).parents[2]
SITES = {"phuong-thu-duc": Site(name="Điểm mẫu", ward="Phường Mẫu")}


def test_the_example_is_a_city_whose_certificates_are_not_made_yet() -> None:
    with pytest.raises(ConfigError) as found:
        load_city(ROOT / "deploy" / "city.toml")
    assert {mistake.path for mistake in found.value.mistakes} == {
        "broker.ca_file",
        "broker.cert_file",
        "broker.key_file",
    }


ALWAYS = {"web", "fleet", "reports", "faults/forgetting", "figures/catching up"}


def open_files() -> list[Path]:
    return [one.readlink() for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]


@pytest.mark.parametrize(
    ("broker", "expected"),
    [
        (None, ALWAYS | {"roots"}),
        (Mqtt(host="127.0.0.1", port=1, tls=False), ALWAYS | {"ingest", "commands"}),
    ],
)
async def test_a_city_runs_what_its_file_says(tmp_path: Path, broker: Mqtt | None, expected: set[str]) -> None:
    config = CityConfig(city=City(name="x", data_dir=tmp_path, admits="anybody"), broker=broker, sites=SITES)
    async with open_city(config) as city:
        assert {name for name, _ in city.parts} == expected
        assert city.desk.may_order == (broker is not None)
    assert not [one for one in open_files() if one.is_relative_to(tmp_path)]


def test_an_order_from_a_page_waits_for_its_device(tmp_path: Path) -> None:
    database = open_database(tmp_path / "city.sqlite")
    CityStore(database).take(Sender().visits(3))
    orders = PageOrders(database, DeviceKey.from_seed(bytes(32)))
    orders.send(SOURCE, Order.RESEND, "ky-thuat")
    (one,) = orders.latest(SOURCE)
    assert (one.name, one.by, one.state, one.why) == ("resend", "ky-thuat", "waiting", None)
    with database.reading() as reading:
        ((signed,),) = reading.rows("SELECT signed FROM city_commands")
    assert json.loads(json.loads(bytes(signed))["body"])["args"] == {"seq": 3}
    database.close()


@pytest.mark.enable_socket
@pytest.mark.timeout(120)
async def test_a_made_up_city_lives(tmp_path: Path) -> None:
    """History by the store, then events over the broker into the same chains."""
    options = DemoOptions(25, days=1, visits=3, per_s=50, port=0, data_dir=tmp_path)
    async with open_demo(options, lambda _: None) as demo:
        receiver = demo.city.receiver
        assert receiver is not None
        before = receiver.counts().unique
        async with asyncio.timeout(60):
            while receiver.counts().unique < before + 50:
                await asyncio.sleep(0.05)
        await demo.city.desk.look()
        fleet = demo.city.desk.fleet(None)
        assert fleet is not None
        assert (len(fleet.devices), receiver.counts().gaps) == (25, 0)
        assert any(not alert.is_confirmed for alert in fleet.alerts)
        assert [one.chain[0].kind for one in fleet.devices if one.chain] == ["fork"]
        figures = await demo.city.desk.figures(Filter(date(2000, 1, 1), date(2999, 1, 1)), None)
        assert figures.total.counts.scored > 0


@pytest.mark.enable_socket
@pytest.mark.timeout(120)
def test_a_signal_ends_it_cleanly(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "edge",
        "city",
        "serve",
        "--demo",
        "3",
        "--port",
        "0",
        "--days",
        "0",
        "--data",
        str(tmp_path),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(60) == 0


def test_a_report_by_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "city.toml").write_text(
        f'[city]\nname = "Thành phố Mẫu"\ndata_dir = "{tmp_path}"\nadmits = "anybody"\n'
    )
    store = CityStore(open_database(tmp_path / "city.sqlite"))
    store.take(Sender().visits(1))
    store.database.close()
    arguments = ["city", "report", "--day", "2026-11-21", "--config", str(tmp_path / "city.toml"), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert json.loads(done.stdout) == {"ok": True, "file": str(tmp_path / "reports" / "bao-cao-2026-11-21.html")}
    assert "quay-01" in (tmp_path / "reports" / "bao-cao-2026-11-21.html").read_text(encoding="utf-8")
    wrong = CliRunner().invoke(app, ["city", "report", "--day", "hôm qua", "--config", str(tmp_path / "city.toml")])
    assert wrong.exit_code == 2
