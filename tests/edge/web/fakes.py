"""In-memory desks with a believable working day, for the pages' tests, their development and the screenshots."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from edge.domain.level import Level
from edge.ports import (
    Agreement,
    AlertState,
    AlertView,
    CameraState,
    CounterPhase,
    CounterView,
    Distribution,
    HourRow,
    NotThere,
    NudgeNote,
    Tile,
)
from edge.services.identify import Identify
from edge.web.site import Desks
from tests.edge.sentences import strings as strings  # noqa: PLC0414 - offered from here
from tests.edge.web.city_fakes import FakeCity
from tests.edge.web.faces_fakes import FakeFaces
from tests.edge.web.guide_fakes import FakeGuide
from tests.edge.web.locker_fakes import FakeLocker
from tests.edge.web.morning import MORNING as MORNING  # noqa: PLC0414 - offered from here
from tests.edge.web.queue_fakes import FakeQueue

COUNTERS = {
    "quay-01": ("Quầy 1", "Tư pháp – Hộ tịch"),
    "quay-02": ("Quầy 2", "Đất đai – Xây dựng"),
    "quay-03": ("Quầy 3", "Chứng thực"),
    "quay-04": ("Quầy 4", "Lao động – Xã hội"),
}


class FakeClock:
    def __init__(self, now: datetime = MORNING) -> None:
        self.at = now
        self.seconds = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds


class FakeCounters:
    def __init__(self) -> None:
        self.views = {
            key: CounterView(key, name, unit, CounterPhase.EMPTY, CameraState.LIVE)
            for key, (name, unit) in COUNTERS.items()
        }
        self.ratings: list[tuple[str, Level]] = []
        self.opted_out: list[str] = []
        self.callbacks: list[Callable[[CounterView], None]] = []
        self.is_broken = False

    def counters(self) -> tuple[str, ...]:
        return tuple(self.views)

    def view(self, counter: str) -> CounterView:
        if counter not in self.views:
            raise NotThere(counter)
        return self.views[counter]

    def subscribe(self, callback: Callable[[CounterView], None]) -> Callable[[], None]:
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def put(self, counter: str, **changes: object) -> None:
        self.views[counter] = replace(self.views[counter], **changes)  # type: ignore[arg-type]
        for callback in tuple(self.callbacks):
            callback(self.views[counter])

    async def rate(self, counter: str, level: Level) -> None:
        if self.is_broken:
            msg = "the journal is full"
            raise OSError(msg)
        self.ratings.append((counter, level))
        self.put(counter, rating=level)

    async def opt_out(self, counter: str) -> None:
        self.opted_out.append(counter)
        if self.view(counter).visit:
            self.put(counter, phase=CounterPhase.OPTED_OUT, level=None, nudge=None, reasons=())


class FakeAlerts:
    def __init__(self, alerts: tuple[AlertView, ...] = ()) -> None:
        self.alerts = {alert.alert: alert for alert in alerts}
        self.callbacks: list[Callable[[AlertView], None]] = []
        self.contests: list[tuple[str, str, str, str]] = []

    async def recent(self, limit: int = 50, counter: str | None = None) -> tuple[AlertView, ...]:
        newest = sorted(self.alerts.values(), key=lambda alert: alert.raised, reverse=True)
        return tuple(alert for alert in newest if counter in {None, alert.counter})[:limit]

    async def acknowledge(self, alert: str, by: str) -> AlertView:
        found = self._find(alert)
        if found.owner is None:
            found = replace(found, owner=by, state=AlertState.ACKNOWLEDGED)
        return self.put(found)

    async def contest(self, alert: str, by: str, role: str, note: str) -> AlertView:
        self.contests.append((alert, by, role, note))
        return self.put(replace(self._find(alert), state=AlertState.CONTESTED, contested_by=by, note=note))

    def subscribe(self, callback: Callable[[AlertView], None]) -> Callable[[], None]:
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def put(self, alert: AlertView) -> AlertView:
        self.alerts[alert.alert] = alert
        for callback in tuple(self.callbacks):
            callback(alert)
        return alert

    def _find(self, alert: str) -> AlertView:
        if alert not in self.alerts:
            raise NotThere(alert)
        return self.alerts[alert]


class FakeStatistics:
    def __init__(self, rows: tuple[HourRow, ...] = (), found: Agreement | None = None) -> None:
        self.rows = rows
        self.found = found or Agreement(0, 0, {})
        self.asked = 0

    async def day(self, day: date, counter: str | None = None) -> Distribution:
        self.asked += 1
        rows = [row.distribution for row in self.rows if counter in {None, row.counter}]
        return Distribution(
            {level: sum(row.camera.get(level, 0) for row in rows) for level in Level},
            {level: sum(row.ratings.get(level, 0) for row in rows) for level in Level},
            sum(row.not_enough for row in rows),
            sum(row.dropped for row in rows),
        )

    async def hours(self, day: date) -> tuple[HourRow, ...]:
        return self.rows

    async def agreement(self, since: date, until: date) -> Agreement:
        return self.found


class FakeHealth:
    def __init__(self, tiles: tuple[Tile, ...] = (), waiting: int = 0) -> None:
        self.now = tiles
        self.waiting = waiting

    def tiles(self) -> tuple[Tile, ...]:
        return self.now

    def backlog(self) -> int:
        return self.waiting


class Centre:
    """All desks of a made-up centre; the numbers are drawn with a fixed seed and describe nobody."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.counters = FakeCounters()
        self.alerts = FakeAlerts()
        self.statistics = FakeStatistics()
        self.health = FakeHealth()
        self.locker = FakeLocker()
        self.queue = FakeQueue(self.clock)
        self.guide = FakeGuide(self.clock, self.queue)
        self.city = FakeCity()
        self.identify = Identify(self.clock, "quay-01")
        self.faces = FakeFaces(self.clock)

    @property
    def desks(self) -> Desks:
        return Desks(
            self.counters,
            self.alerts,
            self.statistics,
            self.health,
            self.clock,
            self.locker.desks,
            self.queue.desk,
            self.guide.desk,
            self.city,
            self.identify,
            self.faces,
            self.guide.hearing,
        )

    def fill(self) -> None:
        """Half past ten on a busy Friday."""
        self.statistics.rows = _hours(random.Random(7))
        self.statistics.found = _agreement()
        parts = ("camera/quay-01", "camera/quay-02", "camera/quay-04", "sms", "journal", "disk")
        healthy = tuple(Tile(part, ok=True, since=MORNING - timedelta(hours=3)) for part in parts)
        broken = Tile("camera/quay-03", ok=False, since=MORNING - timedelta(minutes=6), why="lost")
        self.health.now, self.health.waiting = (broken, *healthy), 12
        self._fill_counters()
        self.queue.fill()
        for alert in _alerts():
            self.alerts.put(alert)

    def _fill_counters(self) -> None:
        started = MORNING - timedelta(minutes=4)
        measuring = {"phase": CounterPhase.MEASURING, "visit_since": started}
        self.counters.put("quay-01", visit="v-1", level=Level.SATISFIED, reasons=("smile",), **measuring)
        self.counters.put("quay-02", visit="v-2", level=Level.DISSATISFIED, nudge=nudge(), **measuring)
        self.counters.put("quay-03", phase=CounterPhase.CAMERA_FAULT, camera=CameraState.LOST)
        self.counters.put("quay-04", visit="v-4", phase=CounterPhase.OPTED_OUT)


