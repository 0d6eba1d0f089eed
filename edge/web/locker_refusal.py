"""A refusal on the citizen's screen: what to do now, and when one may try again."""

import math

from edge.locker_ports import RefusalWhy, Refused
from edge.web.locker_icons import icon
from edge.web.locker_kiosk import Draw, Kiosk
from edge.web.parts import Text, block, button, drawing, show

TRY_AGAIN = {
    RefusalWhy.WRONG, RefusalWhy.WAIT, RefusalWhy.BAD_DOSSIER, RefusalWhy.BAD_DATE, RefusalWhy.BAD_PHONE, RefusalWhy.BAD_CCCD,
    RefusalWhy.BUSY,
}  # fmt: skip


class RefusalScreen:
    def __init__(self, kiosk: Kiosk, refused: Refused, again: Draw) -> None:
        self._kiosk, self._refused, self._again = kiosk, refused, again
        self._may_again = kiosk.now + (refused.wait_s or 0.0)
        kiosk.show(self._draw, on_tick=self._tick)

    def _draw(self) -> None:
        words, why = self._kiosk.words, self._refused.why
        with block("section", "kiosk-middle refusal"):
            drawing(icon("late" if why is RefusalWhy.WAIT else "help"), "big-icon")
            self._kiosk.title(words("page.locker.refused"), words(f"page.locker.refusal.{why}"))
            self._wait = Text("p", "", "kiosk-count")
            with block("div", "kiosk-actions"):
                self._button = button(words("page.locker.again"), self._again, "primary kiosk-button")
                button(words("page.locker.to_home"), self._kiosk.leave, "kiosk-button")
            Text("p", self._kiosk.help_line(), "kiosk-help")
        self._tick()

    def _tick(self) -> None:
        left = math.ceil(self._may_again - self._kiosk.now)
        self._wait.say(self._kiosk.words("page.locker.wait", seconds=left) if left > 0 else "")
        show(self._wait, is_shown=left > 0)
        show(self._button, is_shown=left <= 0 and self._refused.why in TRY_AGAIN)
