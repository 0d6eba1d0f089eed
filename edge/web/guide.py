"""The guide's kiosk: what is said stands on the screen, every intent has a button, touch and voice move the same conversation.

The desk holds the conversation; this page draws its stage. Text size and contrast are the visitor's and go with them.
"""

import math
from collections.abc import Awaitable, Callable
from dataclasses import replace

from nicegui.element import Element

from edge.domain.dialogue_state import State
from edge.domain.dialogue_terms import Intent, Meaning, Prompt, Stage
from edge.guide_ports import GuideDesk, GuideView, Scene
from edge.voice_ports import EarsState
from edge.web import guide_screens
from edge.web.guide_icons import icon
from edge.web.guide_parts import Stand
from edge.web.live import Live
from edge.web.parts import Text, block, button, drawing, focus, head, head_again, show
from edge.web.site import Site, Viewer
from edge.web.words import Words

TICK_S = 1.0
IN_OTHER = "page.guide.foreign_other"
LONG = 150  # letters from which a sentence is written smaller
HOME = frozenset(
    {Stage.AWAY, Stage.MENU}
)  # they look the same, so that a finger that wakes the screen finds its button
_ON_NOTHING = "(event) => { if (!event.target.closest('button, a')) emit(); }"


class GuidePage:
    """Shell and subtitles; the middle is drawn anew for every stage, and nothing of the one before stays in the page."""

    def __init__(self, site: Site, viewer: Viewer, desk: GuideDesk) -> None:
        self._site, self._desk = site, desk
        self._words = site.words(desk.view().scene.state.lang)
        self._drawn: object = None
        self._is_large = self._is_plain = False
        head(self._words, self._words("page.guide.title"), "page.guide.connection_lost")
        self._live = Live(site, viewer)
        with block("div", "guide") as self._root:
            self._top = block("header", "guide-top")
            self._main = block("main", "guide-main")
            self._speech = block("section", "guide-speech")
            self._foot = block("footer", "guide-foot")
        self._root.on("pointerdown", self._touch, throttle=1.0, js_handler=_ON_NOTHING)
        self._build_frame()
        # the machine may be speaking with somebody already, whatever this browser chose on other pages
        if self._words.lang != viewer.words.lang:
            head_again(self._words, self._words("page.guide.title"), "page.guide.connection_lost")
        self._show(desk.view())
        self._live.follow(desk.subscribe, self._show)
        self._live.at_connect(lambda: self._show(desk.view()))
        self._live.every(TICK_S, self._tick)

    # --- what the desk says ---

    def _show(self, view: GuideView) -> None:
        state = view.scene.state
        if state.lang != self._words.lang:
            self._use(self._site.words(state.lang))
        if state.stage is Stage.AWAY:
            self._forget_looks()
        drawn = _picture(view)
        if drawn != self._drawn:
            self._drawn = drawn
            self._draw(view)
        self._say(view)
        self._show_foot(state)

    def _draw(self, view: GuideView) -> None:
        """A stage from its beginning; the keyboard is sent to its heading."""
        queue = self._site.desks.queue
        stand = Stand(self._desk, self._words, view, self._do, queue.hall() if queue else None)
        self._main.clear()
        with self._main:
            title = Text("h1", self._words(f"page.guide.title_{_home(view.scene.state.stage)}"), "guide-title")
            title.props["tabindex"] = "-1"
            guide_screens.draw(stand)
            if view.scene.state.stage is not Stage.AWAY:
                focus(title)

    def _say(self, view: GuideView) -> None:
        """The machine's own words; while nobody is here, what it would greet with."""
        scene = view.scene
        resting = self._desk.text.sentence(Prompt.GREETING, scene) if scene.state.stage is Stage.AWAY else ""
        said = view.subtitle or resting
        self._subtitle.say(said)
        self._subtitle.classes(replace="guide-subtitle long" if len(said) > LONG else "guide-subtitle")
        is_foreign = scene.state.prompt is Prompt.FOREIGN
        self._in_other.say(self._words.strings.text(IN_OTHER, _other(self._words.lang)) if is_foreign else "")
        show(self._in_other, is_shown=is_foreign)
        self._mouth.classes(replace="guide-mouth speaking" if view.is_speaking else "guide-mouth")
        show(self._overheard, is_shown=view.is_overheard)
        ears = view.ears
        show(self._ears, is_shown=ears is not None)
        if ears is not None:
            self._ears.classes(replace=f"guide-ears {ears}")
            self._hearing.say(self._words(f"page.guide.ears_{_hearing(ears, scene)}"))

    def _tick(self) -> None:
        left = self._desk.time_left_s()
        show(self._last_call, is_shown=left is not None)
        if left is not None:
            self._left.say(self._words("page.guide.clears_in", seconds=math.ceil(left)))

    # --- the shell ---

    def _build_frame(self) -> None:
        for part in (self._top, self._speech, self._foot):
            part.clear()
        with self._top:
            self._build_top()
        with self._speech:
            self._build_speech()
        with self._foot:
            self._build_foot()

    def _build_top(self) -> None:
        words = self._words
        drawing(icon("robot"), "guide-mark")
        with block("div", "guide-place"):
            Text("b", words("page.guide.title"))
            Text("span", self._site.settings.centre)
        with block("div", "guide-tools", role="group", aria_label=words("page.guide.tools")):
            self._size = button(words("page.guide.larger"), self._toggle_size, "guide-tool")
            self._contrast = button(words("page.guide.contrast"), self._toggle_contrast, "guide-tool")
            other = _other(words.lang)
            name = words.strings.text("page.common.language_name", other)
            language = button(name, lambda: self._do(lambda: self._desk.speak_in(other)), "guide-tool language")
            language.props["lang"] = other
        self._mark_tools()

    def _build_speech(self) -> None:
        self._speech.props["aria-label"] = self._words("page.guide.speech")
        self._mouth = drawing(icon("mouth"), "guide-mouth")
        self._subtitle = Text("p", "", "guide-subtitle")
        self._subtitle.props.update({"role": "status", "aria-live": "polite"})
        self._in_other = Text("p", "", "guide-subtitle other")
        self._in_other.props["lang"] = _other(self._words.lang)
        show(self._in_other, is_shown=False)
        with block("div", "guide-ears") as self._ears:
            drawing(icon("ear"), "guide-ears-icon")
            self._hearing = Text("span")
        self._overheard = Text("p", self._words("page.guide.overheard"), "guide-overheard")
        show(self._overheard, is_shown=False)

    def _build_foot(self) -> None:
        words = self._words
        self._back = self._foot_button(Intent.BACK, "back")
        self._start = self._foot_button(Intent.START, "start")
        self._repeat = self._foot_button(Intent.REPEAT, "repeat")
        with block("div", "guide-last", role="alert") as self._last_call:
            self._left = Text("p")
            button(words("page.guide.still_here"), self._touch, "primary")
        show(self._last_call, is_shown=False)
        self._person = self._foot_button(Intent.PERSON, "person")

    def _foot_button(self, intent: Intent, picture: str) -> Element:
        with block("button", f"guide-key {picture}", type="button") as made:
            drawing(icon(picture), "guide-key-icon")
            Text("span", self._words(f"page.guide.key_{picture}"))
        made.on("click", lambda _: self._do(lambda: self._desk.press(Meaning(intent))))
        return made

    def _show_foot(self, state: State) -> None:
        """A way out and a person are always there; back and start where there is something to leave."""
        is_home = state.stage in HOME
        show(self._back, is_shown=not is_home and state.stage is not Stage.ISSUING)
        show(self._start, is_shown=not is_home and state.stage is not Stage.ISSUING)
        show(self._repeat, is_shown=state.stage is not Stage.AWAY)

    def _use(self, words: Words) -> None:
        self._words, self._drawn = words, None
        head_again(words, words("page.guide.title"), "page.guide.connection_lost")
        self._build_frame()

    # --- what a visitor does ---

    async def _do(self, action: Callable[[], Awaitable[None]]) -> None:
        await self._live.ask(True, action)  # noqa: FBT003

    async def _touch(self) -> None:
        await self._do(self._desk.touch)
        self._tick()

    async def _toggle_size(self) -> None:
        self._is_large = not self._is_large
        self._mark_tools()
        await self._touch()

    async def _toggle_contrast(self) -> None:
        self._is_plain = not self._is_plain
        self._mark_tools()
        await self._touch()

    def _forget_looks(self) -> None:
        if self._is_large or self._is_plain:
            self._is_large = self._is_plain = False
            self._mark_tools()

    def _mark_tools(self) -> None:
        looks = (("large", self._is_large), ("contrast", self._is_plain))
        self._root.classes(replace=" ".join(["guide", *(name for name, is_on in looks if is_on)]))
        self._size.props["aria-pressed"] = str(self._is_large).lower()
        self._contrast.props["aria-pressed"] = str(self._is_plain).lower()


def _picture(view: GuideView) -> object:
    """Whatever a screen is drawn from; time, and what is said beside it, are not."""
    scene = view.scene
    state = replace(
        scene.state, stage=_home(scene.state.stage), until=0.0, is_warned=False, is_gone=False, missed=0, prompt=None,
        turn=0, task=None,
    )  # fmt: skip
    return state, scene.slip, scene.printing, scene.declined


def _other(lang: str) -> str:
    return "en" if lang == "vi" else "vi"


def _home(stage: Stage) -> Stage:
    return Stage.MENU if stage in HOME else stage


def _hearing(ears: EarsState, scene: Scene) -> str:
    """Ears that are there but closed on purpose are said to be closed."""
    return EarsState.MUTED.value if not scene.state.listens else ears.value
