"""Satisfaction by ward, counter and hour, lockers and queues, of the days and the ward that somebody chose."""

from datetime import date

from nicegui import ui

from edge.domain.level import Level
from edge.fleet_ports import FiguresView, FleetLost, Satisfaction
from edge.ports import Agreement, HourRow
from edge.web import charts, fleet_sheets
from edge.web.auth import Session
from edge.web.fleet_bars import satisfaction_table
from edge.web.fleet_house import Choice, FleetHouse, wards_of
from edge.web.fleet_parts import address, entry, filter_form, fleet_bar, ward_select
from edge.web.live import LivePage
from edge.web.parts import Text, block, drawing, head, heading, show
from edge.web.plain import e
from edge.web.site import Viewer
from edge.web.words import Words

AGAIN_S = 30.0  # how often figures that include today are asked for anew
ROWS_AT_MOST = 100
SHEETS = ("hai-long-phuong", "hai-long-quay", "hai-long-gio", "tu", "qua-han", "hang-doi")


class FiguresPage:
    """Counts only; nothing of one visit, ticket or person is in it."""

    def __init__(self, house: FleetHouse, viewer: Viewer, session: Session, choice: Choice) -> None:
        self._house, self._session, self._words, self._choice = house, session, viewer.words, choice
        words = viewer.words
        self._filter = choice.filter(house.desk.now().date())
        head(words, words("page.fleet.figures"), "page.fleet.connection_lost")
        live = LivePage(house, viewer)
        self._paced = live.paced(self._refresh)
        with block("div", "fixed-screen"):
            fleet_bar(house, viewer, session, words("page.fleet.figures"))
            with block("main", "fleet fleet-figures"):
                self._build_filter()
                self._lost = Text("p", words("page.fleet.stale"), "fleet-stale")
                self._build_panels()
        show(self._lost, is_shown=False)
        live.at_connect(self._paced.ask)
        if self._filter.last == house.desk.now().date():
            live.every(AGAIN_S, self._paced.ask)

    def _build_filter(self) -> None:
        words, chosen = self._words, self._filter
        fields = [
            ward_select(self._house, self._session, words, self._choice),
            entry(words("page.fleet.from_day"), "tu", "date", chosen.first.isoformat()),
            entry(words("page.fleet.to_day"), "den", "date", chosen.last.isoformat()),
        ]
        days = {
            "tu": chosen.first.isoformat(),
            "den": chosen.last.isoformat(),
            "phuong": chosen.ward,
            "diem": chosen.site,
        }
        sheets = [
            (address(f"/tai-xuong/{name}.csv", **days), words(f"page.fleet.csv_{name.replace('-', '_')}"))
            for name in SHEETS
        ]
        filter_form(words, fields, sheets)

    def _build_panels(self) -> None:
        words = self._words
        with block("div", "fleet-columns"):
            with block("section", "panel"):
                heading(words, "page.fleet.satisfaction")
                Text("p", _days(words, self._filter.first, self._filter.last), "how")
                self._total = drawing("")
                self._agreement = drawing("")
            with block("section", "panel"):
                heading(words, "page.fleet.by_hour")
                Text("p", words("page.leader.trend_how"), "how")
                drawing(charts.legend(words))
                self._hours = drawing("")
        self._wards, self._counters = self._panel("page.fleet.by_ward"), self._panel("page.fleet.by_counter")
        with block("div", "fleet-columns"):
            self._lockers, self._waits = self._panel("page.fleet.lockers"), self._panel("page.fleet.queues")

    def _panel(self, key: str) -> ui.html:
        with block("section", "panel"):
            heading(self._words, key)
            return drawing(f'<p class="none">{e(self._words("page.fleet.reading"))}</p>')

    async def _refresh(self) -> None:
        try:
            figures = await self._house.desk.figures(self._filter, wards_of(self._session))
        except FleetLost:
            show(self._lost, is_shown=True)
            return
        show(self._lost, is_shown=False)
        self._show(figures)

    def _show(self, figures: FiguresView) -> None:
        words, total = self._words, figures.total
        self._total.content = charts.distribution(words, total.counts)
        found = Agreement(both=total.both, same=total.same, table={})
        self._agreement.content = _agreement(words, found)
        self._hours.content = charts.trend(words, {"": words("page.fleet.all_counters")}, _hour_rows(figures))
        self._wards.content = satisfaction_table(words, "ward", figures.by_ward)
        worst = sorted(figures.by_counter, key=_unhappy, reverse=True)
        self._counters.content = satisfaction_table(words, "counter", tuple(worst[:ROWS_AT_MOST]))
        self._lockers.content = _lockers(words, figures)
        self._waits.content = _waits(words, figures)


def _agreement(words: Words, found: Agreement) -> str:
    share = fleet_sheets.share(found.both, found.same)
    if share is None:
        text = words("page.chart.agreement_not_enough", n=found.both, need=fleet_sheets.AGREE_AT_LEAST)
        return f'<p class="agree-none">{e(text)}</p>'
    return f'<p class="agree"><b>{share} %</b> {e(words("page.chart.agreement", same=found.same, n=found.both))}</p>'


def _hour_rows(figures: FiguresView) -> list[HourRow]:
    return [HourRow("", int(row.key), row.counts, row.alerts, row.contested) for row in figures.by_hour]


def _lockers(words: Words, figures: FiguresView) -> str:
    if not figures.handovers:
        return f'<p class="none">{e(words("page.fleet.nothing"))}</p>'
    late = fleet_sheets.table_of(fleet_sheets.overdue(words, figures)) if figures.overdue else ""
    title = f"<h3>{e(words('page.fleet.sheet_overdue'))}</h3>" if late else ""
    return _scroll(words, "lockers", f"{fleet_sheets.table_of(fleet_sheets.handovers(words, figures))}{title}{late}")


def _waits(words: Words, figures: FiguresView) -> str:
    if not figures.waits_by_site:
        return f'<p class="none">{e(words("page.fleet.nothing"))}</p>'
    tables = (
        fleet_sheets.table_of(fleet_sheets.waits(words, kind, rows))
        for kind, rows in (("hour", figures.waits_by_hour), ("site", figures.waits_by_site))
    )
    return f'<p class="how">{e(words("page.fleet.waits_how"))}</p>{_scroll(words, "queues", "".join(tables))}'


def _scroll(words: Words, name: str, markup: str) -> str:
    """Long tables in a box of their own, which the keyboard can scroll."""
    label = e(words(f"page.fleet.{name}"))
    return f'<div class="fleet-scroll" tabindex="0" role="region" aria-label="{label}">{markup}</div>'


def _unhappy(row: Satisfaction) -> tuple[int, int]:
    """Where most alerts and most displeased visits were, first."""
    sad = sum(
        side.get(level, 0) for side in (row.counts.camera, row.counts.ratings) for level in Level if level.is_negative
    )
    return (row.alerts, sad)


def _days(words: Words, first: date, last: date) -> str:
    if first == last:
        return words("page.fleet.one_day", day=f"{first:%d/%m/%Y}")
    return words("page.fleet.some_days", first=f"{first:%d/%m/%Y}", last=f"{last:%d/%m/%Y}")
