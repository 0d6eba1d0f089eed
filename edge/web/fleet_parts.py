"""What the city's pages are built of beside `edge.web.parts`: their bar, the filter, chips, lists whose rows change in place."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from nicegui import ui

from edge.domain.alphabet import in_order
from edge.domain.fleet import State
from edge.web import fleet_words as say
from edge.web.auth import Session
from edge.web.fleet_doors import DEVICES, FIGURES, REPORTS
from edge.web.fleet_house import Choice, FleetHouse, may_see_city
from edge.web.frame import top_bar
from edge.web.parts import block, drawing
from edge.web.plain import e
from edge.web.site import Viewer
from edge.web.words import Words


def fleet_bar(house: FleetHouse, viewer: Viewer, session: Session, title: str) -> None:
    """The bar of the city's pages; `title` is the page's h1."""
    words = viewer.words
    links = [(FIGURES, words("page.fleet.figures")), (DEVICES, words("page.fleet.devices"))]
    if may_see_city(session):
        links.append((REPORTS, words("page.fleet.reports")))
    wards = "" if session.is_leader else ", ".join(session.user.wards) or words("page.fleet.no_ward")
    top_bar(house, viewer, title, wards or house.settings.centre, links)


def ward_select(house: FleetHouse, session: Session, words: Words, choice: Choice) -> str:
    """A labelled list of the wards somebody may see; nothing where there is one."""
    wards = house.desk.wards() if session.is_leader else session.user.wards
    if len(wards) < 2:
        return ""
    options = [("", words("page.fleet.all_wards")), *((ward, ward) for ward in sorted(wards, key=in_order))]
    return select(words("page.fleet.col_ward"), "phuong", options, choice.ward or "")


def select(label: str, name: str, options: Iterable[tuple[str, str]], chosen: str) -> str:
    rows = "".join(
        f'<option value="{e(value)}"{" selected" if value == chosen else ""}>{e(text)}</option>'
        for value, text in options
    )
    return f'<label><span>{e(label)}</span><select class="field" name="{name}">{rows}</select></label>'


def entry(label: str, name: str, kind: str, value: str) -> str:
    return f'<label><span>{e(label)}</span><input class="field" type="{kind}" name="{name}" value="{e(value)}" maxlength="80"></label>'


def filter_form(words: Words, fields: Sequence[str], sheets: Iterable[tuple[str, str]] = ()) -> None:
    """A plain form that asks for the same page again; `sheets` are downloads, (address, name)."""
    links = "".join(f'<a class="link" href="{e(href)}" download>{e(name)}</a>' for href, name in sheets)
    inside = "".join(fields)
    shown = f'{inside}<button class="button" type="submit">{e(words("page.fleet.show"))}</button>' if inside else ""
    with block("section", "fleet-filter", aria_label=words("page.fleet.filter")):
        drawing(f'<form method="get">{shown}</form><nav aria-label="{e(words("page.fleet.downloads"))}">{links}</nav>')


def address(path: str, **params: str | int | None) -> str:
    """With what was chosen; nothing for what was not."""
    chosen = {name: value for name, value in params.items() if value not in {None, ""}}
    return f"{path}?{urlencode(chosen)}" if chosen else path


def chip(words: Words, state: State) -> str:
    """Colour, shape and word: no state is told by its colour alone."""
    return f'<span class="chip fleet-{state}"><i aria-hidden="true"></i>{e(say.state(words, state))}</span>'


class Rows:
    """A list whose rows are known by keys: a row that says the same is left alone, so keyboard and reader stay where they are."""

    def __init__(self, tag: str, row_tag: str, classes: str = "", **attributes: str) -> None:
        self._row_tag = row_tag
        self._rows: dict[str, ui.html] = {}
        self._list = block(tag, classes, **attributes)

    def show(self, rows: Sequence[tuple[str, str, str]]) -> None:
        """(key, classes, our own markup), in order."""
        wanted = {key for key, _, _ in rows}
        for key in [key for key in self._rows if key not in wanted]:
            self._rows.pop(key).delete()
        kept = list(self._rows)
        for place, (key, classes, markup) in enumerate(rows):
            row = self._rows.get(key)
            if row is None:
                with self._list:
                    row = self._rows[key] = ui.html(markup, sanitize=False, tag=self._row_tag).classes(classes)
                row.move(target_index=place)
                kept.insert(place, key)
                continue
            if row.content != markup:
                row.content = markup
            row.classes(replace=classes)
            if kept[place] != key:
                kept.remove(key)
                kept.insert(place, key)
                row.move(target_index=place)
