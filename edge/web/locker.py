"""The citizen's screen of a cabinet: fetch a result, hand a dossier in, get help. Touch, two languages, no login."""

from edge.locker_ports import CabinetView, LockerDesks
from edge.web.locker_deposit import Deposit
from edge.web.locker_icons import icon
from edge.web.locker_kiosk import CITY_HOTLINE, Kiosk
from edge.web.locker_pickup import PickUp
from edge.web.parts import Text, block, drawing, head
from edge.web.site import Site, Viewer


class LockerPage:
    """The home step, and what it leads to. A cabinet that may not open says so instead of offering it."""

    def __init__(self, site: Site, viewer: Viewer, desks: LockerDesks) -> None:
        head(viewer.words, viewer.words("page.locker.title"), "page.locker.connection_lost")
        self._desks = desks
        self._is_at_home = True
        self._kiosk = Kiosk(site, viewer, desks, self._draw)
        self._was_trusted = desks.citizen.is_trusted()
        self._kiosk.show_home()
        self._kiosk.live.follow(desks.staff.subscribe, self._news)

    def _draw(self) -> None:
        words, kiosk = self._kiosk.words, self._kiosk
        self._is_at_home = True
        is_trusted = self._was_trusted = self._desks.citizen.is_trusted()
        with block("section", "kiosk-home"):
            if is_trusted:
                kiosk.title(words("page.locker.welcome"), words("page.locker.welcome_hint"))
                with block("div", "choices two tall"):
                    kiosk.choice(
                        "take",
                        words("page.locker.take"),
                        words("page.locker.take_hint", digits=kiosk.settings.code_digits),
                        self._pick_up,
                        "take",
                    )
                    kiosk.choice(
                        "give", words("page.locker.give"), words("page.locker.give_hint"), self._deposit, "give"
                    )
                kiosk.on_scan(self._pick_up)
            else:
                self._draw_closed()
            kiosk.choice(
                "help", words("page.locker.need_help"), words("page.locker.need_help_hint"), self._help, "wide slim"
            )

    def _draw_closed(self) -> None:
        words = self._kiosk.words
        with block("div", "closed"):
            drawing(icon("out"), "closed-icon")
            self._kiosk.title(words("page.locker.closed"), words("page.locker.refusal.not_trusted"))

    def _pick_up(self, scanned: str = "") -> None:
        self._is_at_home = False
        PickUp(self._kiosk, scanned)

    def _deposit(self) -> None:
        self._is_at_home = False
        Deposit(self._kiosk)

    def _help(self) -> None:
        self._is_at_home = False
        self._kiosk.show(self._draw_help, back=self._kiosk.go_home)

    def _draw_help(self) -> None:
        words, settings = self._kiosk.words, self._kiosk.settings
        self._kiosk.title(words("page.locker.need_help"), words("page.locker.help_hint"))
        with block("div", "helps"):
            if settings.help_phone not in {"", CITY_HOTLINE}:
                self._help_card(
                    words("page.locker.help_person"), settings.help_phone, words("page.locker.help_person_hint")
                )
            self._help_card(words("page.locker.help_city"), CITY_HOTLINE, words("page.locker.help_city_hint"))
            if settings.hours:
                self._help_card(
                    words("page.locker.help_counter"), settings.hours, words("page.locker.help_counter_hint")
                )
        with block("ul", "help-answers"):
            for key in ("page.locker.help_no_code", "page.locker.help_stuck", "page.locker.help_wrong_papers"):
                Text("li", words(key))

    def _help_card(self, title: str, big: str, under: str) -> None:
        with block("section", "help-card"):
            Text("h2", title)
            Text("p", big, "help-big")
            Text("p", under)

    def _news(self, view: CabinetView) -> None:
        if self._is_at_home and view.trusted != self._was_trusted:
            self._kiosk.show_home()
