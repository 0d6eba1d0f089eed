"""The beep that finds a box: by its loudspeaker, round by round, and an honest answer where it stays silent."""

import asyncio
import io
import wave
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from devices.audio.sink import Loudspeaker
from edge.adapters.clock import SystemClock
from edge.adapters.identify_tone import RATE, IdentifyTone, beeps_wav
from edge.services.identify import Identify


@pytest.fixture
def screens() -> Identify:
    return Identify(SystemClock(ZoneInfo("Asia/Ho_Chi_Minh")), "quay-01")


def player(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


async def test_the_loudspeaker_beeps_until_the_time_is_over(screens: Identify, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    speaker = Loudspeaker(program=player(tmp_path / "aplay", f"cat >> {heard}; sleep 0.05"))
    running = asyncio.create_task(IdentifyTone(screens, speaker).run())
    await asyncio.sleep(0)
    screens.start(0.3)
    assert await screens.is_heard(within_s=10)
    while screens.left_s():
        await asyncio.sleep(0.02)
    rounds = heard.stat().st_size / len(beeps_wav())
    await asyncio.sleep(0.2)
    running.cancel()
    assert rounds >= 1
    assert heard.stat().st_size / len(beeps_wav()) <= rounds + 1


@pytest.mark.parametrize("script", [None, "cat > /dev/null; echo no such device >&2; exit 1"])
async def test_a_silent_loudspeaker_is_told(screens: Identify, tmp_path: Path, script: str | None) -> None:
    program = player(tmp_path / "aplay", script) if script else "aplay-that-is-not-there"
    running = asyncio.create_task(IdentifyTone(screens, Loudspeaker(program=program)).run())
    await asyncio.sleep(0)
    screens.start(0.5)
    assert not await screens.is_heard(within_s=0.5)
    running.cancel()


async def test_where_nothing_can_beep_nobody_waits(screens: Identify) -> None:
    stop = screens.subscribe(lambda _: None)
    screens.start(5)
    assert not await screens.is_heard(within_s=60)
    stop()


def test_a_round_is_two_tones_and_silence() -> None:
    with wave.open(io.BytesIO(beeps_wav())) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getnframes()) == (RATE, 1, 2 * RATE)
        frames = sound.readframes(2 * RATE)
    loud = [max(frames[start : start + RATE // 10]) > 0 for start in range(0, len(frames), RATE // 5)]
    assert loud[0]
    assert not any(loud[6:])
