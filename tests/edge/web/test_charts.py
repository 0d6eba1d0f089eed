import re
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from edge.domain.level import Level
from edge.ports import Agreement, Distribution, HourRow
from edge.web import charts
from edge.web.words import Words
from tests.edge.web.fakes import strings

WORDS = Words(strings(), "vi")
counts = st.dictionaries(st.sampled_from(list(Level)), st.integers(0, 500))
days = st.builds(Distribution, counts, counts, st.integers(0, 99), st.integers(0, 99))


@given(days)
def test_the_distribution_shows_each_count_beside_its_source(day: Distribution) -> None:
    html = charts.distribution(WORDS, day)
    shown = [int(number) for number in re.findall(r"<span>(\d+)</span>", html)]
    assert shown == [source.get(level, 0) for level in Level for source in (day.camera, day.ratings)]
    assert all(0 <= float(share) <= 1 for share in re.findall(r"--share:([\d.]+)", html))


@given(st.lists(st.builds(HourRow, st.just("quay-01"), st.integers(0, 23), days, st.integers(0, 3), st.integers(0, 3))))
def test_the_trend_stays_inside_its_picture(rows: list[HourRow]) -> None:
    html = charts.trend(WORDS, {"quay-01": "Quầy 1"}, rows)
    height = float(re.findall(r'viewBox="0 0 \d+ (\d+)"', html)[0])
    for y, tall in re.findall(r'<rect x="\d+" y="(-?[\d.]+)" width="30" height="([\d.]+)"', html):
        assert float(y) >= 0
        assert float(y) + float(tall) <= height
    assert all(float(y) >= 0 for y in re.findall(r'cy="(-?[\d.]+)"', html))


def test_each_column_says_how_many_it_stands_for() -> None:
    day = Distribution({Level.SATISFIED: 7, Level.ANGRY: 2}, {Level.NEUTRAL: 3}, 1, 0)
    html = charts.trend(WORDS, {"quay-01": "Quầy 1"}, [HourRow("quay-01", 8, day, 1, 0)])
    assert re.findall(r'class="count (above|below)">(\d+)<', html) == [("above", "9"), ("below", "3")]


def test_every_counter_has_its_strip_even_without_visits() -> None:
    html = charts.trend(WORDS, {"quay-01": "Quầy 1", "quay-02": "Quầy 2"}, ())
    assert re.findall(r"<figcaption>(.+?)</figcaption>", html) == ["Quầy 1", "Quầy 2"]


def test_names_are_escaped() -> None:
    assert "<b>" not in charts.trend(WORDS, {"quay-01": "<b>x</b>"}, ())


def test_agreement_says_share_and_n() -> None:
    table = {(Level.SATISFIED, Level.VERY_SATISFIED): 15, (Level.ANGRY, Level.NEUTRAL): 5}
    html = charts.agreement(WORDS, Agreement(20, 15, table), 20)
    assert "75 %" in html
    assert "15 trên 20" in html
    assert re.findall(r'<td class="(?:same)?">(\d+)</td>', html) == ["15", "0", "0", "0", "0", "0", "0", "5", "0"]


def test_below_the_limit_there_is_no_share() -> None:
    html = charts.agreement(WORDS, Agreement(19, 19, {}), 20)
    assert "%" not in html
    assert "19" in html
    assert "20" in html


def test_times_name_the_day_when_it_is_not_today() -> None:
    now = datetime(2026, 11, 20, 8, 0, tzinfo=timezone(timedelta(hours=7)))
    assert WORDS.clock(now.astimezone(UTC), now) == "08:00"
    assert WORDS.clock(now - timedelta(days=1), now) == "08:00 · 19/11"


def test_a_movement_without_a_name_is_left_out() -> None:
    assert WORDS.reasons(("brow_lowered", "no_such_movement")) == "cau mày"
