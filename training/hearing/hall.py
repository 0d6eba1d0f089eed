"""A hall around somebody who speaks: others talking, machines humming, another microphone. Pure numpy; seeded by the caller."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.mel import Samples

SPEEDS = (0.85, 0.92, 1.0, 1.0, 1.08, 1.17)
"""How fast somebody speaks, as a share of the recording."""
_TALKERS, _OFTEN = (1, 3, 6, 10, 20), (0.05, 0.15, 0.25, 0.25, 0.3)
_QUIET, _ROOM = 0.12, 0.85  # shares of the examples: no noise at all, then people, else a hum alone
_LEAST_DB, _MOST_DB = 0.0, 12.0

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Hall:
    """People to talk in the background."""

    people: Sequence[Samples]
    machine: Sequence[Samples]

    def around(self, sound: Samples, chance: np.random.Generator) -> Samples:
        """The sound as a microphone in some hall would take it."""
        heard = sound.astype(np.float64)
        draw = chance.random()
        if draw >= _QUIET:
            noise = self._talk(len(sound), chance) if draw < _ROOM else _hum(len(sound), chance)
            loudness = np.sqrt(np.mean(heard**2)) * 10 ** (-chance.uniform(_LEAST_DB, _MOST_DB) / 20)
            heard = heard + _level(_swelling(noise, chance)) * loudness
        return _microphone(heard, chance)

    def _talk(self, length: int, chance: np.random.Generator) -> Floats:
        total = np.zeros(length)
        for _ in range(int(chance.choice(_TALKERS, p=_OFTEN))):
            those = self.people if chance.random() < 0.75 else self.machine
            voice = at_speed(those[int(chance.integers(len(those)))], float(chance.uniform(0.85, 1.2)))
            turned = np.roll(np.resize(voice, length), int(chance.integers(length)))
            total += _level(turned) * chance.uniform(0.5, 1.0)
        return _level(total) + chance.uniform(0.2, 0.8) * _hum(length, chance)


def at_speed(sound: Samples, speed: float) -> Samples:
    """So many times as fast, and as much higher."""
    return np.interp(np.arange(0, len(sound) - 1, speed), np.arange(len(sound)), sound).astype(np.float32)


def _hum(length: int, chance: np.random.Generator) -> Floats:
    """Between white and red noise."""
    bins = np.fft.rfft(chance.standard_normal(length))
    return _level(np.fft.irfft(bins / np.maximum(np.arange(len(bins)), 20) ** chance.uniform(0, 1), length))


def _swelling(noise: Floats, chance: np.random.Generator) -> Floats:
    if chance.random() >= 0.2:
        return noise
    loudness = chance.uniform(0.4, 1.4, 6)
    return np.asarray(noise * np.interp(np.arange(len(noise)), np.linspace(0, len(noise), 6), loudness))


def _microphone(heard: Floats, chance: np.random.Generator) -> Samples:
    """Its tilt of the spectrum, now and then, and its loudness."""
    if chance.random() < 0.3:
        heard = heard + chance.uniform(-0.4, 0.4) * np.concatenate([[0.0], heard[:-1]])
    loudest = max(1.0, float(np.abs(heard).max()))
    return np.asarray(heard * chance.uniform(0.3, 1.0) / loudest, dtype=np.float32)


def _level(sound: npt.NDArray[np.floating]) -> Floats:
    return np.asarray(sound / max(float(np.sqrt(np.mean(sound**2))), 1e-6), dtype=np.float64)
