"""Alerts as cards: what, where, since when, why, who was told, and what the viewer may do about it."""

from collections.abc import Callable
from datetime import datetime

from edge.ports import AlertState, AlertView
from edge.web.live import Live
from edge.web.parts import Text, block, button, focus, focus_if_lost, show
from edge.web.theme import css_name

NOTE_AT_MOST = 500
CARDS_AT_MOST = 30


class AlertList:
    """The alerts that `wants` accepts, newest first. A card is updated in place, so a note being written survives."""

    def __init__(self, live: Live, empty_key: str, wants: Callable[[AlertView], bool]) -> None:
        self._live = live
        self._wants = wants
        self._cards: dict[str, AlertCard] = {}
        self._empty = Text("p", live.viewer.words(empty_key), "none")
        self._said = Text("p", "", "unseen")
        self._said.props["role"] = "status"
        self._list = block("ul", "alerts", tabindex="-1")

    def take(self, alert: AlertView, *, is_news: bool = False) -> None:
        """Show, update or take away, as the alert now is. `is_news`: it happened just now, and is said once."""
        card = self._cards.get(alert.alert)
        if not self._wants(alert):
            self._drop(alert.alert)
        elif card:
            card.update(alert)
        else:
            self._add(alert)
            self._said.say(self._sentence(alert) if is_news and alert.state is AlertState.OPEN else "")
        show(self._empty, is_shown=not self._cards)

    def _sentence(self, alert: AlertView) -> str:
        words = self._live.viewer.words
        return words("page.alert.new", counter=alert.counter_name, what=what(self._live, alert))

    def _add(self, alert: AlertView) -> None:
        with self._list:
            card = AlertCard(self._live, alert)
        place = sum(other.raised > alert.raised for other in self._cards.values())
        self._cards[alert.alert] = card
        card.root.move(target_index=place)
        if len(self._cards) > CARDS_AT_MOST:
            self._drop(min(self._cards, key=lambda key: self._cards[key].raised))

    def _drop(self, alert: str) -> None:
        card = self._cards.pop(alert, None)
        if card:
            card.root.delete()


class AlertCard:
    """One alert. Leaders may take it over; leaders and the counter's officer may contest it with a note."""

    def __init__(self, live: Live, alert: AlertView) -> None:
        self._live = live
        self._words = live.viewer.words
        self._alert = alert
        self.raised: datetime = alert.raised
        self._note = ""
        with block("li", "alert") as self.root:
            with block("div", "alert-head"):
                Text("h3", alert.counter_name)
                Text("p", alert.unit, "alert-unit")
                self._state = Text("span", "", "chip")
            self._what = Text("p", "", "alert-what")
            self._why = Text("p", "", "alert-why")
            self._told = Text("p", "", "alert-told")
            self._said = Text("p", "", "alert-note")
            self._build_actions()
            self._build_form()
        self.update(alert)

    def update(self, alert: AlertView) -> None:
        self._alert = alert
        self.root.classes(replace=f"alert {css_name(alert.level)} state-{alert.state}")
        self._state.say(self._words(f"page.alert.state_{alert.state}"))
        self._what.say(what(self._live, alert))
        self._why.say(self._why_text())
        self._told.say(self._told_text())
        self._said.say(self._note_text())
        show(self._said, is_shown=bool(self._said.text))
        show(self._own, is_shown=self._may_acknowledge())
        show(self._doubt, is_shown=alert.state is not AlertState.CONTESTED and not self._form_is_open())

    def _build_actions(self) -> None:
        words, alert = self._words, self._alert
        with block("div", "actions"):
            self._own = button(words("page.alert.acknowledge"), self._acknowledge, "primary")
            self._own.props["aria-label"] = words("page.alert.acknowledge_label", counter=alert.counter_name)
            self._doubt = button(words("page.alert.contest"), self._open_form, "plain")
            self._doubt.props["aria-label"] = words("page.alert.contest_label", counter=alert.counter_name)

    def _build_form(self) -> None:
        words = self._words
        with block("div", "contest") as self._form:
            field = f"note-{self._alert.alert}"
            with block("label", for_=field):
                Text("span", words("page.alert.note_label"))
            self._field = block("textarea", "field", id=field, rows="2", maxlength=str(NOTE_AT_MOST))
            self._field.on("keydown.escape", lambda _: self._close_form())
            self._field.on("input", lambda event: self._keep_note(event.args), js_handler="(e) => emit(e.target.value)")
            with block("div", "actions"):
                button(words("page.alert.send"), self._contest, "primary")
                button(words("page.alert.cancel"), self._close_form, "plain")
        show(self._form, is_shown=False)

    def _may_acknowledge(self) -> bool:
        session = self._live.viewer.session
        return bool(session and session.is_leader) and self._alert.state in {AlertState.OPEN, AlertState.UNANSWERED}

    def _may_contest(self) -> bool:
        session = self._live.viewer.session
        return bool(session and session.may_see_counter(self._alert.counter))

    async def _acknowledge(self) -> None:
        session = self._live.viewer.session
        desk, by = self._live.site.desks.alerts, session.user.name if session else ""
        done = await self._live.act(self._may_acknowledge(), lambda: desk.acknowledge(self._alert.alert, by))
        if done and not self.root.is_deleted:
            focus_if_lost(self._doubt)  # the button that was pressed is gone

    async def _contest(self) -> None:
        session, note = self._live.viewer.session, self._note.strip()
        if session is None or not note:
            self._live.say("page.alert.note_missing")
            focus(self._field)
            return
        desk, role = self._live.site.desks.alerts, session.role.value
        if self.root.parent_slot:
            focus(self.root.parent_slot.parent)  # this card may leave the list: the keyboard must not fall to the top
        done = await self._live.act(
            self._may_contest(), lambda: desk.contest(self._alert.alert, session.user.name, role, note)
        )
        if done and not self.root.is_deleted:
            self._close_form()

    def _keep_note(self, text: object) -> None:
        self._note = str(text)[:NOTE_AT_MOST]

    def _form_is_open(self) -> bool:
        return "hidden" not in self._form.props

    def _open_form(self) -> None:
        show(self._form, is_shown=True)
        show(self._doubt, is_shown=False)
        focus(self._field)

    def _close_form(self) -> None:
        show(self._form, is_shown=False)
        show(self._doubt, is_shown=self._alert.state is not AlertState.CONTESTED)
        focus(self._doubt)

    def _why_text(self) -> str:
        why = self._words.first(f"page.alert.why_{self._alert.why}", "page.alert.why_other")
        signs = self._words.reasons(self._alert.reasons)
        return f"{why} {self._words('page.alert.signs', signs=signs)}" if signs else why

    def _told_text(self) -> str:
        words, alert = self._words, self._alert
        if alert.owner:
            return words("page.alert.owner", owner=alert.owner)
        if not alert.contacts:
            return words("page.alert.told_nobody")
        rows = [
            f"{who} ({words.first(f'page.alert.sms_{state}', 'page.alert.sms_unknown')})"
            for who, state in alert.contacts
        ]
        return words("page.alert.told", who=", ".join(rows))

    def _note_text(self) -> str:
        alert = self._alert
        if not alert.contested_by:
            return ""
        return self._words("page.alert.contested_by", by=alert.contested_by, note=alert.note or "")


def what(live: Live, alert: AlertView) -> str:
    """Which level, since when, and the id to answer with."""
    words = live.viewer.words
    since = words.clock(alert.since, live.site.desks.clock.now())
    return words("page.alert.what", level=words.level(alert.level), since=since, id=alert.alert)
