"""A configuration on trial: what a start does with the files, and when the new one is kept. Pure.

```
 begin: text checked -> FILE.new -> FILE.before (a copy) -> FILE.trial (this record) -> FILE.new becomes FILE -> restart
 present is  | verdict none                                   | verdict given
 old, .new   | SWAP (killed in the middle of `begin`)         | REPORT
 old, no .new| REPORT as unhealthy (somebody put it back)     | REPORT
 new         | TRY, up to STARTS times, then ROLL_BACK        | ROLL_BACK (killed in the middle of it)
 another     | REPORT as superseded (a person wrote it)       | REPORT
```

At the end of its watch the new one is kept or rolled back only where it is still there; another one stays, as at a start,
and is started with where the new one was not well.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from edge.domain.command import CommandRefusal

STARTS = 3  # of the new one without a confirmation; then it is the configuration that kills the agent


@dataclass(frozen=True, slots=True)
class TrialPace:
    """`confirm_s`: well for so long, it is kept; `give_up_s`: not well by then, it is rolled back."""

    confirm_s: float = 60.0
    give_up_s: float = 300.0
    look_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Trial:
    """`old` and `new`: SHA-256 of the two files. `starts`: of the new one so far. `verdict`: why it is given up."""

    command: str
    old: str
    new: str
    starts: int = 0
    verdict: CommandRefusal | None = None


class TrialStep(StrEnum):
    SWAP = "swap"  # put FILE.new in its place, then try
    TRY = "try"
    ROLL_BACK = "roll_back"  # put FILE.before in its place, then report
    REPORT = "report"  # answer with the verdict, forget the trial


def at_start(trial: Trial, present: str, *, has_new: bool) -> tuple[Trial, TrialStep]:
    """What to do before the file is loaded; the record is on the disk before the files are touched."""
    if present == trial.old:
        if trial.verdict is None and has_new:
            return replace(trial, starts=1), TrialStep.SWAP
        return _given_up(trial, CommandRefusal.CONFIG_UNHEALTHY), TrialStep.REPORT
    if present != trial.new:
        return _given_up(trial, CommandRefusal.SUPERSEDED), TrialStep.REPORT
    if trial.verdict is not None or trial.starts >= STARTS:
        return _given_up(trial, CommandRefusal.CONFIG_UNHEALTHY), TrialStep.ROLL_BACK
    return replace(trial, starts=trial.starts + 1), TrialStep.TRY


class Health(StrEnum):
    WAIT = "wait"
    KEEP = "keep"
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True)
class Watch:
    """How a start of the new configuration goes: since when it runs, and since when it is well."""

    started_s: float
    well_since_s: float | None = None

    def seen(self, now_s: float, *, is_well: bool) -> "Watch":
        since = now_s if self.well_since_s is None else self.well_since_s
        return replace(self, well_since_s=since if is_well else None)

    def health(self, now_s: float, pace: TrialPace) -> Health:
        if self.well_since_s is not None and now_s - self.well_since_s >= pace.confirm_s:
            return Health.KEEP
        return Health.GIVE_UP if now_s - self.started_s >= pace.give_up_s else Health.WAIT


def _given_up(trial: Trial, why: CommandRefusal) -> Trial:
    return trial if trial.verdict else replace(trial, verdict=why)
