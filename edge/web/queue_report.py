"""The leader's report of one day's queue: how long people waited and were served, by service and by counter."""

from datetime import date, timedelta

from edge.domain.queue_report import ReportRow, Spread
from edge.queue_ports import CallView, DayReport, QueueDesk
from edge.web.frame import top_bar
from edge.web.live import Live
from edge.web.parts import Text, block, drawing, head, heading
from edge.web.plain import cells, e
from edge.web.site import Site, Viewer
from edge.web.words import Words

PATH = "/lanh-dao/so"
FIRST_YEAR, LAST_YEAR = 2000, 2999
COLUMNS = ("served", "no_shows", "left", "waiting", "serving")


class QueueReportPage:
    """Counts and minutes only; nobody's number is in it."""

    def __init__(self, site: Site, viewer: Viewer, desk: QueueDesk, day: date | None) -> None:
        self._words, self._desk = viewer.words, desk
        self._day = day or site.desks.clock.now().date()
        is_today = self._day == site.desks.clock.now().date()
        words = viewer.words
        head(words, words("page.report.title"))
        self._live = Live(site, viewer)
        self._paced = self._live.paced(self._refresh)
        with block("div", "fixed-screen"):
            top_bar(
                site,
                viewer,
                words("page.report.title"),
                f"{self._day:%d/%m/%Y}",
                _days(self._day, words, is_today=is_today),
            )
            with block("main", "queue-report"):
                Text("p", words("page.report.how"), "queue-day")
                with block("section", "panel"):
                    heading(words, "page.report.by_service")
                    self._services = drawing("")
                with block("section", "panel"):
                    heading(words, "page.report.by_counter")
                    self._counters = drawing("")
        if is_today:
            self._live.follow(desk.subscribe, self._news)
        self._live.at_connect(self._paced.ask)

    def _news(self, _: CallView | None) -> None:
        self._paced.ask()

    async def _refresh(self) -> None:
        report: DayReport = await self._desk.report(self._day)
        services = {info.service: info.name(self._words.lang) for info in self._desk.services()}
        counters = {counter.counter: counter.name for counter in self._desk.counters()}
        self._services.content = self._table(report.by_service, services, ("service", "given"))
        self._counters.content = self._table(report.by_counter, counters, ("counter", "called"))

    def _table(self, rows: tuple[ReportRow, ...], names: dict[str, str], first: tuple[str, str]) -> str:
        keys = (f"page.report.{name}" for name in (*first, *COLUMNS))
        heads = "".join(f'<th scope="col">{e(self._words(key))}</th>' for key in keys)
        body = "".join(self._row(row, names.get(row.key, row.key), first[1]) for row in rows)
        return f'<table class="report" data-cards><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'

    def _row(self, row: ReportRow, name: str, tickets: str) -> str:
        counts = (str(number) for number in (row.tickets, row.served, row.no_shows, row.left))
        names = (self._words(f"page.report.{key}") for key in (tickets, *COLUMNS))
        row_cells = cells(names, (*counts, self._spread(row.waiting), self._spread(row.serving)))
        return f'<tr><th scope="row">{e(name)}</th>{row_cells}</tr>'

    def _spread(self, spread: Spread) -> str:
        if not spread.n:
            return "–"
        median, p90, longest = (round(seconds / 60) for seconds in (spread.median_s, spread.p90_s, spread.longest_s))
        return self._words("page.report.spread", median=median, p90=p90, longest=longest)


def day_of(text: str | None) -> date | None:
    """The day that an address asks for; None for today and for what is no day of a queue."""
    try:
        found = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found and FIRST_YEAR <= found.year <= LAST_YEAR else None


def _days(day: date, words: Words, *, is_today: bool) -> tuple[tuple[str, str], ...]:
    """The leader's page, the day before, and the day after one that is over."""
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    links = [("/lanh-dao", words("page.report.leader")), (f"{PATH}?ngay={before}", words("page.report.day_before"))]
    return (*links, *([] if is_today else [(f"{PATH}?ngay={after}", words("page.report.day_after"))]))
