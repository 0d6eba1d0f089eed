"""A made-up fleet: sites on a made-up map and devices that say what real ones say. For the demo, the bench and tests; describes nobody.

Deterministic by its seed. `SimDevice.day` is one past day at once, `SimDevice.moment` what happens now; both extend the device's chain.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sync import events as e
from sync.chain import Chain, Head
from sync.checkpoint import make_checkpoint
from sync.city.facts import VIETNAM
from sync.city.terms import Arrival
from sync.keys import DeviceKey
from sync.topics import Topics

WARDS = (
    ("Sông Cái", 10.84, 106.76), ("Bến Mía", 10.78, 106.70), ("Gò Dừa", 10.86, 106.73), ("Rạch Lá", 10.73, 106.62),
    ("Cầu Tre", 10.77, 106.64), ("Đồng Ao", 10.89, 106.60), ("Vườn Trầu", 10.85, 106.62), ("Xóm Lưới", 10.68, 106.74),
    ("Tân Lúa", 10.71, 106.55), ("Bàu Sen", 10.80, 106.58), ("Lò Gốm", 10.75, 106.67), ("Hòn Khói", 10.62, 106.80),
)  # fmt: skip
SERVICES = ("ho-tich", "chung-thuc", "dat-dai")
LEVELS: tuple[e.LevelName, ...] = ("very_satisfied", "satisfied", "neutral", "dissatisfied", "angry")
PARTS = (
    ("camera/quay-01", "lost"),
    ("camera/quay-02", "black"),
    ("locker/board", "board_silent"),
    ("link", "broker_lost"),
)


@dataclass(frozen=True, slots=True)
class SimSite:
    site: str
    name: str
    ward: str
    lat: float
    lon: float


def sites(count: int, seed: int = 1) -> tuple[SimSite, ...]:
    """Centres of twelve made-up wards, scattered round each ward's middle."""
    draw = random.Random(seed)  # noqa: S311 - a picture, no secret
    found = []
    for place in range(count):
        ward, lat, lon = WARDS[place % len(WARDS)]
        far = 0.0 if place < len(WARDS) else 0.03
        name = f"Điểm {place // len(WARDS) + 1} phường {ward}"
        where = (round(lat + draw.uniform(-far, far), 4), round(lon + draw.uniform(-far, far), 4))
        found.append(SimSite(f"diem-{place + 1:03}", name, f"Phường {ward}", *where))
    return tuple(found)


