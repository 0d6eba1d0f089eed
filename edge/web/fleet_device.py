"""One device's page: what it says, what is wrong and what to do, its chain's history, what was put away, its commands."""

from collections.abc import Callable, Iterable
from datetime import datetime

from nicegui import ui

from edge.fleet_ports import ChainFault, DeviceFileView, DeviceView, FleetLost, Order, OrderView
from edge.web import fleet_words as say
from edge.web.auth import Session
from edge.web.fleet_house import FleetHouse, may_order
from edge.web.fleet_parts import chip, fleet_bar
from edge.web.live import LivePage
from edge.web.parts import Text, block, button, drawing, head, heading, show
from edge.web.plain import cells, e
from edge.web.site import Viewer
from edge.web.words import Words


class FleetDevicePage:
    """Read anew whenever the desk has another picture."""

    def __init__(self, house: FleetHouse, viewer: Viewer, session: Session, place: tuple[str, str]) -> None:
        self._house, self._session, self._words = house, session, viewer.words
        self._site, self._device = place
        words, title = viewer.words, f"{self._site}/{self._device}"
        head(words, title, "page.fleet.connection_lost")
        self._live = LivePage(house, viewer)
        self._paced = self._live.paced(self._refresh)
        with block("div", "fixed-screen"):
            fleet_bar(house, viewer, session, title)
            with block("main", "fleet fleet-one"):
                self._build()
        self._live.follow(house.desk.subscribe, lambda _: self._paced.ask())
        self._live.at_connect(self._paced.ask)

    def _build(self) -> None:
        words = self._words
        with block("div", "stack"):
            with block("section", "panel"):
                heading(words, "page.fleet.now")
                self._lost = Text("p", words("page.fleet.stale"), "fleet-stale")
                self._now = drawing(e(words("page.fleet.reading")))
            with block("section", "panel"):
                heading(words, "page.fleet.orders")
                self._build_buttons()
                self._orders = drawing("")
        with block("div", "stack"):
            self._trouble = self._section(
                "page.fleet.trouble", "panel grow", aria_live="polite"
            )  # what changes every second is not read out
            self._quarantine = self._section("page.fleet.quarantine", "panel")
            self._histories = self._section("page.fleet.histories", "panel")
        show(self._lost, is_shown=False)

    def _section(self, key: str, classes: str, **attributes: str) -> ui.html:
        with block("section", classes, **attributes):
            heading(self._words, key)
            return drawing("")

    def _build_buttons(self) -> None:
        if not self._house.desk.may_order or not self._may_order():
            return
        with block("div", "actions"):
            for order in Order:
                button(self._words(f"page.fleet.order_{order}"), self._sending(order), "plain")

    def _may_order(self) -> bool:
        return may_order(self._session, self._house.desk.ward_of(self._site))

    def _sending(self, order: Order) -> "Callable[[], object]":
        async def send() -> None:
            by, desk = self._session.user.name, self._house.desk
            if await self._live.act(self._may_order(), lambda: desk.order(self._site, self._device, order, by)):
                self._live.say("page.fleet.ordered")
                self._paced.ask()

        return send

    async def _refresh(self) -> None:
        try:
            found = await self._house.desk.device(self._site, self._device)
        except FleetLost:
            show(self._lost, is_shown=True)
            return
        show(self._lost, is_shown=False)
        if found is not None:
            self._show(found, self._house.desk.now())

    def _show(self, found: DeviceFileView, now: datetime) -> None:
        words = self._words
        drawn = (
            (self._now, _now(words, found.device, now)),
            (self._orders, _orders(words, found.orders, now)),
            (self._trouble, _trouble(words, found, now)),
            (self._quarantine, _quarantine(words, found, now)),
            (self._histories, _histories(words, found, now)),
        )
        for place, markup in drawn:
            if place.content != markup:
                place.content = markup


