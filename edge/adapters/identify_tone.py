"""Which of these boxes is it? Two short tones every two seconds by the device's own loudspeaker, for as long as its screens say so.

A supervised part of `edge.adapters.downlink`, where there is a loudspeaker. Imports nothing heavy before it has to sound.
"""

import asyncio
import io
import logging
import math
import wave
from collections.abc import Awaitable, Callable

from devices.audio.sink import Loudspeaker
from devices.audio.sound import AudioLost
from edge.services.identify import Identify

log = logging.getLogger(__name__)
RATE, HERTZ, LOUD = 16_000, 1_760, 0.4  # a high tone is found by the ear sooner than a low one
_ON_S, _APART_S, _ROUND_S = 0.18, 0.3, 2.0


class IdentifyTone:
    """`run` is one supervised coroutine. A loudspeaker that takes nothing is told once a request, and the answer says it."""

    def __init__(self, desk: Identify, loudspeaker: Loudspeaker) -> None:
        self._desk, self._play = desk, loudspeaker.play
        self._asked = asyncio.Event()

    async def run(self) -> None:
        stop = self._desk.subscribe(lambda _: self._asked.set(), sounds=True)
        try:
            while True:
                await self._asked.wait()
                self._asked.clear()
                await self._sound(self._play)
        finally:
            stop()

    async def _sound(self, play: Callable[[bytes], Awaitable[bool]]) -> None:
        beeps = beeps_wav()
        while self._desk.left_s() > 0:
            try:
                if not await play(beeps):
                    return
            except (AudioLost, OSError) as error:
                log.warning("identify: %s", error)
                return
            self._desk.sounded()


def beeps_wav() -> bytes:
    """One round: two tones and silence, 16-bit mono."""
    samples = bytearray()
    for place in range(int(RATE * _ROUND_S)):
        at = place / RATE
        is_on = at < _ON_S or _APART_S <= at < _APART_S + _ON_S
        value = LOUD * math.sin(2 * math.pi * HERTZ * at) if is_on else 0.0
        samples += int(32_767 * value).to_bytes(2, "little", signed=True)
    out = io.BytesIO()
    with wave.open(out, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(RATE)
        written.writeframes(bytes(samples))
    return out.getvalue()
