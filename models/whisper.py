"""Whisper as a chooser: a beam of hypotheses shortlists sentences, forced alignment scores them, faint noise is the measure.

Dictation by the base model is wrong in every second Vietnamese word; asked which of the known sentences was said, it is right
in 97 of 100. Used through models.speech.open_recogniser.
"""

import math
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import ctranslate2
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from models.faint_noise import load_noise
from models.mel import RATE, Samples, log_mel
from models.second_look import LOOKS, above_noise_db
from models.speech import (
    ACCEPT,
    LONGEST_S,
    NOTHING_HEARD,
    Folder,
    Heard,
    IsVoid,
    Ranked,
    RecogniserUnusable,
    confidence_of,
    never,
)
from models.unheard import Clues

SHORTLIST = 16
FIRST, SURE = 6, 0.56
"""So many of the shortlist are scored first; the rest only when none of them reaches this confidence: half the time, the same answers."""
BEAM = 8
THRESHOLD = 1.5
"""Log probability a token more than faint noise gives it, corrected by likeness: at most 5 % of what is outside the set passes.

Of 79 sentences that nobody asks a guide, by people whom the network had not heard, 3 pass, and 4 of them in a café at 5 dB; chosen seeing all of them.
"""
STEEPNESS = 1.27
"""With it what is worth asking back (models.intent), SURE and LIKELY stand at the scores that they were chosen at: .1, 1.7 and .6."""
NOISY_DB = 20.0
"""With less between speech and what is around it, who was not understood is looked at again before being asked again."""
AGAIN, LAST = 8, 4
"""In noise so many of the shortlist are scored at each look, and so many of them in several looks before the visitor is asked back."""
LIKELY = 0.24
"""Two looks more are enough where this confidence is reached: of 142 recordings in a café the published network's best guess was then always right."""

_LIKENESS = (
    100.0  # in logs, of a sentence that is wholly like a hypothesis; weighs as much as a dozen tokens heard clearly
)
_EXPECTED = 4.0  # in logs: whoever was asked for yes or no answers something else once in fifty times
_ALIKE, _UNLIKE = 0.7, 3.0  # less likeness than most right sentences have costs so much of the score a token
_FEWEST, _MOST = (
    1000,
    1500,
)  # mel columns, 100 a second; the network was made for 3000; with 500 the beam repeats itself
_BEHIND_S = 2.14  # silence behind what was said
_SEEN_PER_S = 50  # encoder columns
_AFTER_SPEECH = (
    82  # encoder columns of silence behind the sentence that alignment needs; fewer cost accuracy, more cost time
)
_MAX_TOKENS = 64
_TOKENS_PER_S, _TOKENS_MORE = 18, 14  # nobody speaks faster; a beam that repeats itself would go on to the end
_BATCH = 4
_FAINT = 1e-3
_PROBES, _SAME = 3, 4.0  # with other instructions of the processor the sums of one model were up to 1.8 apart
_FOREIGN = "<|en|>"
_ALMOST = 0.99 * ACCEPT
_ENOUGH = 2  # looks more


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One utterance as its candidates are compared with it: the encoder's columns, how like each sentence is to what was written, scores so far."""

    seen: NDArray[np.float32]
    sentences: Sequence[str]
    like: NDArray[np.float64]
    always: frozenset[int]
    scores: dict[int, float] = field(default_factory=dict)


