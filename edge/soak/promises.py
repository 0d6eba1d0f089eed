"""What a campaign holds the locker to: every promise counts how often it was looked at, and remembers how it was broken. Pure."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

KEPT = 50  # sentences about broken promises; their number is counted without end


class Promise(StrEnum):
    """In the order of the table."""

    ONCE = "one code, one door, once"
    AUTHORISED = "no pulse without its own authorisation on the disk"
    REPORTED = "a door that opens without one is reported"
    HANDED_OVER = "handed over only after open, then closed"
    NOT_SUCCESS = "unknown is never shown as success"
    KEPT = "nothing told is lost"
    NOT_INVENTED = "nothing on the disk that did not happen"
    CODES = "no code lost"
    APART = "pulses at least 300 ms apart"
    READ_FIRST = "after a start every door is read before one opens"
    ENDS = "nothing stands still for ever"
    RECOVERED = "what was mended works again"
    JOURNAL = "the journal verifies"


@dataclass(slots=True)
class Promises:
    """Shared by everybody who looks."""

    looked: Counter[Promise] = field(default_factory=Counter)
    broken: Counter[Promise] = field(default_factory=Counter)
    sentences: list[str] = field(default_factory=list)
    scene: str = ""  # what is being played, for whoever reads a sentence
    on_broken: Callable[[str], None] = lambda _: None

    def hold(self, promise: Promise, held: object, what: str) -> None:
        """Look once: `what` says what was seen where `held` is false. It may hold no code and no number."""
        self.looked[promise] += 1
        if held:
            return
        self.broken[promise] += 1
        sentence = f"{promise.value}: {what}" + (f" ({self.scene})" if self.scene else "")
        if len(self.sentences) < KEPT:
            self.sentences.append(sentence)
            self.on_broken(sentence)

    @property
    def all_held(self) -> bool:
        return not self.broken

    def take(self, other: "Promises") -> None:
        """Add what another part of the campaign saw."""
        self.looked += other.looked
        self.broken += other.broken
        self.sentences += other.sentences[: KEPT - len(self.sentences)]
