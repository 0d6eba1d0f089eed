"""The desk's lists: deposits to collect in the morning, results nobody fetched, and the history of one dossier."""

from collections.abc import Callable, Mapping, Sequence

from edge.locker_ports import CompartmentView, HistoryRow, OverdueRow
from edge.web.locker_cabinet import age
from edge.web.locker_staff import Hand, field, form, submit
from edge.web.parts import Text, block, button, focus_if_lost, show
from edge.web.words import Words

NOTHING = "–"
_PARAMETERS = (
    "by",
    "compartment",
    "number",
    "why",
    "via",
    "days",
    "receipt",
    "second",
    "purpose",
    "keypad",
    "procedure",
)


class DepositList:
    """What citizens handed in, oldest first: one press a door."""

    def __init__(self, hand: Hand) -> None:
        self._hand, self._live, self._desk = hand, hand.live, hand.desk
        self._words = hand.words
        self._shown: list[tuple[CompartmentView, str]] | None = None
        self._how = Text("p", self._words("page.locker.deposits_how"), "how")
        self._how.props["tabindex"] = "-1"
        self._none = Text("p", self._words("page.locker.no_deposits"), "none")
        self._list = block("ul", "rows")

    def show(self, given: Sequence[CompartmentView]) -> None:
        rows = sorted(given, key=lambda one: (one.since is None, one.since, one.number))
        now = self._live.site.desks.clock.now()
        shown = [(one, age(self._words, one.since, now)) for one in rows]
        if shown == self._shown:
            return
        is_new = self._shown is None
        self._shown = shown
        show(self._none, is_shown=not rows)
        self._list.clear()
        with self._list:
            for one in rows:
                self._row(one)
        if not is_new:
            focus_if_lost(self._how)  # the row that was pressed is gone

    def _row(self, one: CompartmentView) -> None:
        words, now = self._words, self._live.site.desks.clock.now()
        with block("li", "row"):
            Text("b", one.number, "row-number")
            with block("div", "row-words"):
                Text("p", self._hand.procedure(one.procedure) if one.procedure else words("page.locker.state.given"))
                if one.since:
                    Text("p", f"{words.clock(one.since, now)} · {age(words, one.since, now)}", "how")
            made = button(words("page.locker.collect"), lambda: self._collect(one.compartment), "primary")
            made.props["aria-label"] = words("page.locker.collect_label", number=one.number)

    async def _collect(self, compartment: str) -> None:
        await self._hand.do(lambda by: self._desk.collect(by, compartment))


class OverdueList:
    def __init__(self, hand: Hand, on_pick: Callable[[str], None]) -> None:
        self._desk, self._on_pick = hand.desk, on_pick
        self._words = hand.words
        Text("p", self._words("page.locker.overdue_how"), "how")
        self._none = Text("p", self._words("page.locker.no_overdue"), "none")
        self._list = block("ul", "rows")

    async def refresh(self) -> None:
        rows = await self._desk.overdue()
        show(self._none, is_shown=not rows)
        self._list.clear()
        with self._list:
            for row in rows:
                self._row(row)

    def _row(self, row: OverdueRow) -> None:
        words = self._words
        with block("li", "row"):
            Text("b", row.number, "row-number")
            with block("div", "row-words"):
                Text("p", row.dossier or NOTHING)
                told = words("page.locker.reminded") if row.reminded else words("page.locker.not_reminded")
                if row.recalled:
                    told = words("page.locker.recalled_by_city")
                Text("p", f"{words('page.locker.age_days', n=row.days)} · {told}", "how")
            made = button(words("page.locker.look"), lambda: self._on_pick(row.compartment), "plain")
            made.props["aria-label"] = words("page.locker.look_label", number=row.number)


class HistoryPanel:
    """What happened to one dossier or receipt, event by event, in words."""

    def __init__(self, hand: Hand) -> None:
        self._hand, self._live, self._desk = hand, hand.live, hand.desk
        self._words = words = hand.words
        with form(self._look, "inline"):
            field(words("page.locker.history_of"), "history-of", required="")
            submit(words("page.locker.look"))
        self._list = block("ol", "history", aria_live="polite")
        self._numbers: Mapping[str, str] = {}

    async def _look(self, fields: Mapping[str, str]) -> None:
        rows = await self._hand.do(lambda _: self._desk.history(fields.get("history-of", "")))
        self._list.clear()
        if not isinstance(rows, tuple):
            return
        self._numbers = {one.compartment: one.number for one in self._desk.cabinet().compartments}
        with self._list:
            for row in rows:
                self._row(row)
            if not rows:
                Text("li", self._words("page.locker.no_history"), "none")

    def _row(self, row: HistoryRow) -> None:
        now = self._live.site.desks.clock.now()
        with block("li"):
            Text("span", self._words.clock(row.at, now), "history-at")
            Text("span", event_words(self._words, row, self._numbers))


def event_words(words: Words, row: HistoryRow, numbers: Mapping[str, str]) -> str:
    """One event as a sentence; a kind nobody wrote a sentence for is named as it is."""
    kind = row.kind.removeprefix("locker.")
    named = {name: _value(words, name, row.values.get(name)) for name in _PARAMETERS}
    named["compartment"] = numbers.get(named["compartment"], named["compartment"])
    return words.first(f"page.locker.event.{kind}", "page.locker.event.other", kind=kind, **named)


def _value(words: Words, name: str, value: str | int | None) -> str:
    if value is None or value == "":
        return NOTHING
    if name in {"why", "via", "purpose"}:
        return words.strings.find(f"page.locker.because.{value}", words.lang) or str(value)
    return str(value)
