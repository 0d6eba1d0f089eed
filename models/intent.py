"""What a sentence means: templates (config/intents.vi.yaml, read by hassil) expanded into the closed set, each with its meaning.

The worker, the agent and the command line read the same file, so the wire only needs the number of a sentence. Pure but for the file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any
from zlib import crc32

import yaml
from hassil.errors import HassilError
from hassil.expression import Sentence
from hassil.intents import Intents, TextSlotList
from hassil.parse_expression import parse_sentence
from hassil.parser import ParseError
from hassil.sample import sample_expression

from models.errors import ModelsError
from models.folding import words
from models.speech import ACCEPT, Folder, Heard, Ranked, confidence_of
from models.spoken import choose, code_said, ways_to_say

MOST_SENTENCES = 5000
CHOICES = 3
MOST_ALWAYS = 32
WORTH_ASKING = 0.15
"""Confidence from which a meaning is offered as a button: less is a guess nobody made."""
CLEARLY = 0.3
"""By so much confidence yes must be ahead of no, or no of yes."""
LIKE_ENOUGH, LIKE_STEEP = 0.82, 15.0
"""Likeness of typed or written text to a sentence from which it means the same."""


class Intent(StrEnum):
    """Everything the guide can be asked for."""

    PROGRESS = "progress"
    TICKET = "ticket"
    PROCEDURE = "procedure"
    COUNTER = "counter"
    PAPERS = "papers"
    HOURS = "hours"
    PERSON = "person"
    HOTLINE = "hotline"
    FEEDBACK = "feedback"
    REPEAT = "repeat"
    HELP = "help"
    GREETING = "greeting"
    BACK = "back"
    THANKS = "thanks"
    YES = "yes"
    NO = "no"
    CODE = "code"
    CHECKLIST = "checklist"
    DIRECTIONS = "directions"


class Day(StrEnum):
    """The day somebody asks the opening hours of."""

    TODAY = "today"
    TOMORROW = "tomorrow"
    SATURDAY = "saturday"
    SUNDAY = "sunday"
    HOLIDAY = "holiday"


class IntentsUnusable(ModelsError):
    """The templates are wrong: say where and hear nothing."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """An intent with its slots; two sentences of equal meaning are never offered side by side."""

    intent: Intent | None  # None: a sentence of a list that stands for nothing but itself
    procedure: str | None = None
    day: Day | None = None
    code: str | None = None
    place: str | None = None
    line: int | None = None

    @property
    def slots(self) -> dict[str, str]:
        """Only those that were said."""
        named = {"procedure": self.procedure, "day": self.day, "code": self.code, "place": self.place}
        return {name: str(value) for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Choice:
    """A meaning that may be the right one; `sentence` is its number in the book."""

    meaning: Meaning
    sentence: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Understood:
    """`best` when one meaning is sure enough, else None: then `choices` (at most three) are to ask back with."""

    best: Choice | None
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class PhraseBook:
    """The closed set: sentences and, side by side, their meanings."""

    sentences: tuple[str, ...]
    meanings: tuple[Meaning, ...]
    _folder: Folder = field(default_factory=Folder, compare=False, repr=False)

    @property
    def number(self) -> int:
        """CRC-32 over the sentences: both ends of the wire must count in the same book."""
        return crc32("\n".join(self.sentences).encode())

    def understand(self, heard: Heard) -> Understood:
        """Each meaning once, by its best sentence, in the recogniser's order."""
        choices: dict[Meaning, Choice] = {}
        for ranked in heard.ranked:
            if ranked.confidence < WORTH_ASKING:
                continue
            meaning = self.meanings[ranked.index]
            choices.setdefault(meaning, Choice(meaning, ranked.index, ranked.confidence))
        offered = tuple(choices.values())[:CHOICES]
        is_sure = bool(offered) and offered[0].confidence >= ACCEPT and not _is_contradicted(offered[0], choices)
        return Understood(offered[0] if is_sure else None, offered)

    def read(self, text: str) -> Understood:
        """The same for text that was typed, or written by a recogniser that writes well."""
        near = self._folder.nearest((text,), self.sentences, CHOICES * 4)
        ranked = tuple(Ranked(place, confidence_of(likeness, LIKE_ENOUGH, LIKE_STEEP)) for place, likeness in near)
        return self.understand(Heard((text,), ranked))

    def always(self, expects: str) -> tuple[int, ...]:
        """Sentences to be scored whatever was understood: short answers sound like anything."""
        wanted = {"yes_no": {Intent.YES, Intent.NO}, "code": {Intent.CODE}}.get(expects, set())
        places = (place for place, meaning in enumerate(self.meanings) if meaning.intent in wanted)
        return tuple(places)[:MOST_ALWAYS]

    def with_codes(self, codes: Sequence[str]) -> "PhraseBook":
        """This book and the ends of codes that exist, the way they are said: `không không một hai`."""
        spoken = [(sentence, Meaning(Intent.CODE, code=code)) for code in codes for sentence in _ends_said(code)]
        return PhraseBook(
            self.sentences + tuple(sentence for sentence, _ in spoken),
            self.meanings + tuple(meaning for _, meaning in spoken),
        )


