"""What somebody scanned or typed at the locker: one function that tells a dossier code, receipt, phone tail and card apart."""

import hmac
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self, TypeAlias

from edge.domain.cccd import Cccd, NotACccd
from edge.domain.dossier import BadDossierCode, BadDossierDate, DossierCode
from edge.domain.msisdn import Msisdn
from edge.domain.receipt_id import BadReceipt, ReceiptId

_TAIL = re.compile(r"[0-9]{4}")
_CARD_NUMBER = re.compile(r"[0-9]{12}")
MAX_LENGTH = 500  # a card's QR with a long residence has about 200 characters


class Mistake(StrEnum):
    """Values as `edge.locker_ports.RefusalWhy`."""

    BAD_DOSSIER = "bad_dossier"
    BAD_DATE = "bad_date"
    BAD_CCCD = "bad_cccd"


@dataclass(frozen=True, slots=True)
class PhoneTail:
    """The last four digits of the registered number, masked."""

    _digits: str = field(repr=False)

    @classmethod
    def of(cls, number: Msisdn) -> Self:
        return cls(number.reveal()[-4:])

    def digest(self, key: bytes) -> bytes:
        """What is stored and searched for. Four digits are soon tried out, so it is worth what the key is worth."""
        return hmac.digest(key, b"phone tail\x00" + self._digits.encode(), "sha256")

    def __str__(self) -> str:
        return "••••"


@dataclass(frozen=True, slots=True)
class Unreadable:
    why: Mistake


Scanned: TypeAlias = DossierCode | ReceiptId | PhoneTail | Cccd | Unreadable


def read_text(text: str) -> Scanned:
    """Never raises: a text that is nothing of ours is Unreadable, and says what was most likely meant."""
    text = text.strip()
    if len(text) > MAX_LENGTH:
        return Unreadable(Mistake.BAD_DOSSIER)
    if "|" in text or _CARD_NUMBER.fullmatch(text):
        return _card(text)
    if _TAIL.fullmatch(text):
        return PhoneTail(text)
    try:
        return ReceiptId.parse(text)
    except BadReceipt:
        return _dossier(text)


def _card(text: str) -> Cccd | Unreadable:
    try:
        return Cccd.from_qr(text) if "|" in text else Cccd.parse(text)
    except NotACccd:
        return Unreadable(Mistake.BAD_CCCD)


def _dossier(text: str) -> DossierCode | Unreadable:
    try:
        return DossierCode.parse(text)
    except BadDossierDate:
        return Unreadable(Mistake.BAD_DATE)
    except BadDossierCode:
        return Unreadable(Mistake.BAD_DOSSIER)
