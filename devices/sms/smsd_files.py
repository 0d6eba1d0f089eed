"""The text files that smstools' smsd reads and writes (its doc/fileformat.html), as bytes in and values out. Pure.

The spool transport calls this.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from devices.sms.channel import Outgoing
from devices.sms.text import normalise

_CODECS = {"UTF-8": "utf-8", "UCS2": "utf-16-be", "ISO": "iso8859-15", "GSM": "iso8859-15"}
_INTERNATIONAL = "91"
_MODEM_REFUSAL = re.compile(r"\+CM([SE]) ERROR: *(\d+)")
_NEVER_SENT = {"Modem initialization failed"}
_DONE, _STILL_TRYING = range(32), range(32, 64)  # TP-Status, 3GPP TS 23.040, 9.2.3.15


class PartFate(Enum):
    """What a status report says about one part."""

    DELIVERED = "delivered"
    TRYING = "trying"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """One message file: its headers (last one wins) and the bytes after the first empty line."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text in NFC; undecodable bytes become U+FFFD."""
        codec = _CODECS.get(self.headers.get("Alphabet", "ISO"), "utf-8")
        return normalise(self.body.decode(codec, "replace"))

    @property
    def is_binary(self) -> bool:
        return self.headers.get("Alphabet") == "binary"

    @property
    def is_complete(self) -> bool:
        """Whether smsd has finished writing: its Length header counts UTF-16 units (GSM-7: characters)."""
        length = self.headers.get("Length", "")
        return length.isdigit() and len(self.text.encode("utf-16-be", "surrogatepass")) // 2 >= int(length)

    @property
    def sender(self) -> str:
        """E.164 when the network typed the number international, else as it came (short number, brand name)."""
        number = self.headers.get("From", "")
        return f"+{number}" if self.headers.get("From_TOA", "").startswith(_INTERNATIONAL) else number

    @property
    def recipient(self) -> str:
        """The number an outgoing message goes to, digits only, as a technician may have written it too."""
        return self.headers.get("To", "").replace(" ", "").removeprefix("+")

    @property
    def message_ids(self) -> tuple[int, ...]:
        """TP-MR of each part, in order, once smsd has sent them (`messageids = 3`)."""
        return tuple(int(word) for word in self.headers.get("Message_id", "").split() if word.isdigit())


@dataclass(frozen=True, slots=True)
class Report:
    """A status report: the part that smsd sent to `number` (digits only) as `message_id`."""

    number: str
    message_id: int
    fate: PartFate
    status: int


def parse(raw: bytes) -> SpoolFile:
    """Any file of the spool; a file without an empty line is all headers."""
    head, _, body = raw.partition(b"\n\n")
    pairs = (line.split(": ", 1) for line in head.decode("utf-8", "replace").splitlines() if ": " in line)
    return SpoolFile({key: value.strip() for key, value in pairs}, body)


def parse_report(file: SpoolFile) -> Report | None:
    """The status report in this file, or None while it is not there (yet)."""
    lines = dict(line.split(": ", 1) for line in file.body.decode("utf-8", "replace").splitlines() if ": " in line)
    status, comma, _ = lines.get("Status", "").partition(",")
    if not comma or not status.isdigit() or not lines.get("Message_id", "").isdigit():
        return None
    return Report(file.headers.get("From", ""), int(lines["Message_id"]), _fate(int(status)), int(status))


def render_outgoing(sms: Outgoing) -> bytes:
    """What goes into `outgoing/`. smsd itself chooses GSM-7 or UCS2 for UTF-8 and splits.

    smsd 3.1.21 silently ends a UTF-8 text at the first character beyond U+FFFF (seen here), so a text with one goes
    as ready UTF-16.
    """
    text = "".join(c for c in normalise(sms.text) if c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"})
    needs_pairs = any(ord(char) > 0xFFFF for char in text)
    alphabet, codec = ("UCS2", "utf-16-be") if needs_pairs else ("UTF-8", "utf-8")
    head = f"To: {sms.to.removeprefix('+')}\nAlphabet: {alphabet}\nReport: yes\n\n"
    return head.encode("ascii") + text.encode(codec)


def why_failed(file: SpoolFile) -> tuple[bool, str]:
    """(certainly not sent, short word) from smsd's Fail_reason; without a modem's refusal nobody knows."""
    reason = file.headers.get("Fail_reason", "")
    if refusal := _MODEM_REFUSAL.search(reason):
        return True, f"cm{refusal[1].lower()}_{refusal[2]}"
    return reason in _NEVER_SENT, "not_sent" if reason in _NEVER_SENT else "no_answer"


def _fate(status: int) -> PartFate:
    if status in _DONE:
        return PartFate.DELIVERED
    return PartFate.TRYING if status in _STILL_TRYING else PartFate.FAILED
