"""The line to the city on the device page: how it is, what waits, whether the clocks agree, and what the city ordered."""

from datetime import datetime

from edge.command_ports import CityDesk, CommandView, LinkView
from edge.web.live import Live
from edge.web.parts import Text, block, heading, show

SHOWN = 10  # orders
COLUMNS = ("when", "order", "by", "outcome")
_CLOCKS_AGREE_S = 60.0


class CityPanel:
    """Asked for every few seconds, as health is."""

    def __init__(self, live: Live, desk: CityDesk) -> None:
        self._live, self._desk, self._words = live, desk, live.viewer.words
        self._shown: tuple[CommandView, ...] | None = None
        with block("section", "panel city-line", tabindex="0", aria_label=self._words("page.city.title")):
            heading(self._words, "page.city.title")
            with block("dl", "city-facts"):
                self._state = self._fact("state")
                self._backlog = self._fact("backlog")
                self._receipt = self._fact("receipt")
                self._clock = self._fact("clock")
            self._metered = Text("p", self._words("page.city.metered"), "how")
            self._not_ours = Text("p", "", "how")
            heading(self._words, "page.city.orders", "h3")
            self._none = Text("p", self._words("page.city.no_orders"), "none")
            self._table = block("table", "city-orders", data_cards="")
        self._refresh_link()
        live.every(live.site.settings.health_every_s, self._refresh)
        live.at_connect(self._refresh)

    def _fact(self, key: str) -> Text:
        with block("div"):
            Text("dt", self._words(f"page.city.{key}"))
            return Text("dd")

    async def _refresh(self) -> None:
        self._refresh_link()
        rows = await self._desk.commands(SHOWN)
        if rows != self._shown:
            self._shown = rows
            self._show_orders(rows)

    def _refresh_link(self) -> None:
        link, words = self._desk.link(), self._words
        self._state.say(self._of_state(link))
        self._backlog.say(words("page.health.backlog", n=link.backlog) if link.backlog else words("page.health.sent"))
        self._receipt.say(self._time(link.last_receipt) if link.last_receipt else words("page.city.no_receipt"))
        self._clock.say(self._of_clock(link.skew_s))
        show(self._metered, is_shown=link.is_metered)
        self._not_ours.say(words("page.city.not_ours", n=link.not_ours))
        show(self._not_ours, is_shown=link.not_ours > 0)

    def _of_state(self, link: LinkView) -> str:
        state = self._words(f"page.city.state_{link.state}")
        if link.since is None:
            return state
        return self._words("page.city.since", state=state, since=self._time(link.since))

    def _of_clock(self, skew_s: float | None) -> str:
        if skew_s is None:
            return self._words("page.city.clock_unknown")
        if abs(skew_s) <= _CLOCKS_AGREE_S:
            return self._words("page.city.clock_agrees")
        key = "page.city.clock_ahead" if skew_s > 0 else "page.city.clock_behind"
        return self._words(key, n=round(abs(skew_s) / 60) or 1)

    def _show_orders(self, rows: tuple[CommandView, ...]) -> None:
        self._table.clear()
        show(self._none, is_shown=not rows)
        show(self._table, is_shown=bool(rows))
        with self._table:
            with block("thead"), block("tr"):
                for key in COLUMNS:
                    Text("th", self._words(f"page.city.{key}")).props["scope"] = "col"
            with block("tbody"):
                for row in rows:
                    self._order(row)

    def _order(self, row: CommandView) -> None:
        words = self._words
        name = words.first(f"page.command.name.{row.name.replace('.', '_')}", "page.command.name.unknown")
        with block("tr", f"order-{row.outcome or 'working'}"):
            for key, text in zip(COLUMNS, (self._time(row.at), name, row.by, self._of_outcome(row)), strict=True):
                Text("td", text).props["data-name"] = words(f"page.city.{key}")

    def _of_outcome(self, row: CommandView) -> str:
        outcome = self._words(f"page.city.outcome_{row.outcome or 'working'}")
        return outcome if row.why is None else f"{outcome}: {self._words(f'page.command.why.{row.why}')}"

    def _time(self, at: datetime) -> str:
        return self._words.clock(at, self._live.site.desks.clock.now())
