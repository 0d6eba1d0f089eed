"""Where sound goes: ALSA's `aplay` as a process, one sentence at a time, cut off at once when somebody speaks over it."""

import asyncio
import shutil
from contextlib import suppress

from devices.audio.cards import converting
from devices.audio.sound import AudioLost, SoundUnreadable, longest_s

SPARE_S = 30.0  # beyond a sound's own length: to open the device, and for a card that is slow
UNKNOWN_S = 60.0  # for a sound whose length only the program can tell
KILL_S = 1.0  # to be gone once killed: longer takes only what hangs in the kernel, as with a card that was pulled


class Loudspeaker:
    """One ALSA device; `play` waits for the end, `stop` ends it early. Not for two sentences at once."""

    def __init__(self, device: str = "default", *, program: str = "aplay") -> None:
        self._device, self._program = converting(device), program
        self._process: asyncio.subprocess.Process | None = None  # the last one that was started
        self._is_wanted = False

    async def play(self, wav: bytes) -> bool:
        """Play a WAV file from memory; whether it came to its end, False when it was stopped. Raises AudioLost."""
        program = shutil.which(self._program)
        if program is None:
            raise AudioLost(f"{self._program} is not installed\n  do: sudo apt-get install -y alsa-utils")
        await self.stop()
        if self._is_running():
            raise AudioLost(f"{self._device}: the sentence before does not end, not even killed")
        self._is_wanted = True
        process = await asyncio.create_subprocess_exec(
            program, "-q", "-D", self._device,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        self._process = process
        if not self._is_wanted:  # stopped while the program was being started
            _kill(process)
        try:
            return await self._followed(process, wav)
        finally:
            _kill(process)

    async def stop(self) -> None:
        """Silence, now; harmless when nothing is played. What hangs in the kernel is waited for no longer than KILL_S."""
        self._is_wanted = False
        if self._process is not None and self._is_running():
            _kill(self._process)
            with suppress(TimeoutError):
                async with asyncio.timeout(KILL_S):
                    await self._process.wait()

    def _is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def _followed(self, process: asyncio.subprocess.Process, wav: bytes) -> bool:
        try:
            async with asyncio.timeout(_patience_s(wav)):
                _, complaint = await process.communicate(wav)
        except TimeoutError as error:
            raise AudioLost(f"{self._device}: the loudspeaker takes no sound") from error
        if process.returncode and process.returncode > 0:
            raise AudioLost(f"{self._device}: {complaint.decode(errors='replace').strip()[:200]}")
        return process.returncode == 0


def _patience_s(wav: bytes) -> float:
    try:
        return longest_s(wav) + SPARE_S
    except SoundUnreadable:
        return UNKNOWN_S


def _kill(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