class SimDevice:
    """One box of a site: counters with cameras, a queue, and with every second one a cabinet."""

    def __init__(self, topics: Topics, place: int) -> None:
        self.topics = topics
        self.source = f"/sites/{topics.site}/devices/{topics.device}"
        self.key = DeviceKey.from_seed(place.to_bytes(32, "big"))
        self.boot = f"boot-{place}"
        self.backlog = 0
        self._draw = random.Random(place)  # noqa: S311
        self._has_locker = place % 2 == 0
        self._mood = self._draw.uniform(0.15, 0.5)
        self._now = datetime.now(VIETNAM)
        self._chain = Chain(self.source, Head(), lambda: self._now)
        self._stays: list[tuple[str, str, str]] = []  # stay, compartment, dossier
        self._faults: list[str] = []
        self._alerts: list[str] = []  # open ones
        self._count = 0

    @property
    def head(self) -> Head:
        return self._chain.head

    def start(self, at: datetime) -> list[Arrival]:
        stations = ("counter", "queue", "locker") if self._has_locker else ("counter", "queue")
        started = e.DeviceStarted(
            boot=self.boot, version=self._draw.choice(("0.5.0", "0.5.0", "0.4.2")), stations=stations
        )
        return self._say(at, started, self._health())

    def day(self, day: date, visits: int, now: datetime) -> list[Arrival]:
        """A day of work as far as it has come, with its checkpoint when it is over."""
        found: list[Arrival] = []
        for minute in sorted(self._draw.sample(range(450, 1000), visits)):
            at = datetime.combine(day, time(minute // 60, minute % 60), VIETNAM)
            found += self._say(at, *self._work()) if at < now else []
        evening = datetime.combine(day, time(17), VIETNAM)
        if evening > now:
            return found
        return found + self._say(evening, self._health(), *self._overdue()) + self.signed()

    def moment(self, at: datetime) -> list[Arrival]:
        """Something happens: mostly a sign of life, now and then a visit, an alert, a broken part."""
        chance = self._draw.random()
        if chance < 0.5:
            return self._say(at, self._health())
        if chance < 0.99:
            return self._say(at, *self._work())
        return self._say(at, *self._trouble())

    def alert(self, at: datetime, name: str) -> list[Arrival]:
        """An alert on purpose, for whoever measures how long it takes to the page."""
        return self._say(at, self._alert(name, "quay-01", at))

    def close_alert(self, at: datetime, name: str) -> list[Arrival]:
        return self._say(at, e.AlertClosed(alert=name, why="acknowledged"))

    def signed(self) -> list[Arrival]:
        return self._say(self._now, make_checkpoint(self.key, self.source, self.boot, self._chain.head))

    # --- what it says ---

    def _say(self, at: datetime, *payloads: e.Payload) -> list[Arrival]:
        self._now = at.astimezone(VIETNAM)
        rows, _ = self._chain.extend(payloads)
        return [Arrival(self.topics, kind, body, at) for _, kind, _, _, body in rows]

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}-{self.topics.device}-{self._count}"

    def _work(self) -> Iterable[e.Payload]:
        yield from self._visit()
        yield from self._queue()
        if self._has_locker and self._draw.random() < 0.3:
            yield from self._cabinet()

    def _visit(self) -> Iterable[e.Payload]:
        draw, visit, counter = self._draw, self._name("v"), f"quay-0{self._draw.randint(1, 2)}"
        if draw.random() < 0.03:
            yield e.VisitDropped(visit=visit, counter=counter, why="opted_out")
            return
        is_enough = draw.random() < 0.88
        level = self._level()
        rating = draw.choice((level, level, level, self._level())) if draw.random() < 0.25 else None
        yield e.VisitEnded(
            visit=visit, counter=counter, unit="van-phong", started=self._now - timedelta(minutes=4), seconds_present=240.0, seconds_usable=180.0 if is_enough else 4.0,
            evidence="enough" if is_enough else "not_enough", shares={}, level=rating or (level if is_enough else None),
            level_at_end=None, peak=None, reasons=(), rating=rating, camera=level if is_enough else None,
        )  # fmt: skip
        if is_enough and level == "angry" and draw.random() < 0.5:
            alert = self._name("C")
            yield self._alert(alert, counter, self._now)
            yield e.AlertAcknowledged(alert=alert, by="lanh-dao-1", via="page")
            if draw.random() < 0.2:
                yield e.AlertContested(alert=alert, by="quay-01", role="officer")
            yield e.AlertClosed(alert=alert, why="acknowledged")

    def _level(self) -> e.LevelName:
        return self._draw.choices(LEVELS, (self._mood, 0.45, 0.25, 0.1 * (1 - self._mood), 0.05 * (1 - self._mood)))[0]

    def _alert(self, name: str, counter: str, since: datetime) -> e.AlertRaised:
        return e.AlertRaised(
            alert=name, visit=self._name("v"), counter=counter, unit="van-phong", why="anger", level="angry", since=since,
            reasons=("brow_down",),
        )  # fmt: skip

    def _queue(self) -> Iterable[e.Payload]:
        draw, service = self._draw, self._draw.choice(SERVICES)
        ticket = self._name(f"{self._now:%Y%m%d}-A")
        wait = float(draw.randint(1, 50) * 30)
        yield e.TicketIssued(
            ticket=ticket,
            number=f"A{self._count % 1000:03}",
            service=service,
            has_priority=draw.random() < 0.1,
            ahead=2,
            wait_s=wait,
        )
        if draw.random() < 0.93:
            yield e.TicketCalled(
                ticket=ticket,
                number=f"A{self._count % 1000:03}",
                service=service,
                counter="quay-01",
                call=1,
                waited_s=wait,
            )
            yield e.TicketServed(ticket=ticket, service=service, counter="quay-01", waited_s=wait, served_s=300.0)

    def _cabinet(self) -> Iterable[e.Payload]:
        """The oldest result is collected, or a new one is laid in."""
        if len(self._stays) > 4 or (self._stays and self._draw.random() < 0.4):
            stay, compartment, dossier = self._stays.pop(0)
            yield e.LockerCollected(stay=stay, compartment=compartment, purpose="result", dossier=dossier, by="citizen")
            return
        stay, compartment = self._name("s"), f"{self._draw.randint(1, 16):02}"
        dossier = f"H29.{self._draw.randint(10, 99)}-261101-{self._draw.randint(0, 9999):04}"
        self._stays.append((stay, compartment, dossier))
        yield e.LockerReserved(stay=stay, compartment=compartment, purpose="result", dossier=dossier, by="quay-01")
        yield e.LockerLoaded(stay=stay, compartment=compartment, dossier=dossier, by="quay-01")

    def _overdue(self) -> Iterable[e.Payload]:
        for stay, compartment, dossier in self._stays[:1]:
            yield e.LockerOverdue(stay=stay, compartment=compartment, dossier=dossier, days=5, step="reminded")

    def _trouble(self) -> Iterable[e.Payload]:
        """What broke is mended and what was raised is answered before something else happens."""
        if self._faults:
            yield e.DeviceRecovered(part=self._faults.pop(), after_s=60.0)
        elif self._alerts:
            alert = self._alerts.pop()
            yield e.AlertAcknowledged(alert=alert, by="lanh-dao-1", via="page")
            if self._draw.random() < 0.7:
                yield e.AlertClosed(alert=alert, why="acknowledged")
        elif self._draw.random() < 0.4:
            part, why = self._draw.choice(PARTS)
            self._faults.append(part)
            yield e.DeviceFault(part=part, why=why)
        else:
            self._alerts.append(self._name("C"))
            yield self._alert(self._alerts[-1], "quay-01", self._now)

    def _health(self) -> e.DeviceHealth:
        free = self._draw.uniform(4_000, 20_000)
        return e.DeviceHealth(
            uptime_s=3_600.0,
            memory_mb=self._draw.uniform(95, 130),
            disk_free_mb=free,
            backlog=self.backlog,
            cameras_live=2,
        )


def devices(places: Sequence[SimSite], count: int) -> tuple[SimDevice, ...]:
    """Spread evenly over the sites."""
    return tuple(
        SimDevice(Topics(places[n % len(places)].site, f"hop-{n // len(places) + 1:02}"), n + 1) for n in range(count)
    )


def history(fleet: Sequence[SimDevice], now: datetime, days: int, visits: int) -> Iterable[list[Arrival]]:
    """Every device's past days and today until now, a batch a device."""
    today = now.astimezone(VIETNAM).date()
    first = today - timedelta(days=days)
    for device in fleet:
        batch = device.start(min(now, datetime.combine(first, time(7), VIETNAM)))
        for back in range(days, -1, -1):
            batch += device.day(today - timedelta(days=back), visits, now)
        yield batch
