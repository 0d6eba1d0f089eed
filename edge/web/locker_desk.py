"""The officer's desk of a cabinet: the picture of all doors, loading, collecting, codes, overdue results, recall, history."""

from edge.domain.locker import CompartmentState, Purpose
from edge.locker_ports import CabinetView, CompartmentView, LockerDesks
from edge.web.auth import Session
from edge.web.frame import top_bar
from edge.web.live import Live
from edge.web.locker_cabinet import CabinetPicture, legend
from edge.web.locker_desk_door import HOLDS, DoorPanel
from edge.web.locker_desk_lists import DepositList, HistoryPanel, OverdueList
from edge.web.locker_desk_load import LoadPanel
from edge.web.locker_recall_all import RecallAll
from edge.web.locker_staff import Hand, Tabs
from edge.web.parts import Text, block, button, head, show
from edge.web.site import Site, Viewer

AGES_EVERY_S = 30.0


class LockerDeskPage:
    """Never shows a citizen's number; a code only while it is read out."""

    def __init__(self, site: Site, viewer: Viewer, desks: LockerDesks, session: Session) -> None:
        self._site, self._words, self._desk = site, viewer.words, desks.staff
        head(self._words, self._words("page.locker.desk"), "page.locker.connection_lost")
        self._live = Live(site, viewer)
        self._chosen: str | None = None
        self._late: set[str | None] = set()
        with block("div", "fixed-screen"):
            top_bar(site, viewer, self._words("page.locker.desk"), site.settings.locker.name)
            with block("main", "locker-desk"):
                with block("section", "panel cabinet-panel"):
                    self._build_cabinet()
                with block("div", "desk-side"):
                    self._hand = Hand(self._live, session, desks, lambda: session.may_see_locker)
                    with block("section", "panel desk-panel"):
                        self._build_tabs()
        self._fresh_overdue = self._live.paced(self._overdue.refresh)
        self.show(desks.staff.cabinet())
        self._live.follow(desks.staff.subscribe, self.show)
        self._live.at_connect(self._catch_up)
        self._live.every(AGES_EVERY_S, self._catch_up)

    def show(self, view: CabinetView) -> None:
        self._picture.show(view)
        show(self._distrust, is_shown=not view.trusted)
        self._distrust.say("" if view.trusted else self._words(f"page.locker.distrust.{view.why or 'starting'}"))
        given = [one for one in view.compartments if _is_given(one)]
        late = {one.stay for one in view.compartments if one.state is CompartmentState.OVERDUE}
        if late != self._late:
            self._late = late
            self._fresh_overdue.ask()
        self._deposits.show(given)
        self._tabs.count("deposits", len(given))
        self._tabs.count("overdue", len(late))
        self._door.show(next((one for one in view.compartments if one.compartment == self._chosen), None))

    def _build_cabinet(self) -> None:
        words = self._words
        with block("div", "cabinet-head"):
            Text("h2", words("page.locker.cabinet"))
            button(words("page.locker.recall_all"), lambda: RecallAll(self._hand), "plain")
        self._distrust = Text("p", "", "distrust")
        self._distrust.props["role"] = "alert"
        self._picture = CabinetPicture(words, self._pick, self._site.desks.clock.now)
        legend(words)

    def _build_tabs(self) -> None:
        words = self._words
        self._tabs = Tabs(words("page.locker.desk"))
        with self._tabs.add("load", words("page.locker.tab_load")):
            LoadPanel(self._hand)
        with self._tabs.add("door", words("page.locker.tab_door")):
            self._door = DoorPanel(self._hand)
        with self._tabs.add("deposits", words("page.locker.tab_deposits")):
            self._deposits = DepositList(self._hand)
        with self._tabs.add("overdue", words("page.locker.tab_overdue")):
            self._overdue = OverdueList(self._hand, self._pick)
        with self._tabs.add("history", words("page.locker.tab_history")):
            HistoryPanel(self._hand)

    def _pick(self, compartment: str) -> None:
        self._chosen = compartment
        self._picture.choose(compartment)
        self._tabs.choose("door")
        self.show(self._desk.cabinet())

    def _catch_up(self) -> None:
        self.show(self._desk.cabinet())
        self._fresh_overdue.ask()


def _is_given(one: CompartmentView) -> bool:
    return one.purpose is Purpose.DEPOSIT and one.state in HOLDS
