"""What the groups of the command line share: options, one JSON object a line, errors that say what to do."""

import contextlib
import json
import logging
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer

from config.load import ConfigError
from config.schema import Config
from config.strings import StringsInvalid
from devices.errors import DeviceError
from edge.adapters.config_files import load_whole
from edge.adapters.line_socket import AgentSilent
from edge.adapters.seal import KeyFileUnusable
from edge.web.users import UsersError
from models.errors import ModelsError
from models.fetch_errors import ModelFileError
from sync.city.errors import CityError
from sync.errors import JournalError

JsonOption = Annotated[bool, typer.Option("--json", help="one JSON object a line on stdout, nothing else there")]
DataOption = Annotated[Path | None, typer.Option("--data", help="folder of the run's files")]
REFUSED, BAD_USAGE = 1, 2
INTERRUPTED = 130  # as a shell has it for Ctrl-C
_NUMBER = re.compile(r"\[Errno -?\d+\] ")  # inside the sentence of a library that tells what it met
FOR_A_PERSON = (
    AgentSilent, CityError, DeviceError, ModelsError, JournalError, KeyFileUnusable, ModelFileError, StringsInvalid, UsersError,
)  # fmt: skip


def print_line(value: dict[str, Any]) -> None:
    """One JSON object as one line on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def fail(message: str, *, as_json: bool = False, code: int = REFUSED) -> NoReturn:
    """Say what is wrong on stderr (and on stdout as JSON when asked) and exit."""
    if as_json:
        print_line({"error": message})
    typer.secho(message, fg="red", err=True)
    raise typer.Exit(code)


def text_of(file: Path, *, as_json: bool = False) -> str:
    """A text, without the mark that some editors put before it; exit 1 with one sentence where it is none. Raise OSError."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        fail(f"{file}: is not UTF-8 text", as_json=as_json)


@contextlib.contextmanager
def refusing(*, as_json: bool = False) -> Iterator[None]:
    """What a person can put right ends in its own sentence and exit 1; a traceback is left for our mistakes."""
    try:
        yield
    except BrokenPipeError:
        raise  # whoever read our output has seen enough; typer ends quietly
    except (OSError, *FOR_A_PERSON) as error:
        fail(sentence(error), as_json=as_json)
    except ExceptionGroup as group:  # several tasks of one command met the same full disk
        if group.split((OSError, *FOR_A_PERSON))[1] is not None:
            raise
        fail("\n".join(dict.fromkeys(sentence(error) for error in _leaves(group))), as_json=as_json)


def sentence(error: Exception) -> str:
    """An error without its number: which file, and what the system says of it."""
    if not isinstance(error, OSError) or error.strerror is None:
        return _NUMBER.sub("", str(error))
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror


@contextlib.contextmanager
def ending_in_order() -> Iterator[None]:
    """SIGTERM unwinds a command as Ctrl-C does, so that no process it started lives on. For the main thread, without a loop."""
    before = signal.signal(signal.SIGTERM, _unwind)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _unwind(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + number)  # as a shell has it


def _leaves(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


@contextlib.contextmanager
def quiet_natives() -> Iterator[None]:
    """LiteRT and FFmpeg write to file descriptor 2 past Python; our own stderr keeps the terminal."""
    if logging.getLogger("edge").isEnabledFor(logging.DEBUG):
        yield
        return
    saved, before = os.dup(2), sys.stderr
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        os.fdopen(saved, "w", encoding="utf-8", errors="backslashreplace") as ours,
    ):
        os.dup2(nowhere.fileno(), 2)
        sys.stderr = ours
        try:
            yield
        finally:
            ours.flush()
            sys.stderr = before
            os.dup2(saved, 2)


def load_config(file: Path, *, as_json: bool = False) -> Config:
    """Exit 2 with every mistake when the file cannot be used."""
    try:
        return load_whole(file)
    except ConfigError as error:
        fail_configured(error, as_json=as_json)


def fail_configured(error: ConfigError, *, as_json: bool = False) -> NoReturn:
    """Every mistake, and exit 2."""
    if as_json:
        print_line({"ok": False, "file": str(error.file), "mistakes": error.rows()})
    typer.secho("\n".join([*error.lines(), "nothing was started"]), fg="red", err=True)
    raise typer.Exit(BAD_USAGE) from error
