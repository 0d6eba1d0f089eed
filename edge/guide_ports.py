"""The guide between service, pages and what is around it: values and Protocols. Read with `edge.domain.dialogue`.

Ears and mouth are in `edge.voice_ports`, the queue in `edge.queue_ports`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from edge.domain.dialogue_state import State
from edge.domain.dialogue_terms import Meaning, Prompt
from edge.domain.dossier import DossierCode
from edge.domain.dossier_status import DossierAnswer, DossierRecord
from edge.domain.opening import Opening
from edge.queue_ports import CounterInfo, Declined, Printing, ServiceInfo, Slip
from edge.voice_ports import EarsState

# --- the city's system, as the directory sees it ---


class CityUnavailable(Exception):
    """Not now, or not in words that are understood: what was known last has to do."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Records that changed since a mark; `mark` is where to go on, `is_last` when nothing more waits there."""

    records: tuple[DossierRecord, ...]
    mark: str
    is_last: bool


class City(Protocol):
    """Both raise CityUnavailable."""

    async def ask(self, code: DossierCode) -> DossierRecord | None:
        """None: the city knows no such code."""

    async def changes(self, mark: str) -> Changes:
        """Of this site, oldest first; the first `mark` is the empty one."""


class Directory(Protocol):
    """How far dossiers are: from the city, or from what it said last."""

    async def look_up(self, code: DossierCode) -> DossierAnswer: ...
    def codes(self) -> tuple[str, ...]:
        """Codes that exist here, the latest first and not too many: the ears choose among them."""


# --- what the site has ---


@dataclass(frozen=True, slots=True)
class ProcedureInfo:
    """One procedure in both languages; the papers of all languages stand in the same order."""

    key: str
    names: Mapping[str, str]
    papers: Mapping[str, tuple[str, ...]]
    service: str | None  # whose numbers one takes for it

    def name(self, lang: str) -> str:
        return self.names.get(lang) or next(iter(self.names.values()))

    def papers_in(self, lang: str) -> tuple[str, ...]:
        return self.papers.get(lang) or next(iter(self.papers.values()))


@dataclass(frozen=True, slots=True)
class PlaceInfo:
    """Somewhere to go: `how` in a sentence, `link` for the visitor's own telephone."""

    key: str
    names: Mapping[str, str]
    how: Mapping[str, str]
    link: str

    def name(self, lang: str) -> str:
        return self.names.get(lang) or next(iter(self.names.values()))

    def way(self, lang: str) -> str:
        return self.how.get(lang) or next(iter(self.how.values()))


@dataclass(frozen=True, slots=True)
class Hall:
    """Everything the guide tells people about the centre. `help_counter`: where a person is when nobody comes."""

    centre: str
    procedures: Mapping[str, ProcedureInfo]
    services: Mapping[str, ServiceInfo]
    counters: Mapping[str, CounterInfo]
    opening: Opening
    places: Mapping[str, PlaceInfo]
    help_counter: str | None = None
    hotline: str = "1022"

    def counters_of(self, service: str) -> tuple[CounterInfo, ...]:
        return tuple(self.counters[key] for key in self.services[service].counters if key in self.counters)


@dataclass(frozen=True, slots=True)
class Scene:
    """A conversation with what the desks answered: whatever a sentence or a screen can be filled in with."""

    state: State
    now: datetime
    slip: Slip | None = None
    printing: Printing | None = None
    declined: Declined | None = None


class GuideText(Protocol):
    """The words of the guide, for screen and mouth alike."""

    def sentence(self, prompt: Prompt, scene: Scene) -> str: ...
    def meaning(self, meaning: Meaning, lang: str) -> str:
        """A choice to ask back with, as its button says it."""


# --- the desk, as pages see it ---


@dataclass(frozen=True, slots=True)
class GuideView:
    """What the screen shows now. `subtitle`: what is being, or was last said. `ears` None: there is no microphone."""

    scene: Scene
    subtitle: str
    ears: EarsState | None
    is_speaking: bool
    is_overheard: bool = False  # a technician looks at what the ears hear


@dataclass(frozen=True, slots=True)
class PersonCall:
    """Somebody at the guide waits for a person."""

    place: str
    since: datetime
    is_coming: bool


class GuideDesk(Protocol):
    """One guide with one screen. What no longer fits its state is ignored, so that a late finger does no harm."""

    place: str  # its name, as people call it
    text: GuideText

    @property
    def has_scanner(self) -> bool: ...
    def hall(self) -> Hall: ...
    def view(self) -> GuideView: ...
    def subscribe(self, callback: Callable[[GuideView], None]) -> Callable[[], None]: ...
    async def press(self, meaning: Meaning) -> None: ...
    async def type_code(self, text: str) -> None: ...
    async def touch(self) -> None:
        """Somebody is there: wakes the screen, or gives its stage the whole time again."""

    async def speak_in(self, lang: str) -> None: ...
    def call(self) -> PersonCall | None: ...
    async def come(self) -> None:
        """An officer is on the way to whoever called."""

    def time_left_s(self) -> float | None:
        """Until the screen is cleared, in the last seconds before that; else None."""
