"""How long what is kept, and when the purge is due or late. Pure; the retention service runs it.

Readings of single frames are never kept at all; a visit's row holds no identity. Events have a retention of their own.
"""

from dataclasses import dataclass

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """`visit_details_days`: after that a visit's row says only day, hour, evidence and levels."""

    visits_days: int = 730
    visit_details_days: int = 90
    alert_notes_days: int = 730
    sms_days: int = 90
    locker_phones_days: int = 30  # after the stay was over
    locker_stays_days: int = 730
    every_h: float = 24.0

    @property
    def every_s(self) -> float:
        return self.every_h * 3600


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """Epoch seconds; what is older goes."""

    visits_s: float
    visit_details_s: float
    alert_notes_s: float
    sms_s: float
    locker_phones_s: float
    locker_stays_s: float


def cutoffs(now_s: float, rules: RetentionRules) -> Cutoffs:
    return Cutoffs(
        visits_s=now_s - rules.visits_days * _DAY_S,
        visit_details_s=now_s - rules.visit_details_days * _DAY_S,
        alert_notes_s=now_s - rules.alert_notes_days * _DAY_S,
        sms_s=now_s - rules.sms_days * _DAY_S,
        locker_phones_s=now_s - rules.locker_phones_days * _DAY_S,
        locker_stays_s=now_s - rules.locker_stays_days * _DAY_S,
    )


def is_due(last_s: float | None, now_s: float, rules: RetentionRules) -> bool:
    """Also when the clock was set back far behind the last run: better once too often."""
    return last_s is None or abs(now_s - last_s) >= rules.every_s


def is_late(since_s: float, now_s: float, rules: RetentionRules) -> bool:
    """The health check: no purge for two whole intervals. `since_s`: the last run, or the agent's start without one."""
    return now_s - since_s > 2 * rules.every_s
