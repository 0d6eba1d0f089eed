"""The technician's page of the ears: how loud it is, whether somebody speaks, what was heard and why it was taken or not.

Live only: words are shown for some seconds and are then nowhere; the page itself looks away after a while.
"""

from collections import deque
from datetime import datetime

from nicegui import ui

from edge.voice_ports import EarsChange, EarsState, HearingDesk, SoundLevel, Trace, TraceItem
from edge.web.frame import top_bar
from edge.web.hearing_parts import LevelStrip, scores, verdict_class
from edge.web.live import Live, Unsubscribe
from edge.web.parts import Text, block, button, drawing, head, show
from edge.web.site import Site, Viewer

WORDS_S = 8.0  # how long what somebody said stays on the page
LOOK_S = 600.0  # then the technician has to say that they still look
VERDICTS_KEPT = 12


class HearingPage:
    """Two columns: the sound itself, and what became of what was said."""

    def __init__(self, site: Site, viewer: Viewer, desk: HearingDesk) -> None:
        self._site, self._words, self._desk = site, viewer.words, desk
        self._verdicts: deque[tuple[datetime, Trace]] = deque(maxlen=VERDICTS_KEPT)
        self._unsubscribe: Unsubscribe | None = None
        self._said = 0
        words = viewer.words
        head(words, words("page.hearing.title"))
        self._live = Live(site, viewer)
        with block("div", "fixed-screen"):
            top_bar(
                site,
                viewer,
                words("page.hearing.title"),
                site.settings.centre,
                [("/thiet-bi", words("page.device.title"))],
            )
            with block("main", "hearing"):
                self._build_privacy()
                with block("section", "panel hearing-sound"):
                    self._build_sound()
                with block("section", "panel hearing-said"):
                    self._build_said()
        self._live.at_connect(self._look)

    # --- looking ---

    def _look(self) -> None:
        """From now on, for a while."""
        if self._unsubscribe is None:
            self._unsubscribe = self._live.attend(self._desk.subscribe, self._take)
            self._mark(is_looking=True)
            ui.timer(LOOK_S, self._look_away, once=True)

    def _look_away(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
            self._forget(self._said)
            self._mark(is_looking=False)

    async def _look_again(self) -> None:
        session = self._live.viewer.session

        async def look() -> None:
            self._look()

        await self._live.act(session is not None and session.may_overhear, look)

    def _mark(self, *, is_looking: bool) -> None:
        show(self._away, is_shown=not is_looking)
        show(self._stop, is_shown=is_looking)
        if not is_looking:
            self._state.say(self._words("page.hearing.not_looking"))

    # --- what comes ---

    def _take(self, item: TraceItem) -> None:
        if isinstance(item, SoundLevel):
            self._strip.add(item)
        elif isinstance(item, EarsChange):
            self._see(item.state)
        else:
            self._show(item)

    def _see(self, state: EarsState) -> None:
        self._state.say(self._words(f"page.hearing.state_{state}"))
        self._state.classes(replace=f"hearing-state {state}")

    def _show(self, trace: Trace) -> None:
        words = self._words
        self._said += 1
        self._text.say(f"“{trace.text}”" if trace.text else words("page.hearing.no_words"))
        self._verdict.say(words(f"page.hearing.verdict_{trace.verdict}"))
        self._verdict.classes(replace=f"hearing-verdict {verdict_class(trace.verdict)}")
        self._why.say(words(f"page.hearing.why_{trace.verdict}", threshold=f"{self._desk.threshold:.2f}"))
        self._scores.content = scores(words, trace.scores, self._desk.threshold)
        self._numbers.say(self._in_numbers(trace))
        self._remember(trace)
        said = self._said
        ui.timer(WORDS_S, lambda: self._forget(said), once=True)

    def _in_numbers(self, trace: Trace) -> str:
        return self._words(
            "page.hearing.numbers", engine=self._desk.engine, speech=f"{trace.speech_s:.1f}",
            ms=round(trace.decide_s * 1000), no_speech=f"{trace.no_speech:.2f}", foreign=f"{trace.foreign:.2f}",
        )  # fmt: skip

    def _forget(self, said: int) -> None:
        """The words of this utterance, unless there is a later one."""
        if said != self._said:
            return
        self._text.say(self._words("page.hearing.nothing_yet"))
        self._scores.content = ""
        for one in (self._verdict, self._why, self._numbers):
            one.say("")

    def _remember(self, trace: Trace) -> None:
        """What became of it, without a word of it."""
        bare = Trace("", (), trace.verdict, trace.no_speech, trace.foreign, trace.speech_s, trace.decide_s)
        self._verdicts.appendleft((self._site.desks.clock.now(), bare))
        self._list.clear()
        with self._list:
            for at, one in self._verdicts:
                with block("li"):
                    Text("span", f"{at:%H:%M:%S}", "hearing-at")
                    Text(
                        "span",
                        self._words(f"page.hearing.verdict_{one.verdict}"),
                        f"hearing-chip {verdict_class(one.verdict)}",
                    )
                    Text("span", f"{round(one.decide_s * 1000)} ms", "hearing-ms")

    # --- the shell ---

    def _build_privacy(self) -> None:
        words = self._words
        with block("div", "hearing-privacy"):
            Text("p", words("page.hearing.privacy", seconds=round(WORDS_S), minutes=round(LOOK_S / 60)))
            self._stop = button(words("page.hearing.look_away"), self._look_away, "plain")
            self._away = button(words("page.hearing.look"), self._look_again, "primary")
            show(self._away, is_shown=False)

    def _build_sound(self) -> None:
        words = self._words
        with block("div", "cabinet-head"):
            Text("h2", words("page.hearing.sound"))
            self._state = Text("p", words("page.hearing.state_opening"), "hearing-state")
            self._state.props["role"] = "status"
        self._strip = LevelStrip(words)
        Text("h2", words("page.hearing.verdicts"))
        Text("p", words("page.hearing.verdicts_how"), "how")
        self._list = block("ul", "hearing-verdicts")

    def _build_said(self) -> None:
        words = self._words
        Text("h2", words("page.hearing.said"))
        self._text = Text("p", words("page.hearing.nothing_yet"), "hearing-text")
        self._verdict = Text("p", "", "hearing-verdict")
        self._verdict.props["role"] = "status"
        self._why = Text("p", "", "how")
        self._scores = drawing("", "hearing-scores")
        self._numbers = Text("p", "", "how hearing-numbers")
