"""The leader's page: what needs somebody now, all counters at a glance, the day's trend, agreement, health."""

from datetime import timedelta

from nicegui.element import Element

from edge.ports import AlertState, AlertView, CounterPhase, CounterView
from edge.web import charts
from edge.web.alert_cards import AlertList
from edge.web.frame import top_bar
from edge.web.health_strip import HealthStrip
from edge.web.live import Live
from edge.web.parts import Text, block, drawing, head, heading, show
from edge.web.site import Site, Viewer
from edge.web.theme import css_name

ALERTS_SHOWN = 50


class LeaderPage:
    """Contested alerts stand apart, here as in every statistic."""

    def __init__(self, site: Site, viewer: Viewer) -> None:
        self._site, self._words = site, viewer.words
        head(self._words, self._words("page.leader.title"))
        self._live = Live(site, viewer)
        self._charts = self._live.paced(self._refresh_charts)
        with block("div", "fixed-screen"):
            queue = (("/lanh-dao/so", self._words("page.leader.queue")),) if site.desks.queue else ()
            top_bar(site, viewer, self._words("page.leader.title"), site.settings.centre, queue)
            with block("main", "leader"):
                HealthStrip(self._live, is_short=True)
                self._build_counters()
                with block("div", "leader-columns"):
                    self._build_alerts()
                    self._build_charts()
        self._live.follow(site.desks.counters.subscribe, self._news)
        self._live.follow(site.desks.alerts.subscribe, self._alert_news)
        self._live.at_connect(self._catch_up)

    def _build_counters(self) -> None:
        desk = self._site.desks.counters
        with block("section", "counters", aria_label=self._words("page.leader.counters")):
            self._tiles = {counter: CounterTile(self._live, desk.view(counter)) for counter in desk.counters()}

    def _build_alerts(self) -> None:
        with block("div", "stack"):
            with block("section", "panel grow"):
                heading(self._words, "page.leader.alerts")
                self._open = AlertList(
                    self._live, "page.leader.no_alerts", lambda a: a.state is not AlertState.CONTESTED
                )
            with block("section", "panel contested-panel"):
                heading(self._words, "page.leader.contested")
                self._contested = AlertList(
                    self._live, "page.leader.no_contested", lambda a: a.state is AlertState.CONTESTED
                )

    def _build_charts(self) -> None:
        words = self._words
        with block("section", "panel trend"):
            heading(words, "page.leader.trend")
            Text("p", words("page.leader.trend_how"), "how")
            drawing(charts.legend(words))
            self._trend = drawing("")
        with block("div", "stack"):
            with block("section", "panel"):
                heading(words, "page.leader.today")
                self._day = drawing("")
            with block("section", "panel grow"):
                heading(words, "page.leader.agreement")
                Text("p", words("page.leader.agreement_how", days=self._site.settings.agreement_days), "how")
                self._agreement = drawing("")

    def _news(self, view: CounterView) -> None:
        tile = self._tiles.get(view.counter)
        if tile is None:
            return
        if tile.show(view):
            self._charts.ask()

    def _alert_news(self, alert: AlertView) -> None:
        self._take(alert, is_news=True)
        self._charts.ask()

    def _take(self, alert: AlertView, *, is_news: bool = False) -> None:
        self._open.take(alert, is_news=is_news)
        self._contested.take(alert)

    async def _catch_up(self) -> None:
        desk = self._site.desks.counters
        for counter, tile in self._tiles.items():
            tile.show(desk.view(counter))
        self._charts.ask()
        for alert in await self._site.desks.alerts.recent(ALERTS_SHOWN):
            self._take(alert)

    async def _refresh_charts(self) -> None:
        statistics, settings = self._site.desks.statistics, self._site.settings
        today = self._site.desks.clock.now().date()
        names = {counter: self._site.desks.counters.view(counter).name for counter in self._tiles}
        self._trend.content = charts.trend(self._words, names, await statistics.hours(today))
        self._day.content = charts.distribution(self._words, await statistics.day(today))
        found = await statistics.agreement(today - timedelta(days=settings.agreement_days - 1), today)
        self._agreement.content = charts.agreement(self._words, found, settings.agreement_at_least)


class CounterTile:
    """One counter at a glance; leads to its page."""

    def __init__(self, live: Live, view: CounterView) -> None:
        self._words = live.viewer.words
        self._visit = view.visit
        self._root: Element = block("a", "counter-tile", href=f"/quay/{view.counter}")
        with self._root:
            Text("span", view.name, "counter-name")
            self._word = Text("span", "", "counter-word")
            self._extra = Text("span", "", "counter-extra")
        self.show(view)

    def show(self, view: CounterView) -> bool:
        """True when a visit began, ended or got its rating, so that charts may have changed."""
        words = self._words
        level = view.level if view.phase is CounterPhase.MEASURING else None
        tone = css_name(level) if level else "fault" if view.phase is CounterPhase.CAMERA_FAULT else "quiet"
        self._root.classes(replace=f"counter-tile tone-{tone}")
        phase = CounterPhase.SETTLING if view.phase is CounterPhase.MEASURING else view.phase
        self._word.say(words.level(level) if level else words(f"page.leader.phase_{phase}"))
        self._extra.say(self._extra_text(view))
        show(self._extra, is_shown=bool(self._extra.text))
        is_news = view.visit != self._visit or view.rating is not None or view.phase is CounterPhase.OPTED_OUT
        self._visit = view.visit
        return is_news

    def _extra_text(self, view: CounterView) -> str:
        if view.rating:
            return self._words("page.leader.rated", level=self._words.level(view.rating))
        return self._words("page.leader.nudged") if view.nudge else ""
