"""Sound for `motcua bench voice`: espeak-ng's voices, a café made of other people's sentences, and what is no speech at all."""

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np

from devices.audio.sound import RATE, Samples, parse_wav
from models.tts import Voice, render

VOICES = (
    Voice("vi", 140, 45), Voice("vi-vn-x-south", 150, 55), Voice("vi-vn-x-central", 130, 40), Voice("vi", 170, 70),
)  # fmt: skip
_SECONDS = 4
_TALKERS = 20
_LOWEST = 20


def spoken(text: str, voice: Voice) -> Samples:
    """A sentence by espeak-ng; raises VoiceMissing."""
    return parse_wav(asyncio.run(render(text, voice)), voice.language)


def cafe(others: Sequence[Samples], length: int) -> Samples:
    """A full room: twenty people talking at once over the hum of machines (pink noise 6 dB below), as long as asked."""
    chance = np.random.default_rng(length)
    voices = [np.roll(np.resize(_level(one), length), int(chance.integers(length))) for one in _repeated(others)]
    babble = _level(np.sum(voices, axis=0))
    hum = np.fft.rfft(chance.standard_normal(length))
    pink = _level(np.fft.irfft(hum / np.sqrt(np.maximum(np.arange(len(hum)), _LOWEST)), length))
    return np.asarray(babble + 0.5 * pink, dtype=np.float32)


def with_noise(samples: Samples, noise: Samples, snr_db: float) -> Samples:
    """The sound over a noise so many decibels fainter."""
    ratio = np.sqrt(np.mean(samples**2) / max(float(np.mean(noise**2)), 1e-12)) * 10 ** (-snr_db / 20)
    mixed = samples + noise[: len(samples)] * ratio
    return np.asarray(mixed / max(1.0, float(np.abs(mixed).max())), dtype=np.float32)


def not_speech() -> dict[str, Samples]:
    """Silence, hiss, hum, a chord with a beat, knocks."""
    chance, t = np.random.default_rng(20261121), np.arange(_SECONDS * RATE) / RATE
    chord = sum(np.sin(2 * np.pi * tone * t) for tone in (220.0, 277.2, 329.6, 440.0)) * (
        0.6 + 0.4 * np.sin(4 * np.pi * t)
    )
    knocks = np.where((t % 0.7) < 0.02, chance.standard_normal(len(t)), 0.0)
    sounds = {
        "silence": np.zeros(len(t)), "hiss": 0.02 * chance.standard_normal(len(t)),
        "hum": 0.1 * np.sin(2 * np.pi * 50 * t), "music": 0.1 * chord, "knocks": 0.3 * knocks,
    }  # fmt: skip
    return {name: np.asarray(sound, dtype=np.float32) for name, sound in sounds.items()}


def _repeated(others: Sequence[Samples]) -> list[Samples]:
    return [others[place % len(others)] for place in range(_TALKERS)]


def _level(samples: Any) -> Any:
    return samples / max(float(np.sqrt(np.mean(samples**2))), 1e-6)
