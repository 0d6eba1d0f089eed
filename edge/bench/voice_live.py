"""The live half of `motcua bench voice`: a real worker process hears recordings at real speed; delay and memory."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from devices.audio.sound import wav_bytes
from edge.adapters.voice import VoiceEars
from edge.adapters.voice_spec import VoiceSpec
from edge.bench.voice import row
from edge.bench.voice_phrases import TEMPLATED
from edge.bench.voice_sound import VOICES, spoken
from edge.voice_ports import Utterance

DELAY_BUDGET_S, MEMORY_BUDGET_MB = 1.2, 400.0
_ASKED = 10
_LIMIT_S = 240.0


def rows(spec: VoiceSpec) -> list[dict[str, Any]]:
    """End of speech to intent and resident memory, over a handful of service phrases."""
    with tempfile.TemporaryDirectory() as folder:
        for place, (text, _, _) in enumerate(TEMPLATED[:: len(TEMPLATED) // _ASKED][:_ASKED]):
            path = Path(folder) / f"{place:02}.wav"
            path.write_bytes(wav_bytes(spoken(text, VOICES[place % len(VOICES)])))
        return asyncio.run(_heard(spec, Path(folder)))


async def _heard(spec: VoiceSpec, folder: Path) -> list[dict[str, Any]]:
    ears = VoiceEars(_replaying(spec, folder))
    waits: list[float] = []
    task = asyncio.create_task(ears.run(), name="ears")
    try:
        async with asyncio.timeout(_LIMIT_S):
            async for item in ears.watch():
                if isinstance(item, Utterance):
                    waits.append(item.wait_s)
                if len(waits) == _ASKED:
                    break
    except TimeoutError:
        pass  # what was not heard is missing from the count
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    heard = row("utterances heard live", len(waits), _ASKED, _ASKED)
    return [
        heard,
        *_delays(waits),
        row("memory of the worker, MB", ears.status.rss_mb, 1, MEMORY_BUDGET_MB, is_most=True),
    ]


def _delays(waits: list[float]) -> list[dict[str, Any]]:
    ordered = sorted(waits)
    if not ordered:
        return []
    p50, p95 = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return [
        row("end of speech to intent p50, s", p50, len(ordered)),
        row("end of speech to intent p95, s", p95, len(ordered), DELAY_BUDGET_S, is_most=True),
    ]


def _replaying(spec: VoiceSpec, folder: Path) -> VoiceSpec:
    return msgspec.structs.replace(spec, source=f"replay:{folder}")
