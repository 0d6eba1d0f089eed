"""One door being opened for a citizen: where it is, what to do, and what they take home."""

from collections.abc import Callable

from edge.locker_ports import OpeningView, Step
from edge.web.locker_cabinet import cabinet_map
from edge.web.locker_icons import icon, qr_svg
from edge.web.locker_kiosk import Kiosk
from edge.web.parts import Text, block, button, drawing
from edge.web.plain import e

PRINTING = "printing"  # the receipt was given to the printer, which has not answered yet
IN_MOTION = {Step.OPENING, Step.OPEN, Step.CLOSE_IT}


class OpeningScreen:
    """Follows one opening until it is done or failed; while a door is open nobody is sent away, until staff were told."""

    def __init__(self, kiosk: Kiosk, view: OpeningView, purpose: str) -> None:
        """`purpose`: pickup or deposit, for the sentences."""
        self._kiosk, self._view, self._purpose = kiosk, view, purpose
        citizen = kiosk.desks.citizen
        self._stop: Callable[[], None] = kiosk.live.attend(
            lambda callback: citizen.subscribe(view.opening, callback), self._news
        )
        kiosk.at_leave(self._forget)
        self._news(citizen.opening(view.opening) or view)

    def _news(self, view: OpeningView) -> None:
        self._view = view
        if view.step in IN_MOTION:
            self._kiosk.show(self._draw_door, on_tick=self._check, is_held=not self._is_given_up)
        elif view.step is Step.DONE:
            stays = self._kiosk.settings.session_s if view.receipt else self._kiosk.settings.done_s
            self._kiosk.show(self._draw_receipt if view.receipt else self._draw_done, stays_s=stays)
        else:
            self._kiosk.show(self._draw_failed)

    @property
    def _is_given_up(self) -> bool:
        """Left open for so long that staff were told: the next citizen needs the screen."""
        return self._view.why is not None

    def _forget(self) -> None:
        self._stop()

    def _check(self) -> None:
        """An opening the service no longer knows would hold the screen for ever."""
        if self._kiosk.desks.citizen.opening(self._view.opening) is None:
            self._stop()
            self._kiosk.show_home()

    def _draw_door(self) -> None:
        words, view = self._kiosk.words, self._view
        with block("section", f"opening step-{view.step}"):
            lit = cabinet_map(self._kiosk.desks.staff.cabinet().compartments, view.compartment)
            is_open = " is-open" if view.step is not Step.OPENING else ""
            lit.classes(add=f"lit{is_open}")
            with block("div", "opening-words"):
                Text("p", view.number, "opening-number")
                self._kiosk.title(
                    words(f"page.locker.step.{view.step}", number=view.number),
                    words(f"page.locker.step_hint.{self._purpose}_{view.step}"),
                )
                if self._is_given_up:
                    button(words("page.locker.to_home"), self._kiosk.leave, "kiosk-button")

    def _draw_done(self) -> None:
        words = self._kiosk.words
        with block("section", "kiosk-middle done"):
            drawing(icon("done"), "big-icon")
            self._kiosk.title(words("page.locker.picked_up"), words("page.locker.picked_up_hint"))
            with block("div", "kiosk-actions"):
                button(words("page.locker.finish"), self._kiosk.leave, "primary kiosk-button")

    def _draw_receipt(self) -> None:
        words, view = self._kiosk.words, self._view
        receipt = view.receipt or ""
        with block("section", "receipt"):
            label = e(words("page.locker.receipt_qr"))
            drawing(qr_svg(receipt, label), "receipt-qr")
            with block("div", "receipt-words"):
                self._kiosk.title(words("page.locker.deposited"), words("page.locker.deposited_hint"))
                Text("p", words("page.locker.receipt"), "receipt-label")
                Text("p", receipt, "receipt-number")
                Text("p", words(f"page.locker.printed.{view.printed or PRINTING}"), "receipt-print")
                button(words("page.locker.finish"), self._kiosk.leave, "primary kiosk-button")

    def _draw_failed(self) -> None:
        words, view = self._kiosk.words, self._view
        with block("section", "kiosk-middle refusal"):
            drawing(icon("fault"), "big-icon")
            why = words.first(f"page.locker.why.{view.why}", "page.locker.why.unknown")
            self._kiosk.title(words("page.locker.step.failed", number=view.number), why)
            with block("div", "kiosk-actions"):
                button(words("page.locker.to_home"), self._kiosk.leave, "primary kiosk-button")
            Text("p", self._kiosk.help_line(), "kiosk-help")
