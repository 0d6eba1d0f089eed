"""Satisfaction as a table of stacked bars: for the figures' page and the nightly report. Pure text out."""

from collections.abc import Mapping

from edge.domain.level import Level
from edge.fleet_ports import Satisfaction
from edge.web import fleet_sheets
from edge.web.plain import cells, e
from edge.web.theme import css_name
from edge.web.words import Words


def satisfaction_table(words: Words, kind: str, rows: tuple[Satisfaction, ...]) -> str:
    """A row a ward or counter: two bars of five colours, camera and citizens, and what is counted apart."""
    if not rows:
        return f'<p class="none">{e(words("page.fleet.nothing"))}</p>'
    keys = (kind, "camera", "ratings", "agree", "not_enough", "dropped", "alerts", "contested")
    names = tuple(words(f"page.fleet.col_{key}") for key in keys)
    heads = "".join(f'<th scope="col">{e(name)}</th>' for name in names)
    body = "".join(_row(words, row, names) for row in rows)
    return f'<table class="report fleet-bars" data-cards><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'


def _row(words: Words, row: Satisfaction, names: tuple[str, ...]) -> str:
    agree = fleet_sheets.share(row.both, row.same)
    shown = words("page.fleet.too_few") if agree is None else f"{agree} %"
    counts = (shown, row.counts.not_enough, row.counts.dropped, row.alerts, row.contested)
    sides = zip(names[1:3], (row.counts.camera, row.counts.ratings), strict=True)
    bars = "".join(f'<td data-name="{e(name)}">{_bar(words, side)}</td>' for name, side in sides)
    return f'<tr><th scope="row">{e(row.key)}</th>{bars}{cells(names[3:], counts)}</tr>'


def _bar(words: Words, counts: Mapping[Level, int]) -> str:
    total = sum(counts.values())
    parts = "".join(
        f'<i class="{css_name(level)}" style="flex:{counts[level]}"></i>' for level in Level if counts.get(level)
    )
    said = ", ".join(f"{words.level(level)} {counts[level]}" for level in Level if counts.get(level))
    return f'<div class="stacked"><span class="bar" aria-hidden="true">{parts}</span><b>{total}</b><span class="unseen">{e(said)}</span></div>'
