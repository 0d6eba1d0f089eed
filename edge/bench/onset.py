"""From a citizen's change of expression to the officer's nudge and to the leader's SMS, through the whole agent.

The same woman laughs and then cries (one clip, played from two places); the onset is the frame of the cut. Rows for
`motcua bench counter`.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from statistics import median

from config.load import load
from devices.camera.playlist import Playlist, Show, playlist_toml
from devices.sms.channel import ChannelHealth, Outgoing, Update
from edge.adapters.supervisor import cancelled
from edge.adapters.vision_spec import LANDMARKER
from edge.agent import Agent
from edge.app import open_agent
from edge.bench.counter import Row
from edge.demo_story import CRYING, config_text
from edge.ports import CameraState, CounterView

LAUGH_FROM_S, LAUGH_S, CRY_S = 13.0, 6.0, 6.0
NUDGE_BUDGET_S, SMS_BUDGET_S = 1.5, 3.0
PATIENCE_S = 60.0


def rows(find: Callable[[str], Path], rounds: int = 5) -> list[Row]:
    """Median and worst of `rounds` cuts; the window before an unmended displeasure is told is set to nothing."""
    nudges, texts = asyncio.run(_measure(find, rounds))
    return [
        _row("onset to nudge, median", median(nudges), NUDGE_BUDGET_S),
        _row("onset to nudge, worst", max(nudges), NUDGE_BUDGET_S),
        _row("onset to SMS handed over, median", median(texts), SMS_BUDGET_S),
        _row("onset to SMS handed over, worst", max(texts), SMS_BUDGET_S),
    ]


def _row(what: str, value_s: float, budget_s: float) -> Row:
    return Row(what, round(value_s, 3), "s", budget_s, held=value_s <= budget_s)


class _Stopwatch:
    """An SmsChannel that notes when it is handed something, and the desk's subscriber that notes nudges."""

    def __init__(self) -> None:
        self.nudges: list[float] = []
        self.texts: list[float] = []
        self._nudged: str | None = None

    def look(self, view: CounterView) -> None:
        if view.nudge is not None and view.visit != self._nudged:
            self._nudged = view.visit
            self.nudges.append(time.monotonic())

    async def submit(self, sms: Outgoing) -> None:
        del sms
        self.texts.append(time.monotonic())

    async def take_back(self, ref: str) -> bool:
        del ref
        return False

    async def updates(self) -> AsyncIterator[Update]:
        nothing: tuple[Update, ...] = ()
        await asyncio.Event().wait()
        for update in nothing:
            yield update

    async def acknowledge(self, update: Update) -> None:
        """Nothing comes."""

    async def health(self) -> ChannelHealth:
        return ChannelHealth(is_alive=True)

    async def close(self) -> None:
        """Nothing is open."""


async def _measure(find: Callable[[str], Path], rounds: int) -> tuple[list[float], list[float]]:
    nudges, texts = [], []
    for _ in range(rounds):
        watch = _Stopwatch()
        with tempfile.TemporaryDirectory(prefix="motcua-bench-") as folder:
            onset = await _one_cut(Path(folder), find, watch)
        nudges.append(watch.nudges[0] - onset)
        texts.append(watch.texts[0] - onset)
    return nudges, texts


async def _one_cut(folder: Path, find: Callable[[str], Path], watch: _Stopwatch) -> float:
    """Play laughing and crying once; when the first crying frame was shown, on the monotonic clock."""
    clip = find(CRYING)
    shows = (Show(seconds=LAUGH_S, file=clip, from_s=LAUGH_FROM_S), Show(seconds=CRY_S, file=clip))
    playlist = folder / "cut.toml"
    playlist.write_text(playlist_toml(Playlist(shows, loop=False, rate=30.0)), encoding="utf-8")
    (folder / "users.toml").touch(mode=0o600)
    text = config_text(folder, {"quay-01": playlist}, find(LANDMARKER).parent, broker_port=1, web_port=0)
    (folder / "motcua.toml").write_text(_without_broker(text), encoding="utf-8")
    async with open_agent(load(folder / "motcua.toml"), channel=watch) as agent:
        unsubscribe = agent.counters.subscribe(watch.look)
        running = asyncio.create_task(agent.run(), name="agent")
        try:
            return await _watched(agent, watch)
        finally:
            unsubscribe()
            await cancelled(running)


async def _watched(agent: Agent, watch: _Stopwatch) -> float:
    async with asyncio.timeout(PATIENCE_S):
        while agent.counters.view("quay-01").camera is not CameraState.LIVE or not watch.texts:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    began_s = agent.eyes["quay-01"].story_began_s
    if began_s is None:
        raise RuntimeError("the camera was live before its worker said hello")
    return began_s + LAUGH_S


def _without_broker(text: str) -> str:
    before, _, rest = text.partition("[mqtt]")
    return before + "[web]" + rest.partition("[web]")[2] + "[escalation]\nwindow_s = 0.01\n"
