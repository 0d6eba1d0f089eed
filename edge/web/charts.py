"""Charts as tables and inline SVG: no script, readable by a screen reader, sharp at any size. Pure text out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from edge.domain.level import Level
from edge.ports import Agreement, Distribution, HourRow
from edge.web.theme import TONES, css_name
from edge.web.words import Words

OFFICE_HOURS = range(7, 18)  # always drawn, so the picture keeps its shape through the day
_COLUMN_PX, _PLOT_PX, _HOURS_PX = 44, 84, 44
_BAR_PX = 30
_SIDES = (1, 0, -1)


def distribution(words: Words, day: Distribution) -> str:
    """A table of the five levels with two bars each: camera, and what citizens pressed. Never added up."""
    top = max([1, *day.camera.values(), *day.ratings.values()])
    rows = "".join(_level_row(words, level, day, top) for level in Level)
    apart = words("page.chart.apart", not_enough=day.not_enough, dropped=day.dropped)
    return (
        f'<table class="bars"><caption class="unseen">{_e(words("page.chart.distribution_caption"))}</caption>'
        f'<thead><tr><th scope="col"><span class="unseen">{_e(words("page.chart.level"))}</span></th>'
        f'<th scope="col">{_e(words("page.chart.camera"))} <b>{day.scored}</b></th>'
        f'<th scope="col">{_e(words("page.chart.ratings"))} <b>{sum(day.ratings.values())}</b></th></tr></thead>'
        f'<tbody>{rows}</tbody></table><p class="apart">{_e(apart)}</p>'
    )


def trend(words: Words, names: Mapping[str, str], hours: Sequence[HourRow]) -> str:
    """One strip a counter, one column an hour: camera above the line, citizens' ratings below it."""
    seen = [*OFFICE_HOURS, *(row.hour for row in hours)]
    span = range(min(seen), max(seen) + 1)
    scale = _Scale.fitting(hours)
    strips = "".join(
        _strip(words, name, [row for row in hours if row.counter == counter], span, scale)
        for counter, name in names.items()
    )
    return f'<div class="strips">{strips}</div>{_trend_table(words, names, hours)}'


def agreement(words: Words, found: Agreement, at_least: int) -> str:
    """How often camera and citizen stood on the same side of neutral; below `at_least` visits only the count."""
    if found.both < at_least:
        text = words("page.chart.agreement_not_enough", n=found.both, need=at_least)
        return f'<p class="agree-none">{_e(text)}</p>'
    share = round(100 * found.same / found.both)
    return (
        f'<p class="agree"><b>{share} %</b> {_e(words("page.chart.agreement", same=found.same, n=found.both))}</p>'
        f'<div class="meter" aria-hidden="true"><i style="width:{share}%"></i></div>{_sides_table(words, found)}'
    )


def legend(words: Words) -> str:
    """The five colours with their words."""
    rows = "".join(f'<li><i class="dot {css_name(level)}"></i>{_e(words.level(level))}</li>' for level in Level)
    return f'<ul class="legend">{rows}</ul>'


def _level_row(words: Words, level: Level, day: Distribution, top: int) -> str:
    cells = "".join(_bar(counts.get(level, 0), top, css_name(level)) for counts in (day.camera, day.ratings))
    return f'<tr><th scope="row">{_e(words.level(level))}</th>{cells}</tr>'


def _bar(count: int, top: int, kind: str) -> str:
    bar = f'<i class="{kind}" style="--share:{count / top:.3f}"></i>' if count else ""
    return f'<td><div class="bar">{bar}<span>{count}</span></div></td>'


@dataclass(frozen=True, slots=True)
class _Scale:
    """Pixels a visit, and where the line stands: the same for every counter, so that strips compare."""

    visit_px: float
    line_y: float

    @classmethod
    def fitting(cls, hours: Sequence[HourRow]) -> "_Scale":
        up = max([4, *(row.distribution.scored for row in hours)])
        down = max([2, *(sum(row.distribution.ratings.values()) for row in hours)])
        visit_px = (_PLOT_PX - 16) / (up + down)
        return cls(visit_px, 14 + up * visit_px)