class ClosedSetWhisper:
    """A Whisper model of CTranslate2: model.bin, config.json, vocabulary.txt and tokenizer.json side by side."""

    def __init__(
        self, directory: Path, *, threads: int = 2, language: str = "vi", noise: Mapping[str, float] | None = None
    ) -> None:
        try:
            self._model = ctranslate2.models.Whisper(
                str(directory), device="cpu", compute_type="int8", intra_threads=threads
            )
            self._tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
        except Exception as error:
            raise RecogniserUnusable(f"{directory}: no usable Whisper model: {error}") from error
        self._prompt = [self._special(word) for word in ("startoftranscript", language, "transcribe", "notimestamps")]
        self._folder = Folder()
        self._tokens: dict[str, list[int]] = {}
        self._noise = self._cropped(self._encoded(_faint_noise(), _FEWEST), 1.0)
        self._expected = self._agreed(load_noise() if noise is None else noise)

    def recognise(
        self, samples: Samples, sentences: Sequence[str], always: Sequence[int] = (), *, is_void: IsVoid = never
    ) -> Heard:
        samples = samples[: int(LONGEST_S * RATE)]
        seen = self._encoded(samples, _columns(len(samples) / RATE))
        if is_void():
            return NOTHING_HEARD
        hypotheses, clues = self._hypotheses(seen, len(samples) / RATE)
        if is_void():
            return NOTHING_HEARD
        like = self._folder.likeness(hypotheses, sentences)
        wanted = _Wanted(self._cropped(seen, len(samples) / RATE), sentences, like, frozenset(always))
        is_noisy = above_noise_db(samples) < NOISY_DB
        heard = Heard(hypotheses, self._chosen(wanted, AGAIN if is_noisy else SHORTLIST), clues)
        if is_noisy and not heard.is_sure:
            heard = self._looked_again(heard, samples, wanted, is_void)
        return heard if heard.is_sure else replace(heard, clues=replace(clues, foreign=self._foreign(seen)))

    def warm(self, sentences: Sequence[str], seconds: float) -> bool:
        """Score sentences on noise until the time is over."""
        until = time.monotonic() + seconds
        missing = [sentence for sentence in sentences if sentence not in self._expected]
        while missing and time.monotonic() < until:
            batch, missing = missing[:_BATCH], missing[_BATCH:]
            self._expect(batch)
        return bool(missing)

    def on_noise(self, sentences: Sequence[str]) -> dict[str, float]:
        """What faint noise makes of each sentence, sum of logs."""
        self._expect([sentence for sentence in sentences if sentence not in self._expected])
        return {sentence: self._expected[sentence] for sentence in sentences}

    def _agreed(self, measured: Mapping[str, float]) -> dict[str, float]:
        """Sums that were measured before, if they are of this model: a few are measured again."""
        asked = list(measured)[:: max(1, len(measured) // _PROBES)][:_PROBES]
        found = self._aligned(self._noise, asked) if asked else []
        is_ours = all(abs(measured[one] - total) <= _SAME for one, total in zip(asked, found, strict=True))
        return dict(measured) if is_ours else {}

    def _chosen(self, wanted: "_Wanted", at_most: int) -> tuple[Ranked, ...]:
        """Best first: of the shortlist as much as it takes to be sure."""
        order = np.argsort(-wanted.like, kind="stable")[:at_most]
        shortlist = [int(place) for place in order if wanted.like[place] > 0]
        first = dict.fromkeys((*shortlist[:FIRST], *wanted.always))
        scored = self._ranked(wanted, first)
        if not scored or scored[0][1].confidence < SURE:
            scored += self._ranked(wanted, [place for place in shortlist if place not in first])
            scored.sort(key=lambda one: -one[0])
        return tuple(ranked for _, ranked in scored)

    def _looked_again(self, heard: Heard, samples: Samples, wanted: "_Wanted", is_void: IsVoid) -> Heard:
        """In noise the beam is wrong here in one look and there in the next: what all of them are like is likely right."""
        likes = [wanted.like]
        seen: list[NDArray[np.float32]] = []
        for look in LOOKS:
            if heard.is_sure or is_void() or (len(seen) == _ENOUGH and _is_likely(heard)):
                break
            sound = look(samples)
            seconds = len(sound) / RATE
            encoded = self._encoded(sound, _columns(seconds))
            likes.append(self._folder.likeness(self._hypotheses(encoded, seconds)[0], wanted.sentences))
            seen.append(self._cropped(encoded, seconds))
            wanted = replace(wanted, like=np.mean(likes, axis=0))
            heard = replace(heard, ranked=tuple(map(_asked_back, self._chosen(wanted, AGAIN))))
        if heard.is_sure or is_void():
            return heard
        return replace(heard, ranked=self._compared(wanted, heard.ranked, seen[:_ENOUGH]))

    def _compared(
        self, wanted: "_Wanted", ranked: tuple[Ranked, ...], seen: list[NDArray[np.float32]]
    ) -> tuple[Ranked, ...]:
        """The best few in another order, by the mean of their scores in several looks."""
        places = [one.index for one in ranked[:LAST]]
        looks = [{place: wanted.scores[place] for place in places}]
        for one in seen:
            look = replace(wanted, seen=one, scores={})
            self._score(look, places)
            looks.append(look.scores)
        means = {place: float(np.mean([look[place] for look in looks])) for place in places}
        best = self._ranked(replace(wanted, scores=means), places)
        return (*(_asked_back(one) for _, one in best), *ranked[LAST:])

    def _ranked(self, wanted: "_Wanted", places: Collection[int]) -> list[tuple[float, Ranked]]:
        """What decides between sentences, and whether each was said at all; best first."""
        self._score(wanted, [place for place in places if place not in wanted.scores])
        scored = []
        for place in places:
            total = wanted.scores[place]
            is_expected = place in wanted.always
            each = total / len(self._ids(wanted.sentences[place]))  # a token, whatever the length
            alike = _ALIKE if is_expected else float(wanted.like[place])  # of a word or two, letters tell nothing
            sure = confidence_of(each + _UNLIKE * (alike - _ALIKE), THRESHOLD, STEEPNESS)
            favour = _EXPECTED * is_expected if wanted.always else _LIKENESS * alike
            scored.append((total + favour, Ranked(place, sure)))
        return sorted(scored, key=lambda one: -one[0])

    def _special(self, word: str) -> int:
        number = self._tokenizer.token_to_id(f"<|{word}|>")
        if number is None:
            raise RecogniserUnusable(f"the tokenizer has no <|{word}|>: not a multilingual Whisper")
        return int(number)

    def _encoded(self, samples: Samples, columns: int) -> NDArray[np.float32]:
        mel = ctranslate2.StorageView.from_array(log_mel(samples, columns)[None])
        return np.array(self._model.encode(mel, to_cpu=True))

    def _hypotheses(self, seen: NDArray[np.float32], seconds: float) -> tuple[tuple[str, ...], Clues]:
        most = min(_MAX_TOKENS, _TOKENS_MORE + int(_TOKENS_PER_S * seconds))
        (result,) = self._model.generate(
            ctranslate2.StorageView.from_array(seen), [self._prompt],
            beam_size=BEAM, num_hypotheses=BEAM, max_length=most, return_scores=True, return_no_speech_prob=True,
        )  # fmt: skip
        texts = tuple(dict.fromkeys(self._tokenizer.decode(ids).strip() for ids in result.sequences_ids))
        return texts, Clues(result.no_speech_prob, clearness=result.scores[0])

    def _foreign(self, seen: NDArray[np.float32]) -> float:
        """How likely it is English, the one other language that a screen has."""
        (likely,) = self._model.detect_language(ctranslate2.StorageView.from_array(seen))
        return float(dict(likely).get(_FOREIGN, 0.0))

    def _score(self, wanted: "_Wanted", places: Collection[int]) -> None:
        """What the sound adds to what noise already gives each sentence."""
        if places:
            sentences = [wanted.sentences[place] for place in places]
            expected = self.on_noise(sentences)
            sums = self._aligned(wanted.seen, sentences)
            pairs = zip(places, sentences, sums, strict=True)
            wanted.scores.update({place: total - expected[sentence] for place, sentence, total in pairs})

    def _expect(self, sentences: Sequence[str]) -> None:
        for at in range(0, len(sentences), _BATCH):
            batch = sentences[at : at + _BATCH]
            self._expected.update(zip(batch, self._aligned(self._noise, batch), strict=True))

    def _aligned(self, seen: NDArray[np.float32], sentences: Sequence[str]) -> list[float]:
        """The log probability of each whole sentence, given the sound."""
        repeated = ctranslate2.StorageView.from_array(np.repeat(seen, len(sentences), axis=0))
        lengths = [seen.shape[1]] * len(sentences)
        tokens = [self._ids(sentence) for sentence in sentences]
        results = self._model.align(repeated, self._prompt, tokens, lengths)
        return [float(np.log(np.maximum(result.text_token_probs, 1e-9)).sum()) for result in results]

    def _ids(self, sentence: str) -> list[int]:
        if sentence not in self._tokens:
            self._tokens[sentence] = self._tokenizer.encode(f" {sentence}", add_special_tokens=False).ids
        return self._tokens[sentence]

    def _cropped(self, seen: NDArray[np.float32], seconds: float) -> NDArray[np.float32]:
        """Only the columns of the sentence and a little silence: alignment costs in proportion."""
        return np.ascontiguousarray(seen[:, : int(seconds * _SEEN_PER_S) + _AFTER_SPEECH])


def _is_likely(heard: Heard) -> bool:
    return bool(heard.ranked) and heard.ranked[0].confidence >= LIKELY


def _asked_back(one: Ranked) -> Ranked:
    """Of a look after the first only what is far above the bar counts as said: each look is one more chance for a stranger's words."""
    return replace(one, confidence=_ALMOST) if _ALMOST < one.confidence < SURE else one


def _columns(seconds: float) -> int:
    """As many as the sound needs, in whole seconds: encoding costs in proportion."""
    return min(_MOST, max(_FEWEST, math.ceil(seconds + _BEHIND_S) * 100))


def _faint_noise() -> Samples:
    return (np.random.default_rng(20261121).standard_normal(RATE) * _FAINT).astype(np.float32)
