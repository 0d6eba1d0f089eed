"""The topics and the small messages around the events: presence here, receipts in `sync.marks`. Contract."""

from dataclasses import dataclass
from typing import Literal

import msgspec

ROOT = "motcua/v1"
EVERY_DEVICES_EVENTS = f"{ROOT}/+/+/ev/#"
EVERY_DEVICES_EARLY = f"{ROOT}/+/+/early/#"
EVERY_DEVICES_STATUS = f"{ROOT}/+/+/status"
CITY_ROOT = f"{ROOT}/city/root"  # retained: the newest daily root over all devices' chains (`sync.city.roots`)


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """Retained on `.../status`. `offline` is said by the device on a clean stop and by the broker otherwise."""

    state: Literal["online", "offline"]
    boot: str


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one device."""

    site: str
    device: str

    @property
    def _base(self) -> str:
        return f"{ROOT}/{self.site}/{self.device}"

    @property
    def events(self) -> str:
        """Prefix of the events' topics: the short type follows."""
        return f"{self._base}/ev/"

    @property
    def early(self) -> str:
        """Prefix of early copies: an urgent event behind a backlog is sent here at once, and on `events` in its turn.

        The copy is the same bytes. A city may show it, marked as not yet confirmed; only the event in its turn counts.
        """
        return f"{self._base}/early/"

    @property
    def commands(self) -> str:
        """Prefix of the city's commands: the name follows (`sync.commands`)."""
        return f"{self._base}/cmd/"

    @property
    def answers(self) -> str:
        """A command's immediate answer, for a city that named no response topic; the journal's event is what counts."""
        return f"{self._base}/answer"

    def answer_at(self, wished: str | None) -> str:
        """Where an answer goes: where the asker wished, as long as that is below our own `answer`; nothing else is ours to use."""
        return wished if wished and f"{wished}/".startswith(f"{self.answers}/") else self.answers

    @property
    def receipts(self) -> str:
        return f"{self._base}/ack"

    @property
    def status(self) -> str:
        return f"{self._base}/status"


def topics_of(event_topic: str) -> Topics | None:
    """Whose topic this is, or None when it is no event's."""
    parts = event_topic.split("/")
    is_event = len(parts) == 6 and "/".join(parts[:2]) == ROOT and parts[4] == "ev"
    return Topics(parts[2], parts[3]) if is_event else None
