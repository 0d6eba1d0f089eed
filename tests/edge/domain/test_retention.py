"""When the purge is due, and when its absence is an alarm."""

import pytest

from edge.domain.retention import RetentionRules, cutoffs, is_due, is_late

HOUR_S = 3600.0
RULES = RetentionRules(visits_days=2, visit_details_days=1, alert_notes_days=3, sms_days=4, every_h=24)


@pytest.mark.parametrize(
    ("last_s", "due"), [(None, True), (1000 * HOUR_S, False), (976.5 * HOUR_S, False), (976 * HOUR_S, True), (9999 * HOUR_S, True)]
)  # fmt: skip
def test_when_it_is_due(last_s: float | None, due: bool) -> None:
    assert due is is_due(last_s, 1000 * HOUR_S, RULES)


@pytest.mark.parametrize(("since_h", "late"), [(1000, False), (952, False), (951, True)])
def test_two_intervals_without_a_run_are_late(since_h: float, late: bool) -> None:
    assert late is is_late(since_h * HOUR_S, 1000 * HOUR_S, RULES)


def test_each_kind_has_its_own_age() -> None:
    kept = cutoffs(1000 * HOUR_S, RULES)

    assert tuple(
        round(at / HOUR_S) for at in (kept.visits_s, kept.visit_details_s, kept.alert_notes_s, kept.sms_s)
    ) == (952, 976, 928, 904)
