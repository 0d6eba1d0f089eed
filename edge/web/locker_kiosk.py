"""The shell of the citizen's screen: one step at a time, a session that ends by itself, two languages, a voice that nobody needs.

`edge.web.locker` and its flows draw their steps into it.
"""

import json
import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

from nicegui import ui

from edge.locker_ports import LockerDesks
from edge.web.live import Live
from edge.web.locker_icons import icon
from edge.web.parts import Text, block, button, drawing, focus, head_again, show
from edge.web.site import Site, Viewer
from edge.web.words import Words

T = TypeVar("T")
Draw = Callable[[], None]
CITY_HOTLINE = "1022"
SCAN_AT_MOST = 400  # characters; an identity card's QR is shorter

# Speaks only with a voice that is installed on this machine; without one the button stays hidden and nothing is missed.
_VOICE = """<script>window.motcuaVoice = (() => {
  const synth = window.speechSynthesis; let muted = false;
  const find = lang => synth ? synth.getVoices().find(v => v.localService && v.lang.toLowerCase().startsWith(lang)) : undefined;
  const mark = () => { document.body.classList.toggle('has-voice', !!find(document.documentElement.lang.slice(0, 2) || 'vi'));
    document.body.classList.toggle('is-muted', muted); };
  if (synth) synth.addEventListener('voiceschanged', mark);
  return {
    say(text, lang) { mark(); if (!synth) return; synth.cancel(); const voice = find(lang);
      if (!voice || muted) return; const said = new SpeechSynthesisUtterance(text); said.voice = voice; said.lang = voice.lang; synth.speak(said); },
    toggle() { muted = !muted; if (synth) synth.cancel(); mark(); },
    rest() { muted = false; if (synth) synth.cancel(); mark(); },
  };
})()</script>"""