def nudge(level: Level = Level.DISSATISFIED) -> NudgeNote:
    return NudgeNote(MORNING - timedelta(minutes=1), level, ("brow_lowered", "lips_pressed"))


def an_alert(alert: str = "7K3", counter: str = "quay-02", **changes: object) -> AlertView:
    name, unit = COUNTERS[counter]
    made = AlertView(
        alert=alert,
        counter=counter,
        counter_name=name,
        unit=unit,
        raised=MORNING - timedelta(minutes=2),
        since=MORNING - timedelta(minutes=3),
        why="anger",
        level=Level.ANGRY,
        reasons=("brow_lowered", "mouth_corners_down"),
        state=AlertState.OPEN,
        contacts=(("lanh-dao", "delivered"), (f"truong-{counter}", "submitted")),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def _alerts() -> tuple[AlertView, ...]:
    earlier, first = MORNING - timedelta(minutes=58), MORNING - timedelta(hours=2)
    taken = {"why": "not_mended", "level": Level.DISSATISFIED, "state": AlertState.ACKNOWLEDGED, "owner": "lanh-dao-1"}
    contested = {
        "state": AlertState.CONTESTED,
        "contested_by": "quay-01",
        "note": "Người dân cau mày vì nắng chiếu vào mắt.",
    }
    return (
        an_alert("5C1", "quay-01", raised=first, since=first, **contested),
        an_alert("6F8", "quay-04", raised=earlier, since=earlier, reasons=("lips_pressed",), **taken),
        an_alert(),
    )


def _hours(dice: random.Random) -> tuple[HourRow, ...]:
    rows = []
    for counter in COUNTERS:
        for hour in range(7, 11):
            camera = {level: _draw(dice, weight) for level, weight in zip(Level, (2, 5, 4, 1.2, 0.4), strict=True)}
            ratings = {level: _draw(dice, weight) for level, weight in zip(Level, (2, 1.5, 0.6, 0.4, 0.3), strict=True)}
            is_alert = (counter, hour) in {("quay-02", 10), ("quay-04", 9)}
            contested = int((counter, hour) == ("quay-01", 8))
            day = Distribution(camera, ratings, dice.randint(0, 2), int(dice.random() < 0.2))
            rows.append(HourRow(counter, hour, day, int(is_alert), contested))
    return tuple(rows)


def _draw(dice: random.Random, weight: float) -> int:
    return round(dice.triangular(0, 2 * weight, weight))


def _agreement() -> Agreement:
    very, good, plain, poor, angry = Level
    table = {
        (good, very): 21, (good, good): 17, (very, very): 9, (plain, plain): 8, (plain, good): 7,
        (poor, poor): 5, (plain, poor): 3, (angry, angry): 2, (poor, plain): 2, (good, plain): 3,
    }  # fmt: skip
    same = sum(n for (a, b), n in table.items() if (a.rank > 0) == (b.rank > 0) and (a.rank < 0) == (b.rank < 0))
    return Agreement(sum(table.values()), same, table)
