"""The officer's page of one counter: how the present visitor feels, a kind hint, the day so far, this counter's alerts."""

from nicegui.element import Element

from edge.domain.level import Level
from edge.ports import AlertView, CounterPhase, CounterView
from edge.web import charts
from edge.web.alert_cards import AlertList
from edge.web.faults import camera_fault
from edge.web.frame import top_bar
from edge.web.guide_call import call_line
from edge.web.live import Live
from edge.web.parts import Text, block, drawing, head, heading, show
from edge.web.site import Site, Viewer
from edge.web.theme import css_name

ALERTS_SHOWN = 10


class OfficerPage:
    """Never says anything of the officer: only of the visitor, and of counts."""

    def __init__(self, site: Site, viewer: Viewer, counter: str) -> None:
        self._site, self._viewer, self._words, self._counter = site, viewer, viewer.words, counter
        view = site.desks.counters.view(counter)
        head(self._words, self._words("page.officer.title", counter=view.name), "page.officer.connection_lost")
        self._live = Live(site, viewer)
        self._charts = self._live.paced(self._refresh_chart)
        with block("div", "fixed-screen"):
            top_bar(site, viewer, view.name, view.unit, self._queue_link())
            call_line(site, viewer, self._live)
            with block("main", "officer"):
                with block("div", "officer-now"):
                    self._present = PresentPanel(viewer)
                    self._nudge = NudgeNoteStrip(site, viewer)
                with block("div", "officer-day"):
                    self._build_day()
        self._visit = view.visit
        self.show(view)
        self._live.follow(site.desks.counters.subscribe, self._news)
        self._live.follow(site.desks.alerts.subscribe, self._alert_news)
        self._live.at_connect(self._catch_up)

    def show(self, view: CounterView) -> None:
        self._present.show(view)
        self._nudge.show(view)

    def _queue_link(self) -> tuple[tuple[str, str], ...]:
        queue = self._site.desks.queue
        has_queue = queue is not None and any(one.counter == self._counter for one in queue.counters())
        return ((f"/quay/{self._counter}/so", self._words("page.officer.queue")),) if has_queue else ()

    def _build_day(self) -> None:
        with block("section", "panel"):
            heading(self._words, "page.officer.today")
            self._chart = drawing("")
        with block("section", "panel grow"):
            heading(self._words, "page.officer.alerts")
            self._alerts = AlertList(self._live, "page.officer.no_alerts", lambda alert: alert.counter == self._counter)

    def _news(self, view: CounterView) -> None:
        if view.counter != self._counter:
            return
        self.show(view)
        if view.visit != self._visit or view.rating or view.phase is CounterPhase.OPTED_OUT:
            self._visit = view.visit
            self._charts.ask()

    def _alert_news(self, alert: AlertView) -> None:
        if alert.counter == self._counter:
            self._alerts.take(alert, is_news=True)

    async def _catch_up(self) -> None:
        self.show(self._site.desks.counters.view(self._counter))
        self._charts.ask()
        for alert in await self._site.desks.alerts.recent(ALERTS_SHOWN, self._counter):
            self._alerts.take(alert)

    async def _refresh_chart(self) -> None:
        day = await self._site.desks.statistics.day(self._site.desks.clock.now().date(), self._counter)
        self._chart.content = charts.distribution(self._words, day)


class PresentPanel:
    """One calm colour and one word. No face, no picture, no running numbers."""

    def __init__(self, viewer: Viewer) -> None:
        self._words = viewer.words
        with block("section", "present") as self._root:
            heading(self._words, "page.officer.present").classes("eyebrow")
            with block("div", "present-live", aria_live="polite", aria_atomic="true"):
                self._word = Text("p", "", "present-word")
                self._note = Text("p", "", "present-note")
            self._band = {level: self._segment(level) for level in Level}
            self._rating = Text("p", "", "rating-chip")
            self._rating.props["aria-live"] = "polite"

    def show(self, view: CounterView) -> None:
        level = view.level if view.phase is CounterPhase.MEASURING else None
        is_fault = view.phase is CounterPhase.CAMERA_FAULT
        tone = "fault" if is_fault else css_name(level) if level else "quiet"
        self._root.classes(replace=f"present tone-{tone}")
        word, note = self._sentences(view, level)
        self._word.say(word)
        self._note.say(note)
        for each, segment in self._band.items():
            segment.classes(replace=f"segment {css_name(each)}" + (" here" if each is level else ""))
        self._rating.say(
            self._words("page.officer.rating", level=self._words.level(view.rating)) if view.rating else ""
        )
        show(self._rating, is_shown=view.rating is not None)

    def _sentences(self, view: CounterView, level: Level | None) -> tuple[str, str]:
        words = self._words
        if view.phase is CounterPhase.CAMERA_FAULT:
            return words("page.officer.camera_fault"), camera_fault(words, view.camera)
        if level:
            return words.level(level), words(f"page.officer.note_{level}")
        phase = CounterPhase.SETTLING if view.phase is CounterPhase.MEASURING else view.phase
        return words(f"page.officer.phase_{phase}"), words(f"page.officer.phase_{phase}_note")

    def _segment(self, level: Level) -> Element:
        if level is Level.VERY_SATISFIED:
            self._row = block("div", "band", aria_hidden="true")
        with self._row:
            return block("span", f"segment {css_name(level)}")


class NudgeNoteStrip:
    """The nudge: in its own reserved place, so nothing jumps, blinks or sounds in front of the citizen."""

    def __init__(self, site: Site, viewer: Viewer) -> None:
        self._site, self._words = site, viewer.words
        with block("section", "nudge", role="status", aria_live="polite") as self._root:
            self._title = Text("h2", "", "nudge-title")
            self._hint = Text("p", "", "nudge-hint")
            self._why = Text("p", "", "nudge-why")

    def show(self, view: CounterView) -> None:
        words, nudge = self._words, view.nudge
        self._root.classes(replace="nudge on" if nudge else "nudge")
        if nudge is None:
            self._title.say(words("page.officer.nudge_none"))
            self._hint.say("")
            self._why.say("")
            return
        self._title.say(words("page.officer.nudge_title"))
        self._hint.say(words(f"page.officer.nudge_hint_{nudge.level}"))
        since = words.clock(nudge.since, self._site.desks.clock.now())
        signs = words.reasons(nudge.reasons)
        key = "page.officer.nudge_why" if signs else "page.officer.nudge_since"
        self._why.say(words(key, since=since, signs=signs))
