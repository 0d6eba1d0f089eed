"""The rating tablet of one counter: five faces, one touch; "do not measure me", one touch; what is measured. No login."""

from nicegui import ui
from nicegui.element import Element

from edge.domain.level import Level
from edge.ports import CameraState, CounterPhase, CounterView
from edge.web.frame import language_link
from edge.web.live import Live
from edge.web.parts import Text, block, button, drawing, focus_if_lost, head, show
from edge.web.site import Site, Viewer
from edge.web.theme import css_name, face_svg


class TabletPage:
    """What a citizen pressed outranks the camera; the page says when the camera measures and how to stop it."""

    def __init__(self, site: Site, viewer: Viewer, counter: str) -> None:
        self._site, self._words, self._counter = site, viewer.words, counter
        view = site.desks.counters.view(counter)
        head(self._words, self._words("page.tablet.title", counter=view.name), "page.tablet.connection_lost")
        self._live = Live(site, viewer)
        self._is_thanking = False
        with block("div", "tablet"):
            self._build_top(viewer, view)
            with block("main", "tablet-main"):
                self._build_question()
                self._build_thanks()
            self._build_foot()
        self.show(view)
        self._live.follow(site.desks.counters.subscribe, self._news)
        self._live.at_connect(lambda: self.show(site.desks.counters.view(counter)))
        if viewer.words.lang != site.settings.language:
            self._go_back_to_the_usual_language()

    def show(self, view: CounterView) -> None:
        sign = _sign(view)
        self._sign.classes(replace=f"sign {sign}")
        self._sign_text.say(self._words(f"page.tablet.sign_{sign}"))
        is_out = view.phase is CounterPhase.OPTED_OUT
        show(self._out_button, is_shown=not is_out)
        show(self._out_done, is_shown=is_out or self._is_out_noted)
        self._out_done.say(self._words("page.tablet.opted_out" if is_out else "page.tablet.opted_out_nobody"))

    def _build_top(self, viewer: Viewer, view: CounterView) -> None:
        with block("header", "tablet-top"):
            with block("div", "sign", role="status", aria_live="polite") as self._sign:
                block("span", "sign-light", aria_hidden="true")
                self._sign_text = Text("span")
            Text("p", view.name, "tablet-counter")
            language_link(self._words, viewer.here)

    def _build_question(self) -> None:
        with block("section", "ask", aria_labelledby="question") as self._ask:
            Text("h1", self._words("page.tablet.question")).props["id"] = "question"
            with block("div", "faces", tabindex="-1") as self._faces:
                for level in Level:
                    self._face(level)

    def _face(self, level: Level) -> Element:
        with block("button", f"face {css_name(level)}", type="button") as made:
            drawing(face_svg(level), "face-picture")
            Text("span", self._words.level(level))
        made.on("click", lambda _: self._rate(level))
        return made

    def _build_thanks(self) -> None:
        with block("section", "thanks", role="status", aria_live="assertive", tabindex="-1") as self._thanks:
            self._thanks_face = drawing("", "thanks-face")
            self._thanks_title = Text("h1", "", "thanks-title")
            self._thanks_word = Text("p", "", "thanks-word")
        show(self._thanks, is_shown=False)

    def _build_foot(self) -> None:
        words = self._words
        self._is_out_noted = False
        with block("footer", "tablet-foot"):
            with block("div", "opt-out"):
                self._out_button = button(words("page.tablet.opt_out"), self._opt_out, "out")
                self._out_done = Text("p", "", "out-done")
                self._out_done.props.update({"role": "status", "aria-live": "polite"})
            with block("div", "notice-text"):
                Text("p", words("page.tablet.what_is_measured"))
                Text("p", words("page.tablet.complaints"))

    async def _rate(self, level: Level) -> None:
        if self._is_thanking:
            return  # a second touch while thanking, or while the first is being written, is the same finger
        desk = self._site.desks.counters
        self._is_thanking = True
        self._is_thanking = await self._live.act(True, lambda: desk.rate(self._counter, level))  # noqa: FBT003
        if self._is_thanking:
            self._thank(level)

    def _thank(self, level: Level) -> None:
        self._thanks_face.content = face_svg(level)
        self._thanks_title.say(self._words("page.tablet.thanks"))
        self._thanks_word.say(self._words("page.tablet.thanks_level", level=self._words.level(level)))
        show(self._ask, is_shown=False)
        show(self._thanks, is_shown=True)
        focus_if_lost(self._thanks)
        ui.timer(self._site.settings.thanks_s, self._ask_again, once=True)

    def _ask_again(self) -> None:
        self._is_thanking = False
        show(self._thanks, is_shown=False)
        show(self._ask, is_shown=True)
        self._thanks_title.say("")
        self._thanks_word.say("")
        focus_if_lost(self._faces)

    async def _opt_out(self) -> None:
        desk = self._site.desks.counters
        if not await self._live.act(True, lambda: desk.opt_out(self._counter)):  # noqa: FBT003
            return
        self._is_out_noted = True
        self.show(desk.view(self._counter))
        ui.timer(self._site.settings.thanks_s, self._forget_note, once=True)

    def _forget_note(self) -> None:
        self._is_out_noted = False
        self.show(self._site.desks.counters.view(self._counter))

    def _news(self, view: CounterView) -> None:
        if view.counter == self._counter:
            self.show(view)

    def _go_back_to_the_usual_language(self) -> None:
        """The next citizen finds the usual language: after a quiet minute the browser itself goes back."""
        milliseconds = int(self._site.settings.language_reset_s * 1000)
        target = f"/ngon-ngu/{self._site.settings.language}?ve=/danh-gia/{self._counter}"
        ui.add_body_html(
            f"<script>(()=>{{let t;const back=()=>location.replace('{target}');"
            f"const again=()=>{{clearTimeout(t);t=setTimeout(back,{milliseconds})}};"
            "['pointerdown','keydown'].forEach(n=>addEventListener(n,again));again()})()</script>"
        )


def _sign(view: CounterView) -> str:
    """`on`, `off` or `out`: what the light beside the measuring sign says."""
    if view.phase is CounterPhase.OPTED_OUT:
        return "out"
    is_off = view.phase is CounterPhase.CAMERA_FAULT or view.camera is not CameraState.LIVE
    return "off" if is_off else "on"
