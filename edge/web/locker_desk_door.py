"""One door of the cabinet: what is in it, since when, what became of the SMS, and what an officer may do about it."""

from collections.abc import Callable, Mapping

from nicegui import ui

from edge.domain.locker import CompartmentState, Purpose
from edge.locker_ports import CompartmentView, RefusalWhy, Refused, SpokenCode
from edge.web.locker_cabinet import age, group_of, state_word
from edge.web.locker_staff import Hand, choice, form, submit
from edge.web.parts import Text, block, button, focus_if_lost

S = CompartmentState
RECALL_WHY = ("overdue", "citizen_asked", "wrong_dossier", "fault")  # as `locker.recalled` has them, for one door
HOLDS = {S.OCCUPIED, S.OVERDUE, S.OPEN_FAILED, S.OPEN_UNKNOWN}  # the rules let it be opened again from each
NOTHING_TO_DO = {S.FREE, S.OUT_OF_SERVICE}
FOR_TECHNICIAN = {S.OPEN_FAILED, S.OPEN_UNKNOWN, S.FORCED, S.WRONG_DOOR, S.OUT_OF_SERVICE, S.UNKNOWN}


class DoorPanel:
    """Follows the chosen door; each action is asked once more before a door moves or a code dies."""

    def __init__(self, hand: Hand) -> None:
        self._hand, self._live, self._desk = hand, hand.live, hand.desk
        self._words, self._dialog = hand.words, hand.dialog
        self._shown: tuple[CompartmentView, str] | None = None
        self._root = block("div", "door-panel")
        with self._root:
            Text("p", self._words("page.locker.pick_a_door"), "none")

    def show(self, one: CompartmentView | None) -> None:
        if one is None:
            return
        shown = (one, age(self._words, one.since, self._live.site.desks.clock.now()))
        if shown == self._shown:
            return
        self._shown = shown
        self._root.clear()
        with self._root:
            self._build(one)

    def _build(self, one: CompartmentView) -> None:
        words = self._words
        with block("div", f"door-head door-key {group_of(one)}"):
            Text("b", one.number, "opening-card-number")
            with block("div"):
                state = Text("h2", state_word(words, one))
                Text("p", words(f"page.locker.door.{one.door}"), "how")
        state.props["tabindex"] = "-1"
        focus_if_lost(state)  # the button that moved this door is gone
        if one.why:
            Text("p", words.first(f"page.locker.why.{one.why}", "page.locker.why.unknown"), "door-why")
        self._facts(one)
        if one.state is S.FREE:
            Text("p", words("page.locker.nothing_inside"), "none")
        if one.kept:
            Text("p", words("page.locker.kept_how"))
        if one.state in FOR_TECHNICIAN:
            Text("p", words("page.locker.tell_technician"))
        with block("div", "actions"):
            for text, action, classes in self._actions(one):
                button(text, action, classes)

    def _facts(self, one: CompartmentView) -> None:
        words, now = self._words, self._live.site.desks.clock.now()
        size = words.first(f"page.locker.size.{one.size}", "page.locker.size.other")
        facts = [(words("page.locker.bag_size"), size + (f" · {words('page.locker.low')}" if one.low else ""))]
        if one.kept:
            facts += [
                (words("page.locker.dossier"), one.kept.dossier),
                (words("page.locker.kept_by"), one.kept.by),
                (words("page.locker.kept_until"), words.clock(one.kept.until, now)),
            ]
        if one.dossier:
            facts.append((words("page.locker.dossier"), one.dossier))
        if one.procedure:
            facts.append((words("page.locker.procedure"), self._hand.procedure(one.procedure)))
        if one.since:
            facts.append((words("page.locker.since"), f"{words.clock(one.since, now)} · {age(words, one.since, now)}"))
        if one.sms:
            facts.append(
                (words("page.locker.sms_state"), words.first(f"page.locker.sms.{one.sms}", "page.locker.sms.unknown"))
            )
        with block("dl", "facts"):
            for name, value in facts:
                Text("dt", name)
                Text("dd", value)

    def _actions(self, one: CompartmentView) -> list[tuple[str, Callable[[], object], str]]:
        words = self._words
        if one.state in NOTHING_TO_DO and not one.stay:
            return []
        if one.purpose is Purpose.DEPOSIT and one.state in HOLDS:
            rows: list[tuple[str, Callable[[], object], str]] = [
                (words("page.locker.collect"), lambda: self._collect(one), "primary")
            ]
        elif one.state in HOLDS and not one.recalled:
            rows = [
                (words("page.locker.reissue_sms"), lambda: self._ask_sms(one), "primary"),
                (words("page.locker.reissue_phone"), lambda: self._ask_spoken(one), ""),
            ]
        else:
            rows = []
        rows.append((words("page.locker.recall"), lambda: self._ask_recall(one), "plain"))
        if one.stay:
            rows.append((words("page.locker.empty"), lambda: self._ask_empty(one), "plain"))
        return rows

    def _stay_in(self, compartment: str) -> str | None:
        return next((one.stay for one in self._desk.cabinet().compartments if one.compartment == compartment), None)

    async def _collect(self, one: CompartmentView) -> None:
        await self._hand.do(lambda by: self._desk.collect(by, one.compartment))

    def _ask_sms(self, one: CompartmentView) -> None:
        words, stay = self._words, one.stay or ""

        async def go() -> None:
            await self._hand.do(lambda by: self._desk.reissue(by, stay, "sms"), "page.locker.code_goes_out")

        text = words("page.locker.reissue_sms_how")
        self._dialog.confirm(words("page.locker.reissue_sms"), text, words("page.locker.reissue_sms"), go)

    def _ask_spoken(self, one: CompartmentView) -> None:
        words, stay = self._words, one.stay or ""

        async def go() -> None:
            spoken = await self._hand.do(lambda by: self._desk.reissue(by, stay, "phone"))
            if isinstance(spoken, SpokenCode):
                _SpokenOnce(self._hand, one.number, spoken)

        text = words("page.locker.reissue_phone_how")
        self._dialog.confirm(words("page.locker.reissue_phone"), text, words("page.locker.reissue_phone"), go)

    def _ask_empty(self, one: CompartmentView) -> None:
        words, stay = self._words, one.stay or ""

        async def go() -> None:
            await self._hand.do(lambda by: self._desk.empty(by, stay), "page.locker.emptied")

        title = words("page.locker.empty_title", number=one.number)
        self._dialog.confirm(title, words("page.locker.empty_how"), words("page.locker.empty"), go)

    def _ask_recall(self, one: CompartmentView) -> None:
        words = self._words

        async def go(fields: Mapping[str, str]) -> None:
            why = fields.get("recall-why", "")
            self._dialog.close()
            if self._stay_in(one.compartment) != one.stay:  # fetched meanwhile, and another result may lie there
                self._hand.refused(Refused(RefusalWhy.NOT_THERE))
            elif why in RECALL_WHY:
                await self._hand.do(lambda by: self._desk.recall(by, one.compartment, why))

        def build() -> None:
            Text("p", words("page.locker.recall_how"))
            with form(go):
                choice(
                    words("page.locker.recall_why"),
                    "recall-why",
                    {w: words(f"page.locker.because.{w}") for w in RECALL_WHY},
                )
                with block("div", "actions"):
                    submit(words("page.locker.recall_yes"))
                    self._dialog.cancel_button()

        self._dialog.open(words("page.locker.recall_title", number=one.number), build)


class _SpokenOnce:
    """A code to be read out: on the screen until the dialog is closed or the time is over, then nowhere."""

    def __init__(self, hand: Hand, number: str, spoken: SpokenCode) -> None:
        self._words, self._dialog = hand.words, hand.dialog
        self._left = int(hand.live.site.settings.locker.code_shown_s)
        self._dialog.open(self._words("page.locker.spoken_title", number=number), lambda: self._build(spoken))

    def _build(self, spoken: SpokenCode) -> None:
        words, digits = self._words, spoken.code.reveal()
        Text("p", words("page.locker.spoken_how"))
        half = len(digits) // 2
        Text("p", f"{digits[:half]} {digits[half:]}", "spoken-code")
        self._count = Text("p", words("page.locker.spoken_left", seconds=self._left), "how")
        with block("div", "actions"):
            button(words("page.locker.spoken_done"), self._dialog.close, "primary")
        ui.timer(1.0, self._tick, immediate=False)

    def _tick(self) -> None:
        self._left -= 1
        if self._left <= 0:
            self._dialog.close()
        else:
            self._count.say(self._words("page.locker.spoken_left", seconds=self._left))