def _strip(words: Words, name: str, rows: Sequence[HourRow], span: Sequence[int], scale: _Scale) -> str:
    by_hour = {row.hour: row for row in rows}
    width, height = _COLUMN_PX * len(span), _PLOT_PX + _HOURS_PX
    columns = "".join(_column(by_hour[hour], place, scale) for place, hour in enumerate(span) if hour in by_hour)
    ticks = "".join(
        f'<text x="{place * _COLUMN_PX + _COLUMN_PX / 2}" y="{height - 5}" text-anchor="middle">{hour}</text>'
        for place, hour in enumerate(span)
    )
    label = words("page.chart.strip_label", counter=name)
    return (
        f'<figure class="strip"><figcaption>{_e(name)}</figcaption>'
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{_e(label)}">'
        f'<line x1="0" x2="{width}" y1="{scale.line_y:.1f}" y2="{scale.line_y:.1f}" class="axis"/>'
        f"{columns}{ticks}</svg></figure>"
    )


def _column(row: HourRow, place: int, scale: _Scale) -> str:
    left = place * _COLUMN_PX + 7
    up = _stack(row.distribution.camera, left, scale, is_up=True)
    down = _stack(row.distribution.ratings, left, scale, is_up=False)
    read, rated = row.distribution.scored, sum(row.distribution.ratings.values())
    top, bottom = scale.line_y - read * scale.visit_px, scale.line_y + 1 + rated * scale.visit_px
    counts = _count(read, left, top - 3, "above") + _count(rated, left, bottom + 3, "below")
    alert = f'<circle cx="{left + _BAR_PX + 3}" cy="{top - 6:.1f}" r="5" class="alert-dot"/>' if row.alerts else ""
    return up + down + counts + alert


def _count(visits: int, left: int, y: float, where: str) -> str:
    """How many a column stands for; nothing for nothing."""
    x = left + _BAR_PX // 2
    return f'<text x="{x}" y="{y:.1f}" text-anchor="middle" class="count {where}">{visits}</text>' if visits else ""


def _stack(counts: Mapping[Level, int], left: int, scale: _Scale, *, is_up: bool) -> str:
    out, reached = "", 1.0
    for level in reversed(Level):  # unhappy ones stand nearest to the line, where lengths compare best
        high = counts.get(level, 0) * scale.visit_px
        if high:
            y = scale.line_y - reached - high if is_up else scale.line_y + reached
            out += f'<rect x="{left}" y="{y:.1f}" width="{_BAR_PX}" height="{high:.1f}" fill="{TONES[level].strong}"'
            out += "/>" if is_up else ' opacity=".72"/>'
        reached += high
    return out


def _trend_table(words: Words, names: Mapping[str, str], hours: Sequence[HourRow]) -> str:
    """The same numbers for a screen reader."""
    keys = ("counter", "hour", "camera", "ratings", "alerts", "contested")
    head = "".join(f'<th scope="col">{_e(words(f"page.chart.{key}"))}</th>' for key in keys)
    body = "".join(
        f"<tr><th scope='row'>{_e(names.get(row.counter, row.counter))}</th><td>{row.hour}</td>"
        f"<td>{_spoken(words, row.distribution.camera)}</td><td>{_spoken(words, row.distribution.ratings)}</td>"
        f"<td>{row.alerts}</td><td>{row.contested}</td></tr>"
        for row in hours
    )
    return f'<div class="unseen"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _spoken(words: Words, counts: Mapping[Level, int]) -> str:
    return _e(", ".join(f"{words.level(level)} {counts[level]}" for level in Level if counts.get(level)) or "0")


def _sides_table(words: Words, found: Agreement) -> str:
    counts = {(a, b): 0 for a in _SIDES for b in _SIDES}
    for (camera, rating), visits in found.table.items():
        counts[camera.side, rating.side] += visits
    names = {1: words("page.chart.side_good"), 0: words("page.chart.side_neutral"), -1: words("page.chart.side_bad")}
    head = "".join(f'<th scope="col">{_e(names[side])}</th>' for side in _SIDES)
    body = "".join(
        f'<tr><th scope="row">{_e(names[camera])}</th>'
        + "".join(f'<td class="{"same" if camera == side else ""}">{counts[camera, side]}</td>' for side in _SIDES)
        + "</tr>"
        for camera in _SIDES
    )
    corner = _e(words("page.chart.sides_corner"))
    return (
        f'<table class="sides"><thead><tr><th scope="col">{corner}</th>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def _e(text: str) -> str:
    return escape(text, quote=True)
