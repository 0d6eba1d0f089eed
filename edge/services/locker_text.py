"""The words of an SMS to a citizen: no accents and GSM letters only, so that one part of 160 holds it. For the locker's post.

No name is in it. It says where, which dossier, which door, and the code when there is one.
"""

import re
from datetime import datetime

from edge.domain.alphabet import without_marks
from edge.domain.pickup_code import PickupCode
from edge.services.alert_text import Sentences
from edge.store.locker_outbox import SmsKind, Words

ROOM = 160  # septets of a single GSM-7 message (3GPP TS 23.038); accents would cost UCS-2, 70 a part
_TWO_SEPTETS = frozenset("^{}\\[~]|")
_NOT_GSM = re.compile(r"[^ -~\n]|`")


class LockerText:
    """Composes from the keys `sms.locker.*`. `place` is the centre's name, without which no citizen knows where to go."""

    def __init__(self, sentences: Sentences, place: str) -> None:
        self._sentences = sentences
        self._place = place

    def compose(self, kind: SmsKind, words: Words, since: datetime, code: PickupCode | None = None) -> str:
        """The place is left out when one part cannot hold it too."""
        said = self._say(kind, words, since, code)
        room = ROOM - septets(said)
        place = plain(self._sentences.text("sms.locker.place", words.lang, place=self._place))
        return (place if septets(place) <= room else "") + said

    def _say(self, kind: SmsKind, words: Words, since: datetime, code: PickupCode | None) -> str:
        text = self._sentences.text(
            f"sms.locker.{kind}", words.lang, door=words.door, dossier=words.dossier or words.receipt or "",
            receipt=words.receipt or "", since=f"{since:%H:%M %d/%m}", code=code.reveal() if code else "",
        )  # fmt: skip
        return plain(text)


def plain(text: str) -> str:
    """Vietnamese without its accents; what GSM-7 and ASCII do not share becomes a hyphen."""
    return _NOT_GSM.sub("-", without_marks(text))


def septets(text: str) -> int:
    """What a plain text costs; the extension table's characters cost two."""
    return sum(2 if char in _TWO_SEPTETS else 1 for char in text)
