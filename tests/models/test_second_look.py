"""Sound put another way: how loud speech is above noise, noise taken off, slower, faster; pure."""

import math

import numpy as np
import pytest

from models.mel import RATE, Samples
from models.second_look import FAST, LOOKS, SLOW, SLOWER, above_noise_db, at_speed, cleaned


def spoken(seconds: float = 3.0, hertz: float = 440.0) -> Samples:
    """A tone that comes and goes three times a second, as syllables do."""
    t = np.arange(int(seconds * RATE)) / RATE
    return np.asarray(0.3 * np.sin(2 * math.pi * hertz * t) * (np.sin(6 * math.pi * t) > 0), dtype=np.float32)


def hiss(seconds: float = 3.0, loudness: float = 0.1) -> Samples:
    chance = np.random.default_rng(4)
    return np.asarray(loudness * chance.standard_normal(int(seconds * RATE)), dtype=np.float32)


@pytest.mark.parametrize(("loudness", "db"), [(0.1, 7.5), (0.01, 26.6)])
def test_how_far_speech_is_above_noise(loudness: float, db: float) -> None:
    assert above_noise_db(spoken() + hiss(loudness=loudness)) == pytest.approx(db, abs=1.5)


@pytest.mark.parametrize("sound", [np.zeros(0, np.float32), np.zeros(RATE, np.float32), hiss(0.1)])
def test_of_silence_and_of_a_moment_nothing_is_above_noise(sound: Samples) -> None:
    assert above_noise_db(sound) == 0.0


def test_cleaning_takes_noise_off_and_leaves_speech() -> None:
    noise = hiss()
    left = cleaned(spoken() + noise)
    assert len(left) == len(noise)
    assert above_noise_db(left) > above_noise_db(spoken() + noise) + 5
    assert np.sqrt(np.mean(cleaned(noise) ** 2)) < 0.6 * np.sqrt(np.mean(noise**2))


def test_what_is_clean_stays_as_it_is() -> None:
    np.testing.assert_allclose(cleaned(spoken()), spoken(), atol=2e-3)


@pytest.mark.parametrize("speed", [SLOW, FAST])
def test_slower_is_longer_and_lower_and_faster_the_other_way(speed: float) -> None:
    changed = at_speed(spoken(hertz=1000.0), speed)
    assert len(changed) == int(3 * RATE / speed)
    peak = np.abs(np.fft.rfft(changed)).argmax() * RATE / len(changed)
    assert peak == pytest.approx(1000 * speed, abs=5)


@pytest.mark.parametrize("length", [0, 1, 127, 16_001])
def test_any_length_can_be_cleaned(length: int) -> None:
    assert len(cleaned(np.full(length, 0.1, np.float32))) == length


@pytest.mark.parametrize("length", [1, 127, 16_001])
def test_looks_are_as_long_as_their_speed_makes_them(length: int) -> None:
    sound = np.full(length, 0.1, np.float32)
    assert [len(look(sound)) for look in LOOKS] == [int(length / speed) for speed in (SLOW, FAST, SLOWER)]
