"""The table of devices: filtered, sorted and paged by its address, live in place. Rows never jump under somebody's finger."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from nicegui import ui

from edge.domain.alphabet import Order, in_order, unaccented
from edge.domain.fleet import State, rank
from edge.fleet_ports import DeviceView
from edge.web import fleet_words as say
from edge.web.auth import Session
from edge.web.fleet_doors import DEVICES
from edge.web.fleet_house import Choice, FleetHouse, picture
from edge.web.fleet_parts import address, chip, entry, filter_form, fleet_bar, select, ward_select
from edge.web.live import LivePage
from edge.web.parts import Text, block, drawing, head, show
from edge.web.plain import e
from edge.web.site import Viewer
from edge.web.words import Words

ROWS = 50  # a page of the table


@dataclass(frozen=True, slots=True)
class Column:
    """`key` names it in addresses and sentences; `sort` puts the device that asks for attention first."""

    key: str
    sort: Callable[[DeviceView], Any]


def _name(one: DeviceView) -> tuple[Order, Order]:
    return in_order(one.site_name), in_order(one.device)


COLUMNS = (
    Column("device", _name),
    Column("ward", lambda one: (in_order(one.ward or ""), _name(one))),
    Column("state", lambda one: (rank(one.state), _name(one))),
    Column("since", lambda one: (one.is_online is True, _ms(one.since))),
    Column("backlog", lambda one: -(one.backlog or 0)),
    Column("last_event", lambda one: _ms(one.last_event)),
    Column("version", lambda one: one.version or ""),
    Column("parts", lambda one: -len(one.parts)),
    Column("chain", lambda one: (-len(one.chain), -one.quarantined)),
    Column("certificate", lambda one: _ms(one.certificate_ends) or float("inf")),
)
_BY_KEY = {column.key: column for column in COLUMNS}


def chosen(devices: tuple[DeviceView, ...], choice: Choice) -> list[DeviceView]:
    """Those that fit, in the order asked for."""
    text = unaccented(choice.text)
    found = [
        one
        for one in devices
        if choice.state in {None, one.state} and text in unaccented(f"{one.site_name} {one.path} {one.version}")
    ]
    return sorted(found, key=(_BY_KEY.get(choice.order) or _BY_KEY["state"]).sort)


class DevicesPage:
    """Which rows stand where is settled when the page is made; what they say follows the desk."""

    def __init__(self, house: FleetHouse, viewer: Viewer, session: Session, choice: Choice) -> None:
        self._house, self._session, self._choice, self._words = house, session, choice, viewer.words
        words = viewer.words
        head(words, words("page.fleet.devices"), "page.fleet.connection_lost")
        self._live = LivePage(house, viewer)
        self._paced = self._live.paced(self._refresh)
        with block("div", "fixed-screen"):
            fleet_bar(house, viewer, session, words("page.fleet.devices"))
            with block("main", "fleet fleet-devices"):
                self._build_filter()
                self._stale = Text("p", words("page.fleet.stale"), "fleet-stale")
                self._said = Text("p", "", "how")
                self._said.props["role"] = "status"
                self._table = block("div", "panel fleet-table")
                self._pages = drawing("", "fleet-pages")
        self._rows: dict[tuple[str, str], _Row] = {}
        self._is_laid_out = False
        self._live.follow(house.desk.subscribe, lambda _: self._paced.ask())
        self._live.at_connect(self._paced.ask)
        self._show()

    def _build_filter(self) -> None:
        words, choice = self._words, self._choice
        states = [("", words("page.fleet.all_states")), *((state.value, say.state(words, state)) for state in State)]
        fields = [
            ward_select(self._house, self._session, words, choice),
            select(words("page.fleet.col_state"), "tinh-trang", states, choice.state or ""),
            entry(words("page.fleet.search"), "tim", "search", choice.text),
        ]
        sheet = _address("/tai-xuong/thiet-bi.csv", choice)
        filter_form(words, fields, [(sheet, words("page.fleet.csv", name=words("page.fleet.sheet_devices")))])

    async def _refresh(self) -> None:
        self._show()

    def _show(self) -> None:
        view = picture(self._house, self._session, self._choice)
        if view is None:
            self._said.say(self._words("page.fleet.reading"))
            return
        show(self._stale, is_shown=view.is_stale)
        if not self._rows:  # nobody's finger is on an empty table: the first device comes by itself
            self._lay_out_first(chosen(view.devices, self._choice))
        now, found = self._house.desk.now(), {(one.site, one.device): one for one in view.devices}
        for key, row in self._rows.items():
            if key in found:
                row.show(found[key], now)

    def _lay_out_first(self, devices: list[DeviceView]) -> None:
        if devices or not self._is_laid_out:
            self._is_laid_out = True
            self._table.clear()
            self._lay_out(devices)

    def _lay_out(self, devices: list[DeviceView]) -> None:
        words, choice = self._words, self._choice
        pages = max(1, -(-len(devices) // ROWS))
        page = min(choice.page, pages)
        shown = devices[(page - 1) * ROWS : page * ROWS]
        self._said.say(words("page.fleet.found", n=len(devices), page=page, pages=pages))
        with self._table, block("table", "report", data_cards=""):
            with block("caption", "unseen"):
                Text("span", words("page.fleet.devices"))
            drawing_head = "".join(_head(words, column, choice) for column in COLUMNS)
            ui.html(f"<tr>{drawing_head}</tr>", sanitize=False, tag="thead")
            with block("tbody"):
                self._rows = {(one.site, one.device): _Row(words, one) for one in shown}
        links = "".join(_page_link(words, choice, number, is_here=number == page) for number in range(1, pages + 1))
        self._pages.content = f'<nav aria-label="{e(words("page.fleet.pages"))}">{links}</nav>' if pages > 1 else ""


class _Row:
    """Cells that change only when they say something else."""

    def __init__(self, words: Words, device: DeviceView) -> None:
        self._words = words
        with block("tr") as self.root:
            with block("th", scope="row"), block("a", href=f"{DEVICES}/{device.path}"):
                Text("span", f"{device.site_name}")
                Text("span", device.device, "fleet-device")
            self._ward = Text("td", device.ward or words("page.fleet.no_ward"))
            self._state: ui.html = ui.html("", sanitize=False, tag="td")
            self._cells: list[Text] = [Text("td") for _ in range(7)]
        for column, cell in zip(COLUMNS[1:], (self._ward, self._state, *self._cells), strict=True):
            cell.props["data-name"] = words(f"page.fleet.col_{column.key}")
        for cell in self._cells[1:2]:
            cell.classes("number")

    def show(self, device: DeviceView, now: datetime) -> None:
        words = self._words
        why = say.reason(words, device)
        state = chip(words, device.state) + (f"<p>{e(why)}</p>" if why else "")
        if self._state.content != state:
            self._state.content = state
        for cell, text in zip(self._cells, _texts(words, device, now), strict=True):
            cell.say(text)


def _texts(words: Words, device: DeviceView, now: datetime) -> tuple[str, ...]:
    """Since when it is there or away, backlog, how far the city knows it, version, parts, chain, certificate."""
    ends = f"{device.certificate_ends:%d/%m/%Y}" if device.certificate_ends else "–"
    key = {True: "page.fleet.online_since", False: "page.fleet.offline_since", None: "page.fleet.never_seen"}[
        device.is_online
    ]
    return (
        words(key, ago=say.ago(words, device.since, now)),
        "–" if device.backlog is None else str(device.backlog),
        say.ago(words, device.last_event, now),
        device.version or "–",
        ", ".join(say.part(words, trouble.part) for trouble in device.parts) or "–",
        _chain(words, device),
        ends,
    )


def _chain(words: Words, device: DeviceView) -> str:
    said = ", ".join(say.chain(words, fault.kind) for fault in device.chain) or words("page.fleet.chain_whole")
    return f"{said} · {words('page.fleet.put_away', n=device.quarantined)}" if device.quarantined else said


def _head(words: Words, column: Column, choice: Choice) -> str:
    is_here = column.key == (choice.order if choice.order in _BY_KEY else "state")
    mark = ' aria-sort="ascending"' if is_here else ""
    href = e(_address(DEVICES, replace(choice, order=column.key, page=1)))
    return f'<th scope="col"{mark}><a href="{href}">{e(words(f"page.fleet.col_{column.key}"))}</a></th>'


def _page_link(words: Words, choice: Choice, number: int, *, is_here: bool) -> str:
    mark = ' aria-current="page"' if is_here else ""
    label = e(words("page.fleet.page_n", n=number))
    return f'<a class="link" aria-label="{label}" href="{e(_address(DEVICES, replace(choice, page=number)))}"{mark}>{number}</a>'


def _address(path: str, choice: Choice) -> str:
    return address(
        path, phuong=choice.ward, diem=choice.site, **{"tinh-trang": choice.state}, tim=choice.text,
        sap=choice.order if choice.order != "state" else None, trang=choice.page if choice.page > 1 else None,
    )  # fmt: skip


def _ms(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0
