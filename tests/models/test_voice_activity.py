"""Utterances out of chunks: when speech begins, pauses, goes on and ends; pure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.mel import Samples
from models.voice_activity import CHUNK, CHUNK_S, Endpointing, Turn, Utterance

SILENT: Samples = np.zeros(CHUNK, np.float32)


def played(*parts: tuple[float, float], rules: Endpointing | None = None) -> tuple[Utterance, list[Turn]]:
    """Feed (seconds, probability) one after the other; the turns that are something, up to the first end."""
    utterance, turns = Utterance(rules or Endpointing()), list[Turn]()
    for seconds, probability in parts:
        for _ in range(round(seconds / CHUNK_S)):
            turn = utterance.feed(SILENT, probability)
            if turn is not Turn.NOTHING:
                turns.append(turn)
            if turn in {Turn.ENDED, Turn.TOO_SHORT}:
                return utterance, turns
    return utterance, turns


@pytest.mark.parametrize(
    ("parts", "turns"),
    [
        ([(3.0, 0.1)], []),
        ([(1.0, 0.1), (1.0, 0.9), (1.0, 0.1)], [Turn.STARTED, Turn.PAUSED, Turn.ENDED]),
        ([(1.0, 0.9), (0.12, 0.1), (1.0, 0.9)], [Turn.STARTED]),
        (
            [(1.0, 0.9), (0.4, 0.1), (1.0, 0.9), (1.0, 0.1)],
            [Turn.STARTED, Turn.PAUSED, Turn.RESUMED, Turn.PAUSED, Turn.ENDED],
        ),
        ([(0.1, 0.9), (1.0, 0.1)], [Turn.STARTED, Turn.PAUSED, Turn.TOO_SHORT]),
        ([(20.0, 0.9)], [Turn.STARTED, Turn.ENDED]),
        ([(1.0, 0.4)], []),  # between the two thresholds nothing begins
        ([(0.5, 0.9), (1.0, 0.4), (1.0, 0.1)], [Turn.STARTED, Turn.PAUSED, Turn.ENDED]),  # and nothing is broken off
    ],
)
def test_turns(parts: list[tuple[float, float]], turns: list[Turn]) -> None:
    assert played(*parts)[1] == turns


def test_the_sound_has_a_little_of_what_went_before() -> None:
    utterance, _ = played((2.0, 0.1), (1.0, 0.9), (1.0, 0.1))
    assert utterance.seconds == pytest.approx(0.3 + 1.0 + 0.5, abs=3 * CHUNK_S)
    assert len(utterance.sound) == round(utterance.seconds * 16000)


def test_the_longest_utterance_is_bounded() -> None:
    utterance, _ = played((30.0, 0.9))
    assert utterance.seconds <= 15.0 + CHUNK_S


def test_forgetting_leaves_nothing() -> None:
    utterance, _ = played((1.0, 0.9))
    utterance.forget()
    assert (len(utterance.sound), utterance.seconds) == (0, 0)


def test_strict_listening_wants_clear_speech_that_lasts() -> None:
    assert played((1.0, 0.8), rules=Endpointing.strict())[1] == []
    assert played((0.3, 0.95), (1.0, 0.1), rules=Endpointing.strict())[1][-1] is Turn.TOO_SHORT
    assert played((0.6, 0.95), (1.0, 0.1), rules=Endpointing.strict())[1][-1] is Turn.ENDED


@given(st.lists(st.floats(0, 1), max_size=900))
def test_whatever_comes_an_end_follows_each_start_and_memory_is_bounded(probabilities: list[float]) -> None:
    utterance, is_open = Utterance(), False
    for probability in probabilities:
        turn = utterance.feed(SILENT, probability)
        if turn is Turn.STARTED:
            assert not is_open
            is_open = True
        elif turn is not Turn.NOTHING:
            assert is_open
        if turn in {Turn.ENDED, Turn.TOO_SHORT}:
            is_open = False
            utterance.forget()
        assert utterance.seconds <= 15.0 + CHUNK_S
