"""What the city's pages are given, and whose wards a person may see. Built once by `edge.web.fleet_server`."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from starlette.datastructures import QueryParams

from edge.domain.fleet import State
from edge.fleet_ports import Filter, FleetDesk, FleetView, Wards
from edge.web.auth import Session
from edge.web.site import House
from edge.web.users import Role

DAYS_AT_MOST = 92
LONGEST = 80  # letters of what somebody searches for


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetHouse(House):
    """The city's."""

    desk: FleetDesk


def wards_of(session: Session) -> Wards:
    """A leader sees all of them, everybody else their own."""
    return None if session.is_leader else frozenset(session.user.wards)


def may_order(session: Session, ward: str | None) -> bool:
    """Whether somebody may send a device of this ward a command: leaders and technicians."""
    return session.role in {Role.LEADER, Role.TECHNICIAN} and session.may_see_ward(ward)


def may_see_city(session: Session | None) -> bool:
    """What is about all wards at once: the nightly report."""
    return session is not None and session.is_leader


@dataclass(frozen=True, slots=True)
class Choice:
    """What stands in an address behind the question mark; anything that is none of ours counts as not chosen."""

    ward: str | None = None
    site: str | None = None
    state: State | None = None
    text: str = ""
    order: str = "state"
    page: int = 1
    first: date | None = None
    last: date | None = None

    @classmethod
    def of(cls, params: QueryParams) -> "Choice":
        state, page = params.get("tinh-trang"), params.get("trang", "1")
        return cls(
            ward=params.get("phuong") or None,
            site=params.get("diem") or None,
            state=State(state) if state in set(State) else None,
            text=params.get("tim", "")[:LONGEST].strip(),
            order=params.get("sap", "state"),
            page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
            first=_day(params.get("tu")),
            last=_day(params.get("den")),
        )

    def filter(self, today: date) -> Filter:
        """Today when no day was chosen; a span is put in order and cut to its last days."""
        last = min(self.last or today, today)
        first = min(self.first or last, last)
        return Filter(max(first, last - timedelta(days=DAYS_AT_MOST - 1)), last, self.ward, self.site)


def _day(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found and 2000 <= found.year <= 2999 else None


def wards_chosen(session: Session, choice: Choice) -> Wards:
    """What somebody may see, cut to the ward that they chose; a ward that is not theirs leaves nothing."""
    if choice.ward is None:
        return wards_of(session)
    return frozenset({choice.ward}) if session.may_see_ward(choice.ward) else frozenset()


def picture(house: FleetHouse, session: Session, choice: Choice) -> FleetView | None:
    """The newest one, of what somebody may see and chose."""
    view = house.desk.fleet(wards_chosen(session, choice))
    if view is None or choice.site is None:
        return view
    return replace(
        view,
        sites=tuple(one for one in view.sites if one.site == choice.site),
        devices=tuple(one for one in view.devices if one.site == choice.site),
        alerts=tuple(one for one in view.alerts if one.site == choice.site),
    )
