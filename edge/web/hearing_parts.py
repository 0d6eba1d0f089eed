"""The drawings of the technician's page of the ears: a strip of loudness, a table of scores."""

from collections import deque
from collections.abc import Sequence

from edge.voice_ports import Scored, SoundLevel, Verdict
from edge.web.parts import Text, block, drawing
from edge.web.plain import e
from edge.web.words import Words

SHOWN = 75  # levels, five a second
QUIET_DB, LOUD_DB = -70.0, 0.0
SILENCE_DB = -50.0  # fainter than that nobody in front of the machine speaks
SPEECH = 0.5


class LevelStrip:
    """The last fifteen seconds as bars, speech in the brand's colour; the newest in numbers and in a word."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._levels: deque[SoundLevel] = deque(maxlen=SHOWN)
        self._picture = drawing(bars(()), "hearing-bars")
        with block("dl", "hearing-now"):
            self._loudness = _pair(words("page.hearing.loudness"))
            self._speech = _pair(words("page.hearing.speech"))
            self._kind = _pair(words("page.hearing.kind"))

    def add(self, level: SoundLevel) -> None:
        self._levels.append(level)
        self._picture.content = bars(tuple(self._levels))
        self._loudness.say(f"{level.db:.0f} dB")
        self._speech.say(f"{level.speech:.2f}")
        self._kind.say(self._words(f"page.hearing.kind_{kind_of(level)}"))


def kind_of(level: SoundLevel) -> str:
    """Why nothing is heard at this moment, or that somebody speaks."""
    if level.speech >= SPEECH:
        return "speech"
    return "silence" if level.db < SILENCE_DB else "sound"


def bars(levels: Sequence[SoundLevel]) -> str:
    """An SVG, the newest at the right; decoration, the numbers beside it say the same."""
    drawn = []
    for place, level in enumerate(reversed(levels)):
        height = max(1.5, 60 * (min(LOUD_DB, max(QUIET_DB, level.db)) - QUIET_DB) / (LOUD_DB - QUIET_DB))
        x = (SHOWN - 1 - place) * 4
        drawn.append(f'<rect class="{kind_of(level)}" x="{x}" y="{60 - height:.1f}" width="3" height="{height:.1f}"/>')
    line = 60 * (1 - (SILENCE_DB - QUIET_DB) / (LOUD_DB - QUIET_DB))
    return (
        f'<svg viewBox="0 0 {SHOWN * 4} 60" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        f'<line x1="0" x2="{SHOWN * 4}" y1="{line:.1f}" y2="{line:.1f}"/>{"".join(drawn)}</svg>'
    )


def scores(words: Words, found: Sequence[Scored], threshold: float) -> str:
    """The sentences that were considered, each with its confidence; a mark where the threshold is."""
    if not found:
        return f'<p class="none">{e(words("page.hearing.no_scores"))}</p>'
    keys = ("page.hearing.sentence", "page.hearing.intent", "page.hearing.confidence")
    heads = "".join(f'<th scope="col">{e(words(key))}</th>' for key in keys)
    body = "".join(_score(words, one, threshold) for one in found)
    return f'<table class="frames"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'


def verdict_class(verdict: Verdict) -> str:
    """Taken, asked back, or refused: each in its colour, and always with its word."""
    if verdict is Verdict.TAKEN:
        return "taken"
    return "asked" if verdict is Verdict.ASKED_BACK else "refused"


def _score(words: Words, one: Scored, threshold: float) -> str:
    is_over = one.confidence >= threshold
    share, mark = round(one.confidence * 100), round(threshold * 100)
    bar = f'<span class="meter" style="--share:{share}%;--mark:{mark}%"><i></i></span>'
    intent = words.first(f"guide.choice.{one.asked}", "page.hearing.no_intent")
    return (
        f'<tr class="{"over" if is_over else "under"}"><td>{e(one.sentence)}</td><td>{e(intent)}</td>'
        f"<td>{bar} {one.confidence:.2f}</td></tr>"
    )


def _pair(name: str) -> Text:
    """A name and, to be filled in, its value."""
    with block("div"):
        Text("dt", name)
        return Text("dd", "–")
