"""What a keypad may do: pick up a result, hand in a dossier. `edge.locker_ports.CitizenDesk`."""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from typing import Literal

from edge.domain.cccd import Cccd
from edge.domain.code_check import Judgement, Verdict
from edge.domain.dossier import DossierCode
from edge.domain.locker import OpenFor, Purpose
from edge.domain.locker_events import Claim, Reserve
from edge.domain.pickup_code import NotAPickupCode, PickupCode
from edge.domain.receipt_id import ReceiptId
from edge.domain.scanned import Unreadable, read_text
from edge.locker_ports import OpeningView, Procedure, RefusalWhy, Refused, Scans
from edge.services.locker_cabinet import NotDurable
from edge.services.locker_codes import Meant
from edge.services.locker_parts import NOT_ALLOWED, NOT_THERE, NOT_TRUSTED, LockerParts, Newcomer, mobile
from sync.events import LockerCodeRefused, Payload

log = logging.getLogger(__name__)

WRONG = Refused(RefusalWhy.WRONG)
_ANSWERS: dict[Verdict, tuple[Literal["wrong", "dead", "waiting"], RefusalWhy]] = {
    Verdict.RIGHT: ("wrong", RefusalWhy.WRONG),  # of a stay that ended while it was judged
    Verdict.WRONG: ("wrong", RefusalWhy.WRONG),
    Verdict.DEAD: ("dead", RefusalWhy.DEAD),
    Verdict.WAITING: ("waiting", RefusalWhy.WAIT),
}


class CitizenCounter:
    """`edge.locker_ports.CitizenDesk`."""

    def __init__(self, parts: LockerParts) -> None:
        self._parts = parts

    async def pick_up(self, keypad: str, dossier: str, code: str) -> OpeningView | Refused:
        meant = _meant(dossier)
        if isinstance(meant, Refused):
            return meant
        if keypad not in self._parts.plan.keypads:
            return NOT_ALLOWED
        try:
            typed = PickupCode.parse(code)
        except NotAPickupCode:
            return WRONG  # no guess: nothing could have this form
        return await self._parts.in_turn(lambda: self._pick_up(keypad, meant, typed))

    async def deposit(
        self, keypad: str, procedure: str, phone: str, *, dossier: str | None = None, low: bool = False, lang: str = "vi"
    ) -> OpeningView | Refused:  # fmt: skip
        asked = next((one for one in self.procedures(lang) if one.key == procedure), None)
        number, code = mobile(phone), _dossier(dossier)
        if isinstance(number, Refused):
            return number
        if isinstance(code, Refused):
            return code
        if keypad not in self._parts.plan.keypads:
            return NOT_ALLOWED
        if asked is None:
            return NOT_THERE
        new = Newcomer(
            self._parts.fresh(), Purpose.DEPOSIT, keypad, number, dossier=code, procedure=procedure,
            receipt=str(ReceiptId.new(self._parts.letter)), lang=lang,
        )  # fmt: skip
        return await self._parts.in_turn(lambda: self._deposit(keypad, new, asked.size, low=low))

    def procedures(self, lang: str) -> tuple[Procedure, ...]:
        return self._parts.furniture.procedures(lang)

    def opening(self, opening: str) -> OpeningView | None:
        return self._parts.openings.get(opening)

    def subscribe(self, opening: str, callback: Callable[[OpeningView], None]) -> Callable[[], None]:
        return self._parts.openings.subscribe(opening, callback)

    def is_trusted(self) -> bool:
        return self._parts.cabinet.why_not_trusted() is None

    def scans(self, keypad: str) -> Scans | None:
        return self._parts.furniture.scans.get(keypad)

    async def _pick_up(self, keypad: str, meant: Meant, typed: PickupCode) -> OpeningView | Refused:
        """Somebody at a door costs nobody a guess: that is looked at first."""
        refusal = self._parts.refused_now()
        if refusal is not None:
            return refusal
        judgement = await self._parts.codes.judged(keypad, meant, typed)
        if judgement.verdict is Verdict.RIGHT and judgement.stay is not None:
            return await self._claim(keypad, judgement, judgement.stay)
        return await self._turned_away(keypad, judgement)

    async def _claim(self, keypad: str, judgement: Judgement, stay: str) -> OpeningView | Refused:
        compartment = self._parts.of_stay(stay)
        if compartment is None:
            return WRONG
        claim = Claim(self._parts.fresh(), OpenFor.PICKUP, keypad)
        answer = await self._parts.opened(compartment, claim, self._parts.codes.counted(keypad, judgement))
        if isinstance(answer, OpeningView):
            self._parts.codes.keep(keypad, judgement)
            log.info("locker: pickup stay=%s compartment=%s keypad=%s", stay, compartment, keypad)
        return answer

    async def _turned_away(self, keypad: str, judgement: Judgement) -> Refused:
        counted = self._parts.codes.counted(keypad, judgement)
        why, answer = _ANSWERS[judgement.verdict]

        def change(connection: sqlite3.Connection) -> Sequence[Payload]:
            counted(connection)
            return (LockerCodeRefused(keypad=keypad, stay=judgement.stay, why=why),)

        try:
            await self._parts.cabinet.write(change)
        except NotDurable:
            return NOT_TRUSTED
        self._parts.codes.keep(keypad, judgement)
        log.info("locker: code refused keypad=%s why=%s", keypad, why)
        return Refused(answer, judgement.wait_s)

    async def _deposit(self, keypad: str, new: Newcomer, size: str, *, low: bool) -> OpeningView | Refused:
        refusal = self._parts.refused_now()
        if refusal is not None:
            return refusal
        compartment = self._parts.free(size, low=low)
        if compartment is None:
            return Refused(RefusalWhy.NO_ROOM)
        reserve = Reserve(new.stay, self._parts.fresh(), Purpose.DEPOSIT, keypad)
        return await self._parts.opened(compartment, reserve, self._parts.begun(new, compartment))


def _meant(text: str) -> Meant | Refused:
    """A card says who somebody is, not which dossier is meant."""
    match read_text(text):
        case Unreadable(why=why):
            return Refused(RefusalWhy(why.value))
        case Cccd():
            return Refused(RefusalWhy.BAD_DOSSIER)
        case meant:
            return meant


def _dossier(text: str | None) -> DossierCode | Refused | None:
    meant = None if not text else read_text(text)
    if isinstance(meant, Unreadable):
        return Refused(RefusalWhy(meant.why.value))
    return meant if meant is None or isinstance(meant, DossierCode) else Refused(RefusalWhy.BAD_DOSSIER)