class Kiosk:
    """Shows what `show` is given until the next `show`, until somebody leaves, or until nobody has touched it for a while."""

    def __init__(self, site: Site, viewer: Viewer, desks: LockerDesks, home: Draw) -> None:
        self.settings = site.settings.locker
        self.desks = desks
        self.words: Words = viewer.words
        self._site, self._home = site, home
        self._usual = site.words(site.settings.language)
        self._monotonic = site.desks.clock.monotonic
        self.live = Live(site, viewer)
        self._draw: Draw = home
        self._back: Draw | None = None
        self._forget: Draw | None = None
        self._on_scan: Callable[[str], None] | None = None
        self._on_tick: Draw | None = None
        self._ends: float | None = None  # None: the home screen, which stays
        self._language_ends = 0.0  # when the home screen goes back to the usual language
        self._is_busy = self._is_held = False
        self._build()
        ui.timer(self.settings.tick_s, self._tick)
        scans = desks.citizen.scans(self.settings.keypad)
        self.has_scanner = scans is not None
        if scans:
            self.live.follow(scans.subscribe, self._scanned)

    # --- steps ---

    def show(
        self,
        draw: Draw,
        *,
        back: Draw | None = None,
        on_scan: Callable[[str], None] | None = None,
        on_tick: Draw | None = None,
        stays_s: float | None = None,
        is_held: bool = False,
    ) -> None:
        """The next step. `is_held`: a door is open, so the screen waits. `draw` runs again when the language changes."""
        self._draw, self._back, self._on_scan, self._on_tick, self._is_held = draw, back, on_scan, on_tick, is_held
        self._stays_s = stays_s or self.settings.session_s
        self.touch()
        self._redraw()

    def show_home(self) -> None:
        """The session is over: nothing of it stays, on the screen or in the page."""
        if self._forget:
            self._forget()
        self._forget = None
        self.show(self._home)
        self._language_ends, self._ends = self.now + self.settings.session_s, None
        self._show_foot()

    def leave(self) -> None:
        """As a person does with the way out, and as the clock does when nobody is there."""
        if not self._is_busy and not self._is_held:
            self._use(self._usual)
            self.show_home()
            with self._main:  # the button that was pressed is gone
                ui.run_javascript("window.motcuaVoice?.rest()")

    def go_home(self) -> None:
        """One step back to the home screen: nothing of the session stays but the language that somebody chose."""
        if not self._is_busy and not self._is_held:
            self.show_home()

    def at_leave(self, forget: Draw) -> None:
        self._forget = forget

    def on_scan(self, react: Callable[[str], None]) -> None:
        """For the home screen, which has no `show` of its own."""
        self._on_scan = react

    def touch(self) -> None:
        """Somebody is there."""
        self._ends = self._monotonic() + self._stays_s

    @property
    def now(self) -> float:
        return self._monotonic()

    async def ask(self, action: Callable[[], Awaitable[T]]) -> T | None:
        """Run one desk action; a second touch meanwhile is the same finger. None: it was not run, or failed and said so."""
        if self._is_busy:
            return None
        self._is_busy = True
        show(self._wait, is_shown=True)
        try:
            answer = await self.live.ask(True, action)  # noqa: FBT003
        finally:
            self._is_busy = False
            show(self._wait, is_shown=False)
            self.touch()
        return answer.value if answer else None

    # --- pieces of a step ---

    def title(self, text: str, hint: str = "") -> tuple[Text, Text]:
        """The step's heading and what to do; spoken where the machine can speak."""
        with block("div", "kiosk-title"):
            heading, under = Text("h1", text), Text("p", hint, "kiosk-hint")
        heading.props["tabindex"] = "-1"
        focus(heading)
        self.speak(f"{text} {hint}" if text.endswith(("?", "!", "…")) else f"{text}. {hint}")
        return heading, under

    def speak(self, text: str) -> None:
        """Only what also stands on the screen, and never a code or a number of a person."""
        self._said.say(text)
        said = json.dumps(text, ensure_ascii=False)
        ui.run_javascript(f"window.motcuaVoice?.say({said}, '{self.words.lang}')")

    def choice(self, picture: str, text: str, under: str, on_press: Callable[[], object], classes: str = "") -> None:
        with block("button", f"choice {classes}", type="button") as made:
            drawing(icon(picture), "choice-icon")
            with block("span", "choice-words"):
                Text("b", text)
                if under:
                    Text("span", under)
        made.on("click", lambda _: on_press())

    def help_line(self) -> str:
        phone = self.settings.help_phone
        own = phone and phone != CITY_HOTLINE
        return self.words("page.locker.call_us", phone=phone) if own else self.words("page.locker.call_1022")

    # --- the shell ---

    def _build(self) -> None:
        self._stays_s = self.settings.session_s
        ui.add_body_html(_VOICE)
        with block("div", "kiosk"):
            self._top = block("header", "kiosk-top")
            self._main = block("main", "kiosk-main")
            self._wait = block("div", "kiosk-wait", role="status")
            self._foot = block("footer", "kiosk-foot")
            self._said = Text("p", "", "unseen")
        self._said.props.update({"role": "status", "aria-live": "assertive"})
        show(self._wait, is_shown=False)
        self._build_frame()

    def _build_frame(self) -> None:
        words = self.words
        for part in (self._top, self._wait, self._foot):
            part.clear()
        with self._top:
            self._build_top()
        with self._wait:
            Text("p", words("page.locker.checking"))
        with self._foot:
            self._back_button = button(words("page.locker.back"), self._go_back, "kiosk-button")
            with block("div", "kiosk-idle") as self._idle:
                self._left = Text("p")
                self._stay = button(words("page.locker.still_here"), self.touch, "primary kiosk-button")
            self._out_button = button(words("page.locker.leave"), self.leave, "kiosk-button")
            self._help = Text("p", self.help_line(), "kiosk-help")

    def _build_top(self) -> None:
        words = self.words
        drawing(icon("held"), "kiosk-mark")
        with block("div", "kiosk-name"):
            Text("b", self.settings.name or words("page.locker.title"))
            Text("span", self._site.settings.centre)
        with block("button", "kiosk-round voice", type="button") as voice:
            Text("span", words("page.locker.mute"), "when-loud")
            Text("span", words("page.locker.unmute"), "when-muted")
        voice.on("click", js_handler="() => window.motcuaVoice?.toggle()")
        other = self._other()
        language = button(other("page.common.language_name"), lambda: self._switch(other), "kiosk-round language")
        language.props["lang"] = other.lang

    def _redraw(self) -> None:
        self._main.clear()
        with self._main:
            self._draw()
        self._show_foot()

    def _show_foot(self) -> None:
        is_home = self._ends is None
        show(self._back_button, is_shown=self._back is not None)
        show(self._out_button, is_shown=self._back is not None)
        show(self._idle, is_shown=not is_home and not self._is_held)
        show(self._help, is_shown=is_home or self._is_held)
        self._say_left()

    def _say_left(self) -> None:
        if self._ends is None or self._is_held:
            return
        left = math.ceil(self._ends - self._monotonic())
        is_last = left <= self.settings.warn_s
        self._idle.classes(replace="kiosk-idle last" if is_last else "kiosk-idle")
        self._left.say(
            self.words("page.locker.still_there" if is_last else "page.locker.clears_in", seconds=max(left, 0))
        )
        show(self._stay, is_shown=is_last)

    def _tick(self) -> None:
        if self._on_tick:
            self._on_tick()
        if self._is_held or self._is_busy:
            return
        if self._ends is None:
            if self.words.lang != self._usual.lang and self.now >= self._language_ends:
                self.leave()
            return
        if self._monotonic() >= self._ends:
            self.leave()
        else:
            self._say_left()

    def _go_back(self) -> None:
        if self._back and not self._is_busy:
            self._back()

    def _scanned(self, text: str) -> None:
        if not self._on_scan or self._is_busy:
            return
        if text.strip():
            self._on_scan(text.strip()[:SCAN_AT_MOST])
        else:
            self.live.say("page.locker.scan_unreadable")

    def _other(self) -> Words:
        return self._site.words("en" if self.words.lang == "vi" else "vi")

    def _switch(self, words: Words) -> None:
        """In place, and for this session only: the next citizen finds the usual language."""
        self._use(words)
        self._language_ends = self.now + self.settings.session_s
        if self._ends is not None:
            self.touch()
        self._redraw()

    def _use(self, words: Words) -> None:
        if words.lang == self.words.lang:
            return
        self.words = words
        with self._main:
            head_again(words, words("page.locker.title"), "page.locker.connection_lost")
        self._build_frame()
