"""The whole agent on real models, a real broker and the real smsd, with everything killed in the middle of the story.

What must hold whatever dies: no event lost, the chain whole, everything at the city once, no text twice on a phone.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from devices.camera.playlist import Playlist, Show, playlist_toml
from devices.sms.modem_sim import PtyModem
from devices.sms.sim_network import SimNetwork
from devices.sms.smsd_config import FAST_TIMINGS
from devices.sms.smsd_process import SmsdProcess
from edge.adapters.supervisor import cancelled
from edge.demo_story import CRYING, FIRST, SATISFIED, SECOND, config_text
from models.fetch import default_directory
from sync import inspect
from sync.city.receiver import CityReceiver
from sync.errors import JournalUnusable
from sync.events import AlertRaised, AlertSms, Event, Payload
from sync.reconnect import Pace
from tests.sync.broker_fixtures import Mosquitto, mosquitto

__all__ = ["mosquitto"]
pytestmark = [
    pytest.mark.models, pytest.mark.broker, pytest.mark.smsd, pytest.mark.enable_socket, pytest.mark.timeout(240),
]  # fmt: skip
LEADER, HEAD = "+84900000001", "+84900000003"


class Centre:
    """One site: its files, its peers, and the agent as a process of its own."""

    def __init__(self, folder: Path, broker: Mosquitto, find: Callable[[str], Path]) -> None:
        self.folder, self.broker = folder, broker
        self.network = SimNetwork("+84900000000", seed=1)
        self.data = folder / "data"
        self.config = folder / "motcua.toml"
        self.city = CityReceiver(folder / "city", broker.broker, pace=Pace(base_s=0.05, cap_s=0.2))
        self._agent: asyncio.subprocess.Process | None = None
        self._write(find)

    def _write(self, find: Callable[[str], Path]) -> None:
        scenes = {FIRST: [(SATISFIED, 5.0)], SECOND: [(CRYING, 6.0)]}
        playlists = {}
        for counter, scene in scenes.items():
            shows = tuple(Show(seconds=seconds, file=find(name)) for name, seconds in scene)
            playlists[counter] = self.folder / f"{counter}.toml"
            playlists[counter].write_text(playlist_toml(Playlist((*shows, Show(seconds=2.5)))))
        (self.folder / "users.toml").touch(mode=0o600)
        text = config_text(
            self.folder, playlists, default_directory(), broker_port=self.broker.port, web_port=0
        ).replace('version = "3.1.1"\n', "")
        sms = f'[sms]\nchannel = "smsd"\nspool_dir = "{self.folder / "spool"}"\n'
        self.config.write_text(text + "[escalation]\nwindow_s = 1.5\nnext_contact_s = 600\n" + sms, encoding="utf-8")

    async def start_agent(self) -> None:
        log = (self.folder / "agent.log").open("ab")
        self._agent = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "edge", "run", "--config", str(self.config), stderr=log, stdout=log
        )
        log.close()

    async def kill_agent(self, number: int = signal.SIGKILL) -> None:
        assert self._agent is not None
        self._agent.send_signal(number)
        await self._agent.wait()

    def kill_a_vision_worker(self) -> None:
        assert self._agent is not None
        children = Path(f"/proc/{self._agent.pid}/task/{self._agent.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)

    def payloads(self) -> list[Payload]:
        try:
            bodies = inspect.tail(self.data, 100_000)
        except JournalUnusable:  # the agent has not made it yet
            return []
        return [msgspec.json.decode(body, type=Event).payload() for body in bodies]

    async def until(self, condition: Callable[[], bool], what: str, within_s: float = 60.0) -> None:
        try:
            async with asyncio.timeout(within_s):
                while not condition():
                    await asyncio.sleep(0.25)
        except TimeoutError:
            pytest.fail(f"{what} did not happen within {within_s} s\n{self.scene()}")

    def scene(self) -> str:
        """What whoever reads a failure needs: which SMS stands where, and what the agent said last."""
        spool = sorted(
            str(path.relative_to(self.folder)) for path in (self.folder / "spool").rglob("*") if path.is_file()
        )
        told = [(sms.alert, sms.contact, sms.status) for sms in self.payloads() if isinstance(sms, AlertSms)]
        log = (self.folder / "agent.log").read_text()[-3000:]
        return "\n".join(["sms:", *map(str, told), "spool:", *spool, "log:", log])

    def alerts(self) -> int:
        return sum(isinstance(payload, AlertRaised) for payload in self.payloads())

    def sms(self) -> dict[tuple[str, str], str]:
        """What was told last of each SMS, by alert and contact."""
        told = [payload for payload in self.payloads() if isinstance(payload, AlertSms)]
        return {(sms.alert, sms.contact): sms.status for sms in told}

    def open_sms(self) -> set[tuple[str, str]]:
        """Neither delivered nor given up. `unknown` is an honest end for what smsd had in its hands when it was killed."""
        return {key for key, status in self.sms().items() if status not in {"delivered", "failed", "unknown"}}


@asynccontextmanager
async def running_centre(
    folder: Path, broker: Mosquitto, find: Callable[[str], Path]
) -> AsyncIterator[tuple[Centre, SmsdProcess]]:
    centre = Centre(folder, broker, find)
    city = asyncio.create_task(centre.city.run())
    async with (
        PtyModem(centre.network, folder / "modem") as modem,
        SmsdProcess(modem.path, folder / "spool", FAST_TIMINGS) as smsd,
    ):
        await centre.start_agent()
        try:
            yield centre, smsd
        finally:
            await centre.kill_agent()
            await cancelled(city)


async def test_nothing_is_lost_and_no_sms_comes_twice_when_everything_is_killed(
    tmp_path: Path, mosquitto: Mosquitto, model_file: Callable[[str], Path]
) -> None:
    async with running_centre(tmp_path, mosquitto, model_file) as (centre, smsd):
        await centre.until(lambda: len(centre.payloads()) > 6, "the first visits")
        centre.kill_a_vision_worker()
        mosquitto.kill()
        await centre.until(lambda: centre.alerts() >= 1, "an alert")
        await centre.kill_agent()
        mosquitto.start()
        before = inspect.stats(centre.data).head.seq
        await centre.start_agent()
        assert smsd.pid is not None
        os.kill(smsd.pid, signal.SIGKILL)
        await centre.until(lambda: centre.alerts() >= 2, "another alert after the restart")
        await centre.kill_agent()
        await centre.start_agent()
        await centre.until(lambda: bool(centre.network.phone(LEADER).texts), "a text on the leader's phone")
        await centre.kill_agent(signal.SIGTERM)

        await centre.start_agent()
        await centre.until(lambda: not centre.open_sms(), "the last delivery report")
        await centre.kill_agent(signal.SIGTERM)
        await centre.start_agent()
        seq = inspect.stats(centre.data).head.seq
        await centre.until(lambda: centre.city.counts().unique >= seq, "the city's copy")

        report = inspect.verify(centre.data)
        assert (report.ok, report.why) == (True, None)
        assert seq > before > 0
        counts = centre.city.counts()
        assert (counts.gaps, counts.forged) == (0, 0)
        for contact, number in (("lanh-dao", LEADER), ("truong-dat-dai", HEAD)):
            check_phone(contact, centre.network.phone(number).texts, centre.sms())


def check_phone(contact: str, texts: list[str], told: dict[tuple[str, str], str]) -> None:
    """What the journal says of this contact's SMS is what stands on the phone; each alert has an id of its own."""
    assert "delivered" in {status for (_, to), status in told.items() if to == contact}
    for (alert, to), status in told.items():
        times = sum(text.endswith(f" {alert}") for text in texts) if to == contact else 0
        if to == contact and status == "delivered":
            assert times == 1, f"{alert} was told delivered"
        assert times <= 1, f"{alert} came twice"
