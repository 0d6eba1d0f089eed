"""Handing a dossier in: which procedure, which papers, which phone, how high the door, then the door and the receipt."""

from edge.domain.dossier import DossierCode
from edge.domain.scanned import read_text
from edge.locker_ports import Procedure, Refused
from edge.web.locker_keys import Keypad, spaced_phone
from edge.web.locker_kiosk import Kiosk
from edge.web.locker_opening import OpeningScreen
from edge.web.locker_refusal import RefusalScreen
from edge.web.parts import Text, block, button, enable

PHONE_DIGITS = 10
PROCEDURES_A_PAGE = 6
ONE_COLUMN = 5  # papers; more stand in two columns


class Deposit:
    """Holds the number until the door is open or the session over. A scanned receipt adds papers to that dossier."""

    def __init__(self, kiosk: Kiosk) -> None:
        self._kiosk = kiosk
        self._procedure = ""
        self._page = 0
        self._phone = ""
        self._dossier: str | None = None
        kiosk.at_leave(self._forget)
        self._ask_procedure()

    def _forget(self) -> None:
        self._phone, self._dossier = "", None

    # --- which procedure, which papers ---

    def _ask_procedure(self) -> None:
        self._kiosk.show(self._draw_procedures, back=self._kiosk.go_home, on_scan=self._take_scan)

    def _draw_procedures(self) -> None:
        words = self._kiosk.words
        every = self._kiosk.desks.citizen.procedures(words.lang)
        first = self._page * PROCEDURES_A_PAGE
        self._kiosk.title(words("page.locker.which_procedure"), words("page.locker.which_procedure_hint"))
        with block("div", "choices two"):
            for one in every[first : first + PROCEDURES_A_PAGE]:
                self._procedure_button(one)
        if len(every) > PROCEDURES_A_PAGE:
            with block("div", "kiosk-actions"):
                button(words("page.locker.more"), lambda: self._turn(len(every)), "kiosk-button")

    def _procedure_button(self, one: Procedure) -> None:
        under = self._kiosk.words("page.locker.papers_count", n=len(one.papers))
        self._kiosk.choice("held", one.name, under, lambda: self._ask_papers(one.key), "slim")

    def _turn(self, count: int) -> None:
        self._page = (self._page + 1) % -(-count // PROCEDURES_A_PAGE)
        self._ask_procedure()

    def _ask_papers(self, procedure: str | None = None) -> None:
        self._procedure = procedure or self._procedure
        self._kiosk.show(self._draw_papers, back=self._ask_procedure, on_scan=self._take_scan)

    def _draw_papers(self) -> None:
        words = self._kiosk.words
        every = self._kiosk.desks.citizen.procedures(words.lang)
        chosen = next((one for one in every if one.key == self._procedure), None)
        if chosen is None:
            self._draw_procedures()  # it was taken out of the list meanwhile
            return
        self._kiosk.title(chosen.name, words("page.locker.papers_hint"))
        with block("ol", "papers many" if len(chosen.papers) > ONE_COLUMN else "papers"):
            for number, paper in enumerate(chosen.papers, 1):
                with block("li"):
                    Text("span", str(number), "paper-number").props["aria-hidden"] = "true"
                    Text("span", paper)
        with block("div", "kiosk-actions"):
            self._scan_line()
            button(words("page.locker.papers_ready"), self._ask_phone, "primary kiosk-button go")

    def _scan_line(self) -> None:
        words = self._kiosk.words
        if self._dossier:
            Text("p", words("page.locker.adds_to"), "scan-hint")
        elif self._kiosk.has_scanner:
            Text("p", words("page.locker.scan_to_add"), "scan-hint")

    def _take_scan(self, text: str) -> None:
        if not isinstance(read_text(text), DossierCode):  # a receipt of this cabinet, an identity card
            self._kiosk.live.say("page.locker.scan_unreadable")
            return
        self._dossier = text
        if self._procedure:
            self._ask_papers()
        else:
            self._ask_procedure()

    # --- which phone, which door ---

    def _ask_phone(self) -> None:
        self._kiosk.show(self._draw_phone, back=self._ask_papers)

    def _draw_phone(self) -> None:
        words = self._kiosk.words
        self._kiosk.title(words("page.locker.phone"), words("page.locker.phone_hint"))
        with block("section", "entry"):
            Keypad(words, self._keep_phone, text=self._phone, at_most=PHONE_DIGITS, shape=spaced_phone)
            with block("div", "entry-side"):
                self._next = button(words("page.locker.next"), self._ask_height, "primary kiosk-button go")
                Text("p", words("page.locker.phone_kept"), "entry-note")
        enable(self._next, is_enabled=len(self._phone) == PHONE_DIGITS)

    def _keep_phone(self, text: str) -> None:
        self._kiosk.touch()
        self._phone = text
        enable(self._next, is_enabled=len(text) == PHONE_DIGITS)

    def _ask_height(self) -> None:
        if len(self._phone) == PHONE_DIGITS:
            self._kiosk.show(self._draw_height, back=self._ask_phone)

    def _draw_height(self) -> None:
        words = self._kiosk.words
        self._kiosk.title(words("page.locker.height"), words("page.locker.height_hint"))
        with block("div", "choices two tall"):
            self._kiosk.choice("low", words("page.locker.low"), words("page.locker.low_hint"), self._deposit_low)
            self._kiosk.choice("any", words("page.locker.any"), words("page.locker.any_hint"), self._deposit_any)

    async def _deposit_low(self) -> None:
        await self._deposit(low=True)

    async def _deposit_any(self) -> None:
        await self._deposit(low=False)

    async def _deposit(self, *, low: bool) -> None:
        kiosk, phone, dossier = self._kiosk, self._phone, self._dossier
        desk, keypad, lang = kiosk.desks.citizen, kiosk.settings.keypad, kiosk.words.lang
        if not phone:
            return  # a second touch is the same finger
        answer = await kiosk.ask(
            lambda: desk.deposit(keypad, self._procedure, phone, dossier=dossier, low=low, lang=lang)
        )
        if isinstance(answer, Refused):
            RefusalScreen(kiosk, answer, self._ask_phone)
        elif answer is not None:
            self._forget()
            OpeningScreen(kiosk, answer, "deposit")
