"""The sites as a drawn map, from latitude and longitude alone: no tiles, works without a network.

For the eye and the mouse only: the list beside it says the same to keyboard and screen reader.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians

from nicegui import ui
from nicegui.element import Element

from edge.domain.fleet import State, rank
from edge.fleet_ports import SiteView
from edge.web import fleet_names
from edge.web import fleet_words as say
from edge.web.fleet_doors import DEVICES
from edge.web.fleet_parts import address
from edge.web.parts import Text, block, drawing, show
from edge.web.plain import e
from edge.web.words import Words

WIDTH, HEIGHT, MARGIN = 1000.0, 620.0, 60.0
KM_A_DEGREE = 111.2
_BARS_KM = (0.5, 1, 2, 5, 10, 20, 50, 100)
_WARDS_NAMED = 40  # more names would cover the marks


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where degrees fall on the paper; the same number of pixels a kilometre in both directions."""

    west: float
    north: float
    narrow: float  # a degree of longitude is shorter than one of latitude
    scale: float  # pixels a degree of latitude
    left: float
    top: float

    @classmethod
    def around(cls, sites: Sequence[tuple[float, float]]) -> "_Frame":
        lats, lons = [lat for lat, _ in sites], [lon for _, lon in sites]
        south, north, west, east = min(lats), max(lats), min(lons), max(lons)
        narrow = cos(radians((south + north) / 2))
        across, high = max((east - west) * narrow, 0.01), max(north - south, 0.01)
        scale = min((WIDTH - 2 * MARGIN) / across, (HEIGHT - 2 * MARGIN) / high)
        return cls(west, north, narrow, scale, (WIDTH - across * scale) / 2, (HEIGHT - high * scale) / 2)

    def place(self, lat: float, lon: float) -> tuple[float, float]:
        x = self.left + (lon - self.west) * self.narrow * self.scale
        return round(x, 1), round(self.top + (self.north - lat) * self.scale, 1)


Places = tuple[tuple[str, float, float, str | None], ...]
"""Which sites stand where, and in which ward: what the paper under the marks is drawn from."""


