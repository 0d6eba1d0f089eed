"""Fetching a result: which dossier (typed, scanned, or the phone's last four digits), then the code, then the door."""

from edge.domain.pickup_code import LENGTHS
from edge.locker_ports import Refused
from edge.web.locker_icons import icon
from edge.web.locker_keys import Keypad, dots, slots
from edge.web.locker_kiosk import Kiosk
from edge.web.locker_opening import OpeningScreen
from edge.web.locker_refusal import RefusalScreen
from edge.web.parts import Text, block, button, drawing, enable

DOSSIER_AT_MOST = 40
TAIL = 4  # digits of the registered phone


class PickUp:
    """Holds what was typed until it is answered, and the code not a moment longer."""

    def __init__(self, kiosk: Kiosk, scanned: str = "") -> None:
        self._kiosk = kiosk
        self._tail = self._typed = ""
        self._scanned = scanned
        self._code = ""
        kiosk.at_leave(self._forget)
        if scanned:
            self._ask_code()
        else:
            self._ask_tail()

    def _forget(self) -> None:
        self._tail = self._typed = self._scanned = self._code = ""

    # --- which dossier ---

    def _ask_tail(self) -> None:
        self._scanned = ""
        self._kiosk.show(self._draw_tail, back=self._kiosk.go_home, on_scan=self._take_scan)

    def _ask_dossier(self) -> None:
        self._scanned = ""
        self._kiosk.show(self._draw_dossier, back=self._ask_tail, on_scan=self._take_scan)

    def _draw_tail(self) -> None:
        words = self._kiosk.words
        self._kiosk.title(words("page.locker.who"), words("page.locker.who_tail"))
        with block("section", "entry"):
            Keypad(words, self._keep_tail, text=self._tail, at_most=TAIL, shape=slots(TAIL))
            with block("div", "entry-side"):
                self._next = button(words("page.locker.next"), self._ask_code, "primary kiosk-button")
                self._other_ways()
                button(words("page.locker.by_dossier"), self._ask_dossier, "kiosk-button")
        enable(self._next, is_enabled=len(self._tail) == TAIL)

    def _draw_dossier(self) -> None:
        words = self._kiosk.words
        self._kiosk.title(words("page.locker.who"), words("page.locker.who_dossier"))
        with block("section", "entry wide"):
            Keypad(words, self._keep_typed, text=self._typed, at_most=DOSSIER_AT_MOST, has_letters=True)
            with block("div", "entry-row"):
                button(words("page.locker.by_tail"), self._ask_tail, "kiosk-button")
                self._next = button(words("page.locker.next"), self._ask_code, "primary kiosk-button")
        enable(self._next, is_enabled=bool(self._typed))

    def _other_ways(self) -> None:
        if self._kiosk.has_scanner:
            with block("div", "scan-hint"):
                drawing(icon("scan"), "scan-icon")
                Text("p", self._kiosk.words("page.locker.scan_receipt"))

    def _keep_tail(self, text: str) -> None:
        self._kiosk.touch()
        self._tail, self._typed = text, ""
        enable(self._next, is_enabled=len(text) == TAIL)

    def _keep_typed(self, text: str) -> None:
        self._kiosk.touch()
        self._typed, self._tail = text, ""
        enable(self._next, is_enabled=bool(text))

    @property
    def _dossier(self) -> str:
        """Whichever way it was named, once it is complete."""
        return self._scanned or self._typed or (self._tail if len(self._tail) == TAIL else "")

    def _take_scan(self, text: str) -> None:
        self._scanned = text
        self._ask_code()

    # --- the code ---

    def _ask_code(self) -> None:
        if not self._dossier:
            return
        self._code = ""
        self._kiosk.show(self._draw_code, back=self._ask_tail, on_scan=self._take_scan)

    def _draw_code(self) -> None:
        words, digits = self._kiosk.words, self._kiosk.settings.code_digits
        self._kiosk.title(words("page.locker.code"), words("page.locker.code_hint", digits=digits))
        with block("section", "entry"):
            Keypad(words, self._keep_code, text=self._code, at_most=max(LENGTHS), shape=dots(digits))
            with block("div", "entry-side"):
                self._open = button(words("page.locker.open_door"), self._pick_up, "primary kiosk-button go")
                Text("p", words("page.locker.code_lost"), "entry-note")
        enable(self._open, is_enabled=self._is_typed(self._code))

    def _keep_code(self, text: str) -> None:
        self._kiosk.touch()
        self._code = text
        enable(self._open, is_enabled=self._is_typed(text))

    @staticmethod
    def _is_typed(code: str) -> bool:
        """To the end. Of either length: codes live for days, and the configuration may have been changed since."""
        return len(code) in LENGTHS

    async def _pick_up(self) -> None:
        desk, keypad = self._kiosk.desks.citizen, self._kiosk.settings.keypad
        dossier, code, self._code = self._dossier, self._code, ""
        if not self._is_typed(code):
            return  # not typed to the end, or a second touch of the same finger
        answer = await self._kiosk.ask(lambda: desk.pick_up(keypad, dossier, code))
        if answer is None:
            self._ask_code()
        elif isinstance(answer, Refused):
            RefusalScreen(self._kiosk, answer, self._ask_tail)
        else:
            self._forget()
            OpeningScreen(self._kiosk, answer, "pickup")
