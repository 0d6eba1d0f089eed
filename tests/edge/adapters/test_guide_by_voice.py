"""A visitor who speaks: real sound, the real recogniser in its process, the guide as it is put together from its profile."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from config.load import load
from devices.audio.sound import RATE, parse_wav, wav_bytes
from edge.adapters.voice_spec import DETECTOR, WHISPER_FILES
from edge.app import open_agent
from edge.domain.dialogue_terms import Prompt, Stage
from models.tts import Voice, render
from sync.events import GuideAsked
from tests.edge.test_app_guide import desk_of, site

pytestmark = [pytest.mark.models, pytest.mark.timeout(120)]


def voice_section(model_file: Callable[[str], Path]) -> str:
    folder = {model_file(name).parent.parent for name in WHISPER_FILES}.pop()
    assert model_file(DETECTOR).is_relative_to(folder)
    return f'\n[guide.voice]\nmicrophone = "replay:asked.wav"\n[models]\ndirectory = "{folder}"\n'


async def test_who_speaks_english_is_shown_the_way(model_file: Callable[[str], Path], tmp_path: Path) -> None:
    """In both languages on the screen; nothing is guessed and nothing is recorded."""
    sound = parse_wav(await render("my brother bought a new bicycle yesterday", Voice("en", 150, 50)), "asked")
    (tmp_path / "asked.wav").write_bytes(wav_bytes(np.pad(sound, (RATE, 2 * RATE))))
    async with open_agent(load(site(tmp_path, voice_section(model_file)))) as agent:
        desk, parts = desk_of(agent), dict(agent.parts)
        await desk.touch()
        running = [asyncio.ensure_future(parts[name]()) for name in ("guide", "ears/huong-dan")]
        try:
            async with asyncio.timeout(100):
                while desk.view().scene.state.prompt is not Prompt.FOREIGN:
                    await asyncio.sleep(0.05)
        finally:
            for one in running:
                one.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        assert "Tôi chỉ nghe được tiếng Việt" in desk.view().subtitle
        assert desk.view().scene.state.stage is Stage.MENU


async def test_what_is_asked_aloud_is_answered_on_the_screen(model_file: Callable[[str], Path], tmp_path: Path) -> None:
    sound = parse_wav(await render("làm giấy khai sinh cần giấy tờ gì"), "asked")
    (tmp_path / "asked.wav").write_bytes(wav_bytes(np.pad(sound, (RATE, 2 * RATE))))
    async with open_agent(load(site(tmp_path, voice_section(model_file)))) as agent:
        desk, parts = desk_of(agent), dict(agent.parts)
        running = [asyncio.ensure_future(parts[name]()) for name in ("guide", "ears/huong-dan")]
        try:
            async with asyncio.timeout(100):
                while desk.view().scene.state.stage is not Stage.PAPERS:
                    await asyncio.sleep(0.05)
        finally:
            for one in running:
                one.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        assert desk.view().scene.state.procedure == "khai-sinh"
        assert "Giấy chứng sinh" in desk.view().subtitle
        async for recorded in agent.journal.follow(after=0):
            if isinstance(recorded.payload, GuideAsked):
                assert recorded.payload == GuideAsked(place="huong-dan", intent="papers")
                return
