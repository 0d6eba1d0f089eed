"""The sentences of one viewer: a language bound to the strings that the agent passed in. For every page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from edge.domain.level import Level


class Strings(Protocol):
    """What pages need of `config.strings`, which they may not import."""

    @property
    def languages(self) -> tuple[str, ...]: ...
    def text(self, key: str, lang: str, **params: object) -> str: ...
    def find(self, key: str, lang: str, **params: object) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Words:
    """`words(key, n=3)` is the sentence in this viewer's language."""

    strings: Strings
    lang: str

    def __call__(self, key: str, **params: object) -> str:
        return self.strings.text(key, self.lang, **params)

    def first(self, *keys: str, **params: object) -> str:
        """The first key that somebody wrote; the last one must exist."""
        for key in keys:
            found = self.strings.find(key, self.lang, **params)
            if found is not None:
                return found
        return self(keys[-1], **params)

    def level(self, level: Level) -> str:
        return self(f"level.{level}")

    def reasons(self, reasons: Iterable[str]) -> str:
        """`cau mày, mím môi`; a movement nobody named yet is left out rather than shown as code."""
        found = (self.strings.find(f"reason.{reason}", self.lang) for reason in reasons)
        return ", ".join(text for text in found if text)

    def clock(self, at: datetime, now: datetime) -> str:
        """`08:15`, with the day when it was not today."""
        local = at.astimezone(now.tzinfo)
        return f"{local:%H:%M}" if local.date() == now.date() else f"{local:%H:%M} · {local:%d/%m}"
