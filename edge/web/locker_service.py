"""The technician's page of a cabinet: what goes over the line, which channel is which door, one door tested at a time."""

from edge.domain.locker import CompartmentState
from edge.locker_ports import CabinetView, CompartmentView, LockerDesks
from edge.web.auth import Session
from edge.web.frame import top_bar
from edge.web.live import Live
from edge.web.locker_cabinet import group_of, state_word
from edge.web.locker_icons import icon
from edge.web.locker_staff import Hand
from edge.web.locker_trace import TracePanel
from edge.web.parts import Text, block, button, drawing, head, show
from edge.web.site import Site, Viewer
from edge.web.words import Words


class LockerServicePage:
    """Opens nothing without asking once more, because somebody may stand in front of that door."""

    def __init__(self, site: Site, viewer: Viewer, desks: LockerDesks, session: Session) -> None:
        self._site, self._words, self._desk = site, viewer.words, desks.staff
        head(self._words, self._words("page.locker.service"), "page.locker.connection_lost")
        self._live = Live(site, viewer)
        with block("div", "fixed-screen"):
            top_bar(site, viewer, self._words("page.locker.service"), site.settings.locker.name)
            with block("main", "locker-service"):
                with block("section", "panel trace-panel"):
                    self._trace = TracePanel(self._live, desks.staff)
                with block("div", "desk-side"):
                    self._hand = Hand(self._live, session, desks, lambda: session.may_see_device)
                    with block("section", "panel desk-panel"):
                        self._build_map()
        self._shown: dict[str, CompartmentView] = {}
        self.show(desks.staff.cabinet())
        self._live.follow(desks.staff.subscribe, self.show)
        self._live.at_connect(lambda: self.show(desks.staff.cabinet()))

    def show(self, view: CabinetView) -> None:
        self._distrust.say("" if view.trusted else self._words(f"page.locker.distrust.{view.why or 'starting'}"))
        show(self._distrust, is_shown=not view.trusted)
        channels = self._desk.channels()
        for one in view.compartments:
            if self._shown.get(one.compartment) != one:
                self._shown[one.compartment] = one
                self._row(one, channels.get(one.compartment))

    def _build_map(self) -> None:
        words = self._words
        Text("h2", words("page.locker.door_map"))
        self._distrust = Text("p", "", "distrust")
        self._distrust.props["role"] = "alert"
        self._rows: dict[str, DoorRow] = {}
        with block("table", "door-map"):
            with block("thead"), block("tr"):
                for key in ("page.locker.map_door", "page.locker.map_channel", "page.locker.map_state"):
                    Text("th", words(key)).props["scope"] = "col"
                with block("th", "", scope="col"):
                    Text("span", words("page.locker.map_actions"), "unseen")
            self._body = block("tbody")

    def _row(self, one: CompartmentView, channel: tuple[str, int] | None) -> None:
        if one.compartment not in self._rows:
            with self._body:
                self._rows[one.compartment] = DoorRow(self._words, one, channel, self)
        self._rows[one.compartment].show(one)

    def ask_test(self, one: CompartmentView) -> None:
        words = self._words

        async def go() -> None:
            await self._hand.do(lambda by: self._desk.test(by, one.compartment))

        title = words("page.locker.test_title", number=one.number)
        self._hand.dialog.confirm(title, words("page.locker.test_how"), words("page.locker.test"), go)

    def ask_service(self, one: CompartmentView) -> None:
        words, is_out = self._words, one.state is CompartmentState.OUT_OF_SERVICE
        key = "page.locker.back_in" if is_out else "page.locker.take_out"
        change = self._desk.back_in_service if is_out else self._desk.out_of_service

        async def go() -> None:
            await self._hand.do(lambda by: change(by, one.compartment))

        text = words("page.locker.service_how", name=self._hand.by.name)
        self._hand.dialog.confirm(words("page.locker.service_title", number=one.number), text, words(key), go)


class DoorRow:
    """One line of the door map."""

    def __init__(
        self, words: Words, one: CompartmentView, channel: tuple[str, int] | None, page: LockerServicePage
    ) -> None:
        self._words, self._one = words, one
        with block("tr"):
            Text("th", one.number).props["scope"] = "row"
            Text("td", f"{channel[0]} · {channel[1]}" if channel else words("page.locker.no_channel"))
            with block("td"):
                self._chip = block("span", "door-key")
                with self._chip:
                    self._icon = drawing("", "door-icon")
                    self._state = Text("span")
                self._door = Text("p", "", "how")
            with block("td", "row-actions"):
                test = button(words("page.locker.test"), lambda: page.ask_test(self._one))
                test.props["aria-label"] = words("page.locker.test_label", number=one.number)
                self._service = button("", lambda: page.ask_service(self._one), "plain")

    def show(self, one: CompartmentView) -> None:
        words, self._one = self._words, one
        self._chip.classes(replace=f"door-key {group_of(one)}")
        self._icon.content = icon(group_of(one))
        self._state.say(state_word(words, one))
        self._door.say(words(f"page.locker.door.{one.door}"))
        is_out = one.state is CompartmentState.OUT_OF_SERVICE
        self._service.say(words("page.locker.back_in" if is_out else "page.locker.take_out"))
        key = "page.locker.back_in_label" if is_out else "page.locker.take_out_label"
        self._service.props["aria-label"] = words(key, number=one.number)
