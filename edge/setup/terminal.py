"""How the wizard talks: plain sentences on stderr, a question a line, an answer that is checked at once and asked again.

Lines are read by the running loop and never by a thread, so Ctrl-C ends the wizard wherever it stands.
"""

import asyncio
import os
import shutil
import sys
import termios
import textwrap
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol, TextIO, TypeVar

import typer

T = TypeVar("T")
WIDTH = 100
CLEAR = "\r\x1b[K"
REPLACED = "\ufffd"  # what was typed is no UTF-8


class Unanswered(Exception):
    """Nobody is there to answer, and there is nothing to go by. `option` gives the answer on the command line."""

    def __init__(self, question: str, option: str | None) -> None:
        do = f"give it with {option}" if option else "run this in a terminal"
        super().__init__(f"{question}: nobody is there to answer; {do}")


class InputEnded(Exception):
    """The terminal was closed, or Ctrl-D was pressed: the wizard ends as by Ctrl-C."""


class Lines(Protocol):
    """Where answers come from."""

    async def line(self) -> str:
        """The next line. Raise InputEnded."""

    def forget(self) -> None: ...  # what was typed before anything was asked


class Terminal:
    """`lines` None: nobody answers, every question takes its default."""

    def __init__(self, lines: Lines | None, out: TextIO | None = None, *, overwrites: bool | None = None) -> None:
        self._lines = lines
        self._out = out or sys.stderr
        self._overwrites = self._out.isatty() if overwrites is None else overwrites
        self._width = min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns) if self._out.isatty() else WIDTH
        self._shown = ""

    @property
    def is_attended(self) -> bool:
        return self._lines is not None

    def tell(self, sentence: str = "", colour: str | None = None) -> None:
        """Lines as wide as the terminal, `WIDTH` at most, but for a name that is longer; what is set in stays set in."""
        self._clear()
        for line in sentence.split("\n"):
            typer.secho(_wrapped(line, self._width), fg=colour, file=self._out)

    def tell_command(self, command: str) -> None:
        """In one line, however long: it is copied."""
        self._clear()
        typer.secho(command, file=self._out)

    def warn(self, sentence: str) -> None:
        self.tell(f"! {sentence}", "yellow")

    def progress(self, sentence: str) -> None:
        """What is being done: one line that the next one overwrites; in a log each is a line of its own, once."""
        if sentence == self._shown:
            return
        if self._overwrites:
            self._out.write(CLEAR + sentence[: self._width - 1])
            self._out.flush()
        elif sentence.partition(":")[0] != self._shown.partition(":")[0]:
            self.tell(sentence)
        self._shown = sentence

    async def ask(
        self,
        question: str,
        check: Callable[[str], T],
        default: str | None = None,
        *,
        option: str | None = None,
        shown: str | None = None,
    ) -> T:
        """The checked answer. `check` raises ValueError with what is wrong. Enter takes the default, which is checked, too.

        `shown`: what is shown of a default that is personal; nothing where it is empty.
        """
        inside = default if shown is None else shown
        while True:
            typed = await self._typed(question, inside, default, option)
            text = typed or default or ""
            try:
                return check(_readable(text))
            except ValueError as error:
                if self._lines is None:
                    raise Unanswered(f"{question}: {error}", option) from error
                self.tell(f"  ✗ {error}", "red")

    async def confirm(self, question: str, *, default: bool) -> bool:
        keys = "Y/n" if default else "y/N"
        return await self.ask(f"{question} ({keys})", _yes_or_no, "y" if default else "n", shown="")

    async def choose(self, question: str, choices: Sequence[str], default: int = 0) -> int:
        """The place of one of them; they are listed with numbers."""
        if len(choices) == 1:
            return 0
        if self._lines is None:
            self.tell(f"{question}: {choices[default]}")
            return default
        for number, choice in enumerate(choices, 1):
            self.tell(f"  {number}  {choice}")

        def check(text: str) -> int:
            if not text.isdecimal() or not 1 <= int(text) <= len(choices):
                msg = f"a number from 1 to {len(choices)}"
                raise ValueError(msg)
            return int(text) - 1

        return await self.ask(question, check, str(default + 1))

    async def _typed(self, question: str, shown: str | None, default: str | None, option: str | None) -> str:
        if self._lines is None:
            if default is None:
                raise Unanswered(question, option)
            if default:
                self.tell(f"{question}: {shown or default}")
            return ""
        self._clear()
        self._out.write(f"{question} [{shown}]: " if shown else f"{question}: ")
        self._out.flush()
        return unicodedata.normalize("NFC", await self._lines.line()).strip()

    def listen_anew(self) -> None:
        """Keys pressed while nothing was asked are no answer to what is asked next."""
        if self._lines is not None:
            self._lines.forget()

    async def entered(self) -> None:
        """Until Enter is pressed; for what may be broken off. For ever where nobody is there."""
        if self._lines is None:
            await asyncio.Event().wait()
        else:
            await self._lines.line()

    def _clear(self) -> None:
        if self._shown and self._overwrites:
            self._out.write(CLEAR)
        self._shown = ""


class KeyboardLines:
    """Lines of a terminal, or of whatever stdin is."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._held = b""

    async def line(self) -> str:
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        while b"\n" not in self._held:
            ready.clear()
            loop.add_reader(self._descriptor, ready.set)
            try:
                await ready.wait()
            finally:
                loop.remove_reader(self._descriptor)
            try:
                octets = os.read(self._descriptor, 4096)
            except OSError as error:  # the terminal was closed
                raise InputEnded from error
            if not octets:
                raise InputEnded
            self._held += octets
        line, _, self._held = self._held.partition(b"\n")
        return line.decode("utf-8", "replace")

    def forget(self) -> None:
        self._held = b""
        with suppress(termios.error):  # no terminal
            termios.tcflush(self._descriptor, termios.TCIFLUSH)


def _wrapped(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    inset = " " * (len(line) - len(line.lstrip(" -!✗")))
    return textwrap.fill(line, width, subsequent_indent=inset, break_long_words=False, break_on_hyphens=False)


def _readable(text: str) -> str:
    """The answer itself. A terminal that is read by the line makes an escape sequence of an arrow key, which shows in no name."""
    if any(unicodedata.category(letter) == "Cc" or letter == REPLACED for letter in text):
        msg = "an arrow or another special key went into it; type it anew (Backspace takes letters away)"
        raise ValueError(msg)
    return text


def _yes_or_no(text: str) -> bool:
    match text.lower():
        case "y" | "yes" | "c" | "co" | "có":
            return True
        case "n" | "no" | "k" | "khong" | "không":
            return False
    msg = "y or n"
    raise ValueError(msg)