def load_phrases(
    path: Path, procedures: Mapping[str, str] | None = None, places: Mapping[str, str] | None = None
) -> PhraseBook:
    """Expand the templates; `procedures` and `places` (key to name) are those of the site: others go, unlisted ones are known by name.

    Raise IntentsUnusable with what is wrong.
    """
    try:
        table = yaml.safe_load(path.read_text(encoding="utf-8"))
        _use_listed(table, "procedure", procedures)
        _use_places(table, places)
        intents = Intents.from_dict(table)
        said = dict(islice(_expanded(intents), MOST_SENTENCES + 1))
    except (
        OSError,
        UnicodeDecodeError,
        yaml.YAMLError,
        HassilError,
        ParseError,
        KeyError,
        TypeError,
        ValueError,
        RecursionError,
    ) as error:
        raise IntentsUnusable(f"{path}: {error}") from error
    if not 0 < len(said) <= MOST_SENTENCES:
        raise IntentsUnusable(
            f"{path}: {len(said)} sentences or more; there must be some, and at most {MOST_SENTENCES}"
        )
    return PhraseBook(tuple(said), tuple(said.values()))


def unparsable(template: str) -> str | None:
    """What is wrong with a template by itself; None: nothing."""
    try:
        parse_sentence(template)
    except (ParseError, HassilError, AssertionError) as error:
        return str(error).partition(" in: ")[0] or "is no template"
    return None


def phrases_of(lines: Iterable[str]) -> PhraseBook:
    """A closed set of sentences that mean only themselves."""
    sentences = tuple(dict.fromkeys(line for line in lines if line))
    return PhraseBook(sentences, tuple(Meaning(None, line=place) for place in range(len(sentences))))


def code_heard(hypotheses: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Codes that exist and end as one of the hypotheses says, by the first hypothesis that names any."""
    for text in hypotheses:
        if found := choose(code_said(text), known):
            return found
    return ()


def _is_contradicted(best: Choice, choices: Mapping[Meaning, Choice]) -> bool:
    """Yes and no are short and near each other: when both may have been said, neither was understood."""
    opposite = {Intent.YES: Intent.NO, Intent.NO: Intent.YES}.get(best.meaning.intent or Intent.CODE)
    other = choices.get(Meaning(opposite)) if opposite else None
    return other is not None and other.confidence > best.confidence - CLEARLY


def _use_listed(table: Any, slot: str, known: Mapping[str, str] | None) -> None:
    """The list as the site has it: ways to say the keys it knows, and the names of those that nobody wrote ways for."""
    values = table["lists"][slot]["values"]
    if known is None:
        return
    listed = {value["out"] for value in values}
    kept = [value for value in values if value["out"] in known]
    named = [{"in": words(name.partition("(")[0]), "out": key} for key, name in known.items() if key not in listed]
    table["lists"][slot]["values"] = kept + named


def _use_places(table: Any, places: Mapping[str, str] | None) -> None:
    """A site that leads nowhere is not asked the way, and templates of its own need not know of places."""
    if "place" in table["lists"]:
        _use_listed(table, "place", places)
    if places is not None and not places:
        table["intents"].pop(Intent.DIRECTIONS.value, None)


def _expanded(intents: Intents) -> Iterator[tuple[str, Meaning]]:
    """Sentences with their meanings; of one that is written twice, the first meaning stands."""
    seen: set[str] = set()
    rules = intents.expansion_rules
    for name, intent in intents.intents.items():
        for block in intent.data:
            for template in block.sentences:
                for filled, slots in _filled(intents, template):
                    for text in _sampled(filled, rules):
                        if text and text not in seen:
                            seen.add(text)
                            yield text, _meaning(Intent(name), slots)


def _sampled(template: Sentence, rules: Mapping[str, Sentence]) -> Iterator[str]:
    for text in sample_expression(template.expression, {}, dict(rules)):
        yield words(text)


def _filled(intents: Intents, template: Sentence) -> Iterator[tuple[Sentence, dict[str, str]]]:
    """The template once for every value of its list (at most one list a template), with that value in its place."""
    text = template.text or ""
    lists = [name for name in intents.slot_lists if f"{{{name}}}" in text]
    if not lists:
        yield template, {}
        return
    (name,) = lists
    chosen = intents.slot_lists[name]
    if not isinstance(chosen, TextSlotList):
        raise TypeError(f"{name}: only lists of values stand in these templates")
    for value in chosen.values:
        inside = "|".join(sample_expression(value.text_in)) if not isinstance(value.text_in, str) else value.text_in
        yield parse_sentence(text.replace(f"{{{name}}}", f"({inside})")), {name: str(value.value_out)}


def _meaning(intent: Intent, slots: Mapping[str, str]) -> Meaning:
    day = slots.get("day")
    return Meaning(intent, slots.get("procedure"), Day(day) if day else None, place=slots.get("place"))


def _ends_said(code: str) -> Iterator[str]:
    """The order within the day, alone and after the words people put before it."""
    order = code.rpartition("-")[2]
    for said in ways_to_say(order):
        yield said
        yield f"số {said}"
    yield from (f"mã hồ sơ {said}" for said in ways_to_say(order)[:1])
    yield ways_to_say(code)[0]
