"""`motcua bench voice`: how well and how fast the guide hears, on recordings of people, on espeak-ng and on what is no speech.

Rows say the engine; a second engine with its own model goes through the same sounds. Sampled with a fixed seed.
"""

import csv
import json
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from devices.audio.sound import RATE, Samples
from edge.adapters.clips import parse_clip
from edge.bench.voice_phrases import CODES, FOREIGN, OTHER_WORDINGS, TEMPLATED, Said
from edge.bench.voice_sound import VOICES, cafe, not_speech, spoken, with_noise
from models.folding import folded, words
from models.hearing import Hearer, Hearing
from models.intent import Intent, PhraseBook, phrases_of
from models.spoken import ways_to_say
from models.tts import Voice

CLEAN_BUDGET, CAFE_BUDGET = 0.97, 0.93
TEMPLATED_BUDGET, OTHER_BUDGET = 0.90, 0.83
FALSE_ACCEPT_BUDGET = 0.05
LARGEST_SET = 200

Progress = Callable[[str, int, int], None]
Row = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording of a person, read when it is heard."""

    archive: Path
    member: str
    text: str
    is_trained_on: bool = False

    def samples(self) -> Samples:
        with zipfile.ZipFile(self.archive) as archive:
            return parse_clip(archive.read(self.member), self.member)


@dataclass(slots=True)
class _Trial:
    """One engine on all the sounds: what it took of the processor and of the wall, and what it took for what."""

    hearer: Hearer
    sample: int
    progress: Progress
    speech_s: float = 0.0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    confused: Counter[tuple[str, str]] = field(default_factory=Counter)

    def hear(self, samples: Samples, **asked: Any) -> Hearing:
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        hearing = self.hearer.hear(samples, **asked)
        self.wall_s += time.perf_counter() - began_s
        self.cpu_s += time.process_time() - began_cpu_s
        self.speech_s += len(samples) / RATE
        return hearing


def run(
    hearers: Mapping[str, Callable[[PhraseBook], Hearer]],
    book: PhraseBook,
    out: Path,
    *,
    clips: Path | None,
    sentences: Path | None,
    sample: int,
    progress: Progress,
) -> dict[str, Any]:
    """Every engine on the same sounds; `clips` is a zip of recordings, `sentences` its CSV (file, text)."""
    rows: list[Row] = []
    report: dict[str, Any] = {}
    people = read_clips(clips, sentences) if clips and sentences else []
    for engine, opened in hearers.items():
        trial = _Trial(opened(book), sample, progress)
        rows += [{"engine": engine, **one} for one in _rows(trial, people)]
        report[engine] = {"confused": [[*pair, count] for pair, count in trial.confused.most_common()]}
    (out / "voice.json").write_text(
        json.dumps({"rows": rows, **report}, ensure_ascii=False, indent=1), encoding="utf-8"
    )
    notes = [
        f"{engine} took {expected} for {got}: {n}"
        for engine, one in report.items()
        for expected, got, n in one["confused"][:8]
    ]
    return {"rows": rows, "notes": notes, "all_held": all(row["held"] is not False for row in rows)}


def read_clips(archive: Path, sentences: Path) -> list[Clip]:
    """The recordings that the list names and the archive has; a column `trained_on` marks what a training has seen (1)."""
    with zipfile.ZipFile(archive) as packed:
        members = {Path(name).name: name for name in packed.namelist()}
    with sentences.open(encoding="utf-8", newline="") as table:
        return [
            Clip(archive, members[row["file"]], row["text"], row.get("trained_on") == "1")
            for row in csv.DictReader(table)
            if row["file"] in members
        ]


def row(what: str, value: float, n: int, budget: float | None = None, *, is_most: bool = False) -> Row:
    """One line of the table; `is_most`: the budget is the most there may be."""
    held = None if budget is None else value <= budget if is_most else value >= budget
    return {"what": what, "value": round(value, 4), "n": n, "budget": budget, "held": held}


def _rows(trial: _Trial, people: list[Clip]) -> Iterator[Row]:
    book = trial.hearer.book
    if people:
        yield from _people(trial, people)
    trial.hearer.book = book
    yield from _phrases(trial, "service phrases in the templates", TEMPLATED, TEMPLATED_BUDGET)
    yield from _phrases(trial, "service phrases in other wordings", OTHER_WORDINGS, OTHER_BUDGET)
    yield from _rejected(trial, people)
    yield from _codes(trial)
    yield row("real-time factor", trial.wall_s / max(trial.speech_s, 1e-9), 1)
    yield row("CPU seconds a second of sound", trial.cpu_s / max(trial.speech_s, 1e-9), 1)


def _people(trial: _Trial, people: list[Clip]) -> Iterator[Row]:
    """The sentences of the recordings as the set to choose from."""
    texts = sorted({clip.text for clip in people})[:LARGEST_SET]
    known = [clip for clip in people if clip.text in set(texts) and not clip.is_trained_on]
    chosen = _sampled(known, trial.sample)
    others = [clip.samples() for clip in people if clip.text not in set(texts)][:20] or [known[0].samples()]
    trial.hearer.book = phrases_of(texts)
    for name, snr_db, budget in (
        ("clean", None, CLEAN_BUDGET),
        ("café 10 dB", 10.0, None),
        ("café 5 dB", 5.0, CAFE_BUDGET),
    ):
        right = plain = errors = spoken_words = 0
        for place, clip in enumerate(chosen):
            trial.progress(f"people, {name}", place, len(chosen))
            samples = clip.samples()
            noisy = samples if snr_db is None else with_noise(samples, cafe(others, len(samples)), snr_db)
            hearing = trial.hear(noisy)
            right += _first(trial.hearer.book, hearing) == clip.text
            plain += _by_likeness(hearing, texts) == clip.text
            said = words(clip.text).split()
            errors += Levenshtein.distance(said, words(next(iter(hearing.heard.hypotheses), "")).split())
            spoken_words += len(said)
        yield row(f"people, {len(texts)} sentences, {name}", right / len(chosen), len(chosen), budget)
        yield row(f"  by likeness of the first hypothesis alone, {name}", plain / len(chosen), len(chosen))
        yield row(f"  word error as dictation, {name}", errors / max(spoken_words, 1), spoken_words)


def _phrases(trial: _Trial, name: str, phrases: Sequence[Said], budget: float) -> Iterator[Row]:
    asked = [(said, voice) for voice in VOICES for said in phrases]
    chosen = _sampled(asked, trial.sample)
    right = accepted = slots_right = slots = 0
    for place, ((text, intent, wanted), voice) in enumerate(chosen):
        trial.progress(name, place, len(chosen))
        understood = trial.hear(spoken(text, voice)).understood
        first = understood.choices[0].meaning if understood.choices else None
        got = first.intent if first else None
        right += got is intent
        accepted += understood.best is not None and got is intent
        slots += bool(wanted)
        slots_right += bool(wanted) and first is not None and first.slots == wanted
        if got is not intent:
            trial.confused[intent.value, got.value if got else "nothing"] += 1
    yield row(name, right / len(chosen), len(chosen), budget)
    yield row("  at once, without asking back", accepted / len(chosen), len(chosen))
    yield row("  slots right", slots_right / max(slots, 1), slots)


def _rejected(trial: _Trial, people: list[Clip]) -> Iterator[Row]:
    """What nobody asked: accepted is wrong, whatever the intent."""
    unseen = [clip for clip in people if not clip.is_trained_on]
    foreign = [clip for clip in unseen if trial.hearer.book.read(clip.text).best is None]  # somebody just said `Không`
    strangers = _sampled(foreign, trial.sample)
    pairs = list(zip(strangers[::2], strangers[1::2], strict=False))[: max(1, trial.sample // 4)]
    sounds: dict[str, list[Callable[[], Samples]]] = {
        "other Vietnamese sentences": [clip.samples for clip in strangers],
        "two people at once": [partial(_together, *pair) for pair in pairs],
        "English": [partial(spoken, text, Voice("en", 150, 50)) for text in FOREIGN],
        "no speech": [sound.copy for sound in not_speech().values()],
    }
    for name, makers in sounds.items():
        if makers:
            wrong = 0
            for place, make in enumerate(makers):
                trial.progress(name, place, len(makers))
                wrong += trial.hear(make()).understood.best is not None
            yield row(f"wrongly accepted: {name}", wrong / len(makers), len(makers), FALSE_ACCEPT_BUDGET, is_most=True)


def _codes(trial: _Trial) -> Iterator[Row]:
    """The end of a dossier code, among codes that exist."""
    right = written = 0
    for place, code in enumerate(CODES):
        trial.progress("codes", place, len(CODES))
        sound = spoken(ways_to_say(code.rpartition("-")[2])[0], VOICES[place % len(VOICES)])
        hearing = trial.hear(sound, expects="code", codes=CODES)
        best = hearing.understood.best
        right += best is not None and best.meaning.intent is Intent.CODE and best.meaning.code == code
        written += hearing.codes == (code,)
    yield row("end of a dossier code among five that exist", right / len(CODES), len(CODES))
    yield row("  by the written digits alone", written / len(CODES), len(CODES))


def _sampled(items: Sequence[T], at_most: int) -> list[T]:
    """The same ones in every run."""
    order = np.random.default_rng(20261121).permutation(len(items))[:at_most]
    return [items[place] for place in order]


def _first(book: PhraseBook, hearing: Hearing) -> str | None:
    ranked = hearing.heard.ranked
    return book.sentences[ranked[0].index] if ranked else None


def _by_likeness(hearing: Hearing, texts: Sequence[str]) -> str | None:
    heard = next(iter(hearing.heard.hypotheses), "")
    found = process.extractOne(folded(heard), [folded(text) for text in texts], scorer=fuzz.ratio)
    return texts[found[2]] if found else None


def _together(one: Clip, other: Clip) -> Samples:
    a, b = one.samples(), other.samples()
    length = max(len(a), len(b))
    both = np.pad(a, (0, length - len(a))) + np.pad(b, (0, length - len(b)))
    return np.asarray(both / max(1.0, float(np.abs(both).max())), dtype=np.float32)
