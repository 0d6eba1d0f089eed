"""The city's tables as plain rows: for CSV files, the nightly report and the tables of the figures' page. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from edge.domain.level import Level
from edge.fleet_ports import CityAlert, DeviceView, FiguresView, Satisfaction, Waiting
from edge.web import fleet_words as say
from edge.web.plain import cells, e
from edge.web.words import Words

Cell = str | int | float | None
BOM = "\ufeff"  # Excel takes a file without it for the machine's old code page
AGREE_AT_LEAST = 20  # visits with both marks before a share is shown
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def csv_of(sheet: Sheet) -> str:
    """For Excel: with a byte order mark, and no cell that it would take for a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for row in (sheet.heads, *sheet.rows):
        writer.writerow([_harmless(cell) for cell in row])
    return BOM + out.getvalue()


def table_of(sheet: Sheet, classes: str = "report") -> str:
    """The same as an HTML table with a caption for the screen reader."""
    heads = "".join(f'<th scope="col">{e(head)}</th>' for head in sheet.heads)
    body = "".join(
        f'<tr><th scope="row">{e(row[0])}</th>{cells(sheet.heads[1:], map(_shown, row[1:]))}</tr>' for row in sheet.rows
    )
    caption = f'<caption class="unseen">{e(sheet.name)}</caption>'
    return f'<table class="{classes}" data-cards>{caption}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'


def devices(words: Words, rows: Iterable[DeviceView]) -> Sheet:
    keys = (
        "site", "device", "ward", "state", "why", "online", "since", "backlog", "last_event", "last_taken", "events",
        "signed", "version", "quarantined", "certificate",
    )  # fmt: skip
    return _sheet(words, "devices", keys, (_device(words, row) for row in rows))


def alerts(words: Words, rows: Iterable[CityAlert]) -> Sheet:
    keys = ("site", "device", "ward", "alert", "counter", "level", "raised", "alert_state", "confirmed")
    return _sheet(words, "alerts", keys, (_alert(words, row) for row in rows))


def satisfaction(words: Words, kind: str, rows: Iterable[Satisfaction]) -> Sheet:
    """`kind`: ward, counter or hour."""
    levels = [words.level(level) for level in Level]
    sides = (words("page.fleet.col_camera"), words("page.fleet.col_ratings"))
    heads = (
        words(f"page.fleet.col_{kind}"),
        *(f"{side}: {level}" for side in sides for level in levels),
        *(words(f"page.fleet.col_{key}") for key in ("not_enough", "dropped", "both", "agree", "alerts", "contested")),
    )
    return Sheet(words(f"page.fleet.sheet_{kind}"), heads, tuple(_satisfied(row) for row in rows))


def handovers(words: Words, figures: FiguresView) -> Sheet:
    keys = ("site", "loaded", "collected", "deposited", "recalled", "held", "overdue")
    rows = (
        (row.key, row.loaded, row.collected, row.deposited, row.recalled, row.held, row.overdue)
        for row in figures.handovers
    )
    return _sheet(words, "handovers", keys, rows)


def overdue(words: Words, figures: FiguresView) -> Sheet:
    keys = ("site", "device", "compartment", "dossier", "loaded_at", "days_over")
    rows = (
        (row.site_name, row.device, row.compartment, row.dossier, _moment(row.since), row.days)
        for row in figures.overdue
    )
    return _sheet(words, "overdue", keys, rows)


def waits(words: Words, kind: str, rows: Iterable[Waiting]) -> Sheet:
    keys = (kind, "tickets", "served", "left", "median", "p90")
    cells = (
        (row.key, row.tickets, row.served, row.left, say.minutes(row.median_s), say.minutes(row.p90_s)) for row in rows
    )
    return _sheet(words, f"waits_{kind}", keys, cells)


def share(both: int, same: int) -> int | None:
    """How often camera and citizen agreed, in percent; None where there are too few to say."""
    return round(100 * same / both) if both >= AGREE_AT_LEAST else None


def _sheet(words: Words, name: str, keys: Sequence[str], rows: Iterable[tuple[Cell, ...]]) -> Sheet:
    return Sheet(words(f"page.fleet.sheet_{name}"), tuple(words(f"page.fleet.col_{key}") for key in keys), tuple(rows))


def _device(words: Words, row: DeviceView) -> tuple[Cell, ...]:
    online = {True: words("page.fleet.yes"), False: words("page.fleet.no"), None: "-"}[row.is_online]
    return (
        row.site_name, row.path, row.ward, say.state(words, row.state), say.reason(words, row), online, _moment(row.since), row.backlog,
        _moment(row.last_event), _moment(row.last_taken), row.events, row.signed_upto, row.version, row.quarantined,
        _moment(row.certificate_ends),
    )  # fmt: skip


def _alert(words: Words, row: CityAlert) -> tuple[Cell, ...]:
    level = words.level(row.level) if row.level else None
    confirmed = words("page.fleet.yes" if row.is_confirmed else "page.fleet.not_confirmed")
    state = say.alert_state(words, row)
    return (row.site_name, row.device, row.ward, row.alert, row.counter, level, _moment(row.raised), state, confirmed)


def _satisfied(row: Satisfaction) -> tuple[Cell, ...]:
    camera, ratings = ([side.get(level, 0) for level in Level] for side in (row.counts.camera, row.counts.ratings))
    agree = share(row.both, row.same)
    rest = (row.both, None if agree is None else f"{agree} %", row.alerts, row.contested)
    return (row.key, *camera, *ratings, row.counts.not_enough, row.counts.dropped, *rest)


def _moment(at: datetime | None) -> str | None:
    """Vietnam's time, as Excel sorts it."""
    return f"{at.astimezone(say.VIETNAM):%Y-%m-%d %H:%M:%S}" if at else None


def _shown(cell: Cell) -> Cell:
    return "–" if cell is None else cell


def _harmless(cell: Cell) -> Cell:
    """A cell that a spreadsheet would run is turned into text by an apostrophe."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
