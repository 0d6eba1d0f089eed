"""The queue of a made-up hall at half past ten: the real desk over tables in memory, filled with what nobody did."""

from collections.abc import Coroutine
from datetime import datetime, time, timedelta
from typing import Any, TypeVar

from edge.domain.opening import Opening, Span
from edge.domain.queue import Service
from edge.domain.queue_calls import QueuePlan
from edge.ports import Clock
from edge.queue_ports import Action, CounterInfo, Printing, Priority, ServiceInfo, Slip
from edge.services.queue import QueueService
from edge.services.queue_views import QueueSetup
from tests.edge.services.memory_ledger import MemoryLedger

T = TypeVar("T")
SERVICES = {
    "ho-tich": ("A", "Hộ tịch", "Civil status", ("quay-01", "quay-02"), 12),
    "chung-thuc": ("B", "Chứng thực", "Certified copies", ("quay-02", "quay-03"), 5),
    "dat-dai": ("C", "Đất đai – Xây dựng", "Land and building", ("quay-04",), 20),
    "bao-tro": ("D", "Bảo trợ xã hội – Người có công", "Social support", ("quay-03", "quay-04"), 15),
}
_WORKDAY = (Span(time(7, 30), time(11, 30)), Span(time(13, 30), time(16, 30)))
N, OLDER, DISABLED, PREGNANT = Priority.NONE, Priority.OLDER, Priority.DISABLED, Priority.PREGNANT


class FakePrinter:
    def __init__(self) -> None:
        self.printed: list[str] = []
        self.works = True

    async def print_slip(self, slip: Slip, lang: str) -> Printing:
        self.printed.append(slip.label)
        return Printing.PRINTED if self.works else Printing.FAILED


class FakeQueue:
    """`desk` is real; the clock is the centre's."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.printer = FakePrinter()
        self.ledger = MemoryLedger(clock.now)
        self.desk = QueueService(self.ledger, clock, setup(), self.printer)

    def fill(self) -> None:
        """Run to its end without a loop: nothing here waits for anything."""
        past = _Past(self.clock.now())
        at_once(self._morning(QueueService(self.ledger, past, setup()), past))
        at_once(self.desk.load())

    @property
    def subscribers(self) -> int:
        return len(self.desk._subscribers)

    async def _morning(self, desk: QueueService, past: "_Past") -> None:
        """Somebody comes every two minutes."""
        for service, priority in (
            ("ho-tich", N), ("chung-thuc", N), ("dat-dai", N), ("ho-tich", N), ("ho-tich", OLDER), ("chung-thuc", N),
            ("bao-tro", DISABLED), ("ho-tich", N), ("ho-tich", PREGNANT), ("dat-dai", N), ("chung-thuc", OLDER),
            ("ho-tich", N), ("ho-tich", N), ("dat-dai", N), ("bao-tro", N), ("ho-tich", N),
        ):  # fmt: skip
            await desk.issue(service, priority)
            past.at += timedelta(minutes=2)
        for counter, label in (("quay-02", "B001"), ("quay-03", "D001"), ("quay-04", "C001")):
            await desk.press(counter, label, Action.CALL)
            await desk.press(counter, label, Action.COME)
        await desk.press("quay-01", "A001", Action.CALL)
        await desk.press("quay-01", "A001", Action.PARK)
        await desk.press("quay-01", "A003", Action.CALL)
        await desk.press("quay-01", "A003", Action.SKIP)


class _Past:
    """Three quarters of an hour ago, moved by hand."""

    def __init__(self, now: datetime) -> None:
        self.at = now - timedelta(minutes=45)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0


def setup() -> QueueSetup:
    services, infos = {}, {}
    for key, (letter, name, name_en, callers, minutes) in SERVICES.items():
        services[key] = Service(key, letter, callers, minutes * 60.0)
        infos[key] = ServiceInfo(key, (("vi", name), ("en", name_en)), letter, callers, minutes * 60.0)
    counters = {f"quay-0{number}": CounterInfo(f"quay-0{number}", f"Quầy {number}", number) for number in range(1, 5)}
    week = (_WORKDAY, _WORKDAY, _WORKDAY, _WORKDAY, _WORKDAY, (), ())
    return QueueSetup(QueuePlan(services), infos, counters, Opening(week))


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """The end of what waits for nothing, without a loop or while the loop is ours."""
    try:
        work.send(None)
    except StopIteration as ended:
        return ended.value  # type: ignore[no-any-return]
    msg = "it waits for something"
    raise AssertionError(msg)
