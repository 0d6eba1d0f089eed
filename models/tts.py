"""Speaking: sentences rendered to WAV once by espeak-ng (Debian, as a process) and kept; a site may put its own recordings in.

Any folder of recordings comes first: `NAME.wav` beside `NAME.txt`. Only prompts are kept on disk, never a sentence with a code in it.
"""

import asyncio
import hashlib
import logging
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from models.errors import ModelsError
from models.folding import words
from models.spoken import NAMES, number_words

RENDER_LIMIT_S = 10.0
LONGEST_TEXT = 600
KEPT_BYTES = 50_000_000
"""The cache's bound; the oldest prompts go first."""

log = logging.getLogger(__name__)
_NUMBER = re.compile(r"\d+")
_TICKET = re.compile(r"\b([A-ZĐ])(\d{2,4})\b")
_CODE = re.compile(r"\b[A-Z0-9]+(?:[.-][A-Z0-9]+)+\b")


class VoiceMissing(ModelsError):
    """The voice's program is not installed; its text says how to install it. The screen still says everything."""


class VoiceFailed(ModelsError):
    """The voice's program did not make a sound of this sentence; go on without."""


@dataclass(frozen=True, slots=True)
class Voice:
    """espeak-ng's settings: slow enough for old ears."""

    language: str = "vi"
    words_per_minute: int = 140
    pitch: int = 45
    program: str = "espeak-ng"


class Prompts:
    """Rendered sentences in `cache`, recordings of a person in `recordings`; one render at a time."""

    def __init__(self, cache: Path, voice: Voice | None = None, recordings: Path | None = None) -> None:
        self._cache, self._voice = cache, voice or Voice()
        self._recorded = _recordings(recordings) if recordings else {}
        self._one = asyncio.Lock()
        self._is_cache_told = False

    async def rendered(self, text: str, *, is_kept: bool = True) -> bytes:
        """The sentence as a WAV file; raises VoiceMissing, VoiceFailed, OSError. A cache that takes or gives nothing is done without.

        `is_kept` False for sentences that name a dossier: they are rendered each time and leave nothing on the disk.
        """
        if recording := self._recorded.get(words(text)):
            return await asyncio.to_thread(recording.read_bytes)
        path = self.path(text)
        with suppress(OSError):
            return await asyncio.to_thread(path.read_bytes)
        async with self._one:
            wav = await render(text, self._voice)
        if is_kept:
            await asyncio.to_thread(self._try_to_keep, path, wav)
        return wav

    def path(self, text: str) -> Path:
        """Where the sentence is or would be kept; the name tells nothing of it."""
        voice = self._voice
        key = f"{voice.program}|{voice.language}|{voice.words_per_minute}|{voice.pitch}|{text}"
        return self._cache / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.wav"

    def _try_to_keep(self, path: Path, wav: bytes) -> None:
        """The sound is there already: a full disk must not silence it. The log has it once, and again when it was well between."""
        fresh = path.with_suffix(f".{os.getpid()}.part")
        try:
            self._keep(fresh, path, wav)
        except OSError as error:
            if not self._is_cache_told:
                log.warning("the guide's sentences are not kept: %s", error)
            self._is_cache_told = True
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
        else:
            self._is_cache_told = False

    def _keep(self, fresh: Path, path: Path, wav: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(wav)
        fresh.replace(path)
        kept = sorted(path.parent.glob("*.wav"), key=lambda one: one.stat().st_mtime, reverse=True)
        sizes = 0
        for one in kept:
            sizes += one.stat().st_size
            if sizes > KEPT_BYTES:
                one.unlink(missing_ok=True)


async def render(text: str, voice: Voice | None = None) -> bytes:
    """One sentence as a WAV file, as it is said; raises VoiceMissing, VoiceFailed."""
    voice = voice or Voice()
    program = shutil.which(voice.program)
    if program is None:
        raise VoiceMissing(
            f"{voice.program} is not installed\n  do: sudo apt-get install -y --no-install-recommends espeak-ng"
        )
    said = as_said(text) if voice.language.startswith("vi") else text[:LONGEST_TEXT]
    speed, pitch = str(voice.words_per_minute), str(voice.pitch)
    process = await asyncio.create_subprocess_exec(
        program, "-v", voice.language, "-s", speed, "-p", pitch, "--stdin", "--stdout",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(RENDER_LIMIT_S):
            wav, complaint = await process.communicate(said.encode())
    except TimeoutError as error:
        raise VoiceFailed(f"{voice.program} made no sound in {RENDER_LIMIT_S:.0f} s") from error
    finally:
        if process.returncode is None:  # whoever wanted to hear it may have left
            process.kill()
            await process.wait()
    if process.returncode or len(wav) <= _HEADER:
        raise VoiceFailed(f"{voice.program}: {complaint.decode(errors='replace').strip()[:200] or 'no sound'}")
    return with_sizes(wav)


def as_said(text: str) -> str:
    """Codes sign by sign, ticket numbers digit by digit, other numbers in words, the rest as it stands."""
    text = _CODE.sub(lambda found: _signs(found[0]), text[:LONGEST_TEXT])
    text = _TICKET.sub(lambda found: _signs(found[1] + found[2]), text)
    return _NUMBER.sub(lambda found: _in_words(found[0]), text)


def with_sizes(wav: bytes) -> bytes:
    """What espeak writes to a pipe, with the sizes it could not know when it began."""
    riff, sound = (len(wav) - 8).to_bytes(4, "little"), (len(wav) - _HEADER).to_bytes(4, "little")
    return wav[:4] + riff + wav[8:40] + sound + wav[_HEADER:]


def _signs(code: str) -> str:
    said = (number_words(int(sign)) if sign.isdecimal() else NAMES.get(sign, sign) for sign in code)
    return " ".join(said)


def _in_words(digits: str) -> str:
    is_number = digits != _HOTLINE and len(digits) <= 6 and (digits == "0" or not digits.startswith("0"))
    return number_words(int(digits)) if is_number else _signs(digits)


def _recordings(folder: Path) -> Mapping[str, Path]:
    """Sentences that a person has spoken for this site."""
    return {words(text.read_text(encoding="utf-8")): text.with_suffix(".wav") for text in sorted(folder.glob("*.txt"))}


_HEADER = 44
_HOTLINE = "1022"  # nobody says it as a number
