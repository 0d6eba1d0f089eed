"""Every sentence a person reads, by key and language, out of `strings.vi.toml` and `strings.en.toml`.

`edge.compose` loads the table and passes it to pages and messages, which know only its `text`, `find` and `languages`.
"""

import logging
import string
import tomllib
from collections.abc import Mapping
from pathlib import Path

log = logging.getLogger(__name__)

LANGUAGES = ("vi", "en")  # the first one is what a missing sentence falls back to


class StringsInvalid(Exception):
    """A strings file cannot be used: the message names file and key."""


class StringTable:
    """Sentences by dotted key, as in `level.angry`; placeholders are `{name}`."""

    def __init__(self, tables: Mapping[str, Mapping[str, str]]) -> None:
        self._tables = tables
        self._missed: set[str] = set()

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self._tables)

    def keys(self, lang: str) -> frozenset[str]:
        return frozenset(self._tables[lang])

    def find(self, key: str, lang: str, **params: object) -> str | None:
        """None when neither the language nor Vietnamese has the key."""
        sentence = self._tables.get(lang, {}).get(key) or self._tables[LANGUAGES[0]].get(key)
        return None if sentence is None else sentence.format(**params)

    def text(self, key: str, lang: str, **params: object) -> str:
        """The key itself when nobody wrote the sentence, logged once: a screen must not die of a missing word."""
        sentence = self.find(key, lang, **params)
        if sentence is None and key not in self._missed:
            self._missed.add(key)
            log.error("no sentence for key %s", key)
        return key if sentence is None else sentence


def load_strings(folder: Path | None = None) -> StringTable:
    """Raise StringsInvalid when a file is broken or holds anything but sentences."""
    folder = folder or Path(__file__).parent
    return StringTable({lang: _load(folder / f"strings.{lang}.toml") for lang in LANGUAGES})


def placeholders(sentence: str) -> frozenset[str]:
    """The names in braces; raise ValueError for a brace out of place."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None)


def _load(file: Path) -> dict[str, str]:
    try:
        return dict(_flat(tomllib.loads(file.read_text(encoding="utf-8")), ""))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError) as error:
        msg = f"{file.name}: {error}"
        raise StringsInvalid(msg) from error


def _flat(table: Mapping[str, object], prefix: str) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{prefix}{key}.")
        elif isinstance(value, str):
            placeholders(value)
            rows.append((prefix + key, value))
        else:
            msg = f"{prefix}{key}: a sentence is text"
            raise ValueError(msg)  # noqa: TRY004 - one kind of mistake for the caller
    return rows
