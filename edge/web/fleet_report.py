"""The nightly report: one finished HTML page a day over the whole city, to be printed or sent. Pure text out.

It holds its own style, so that the file can be opened anywhere, years later.
"""

from collections.abc import Sequence
from datetime import date, datetime

from edge.domain.fleet import State
from edge.domain.level import Level
from edge.fleet_ports import DeviceView, FiguresView, FleetView
from edge.web import charts, fleet_sheets, theme
from edge.web import fleet_words as say
from edge.web.fleet_bars import satisfaction_table
from edge.web.plain import cells, e
from edge.web.words import Words

_STYLE = """
body { font: 11pt/1.4 system-ui, "Noto Sans", "DejaVu Sans", sans-serif; color: #14232b; max-width: 62rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 17pt; margin: 0 0 .2rem; } h2 { font-size: 13pt; margin: 1.4rem 0 .4rem; } p { margin: .2rem 0; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 1rem; } caption { text-align: left; }
th, td { border-top: 1px solid #b9c4c7; padding: .2rem .5rem; text-align: right; } th:first-child { text-align: left; }
thead th { font-weight: 500; border-top: 0; } thead { display: table-header-group; } tr { break-inside: avoid; }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.sums { display: flex; flex-wrap: wrap; gap: .3rem 2rem; padding: 0; list-style: none; } .sums b { font-size: 15pt; }
.stacked { display: flex; gap: .4rem; align-items: center; min-width: 9rem; } .stacked .bar { display: flex; flex: 1; height: .8rem; }
.bars .bar { display: flex; gap: .4rem; align-items: center; } .bars .bar i { height: .8rem; width: calc(70% * var(--share)); }
.bars td, .bars th { text-align: left; }
.very-satisfied { background: var(--very-satisfied); } .satisfied { background: var(--satisfied); } .neutral { background: var(--neutral); }
.dissatisfied { background: var(--dissatisfied); } .angry { background: var(--angry); }
@media screen and (max-width: 48em) {
  table[data-cards], table[data-cards] :is(tbody, tr, th, td) { display: block; } table[data-cards] thead { display: none; }
  table[data-cards] tr { padding: .5rem 0; border-top: 1px solid #b9c4c7; } table[data-cards] :is(th, td) { border: 0; padding: .1rem 0; text-align: left; }
  table[data-cards] td { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; overflow-wrap: anywhere; }
  table[data-cards] td::before { content: attr(data-name); }
}
@media print { body { margin: 0; max-width: none; } i { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def report_page(words: Words, city: str, day: date, made: datetime, found: tuple[FleetView, FiguresView]) -> str:
    """`found`: the fleet as it was when the report was made, and the day's figures."""
    fleet, figures = found
    title = words("page.fleet.report_title", city=city, day=f"{day:%d/%m/%Y}")
    sections = (
        ("page.fleet.satisfaction", charts.distribution(words, figures.total.counts)),
        ("page.fleet.by_ward", satisfaction_table(words, "ward", figures.by_ward)),
        ("page.fleet.by_hour", satisfaction_table(words, "hour", figures.by_hour)),
        ("page.fleet.lockers", _lockers(words, figures)),
        ("page.fleet.queues", _queues(words, figures)),
        ("page.fleet.attention", _unwell(words, fleet, made)),
    )
    body = "".join(f"<section><h2>{e(words(key))}</h2>{markup}</section>" for key, markup in sections)
    when = words("page.fleet.report_made", at=f"{made.astimezone(say.VIETNAM):%H:%M %d/%m/%Y}")
    return (
        f'<!doctype html><html lang="{e(words.lang)}"><head><meta charset="utf-8"><title>{e(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{theme.root_css()}{_STYLE}</style></head><body><main><h1>{e(title)}</h1><p>{e(when)}</p>"
        f"{_sums(words, fleet, figures)}{body}</main></body></html>"
    )


def _sums(words: Words, fleet: FleetView, figures: FiguresView) -> str:
    counts = figures.total.counts
    rows = (
        ("count_sites", len(fleet.sites)),
        ("count_online", f"{fleet.online}/{sum(one.state is not State.REVOKED for one in fleet.devices)}"),
        ("sum_visits", counts.scored + counts.not_enough + counts.dropped),
        ("sum_ratings", sum(counts.ratings.get(level, 0) for level in Level)),
        ("col_alerts", figures.total.alerts),
        ("col_contested", figures.total.contested),
        ("col_overdue", sum(row.overdue for row in figures.handovers)),
    )
    return (
        '<ul class="sums">'
        + "".join(f"<li><b>{e(n)}</b> {e(words(f'page.fleet.{key}'))}</li>" for key, n in rows)
        + "</ul>"
    )


def _lockers(words: Words, figures: FiguresView) -> str:
    tables = fleet_sheets.table_of(fleet_sheets.handovers(words, figures))
    return tables + (fleet_sheets.table_of(fleet_sheets.overdue(words, figures)) if figures.overdue else "")


def _queues(words: Words, figures: FiguresView) -> str:
    return fleet_sheets.table_of(fleet_sheets.waits(words, "site", figures.waits_by_site))


def _unwell(words: Words, fleet: FleetView, now: datetime) -> str:
    rows = [one for one in fleet.devices if one.state not in {State.OK, State.REVOKED}]
    if not rows:
        return f"<p>{e(words('page.fleet.all_well'))}</p>"
    names = [words(f"page.fleet.col_{key}") for key in ("device", "state", "why", "advice")]
    heads = "".join(f'<th scope="col">{e(name)}</th>' for name in names)
    body = "".join(_unwell_row(words, one, now, names[1:]) for one in rows)
    return f"<table data-cards><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _unwell_row(words: Words, one: DeviceView, now: datetime, names: Sequence[str]) -> str:
    advice = say.chain_advice(words, one.chain[0].kind) if one.chain else ""
    why = say.reason(words, one) or words("page.fleet.last_seen", ago=say.ago(words, one.last_taken, now))
    name = f"{one.site_name} ({one.path})"
    return f'<tr><th scope="row">{e(name)}</th>{cells(names, (say.state(words, one.state), why, advice))}</tr>'
