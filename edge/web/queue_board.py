"""The board in the hall: whom which counter calls, big enough for the last row; each call is said aloud. No login."""

import json
from pathlib import Path

from nicegui import ui

from edge.queue_ports import CallView, CounterInfo, HallView, QueueDesk, ServiceView, TicketState
from edge.web import queue_words as say
from edge.web.live import Live
from edge.web.parts import Text, block, head, show
from edge.web.site import Site, Viewer
from edge.web.words import Words

SCRIPT = Path(__file__).parent / "static" / "queue_board.js"
FRESH_S = 15.0  # so long a call stands out
LONG_NAME = 18  # letters of a counter's name from which it is written smaller
REFRESH_S = 5.0  # the clock and the waiting times move without any news


class BoardPage:
    """The newest call in the middle, every counter in its own fixed place, the services with what waits for them."""

    def __init__(self, site: Site, viewer: Viewer, desk: QueueDesk) -> None:
        self._site, self._words, self._desk = site, viewer.words, desk
        words = viewer.words
        head(words, words("page.board.title"), "page.board.connection_lost")
        self._live = Live(site, viewer)
        with block("div", "board"):
            self._build_top()
            with block("main", "board-main"):
                self._build_call()
                with block("section", "board-counters", aria_label=words("page.board.counters")):
                    self._tiles = [CounterTile(viewer, counter) for counter in desk.counters()]
            self._build_foot()
        self._add_voice()
        self._refresh()
        self._live.follow(desk.subscribe, self._news)
        self._live.at_connect(self._refresh)
        self._live.every(REFRESH_S, self._refresh)

    def _build_top(self) -> None:
        with block("header", "board-top"):
            Text("p", self._site.settings.centre, "board-centre")
            block("div", "board-sound-place")
            self._clock = Text("p", "", "board-clock")

    def _build_call(self) -> None:
        with block("section", "board-call", role="status", aria_live="polite") as self._call:
            self._title = Text("h1", "", "board-invite")
            self._number = Text("p", "", "board-number")
            self._where = Text("p", "", "board-where")
            self._note = Text("p", "", "board-note")

    def _build_foot(self) -> None:
        with block("footer", "board-foot"):
            self._rows = {
                info.service: ServiceRow(self._words, info.name(self._words.lang)) for info in self._desk.services()
            }

    def _news(self, call: CallView | None) -> None:
        self._refresh()
        if call is not None:
            text = json.dumps(say.announcement(self._words, call), ensure_ascii=False)
            ui.run_javascript(f"window.motcuaBoard?.call({text}, {json.dumps(self._words.lang)})")

    def _refresh(self) -> None:
        now, hall = self._site.desks.clock.now(), self._desk.hall()
        self._clock.say(f"{now:%H:%M}")
        calling = [call for call in hall.calls if call.state is TicketState.CALLED]
        self._show_call(calling[0] if calling else None, hall)
        is_fresh = bool(calling) and (now - calling[0].at).total_seconds() < FRESH_S
        self._call.classes(replace=_with_long_name("board-call fresh" if is_fresh else "board-call", self._where.text))
        at_counter = {call.counter.counter: call for call in hall.calls}
        for tile in self._tiles:
            tile.show(at_counter.get(tile.counter))
        for service in hall.services:
            self._rows[service.info.service].show(service)

    def _show_call(self, call: CallView | None, hall: HallView) -> None:
        words = self._words
        self._title.say(words("page.board.invite" if call else "page.board.title"))
        self._number.say(call.label if call else "")
        self._where.say(call.counter.name if call else "")
        if call or hall.closed is None:
            self._note.say("" if call else words("page.board.nobody"))
        else:
            until = say.closed_until(words, hall.closed, self._site.desks.clock.now())
            self._note.say(f"{say.closed_why(words, hall.closed)} {until}")
        show(self._note, is_shown=bool(self._note.text))
        for element in (self._number, self._where):
            show(element, is_shown=call is not None)

    def _add_voice(self) -> None:
        label = json.dumps(self._words("page.board.sound_on"), ensure_ascii=False).replace("<", "")
        ui.add_body_html(f"<script>window.motcuaSoundLabel={label};\n{SCRIPT.read_text(encoding='utf-8')}</script>")


class CounterTile:
    """One counter's place on the board; it never moves."""

    def __init__(self, viewer: Viewer, counter: CounterInfo) -> None:
        self._words, self.counter, self._name = viewer.words, counter.counter, counter.name
        with block("div", "board-tile") as self._root:
            Text("p", counter.name, "board-tile-name")
            self._number = Text("p", "", "board-tile-number")
            self._state = Text("p", "", "board-tile-state")

    def show(self, call: CallView | None) -> None:
        state = str(call.state) if call else "free"
        self._root.classes(replace=_with_long_name(f"board-tile {state}", self._name))
        self._number.say(call.label if call else "—")
        self._state.say(self._words(f"page.board.tile_{state}"))


class ServiceRow:
    """How many wait for a service, and about how long."""

    def __init__(self, words: Words, name: str) -> None:
        self._words = words
        with block("div", "board-service"):
            Text("p", name, "board-service-name")
            self._waits = Text("p", "", "board-service-waits")

    def show(self, view: ServiceView) -> None:
        self._waits.say(say.service_waits(self._words, view))


def _with_long_name(classes: str, name: str) -> str:
    return f"{classes} long-name" if len(name) > LONG_NAME else classes
