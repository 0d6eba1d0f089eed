"""The real voice worker on real sound: a visitor's questions become intents, and nothing but messages leaves the process."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from devices.audio.sound import RATE, parse_wav, wav_bytes
from edge.adapters.voice import VoiceEars
from edge.adapters.voice_spec import DETECTOR, WHISPER_FILES, VoiceSpec
from edge.adapters.worker_process import WorkerPatience
from edge.domain.dialogue_terms import Intent
from edge.voice_ports import EarsChange, EarsState, Utterance
from models.tts import render

pytestmark = [pytest.mark.models, pytest.mark.timeout(120)]
INTENTS = Path(__file__).parents[3] / "config" / "intents.vi.yaml"


async def test_a_visitor_asks_twice_and_is_understood(model_file: Callable[[str], Path], tmp_path: Path) -> None:
    for place, text in enumerate(("hồ sơ của tôi xong chưa", "làm giấy khai sinh cần giấy tờ gì")):
        sound = parse_wav(await render(text), text)
        (tmp_path / f"{place}.wav").write_bytes(wav_bytes(np.pad(sound, (0, RATE))))
    (directory,) = {model_file(name).parent for name in WHISPER_FILES}
    ears = VoiceEars(
        VoiceSpec(
            place="guide", source=f"replay:{tmp_path}", recogniser=str(directory), detector=str(model_file(DETECTOR)),
            intents=str(INTENTS), procedures={"ket-hon": "Đăng ký kết hôn", "khai-sinh": "Đăng ký khai sinh"},
        ),
        patience=WorkerPatience(start_s=60.0, beat_s=20.0),
    )  # fmt: skip
    heard: list[Utterance] = []
    states: list[EarsState] = []
    running = asyncio.create_task(ears.run())
    try:
        async with asyncio.timeout(100):
            async for item in ears.watch():
                heard += [item] if isinstance(item, Utterance) else []
                states += [item.state] if isinstance(item, EarsChange) else []
                if len(heard) == 2:
                    break
        assert ears.status.rss_mb < 400
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert [(one.best.asked, one.best.procedure) for one in heard if one.best] == [
        (Intent.PROGRESS, None),
        (Intent.PAPERS, "khai-sinh"),
    ]
    assert states[:4] == [EarsState.OPENING, EarsState.LISTENING, EarsState.SPEECH, EarsState.DECIDING]
