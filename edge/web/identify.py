"""Which of these boxes is it? A banner over every page for as long as the city asks; a kiosk's page beeps. Then all is as it was."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from nicegui import background_tasks, ui

from edge.command_ports import IdentifyDesk
from edge.web.parts import Text, block, show
from edge.web.words import Words

SCRIPT = Path(__file__).parent / "static" / "identify.js"
ANSWER_S = 3.0


class IdentifyBanner:
    """Takes no touch and no focus: whoever stands at the screen goes on underneath.

    `sounds`: the page stands at the device itself (a kiosk, a board, a tablet) and not on somebody's desk elsewhere.
    """

    def __init__(self, desk: IdentifyDesk, words: Words, *, sounds: bool) -> None:
        self._desk, self._sounds = desk, sounds
        self._client = ui.context.client
        self._stop: Callable[[], None] = lambda: None
        if sounds:
            ui.add_body_html(f"<script>{_script()}</script>")
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
        self._stop = self._desk.subscribe(
            lambda left_s: self._client.safe_invoke(lambda: self._begin(left_s)), sounds=self._sounds
        )
        self._client.safe_invoke(lambda: self._begin(self._desk.left_s()))

    def _begin(self, left_s: float) -> None:
        self._show(left_s)
        if self._sounds and left_s > 0:
            background_tasks.create(self._beep(left_s), name="identify")

    async def _beep(self, left_s: float) -> None:
        """A browser that nobody has touched since its start may be silent; then it is not counted as heard."""
        try:
            is_loud = await self._client.run_javascript(f"return await motcuaTone({left_s:.1f})", timeout=ANSWER_S)
        except TimeoutError:  # the browser has gone
            return
        if is_loud is True:
            self._desk.sounded()

    def _show(self, left_s: float) -> None:
        """Looks again when the time is over: somebody may have asked for longer meanwhile."""
        show(self._banner, is_shown=left_s > 0)
        if left_s > 0:
            with self._client:
                ui.timer(left_s, lambda: self._show(self._desk.left_s()), once=True)


@cache
def _script() -> str:
    return SCRIPT.read_text(encoding="utf-8")
