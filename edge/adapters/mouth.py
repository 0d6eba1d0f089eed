"""The guide's mouth: prompts of models.tts through a loudspeaker. `edge.voice_ports.Mouth`.

A sentence with a number in it may tell of one dossier or ticket, so it is never kept on the disk.
"""

import asyncio
import logging
import tempfile
from pathlib import Path

from devices.audio.sink import Loudspeaker
from devices.audio.sound import AudioLost
from edge.services.faults import Faults
from models.tts import Prompts, VoiceFailed, VoiceMissing

log = logging.getLogger(__name__)


class LoudspeakerMouth:
    """One loudspeaker. What cannot be said is on the screen anyway, so a loss is a fault and no error."""

    def __init__(self, prompts: Prompts, loudspeaker: Loudspeaker, faults: Faults, place: str) -> None:
        self._prompts, self._loudspeaker, self._faults = prompts, loudspeaker, faults
        self._part = f"mouth/{place}"

    async def say(self, text: str) -> bool:
        try:
            with tempfile.TemporaryDirectory(prefix="motcua-said-") as folder:
                path = await self._written(text, Path(folder))
                is_whole = await self._loudspeaker.play(path)
        except (VoiceMissing, VoiceFailed, AudioLost, OSError) as error:
            log.info("%s: %s", self._part, error)
            await self._faults.fault(self._part, "mouth_silent")
            return False
        await self._faults.recovered(self._part)
        return is_whole

    async def stop(self) -> None:
        await self._loudspeaker.stop()

    async def rendered(self, text: str) -> Path | None:
        """Only for what is kept."""
        try:
            await self._prompts.rendered(text)
        except (VoiceMissing, VoiceFailed, OSError):
            return None
        path = self._prompts.path(text)
        return path if await asyncio.to_thread(path.exists) else None

    async def _written(self, text: str, folder: Path) -> Path:
        is_kept = not any(sign.isdigit() for sign in text)
        wav = await self._prompts.rendered(text, is_kept=is_kept)
        if is_kept and await asyncio.to_thread(self._prompts.path(text).exists):
            return self._prompts.path(text)
        path = folder / "said.wav"
        await asyncio.to_thread(path.write_bytes, wav)
        return path
