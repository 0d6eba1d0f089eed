"""The mouth of a guide: prompts rendered once, played by a loudspeaker (edge.voice_ports.Mouth). The screen says everything too.

Used by edge.compose and edge.demo. A voice or loudspeaker that is missing is logged once, and once more when it is back.
"""

import logging
from collections.abc import Awaitable, Callable

from devices.audio.sink import Loudspeaker
from devices.audio.sound import AudioLost
from models.errors import ModelsError
from models.tts import Prompts

log = logging.getLogger(__name__)


class SpokenPrompts:
    """One sentence at a time; a new one ends the one before. `loudspeaker` None: pages play what is rendered.

    `told` hears of every loss (True) and of every sentence that was said (False).
    """

    def __init__(
        self, prompts: Prompts, loudspeaker: Loudspeaker | None, told: Callable[[bool], Awaitable[None]] | None = None
    ) -> None:
        self._prompts, self._loudspeaker, self._told = prompts, loudspeaker, told
        self._is_lost = False

    async def say(self, text: str, *, is_kept: bool = True) -> bool:
        """Whether it was said to its end. `is_kept` False for a sentence that names a dossier: nothing of it stays on the disk."""
        wav = await self.rendered(text, is_kept=is_kept)
        if wav is None or self._loudspeaker is None:
            return False
        try:
            was_played = await self._loudspeaker.play(wav)
        except (AudioLost, OSError) as error:
            await self._lost(error)
            return False
        await self._found()
        return was_played

    async def stop(self) -> None:
        """Silence, now."""
        if self._loudspeaker is not None:
            await self._loudspeaker.stop()

    async def rendered(self, text: str, *, is_kept: bool = True) -> bytes | None:
        """The spoken sentence as a WAV file; None without a voice."""
        try:
            return await self._prompts.rendered(text, is_kept=is_kept)
        except (ModelsError, OSError) as error:
            await self._lost(error)
            return None

    async def _lost(self, error: Exception) -> None:
        if not self._is_lost:
            log.warning("the guide cannot speak: %s", str(error).splitlines()[0])
        self._is_lost = True
        await self._tell(is_lost=True)

    async def _found(self) -> None:
        if self._is_lost:
            log.info("the guide speaks again")
        self._is_lost = False
        await self._tell(is_lost=False)

    async def _tell(self, *, is_lost: bool) -> None:
        if self._told is not None:
            await self._told(is_lost)
