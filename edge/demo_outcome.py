"""What happened in a demo, counted from the journal: the object that `motcua demo --json` prints."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from edge.domain.level import Level
from edge.ports import CameraState
from sync import inspect
from sync.events import (
    AlertRaised,
    AlertSms,
    Event,
    LockerCodeRefused,
    LockerCollected,
    LockerDeposited,
    NudgeShown,
    Payload,
    VisitDropped,
    VisitEnded,
)

PAGE = 500
LOCKER_COUNTS = {"collected": LockerCollected, "deposited": LockerDeposited, "refused": LockerCodeRefused}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`visits` by level, plus `not_enough` and `dropped`; `camera`: how the real one was at the end; the rest as DESIGN 5 names it."""

    visits: dict[str, int]
    nudges: int
    alerts: int
    sms: dict[str, int]
    journal: int
    broker: int
    journal_ok: bool
    locker: dict[str, int]
    camera: CameraState | None = None
    later: dict[str, Any] = field(
        default_factory=lambda: {"tickets": {"issued": 0, "called": 0}, "lookups": 0, "greeted_by_name": 0}
    )

    @property
    def is_whole(self) -> bool:
        """The journal holds, the broker got every event once, and the camera that was asked for works."""
        return self.journal_ok and self.journal == self.broker and self.camera in {None, CameraState.LIVE}

    def as_json(self) -> dict[str, Any]:
        told = {"visits": self.visits, "nudges": self.nudges, "alerts": self.alerts, "sms": self.sms}
        told |= {"locker": self.locker, "camera": self.camera, **self.later}
        return told | {"events": {"journal": self.journal, "broker": self.broker}, "journal_ok": self.journal_ok}

    def show(self) -> None:
        table = Table(title="what happened", show_header=False)
        for level, number in self.visits.items():
            table.add_row(f"visits {level}", str(number))
        table.add_row("nudges / alerts", f"{self.nudges} / {self.alerts}")
        table.add_row("SMS submitted / delivered", f"{self.sms['submitted']} / {self.sms['delivered']}")
        table.add_row(
            "locker collected / deposited / refused", " / ".join(str(self.locker[what]) for what in LOCKER_COUNTS)
        )
        if self.camera is not None:
            table.add_row(
                "camera at the end", "works" if self.camera is CameraState.LIVE else f"NO PICTURE: {self.camera}"
            )
        table.add_row("events in the journal / at the city", f"{self.journal} / {self.broker}")
        table.add_row("journal", "whole" if self.journal_ok else "NOT whole")
        Console().print(table)


def read_outcome(data_dir: Path, broker: int, *, is_whole: bool) -> Outcome:
    """Count the journal in `data_dir`; `broker` is how many different events the city's end received."""
    payloads = list(_payloads(data_dir))
    visits = dict.fromkeys([*(level.value for level in Level), "not_enough", "dropped"], 0)
    for ended in (payload for payload in payloads if isinstance(payload, VisitEnded)):
        visits[ended.level or "not_enough"] += 1
    visits["dropped"] = sum(isinstance(payload, VisitDropped) for payload in payloads)
    sms = Counter(payload.status for payload in payloads if isinstance(payload, AlertSms))
    return Outcome(
        visits=visits,
        nudges=sum(isinstance(payload, NudgeShown) for payload in payloads),
        alerts=sum(isinstance(payload, AlertRaised) for payload in payloads),
        sms={"submitted": sms["submitted"], "delivered": sms["delivered"]},
        journal=len(payloads),
        broker=broker,
        journal_ok=is_whole,
        locker={what: sum(isinstance(one, kind) for one in payloads) for what, kind in LOCKER_COUNTS.items()},
    )


def _payloads(data_dir: Path) -> Iterator[Payload]:
    seq = 0
    while bodies := inspect.after(data_dir, seq, PAGE):
        for body in bodies:
            yield msgspec.json.decode(body, type=Event).payload()
        seq = inspect.seq_of(bodies[-1])
