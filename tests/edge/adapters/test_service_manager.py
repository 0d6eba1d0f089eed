"""What systemd hears, over a real datagram socket: from `ServiceManager` alone, and from the whole agent as a process."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from config.load import load
from edge import app
from edge.adapters import service_manager
from edge.adapters.service_manager import Fact, ServiceManager

PATIENCE_S = 15.0
SITE = '[agent]\nsite = "x"\ndevice = "y"\ndata_dir = "data"\n[web]\nport = 0\n'


@contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(PATIENCE_S)
        yield manager


@contextmanager
def ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()


def heard(manager: socket.socket) -> str:
    return manager.recv(4096).decode("ascii")


def waiting(manager: socket.socket) -> list[str]:
    """What was told and not heard yet."""
    manager.setblocking(False)
    facts = []
    with suppress(BlockingIOError):
        while True:
            facts.append(heard(manager))
    return facts


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ServiceManager()),
        ({"NOTIFY_SOCKET": ""}, ServiceManager()),
        ({"NOTIFY_SOCKET": "vsock:2:1234", "WATCHDOG_USEC": "60000000"}, ServiceManager()),
        ({"WATCHDOG_USEC": "60000000"}, ServiceManager()),
        ({"NOTIFY_SOCKET": "/run/n"}, ServiceManager("/run/n")),
        ({"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": "60000000"}, ServiceManager("@n", 30.0)),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "7"}, ServiceManager("/run/n", 2.0)),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "8"}, ServiceManager("/run/n")),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "0"}, ServiceManager("/run/n")),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "soon"}, ServiceManager("/run/n")),
    ],
)
def test_what_the_environment_asks_for(environment: dict[str, str], expected: ServiceManager) -> None:
    assert expected == ServiceManager.of(environment, pid=7)


@pytest.mark.parametrize("is_abstract", [False, True])
def test_both_kinds_of_address_are_reached(tmp_path: Path, *, is_abstract: bool) -> None:
    name = f"motcua-test-{os.getpid()}" if is_abstract else str(tmp_path / "notify")
    with listening(f"\0{name}" if is_abstract else name) as manager:
        ServiceManager(f"@{name}" if is_abstract else name).tell(Fact.READY)
        assert heard(manager) == "READY=1"


def test_a_manager_that_is_gone_is_told_of_in_the_log_and_stops_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ServiceManager(str(tmp_path / "nobody")).tell(Fact.STOPPING)
    assert "STOPPING=1" in caplog.text


async def test_it_is_alive_again_and_again_as_long_as_the_block_runs(tmp_path: Path) -> None:
    with listening(str(tmp_path / "notify")) as manager:
        async with ServiceManager(str(tmp_path / "notify"), every_s=0.01).watched():
            for _ in range(3):
                assert await asyncio.to_thread(heard, manager) == "WATCHDOG=1"
        told = len(waiting(manager))
        await asyncio.sleep(0.05)
        assert len(waiting(manager)) == 0, told


async def test_pages_that_never_come_do_not_keep_it_from_being_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_manager, "PAGES_S", 0.01)
    with listening(str(tmp_path / "notify")) as manager:
        await ServiceManager(str(tmp_path / "notify")).ready(asyncio.Event().wait)
        assert heard(manager) == "READY=1"


@pytest.mark.enable_socket
@pytest.mark.timeout(180)
def test_an_agent_says_that_it_is_ready_when_its_pages_answer_then_alive_then_stopping(tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    file.write_text(SITE)
    with listening(str(tmp_path / "notify")) as manager, (tmp_path / "log").open("wb") as log:
        environment = os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "100000"}
        command = [sys.executable, "-m", "edge", "run", "--config", str(file)]
        manager.settimeout(90)
        with subprocess.Popen(command, env=environment, stderr=log) as agent, ended(agent):
            facts = [heard(manager)]
            while "READY=1" not in facts:
                facts.append(heard(manager))
            assert b"web listening" in (tmp_path / "log").read_bytes()
            assert heard(manager) == "WATCHDOG=1"
            agent.send_signal(signal.SIGTERM)
            while "STOPPING=1" not in facts:
                facts.append(heard(manager))
            assert agent.wait(60) == 0
    assert set(facts) == {"WATCHDOG=1", "READY=1", "STOPPING=1"}


async def test_an_agent_that_begins_anew_says_so_and_not_that_it_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = SimpleNamespace(
        run=asyncio.Event().wait, web=SimpleNamespace(ready=asyncio.Event()), begin_anew=asyncio.Event()
    )

    @asynccontextmanager
    async def opened(*_more: object, **_named: object) -> AsyncIterator[SimpleNamespace]:
        yield agent

    monkeypatch.setattr(app, "open_agent", opened)
    agent.begin_anew.set()
    file = tmp_path / "motcua.toml"
    file.write_text(SITE)
    with listening(str(tmp_path / "notify")) as manager:
        assert await app.run_agent(load(file), file, ServiceManager(str(tmp_path / "notify")))
        assert heard(manager) == "RELOADING=1"
