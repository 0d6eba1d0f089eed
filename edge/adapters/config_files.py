"""A configuration with the files it names: procedures and spoken sentences. Every mistake of all of them at once.

For the command line and for what the city sends; `config.load` reads the file alone.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from config.load import ConfigError, Mistake, anchored, load, parse
from config.procedures import SEEDED, load_procedures, unknown_procedures
from config.raw import section
from config.schema import Config

INTENTS = Path(__file__).parents[2] / "config" / "intents.vi.yaml"


def load_whole(file: Path) -> Config:
    """As `config.load.load`. Raise ConfigError with every mistake of the file and of those it names."""
    mistakes: list[Mistake] = []
    config = None
    try:
        config = load(file)
    except ConfigError as error:
        mistakes += error.mistakes
    mistakes += _of_named_files(file)
    if mistakes or config is None:
        raise ConfigError(file, mistakes)
    return config


def intent_mistakes(file: Path) -> list[Mistake]:
    """What is wrong with a file of spoken sentences."""
    from config.intents import intent_mistakes as found  # noqa: PLC0415 - only who listens needs YAML and the templates' reader
    from models.intent import unparsable  # noqa: PLC0415 - the same

    return [replace(one, file=file) for one in found(file, unparsable)]


def _of_named_files(file: Path) -> list[Mistake]:
    """Looked up in the raw table, so that mistakes in one file do not hide those in another."""
    try:
        table = anchored(parse(file), file.parent)
    except ConfigError:
        return []  # told already
    guide, locker, queue = (section(table, name) for name in ("guide", "locker", "queue"))
    return [
        *(_procedures(locker, {}) if "locker" in table else ()),
        *(_procedures(guide, queue) if "guide" in table else ()),
        *_intents(section(guide, "voice")),
    ]


def _procedures(station: dict[str, Any], queue: dict[str, Any]) -> list[Mistake]:
    file = station.get("procedures_file", SEEDED)
    if not _is_there(file):
        return []
    try:
        known = load_procedures(Path(file)).entries
    except ConfigError as error:
        return [replace(one, file=error.file) for one in error.mistakes]
    return unknown_procedures(section(queue, "services"), known, Path(file))


def _intents(voice: dict[str, Any]) -> list[Mistake]:
    file = voice.get("intents_file", INTENTS)
    return intent_mistakes(Path(file)) if "microphone" in voice and _is_there(file) else []


def _is_there(file: object) -> bool:
    """A file that cannot be opened is the configuration's own mistake, and told as such."""
    return isinstance(file, str | Path) and Path(file).is_file()