def _now(words: Words, device: DeviceView, now: datetime) -> str:
    clock: Callable[[datetime | None], str] = lambda at: say.clock(words, at, now)  # noqa: E731 - a short name for long lines
    online = {True: "page.fleet.yes", False: "page.fleet.no", None: "page.fleet.never"}[device.is_online]
    rows = [
        ("site", device.site_name),
        ("ward", device.ward or words("page.fleet.no_ward")),
        ("online", f"{words(online)} · {clock(device.since)}"),
        ("backlog", "–" if device.backlog is None else f"{device.backlog} · {clock(device.health)}"),
        ("last_event", f"{clock(device.last_event)} · {say.ago(words, device.last_event, now)}"),
        ("last_taken", clock(device.last_taken)),
        ("events", str(device.events)),
        ("signed", str(device.signed_upto)),
        ("version", device.version or "–"),
        (
            "stations",
            ", ".join(words.first(f"page.fleet.station_{one}", "page.fleet.station_other") for one in device.stations)
            or "–",
        ),
        ("memory", "–" if device.memory_mb is None else f"{device.memory_mb:.0f} MB"),
        ("disk", "–" if device.disk_free_mb is None else f"{device.disk_free_mb / 1000:.1f} GB"),
        ("certificate", f"{device.certificate_ends:%d/%m/%Y}" if device.certificate_ends else "–"),
    ]
    cells = "".join(f"<dt>{e(words(f'page.fleet.col_{key}'))}</dt><dd>{e(text)}</dd>" for key, text in rows)
    return f'<p class="fleet-state">{chip(words, device.state)}</p><dl class="fleet-facts">{cells}</dl>'


def _trouble(words: Words, found: DeviceFileView, now: datetime) -> str:
    """Broken parts, open faults of the chain with what to do, then those that are over."""
    parts = "".join(
        f"<li><b>{e(say.part_trouble(words, one))}</b><p>{e(words('page.fleet.since', since=say.clock(words, one.since, now)))}</p></li>"
        for one in found.device.parts
    )
    listed = [_fault(words, fault, now) for fault in sorted(found.faults, key=lambda one: not one.is_open)]
    if not parts and not listed:
        return f'<p class="none">{e(words("page.fleet.no_trouble"))}</p>'
    return f'<ul class="fleet-list">{parts}{"".join(listed)}</ul>'


def _fault(words: Words, fault: ChainFault, now: datetime) -> str:
    said = e(say.chain_fault(words, fault, now))
    if fault.is_open:
        return f'<li class="is-open"><b>{said}</b><p>{e(say.chain_advice(words, fault.kind))}</p></li>'
    over = words(
        "page.fleet.over", at=say.clock(words, fault.closed, now), by=fault.by or words("page.fleet.by_itself")
    )
    return f"<li><span>{said}</span><p>{e(over)}</p></li>"


def _quarantine(words: Words, found: DeviceFileView, now: datetime) -> str:
    rows = (
        (
            say.chain(words, one.why), "–" if one.seq is None else str(one.seq), str(one.times), f"{one.size} B",
            say.clock(words, one.first, now), say.clock(words, one.last, now),
        )
        for one in found.quarantine
    )  # fmt: skip
    return _table(words, "none_put_away", ("why", "seq", "times", "size", "first", "last"), rows)


def _histories(words: Words, found: DeviceFileView, now: datetime) -> str:
    rows = (
        (
            str(one.generation), str(one.events), str(one.signed_upto), say.clock(words, one.last_taken, now),
            words("page.fleet.retired", at=say.clock(words, one.retired, now), by=one.retired_by or "–") if one.retired else "–",
        )
        for one in found.histories
    )  # fmt: skip
    return _table(words, "no_history", ("generation", "events", "signed", "last_taken", "ended"), rows)


def _orders(words: Words, orders: Iterable[OrderView], now: datetime) -> str:
    rows = (
        (
            words.first(f"page.fleet.order_{one.name}", "page.fleet.order_other"), one.by, say.clock(words, one.issued, now),
            words.first(f"page.fleet.order_state_{one.state}", "page.fleet.order_state_sent"), _why(words, one),
        )
        for one in orders
    )  # fmt: skip
    return _table(words, "no_orders", ("order", "by", "issued", "outcome", "why"), rows)


def _why(words: Words, one: OrderView) -> str:
    """A reason of a newer device that nobody wrote a sentence for is shown as it came."""
    return (words.strings.find(f"page.command.why.{one.why}", words.lang) or one.why) if one.why else ""


def _table(words: Words, empty: str, keys: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    names = [words(f"page.fleet.col_{key}") for key in keys]
    body = "".join(f"<tr>{cells(names, row)}</tr>" for row in rows)
    if not body:
        return f'<p class="none">{e(words(f"page.fleet.{empty}"))}</p>'
    heads = "".join(f'<th scope="col">{e(name)}</th>' for name in names)
    return f'<table class="report" data-cards><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'
