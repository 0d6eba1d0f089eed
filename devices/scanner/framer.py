"""Cuts a scanner's bytes into texts. Pure; the driver feeds it and says when nothing came for a while."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from unicodedata import category

LONGEST = 2048  # octets; an identity card's QR has about 200, a version 40 QR of a national format 2,953
_AIM_ID = re.compile(r"\A\][A-Za-z][0-9A-Za-z](?=.)")
"""What some scanners are set to send before each text: which kind of code it was (ISO/IEC 15424), such as `]Q1` for a QR code."""


@dataclass(slots=True)
class Framer:
    """A text ends with CR (or CR LF), or with a pause. A line feed inside stays a space: addresses on identity cards have some.

    An AIM id before it is cut off: no text of ours begins with a bracket.

    What is too long, no UTF-8 or holds control characters is dropped whole and counted: half a text must not pass for a whole one.
    """

    longest: int = LONGEST
    rejected: int = 0
    _held: bytearray = field(default_factory=bytearray, repr=False)
    _is_overlong: bool = False

    def feed(self, octets: bytes) -> Iterator[str]:
        """The texts that are complete now."""
        *ended, begun = octets.split(b"\r")
        for piece in ended:
            self._hold(piece)
            yield from self.pause()
        self._hold(begun)

    def pause(self) -> Iterator[str]:
        """Nothing came for a while: what is there is a text."""
        octets, is_overlong = bytes(self._held).strip(b"\n\x00 \t"), self._is_overlong
        self._held.clear()
        self._is_overlong = False
        if is_overlong:
            self.rejected += 1
        elif octets:
            yield from self._text(octets)

    def is_waiting(self) -> bool:
        return bool(self._held) or self._is_overlong

    def _hold(self, piece: bytes) -> None:
        if self._is_overlong or len(self._held) + len(piece) > self.longest:
            self._is_overlong = True
            self._held.clear()
        else:
            self._held += piece

    def _text(self, octets: bytes) -> Iterator[str]:
        try:
            text = octets.decode("utf-8").replace("\n", " ").replace("\t", " ")
        except UnicodeDecodeError:
            self.rejected += 1
            return
        if any(category(sign) == "Cc" for sign in text):
            self.rejected += 1
        else:
            yield _AIM_ID.sub("", text)
