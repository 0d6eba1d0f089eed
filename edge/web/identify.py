"""Which of these boxes is it? A banner over every page for as long as the city asks; then the page is as it was."""

from collections.abc import Callable

from nicegui import ui

from edge.command_ports import IdentifyDesk
from edge.web.parts import Text, block, show
from edge.web.words import Words


class IdentifyBanner:
    """Takes no touch and no focus: whoever stands at the screen goes on underneath."""

    def __init__(self, desk: IdentifyDesk, words: Words) -> None:
        self._desk = desk
        self._client = ui.context.client
        self._stop: Callable[[], None] = lambda: None
        with block("div", "identify", role="status") as self._banner:
            Text("p", words("page.identify.this"), "identify-this")
            Text("p", desk.name, "identify-name")
        show(self._banner, is_shown=False)
        self._client.on_connect(self._start)
        self._client.on_delete(self._end)

    def _end(self) -> None:
        self._stop()

    def _start(self) -> None:
        self._stop()
        self._stop = self._desk.subscribe(lambda left_s: self._client.safe_invoke(lambda: self._show(left_s)))
        self._client.safe_invoke(lambda: self._show(self._desk.left_s()))

    def _show(self, left_s: float) -> None:
        """Looks again when the time is over: somebody may have asked for longer meanwhile."""
        show(self._banner, is_shown=left_s > 0)
        if left_s > 0:
            with self._client:
                ui.timer(left_s, lambda: self._show(self._desk.left_s()), once=True)
