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

    def samples(self) -> Samples:
        with zipfile.ZipFile(self.archive) as archive:
            return parse_clip(archive.read(self.member), self.member)


@dataclass(slots=True)
class _Clock:
    """What the recogniser took, of the processor and of the wall, over how much speech."""

    speech_s: float = 0.0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    confused: Counter[tuple[str, str]] = field(default_factory=Counter)

    def hear(self, hearer: Hearer, samples: Samples, **asked: Any) -> Hearing:
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        hearing = hearer.hear(samples, **asked)
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
        clock = _Clock()
        hearer = opened(book)
        rows += _with_engine(engine, _rows(hearer, people, sample, clock, progress))
        report[engine] = {"confused": [[*pair, count] for pair, count in clock.confused.most_common()]}
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
    """The recordings that the list names and the archive has."""
    with zipfile.ZipFile(archive) as packed:
        members = {Path(name).name: name for name in packed.namelist()}
    with sentences.open(encoding="utf-8", newline="") as table:
        return [
            Clip(archive, members[row["file"]], row["text"]) for row in csv.DictReader(table) if row["file"] in members
        ]


def row(what: str, value: float, n: int, budget: float | None = None, *, is_most: bool = False) -> Row:
    """One line of the table; `is_most`: the budget is the most there may be."""
    held = None if budget is None else value <= budget if is_most else value >= budget
    return {"what": what, "value": round(value, 4), "n": n, "budget": budget, "held": held}


def _with_engine(engine: str, rows: Iterator[Row]) -> list[Row]:
    return [{"engine": engine, **one} for one in rows]


def _rows(hearer: Hearer, people: list[Clip], sample: int, clock: _Clock, progress: Progress) -> Iterator[Row]:
    book = hearer.book
    if people:
        yield from _people(hearer, people, sample, clock, progress)
    hearer.book = book
    yield from _phrases(
        hearer, "service phrases in the templates", TEMPLATED, sample, TEMPLATED_BUDGET, clock, progress
    )
    yield from _phrases(
        hearer, "service phrases in other wordings", OTHER_WORDINGS, sample, OTHER_BUDGET, clock, progress
    )
    yield from _rejected(hearer, people, sample, clock, progress)
    yield from _codes(hearer, clock, progress)
    yield row("real-time factor", clock.wall_s / max(clock.speech_s, 1e-9), 1)
    yield row("CPU seconds a second of sound", clock.cpu_s / max(clock.speech_s, 1e-9), 1)


def _people(hearer: Hearer, people: list[Clip], sample: int, clock: _Clock, progress: Progress) -> Iterator[Row]:
    """The sentences of the recordings as the set to choose from."""
    texts = sorted({clip.text for clip in people})[:LARGEST_SET]
    known = [clip for clip in people if clip.text in set(texts)]
    chosen = _sampled(known, sample)
    others = [clip.samples() for clip in people if clip.text not in set(texts)][:6] or [known[0].samples()]
    hearer.book = phrases_of(texts)
    for name, snr_db, budget in (
        ("clean", None, CLEAN_BUDGET),
        ("café 10 dB", 10.0, None),
        ("café 5 dB", 5.0, CAFE_BUDGET),
    ):
        right = plain = errors = spoken_words = 0
        for place, clip in enumerate(chosen):
            progress(f"people, {name}", place, len(chosen))
            samples = clip.samples()
            noisy = samples if snr_db is None else with_noise(samples, cafe(others, len(samples)), snr_db)
            hearing = clock.hear(hearer, noisy)
            right += _first(hearer.book, hearing) == clip.text
            plain += _by_likeness(hearing, texts) == clip.text
            said = words(clip.text).split()
            errors += Levenshtein.distance(said, words(next(iter(hearing.heard.hypotheses), "")).split())
            spoken_words += len(said)
        yield row(f"people, {len(texts)} sentences, {name}", right / len(chosen), len(chosen), budget)
        yield row(f"  by likeness of the first hypothesis alone, {name}", plain / len(chosen), len(chosen))
        yield row(f"  word error as dictation, {name}", errors / max(spoken_words, 1), spoken_words)


def _phrases(
    hearer: Hearer, name: str, phrases: Sequence[Said], sample: int, budget: float, clock: _Clock, progress: Progress
) -> Iterator[Row]:
    asked = [(said, voice) for voice in VOICES for said in phrases]
    chosen = _sampled(asked, sample)
    right = accepted = slots_right = slots = 0
    for place, ((text, intent, wanted), voice) in enumerate(chosen):
        progress(name, place, len(chosen))
        understood = clock.hear(hearer, spoken(text, voice)).understood
        first = understood.choices[0].meaning if understood.choices else None
        got = first.intent if first else None
        right += got is intent
        accepted += understood.best is not None and got is intent
        slots += bool(wanted)
        slots_right += bool(wanted) and first is not None and first.slots == wanted
        if got is not intent:
            clock.confused[intent.value, got.value if got else "nothing"] += 1
    yield row(name, right / len(chosen), len(chosen), budget)
    yield row("  at once, without asking back", accepted / len(chosen), len(chosen))
    yield row("  slots right", slots_right / max(slots, 1), slots)


def _rejected(hearer: Hearer, people: list[Clip], sample: int, clock: _Clock, progress: Progress) -> Iterator[Row]:
    """What nobody asked: accepted is wrong, whatever the intent."""
    strangers = _sampled(people, sample)
    pairs = list(zip(strangers[::2], strangers[1::2], strict=False))[: max(1, sample // 4)]
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
                progress(name, place, len(makers))
                wrong += clock.hear(hearer, make()).understood.best is not None
            yield row(f"wrongly accepted: {name}", wrong / len(makers), len(makers), FALSE_ACCEPT_BUDGET, is_most=True)


def _codes(hearer: Hearer, clock: _Clock, progress: Progress) -> Iterator[Row]:
    """The end of a dossier code, among codes that exist."""
    right = written = 0
    for place, code in enumerate(CODES):
        progress("codes", place, len(CODES))
        sound = spoken(ways_to_say(code.rpartition("-")[2])[0], VOICES[place % len(VOICES)])
        hearing = clock.hear(hearer, sound, expects="code", codes=CODES)
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