class FleetMap:
    """A page's map. What a mark says is sent when it is another one; the paper only when sites come or go."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._none = drawing(f'<p class="none">{e(words("page.fleet.no_map"))}</p>')
        self._box = block("div", "fleet-map-box")
        self._places: Places = ()
        self._marks: dict[str, ui.html] = {}
        self._layers: list[Element] = []
        self._frame: _Frame | None = None
        show(self._box, is_shown=False)

    def show(self, sites: Sequence[SiteView]) -> None:
        known = [(site, (site.lat, site.lon)) for site in sites if site.lat is not None and site.lon is not None]
        placed = [(site, (lat, lon)) for site, (lat, lon) in known if lat is not None and lon is not None]
        places = tuple(sorted((site.site, *where, site.ward) for site, where in placed))
        if places != self._places:
            self._places = places
            self._lay_out(placed)
        for site, where in placed:
            self._mark(site, where)

    def _lay_out(self, placed: Sequence[tuple[SiteView, tuple[float, float]]]) -> None:
        """What needs a person first lies on top, so that nothing hides it."""
        show(self._none, is_shown=not placed)
        show(self._box, is_shown=bool(placed))
        self._box.clear()
        self._marks, self._layers = {}, []
        if not placed:
            return
        frame = self._frame = _Frame.around([where for _, where in placed])
        with self._box:
            Text("p", self._words("page.fleet.map_label", n=len(placed)), "unseen")
        with self._box, block("svg", "fleet-map", viewBox=f"0 0 {WIDTH:.0f} {HEIGHT:.0f}", aria_hidden="true"):
            ui.html(f"{_grid(frame)}{_wards(placed, frame)}", sanitize=False, tag="g")
            self._layers = [block("g") for _ in range(2 * len(State))]
            ui.html(_bar(frame), sanitize=False, tag="g")

    def _mark(self, site: SiteView, where: tuple[float, float]) -> None:
        assert self._frame is not None  # noqa: S101 - laid out before
        said, layer = _mark(self._words, site, self._frame.place(*where)), self._layers[_depth(site)]
        found = self._marks.get(site.site)
        if found is None:
            with layer:
                self._marks[site.site] = ui.html(said, sanitize=False, tag="g")
            return
        if found.content != said:
            found.content = said
        if found.parent_slot and found.parent_slot.parent is not layer:
            found.move(layer)


def legend(words: Words) -> str:
    """Every state with its mark and its word, and the ring of an alert."""
    states = "".join(
        f'<li><svg viewBox="-12 -12 24 24">{_shape(state)}</svg>{e(say.state(words, state))}</li>'
        for state in State
        if state is not State.REVOKED
    )
    ring = (
        f'<li><svg viewBox="-12 -12 24 24"><circle r="9" class="ring"/></svg>{e(words("page.fleet.alert_live"))}</li>'
    )
    return f'<ul class="legend fleet-legend">{states}{ring}</ul>'


def _depth(site: SiteView) -> int:
    """0 lies lowest: by its state, and every site with an alert above all others."""
    return len(State) - 1 - rank(site.state) + (len(State) if site.alerts else 0)


def _mark(words: Words, site: SiteView, where: tuple[float, float]) -> str:
    said = words(
        "page.fleet.site_title", site=site.name, state=say.state(words, site.state), online=site.online, n=site.devices
    )
    ring = '<circle r="14" class="ring"/>' if site.alerts else ""
    href = e(address(DEVICES, diem=site.site))
    return (
        f'<a href="{href}" tabindex="-1"><g transform="translate({where[0]} {where[1]})"><title>{e(said)}</title>'
        f"{ring}{_shape(site.state)}</g></a>"
    )


def _shape(state: State) -> str:
    """A diamond for a chain, a square for a fault, an empty circle for who is away, a triangle for who is behind."""
    if state is State.CHAIN:
        return f'<path d="M0-10 10 0 0 10-10 0Z" class="mark fleet-{state}"/>'
    if state is State.FAULT:
        return f'<rect x="-8" y="-8" width="16" height="16" class="mark fleet-{state}"/>'
    if state is State.BEHIND:
        return f'<path d="M0-9 9 7-9 7Z" class="mark fleet-{state}"/>'
    radius = 6 if state is State.OK else 7
    return f'<circle r="{radius}" class="mark fleet-{state}"/>'


def _wards(known: Sequence[tuple[SiteView, tuple[float, float]]], frame: _Frame) -> str:
    """Each ward's name beside its sites."""
    by_ward: dict[str, list[tuple[float, float]]] = {}
    for site, where in known:
        if site.ward:
            by_ward.setdefault(site.ward, []).append(frame.place(*where))
    if len(by_ward) > _WARDS_NAMED:
        return ""
    named = fleet_names.placed(by_ward, WIDTH, HEIGHT)
    return "".join(f'<text x="{one.x}" y="{one.y}" class="ward">{e(one.text)}</text>' for one in named)


def _grid(frame: _Frame) -> str:
    """Lines every bar length, so that distances can be judged."""
    step = _bar_km(frame) / KM_A_DEGREE * frame.scale
    across, high = int(2 * WIDTH / step), int(2 * HEIGHT / step)  # beyond the paper: a wide screen shows more than it
    upright = "".join(f"M{place * step:.1f} {-HEIGHT:.0f}V{2 * HEIGHT:.0f}" for place in range(-across // 2, across))
    level = "".join(f"M{-WIDTH:.0f} {place * step:.1f}H{2 * WIDTH:.0f}" for place in range(-high // 2, high))
    return f'<path class="grid" d="{upright}{level}"/>'


def _bar(frame: _Frame) -> str:
    km = _bar_km(frame)
    length = km / KM_A_DEGREE * frame.scale
    x, y = 20, HEIGHT - 18
    return f'<path class="scale" d="M{x} {y - 6}v6h{length:.1f}v-6"/><text x="{x + length + 8:.1f}" y="{y}">{km:g} km</text>'


def _bar_km(frame: _Frame) -> float:
    """About a sixth of the width."""
    wanted = WIDTH / 6 / frame.scale * KM_A_DEGREE
    return min(_BARS_KM, key=lambda km: abs(km - wanted))
