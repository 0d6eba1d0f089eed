"""The words of an alert SMS: Vietnamese, NFC, no name, as short as it can be said. For the alert service."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from edge.domain.escalation import Why

ROOM = 134  # UTF-16 units of two UCS-2 parts (67 each, 3GPP TS 23.040); Vietnamese letters force UCS-2


class Sentences(Protocol):
    """What is needed of `config.strings`."""

    def text(self, key: str, lang: str, **params: object) -> str: ...
    def find(self, key: str, lang: str, **params: object) -> str | None: ...


class AlertText:
    """Composes from the keys `sms.anger`, `sms.not_mended`, `sms.because` and `reason.*`."""

    def __init__(self, sentences: Sentences, lang: str = "vi") -> None:
        self._sentences = sentences
        self._lang = lang

    def compose(self, alert: str, counter: str, since: datetime, why: Why, reasons: Sequence[str]) -> str:
        """As many reasons as fit two parts, heaviest first. A movement without a sentence is left out."""
        named = [text for reason in reasons if (text := self._sentences.find(f"reason.{reason}", self._lang))]
        texts = [self._say(alert, counter, since, why, named[:count]) for count in range(len(named), -1, -1)]
        return next((text for text in texts if _units(text) <= ROOM), texts[-1])

    def _say(self, alert: str, counter: str, since: datetime, why: Why, named: Sequence[str]) -> str:
        because = self._sentences.text("sms.because", self._lang, reasons=", ".join(named)) if named else ""
        text = self._sentences.text(
            f"sms.{why}", self._lang, counter=counter, since=f"{since:%H:%M}", because=because, alert=alert
        )
        return unicodedata.normalize("NFC", text)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
