"""A made-up cabinet for the pages: it answers as the locker service promises to, and its doors are moved by the test."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from edge.domain.locker import CompartmentState, Purpose
from edge.domain.pickup_code import PickupCode
from edge.locker_ports import (
    CabinetView,
    CompartmentView,
    Door,
    HistoryRow,
    LockerDesks,
    OpeningView,
    OverdueRow,
    Procedure,
    RefusalWhy,
    Refused,
    SpokenCode,
    Staff,
    Step,
    TraceRow,
)
from tests.edge.web.morning import MORNING

S = CompartmentState
DOSSIER, TAIL, CODE, PHONE = "H29.19-261118-0042", "5678", "204816", "0912345678"
RECEIPT = "BN-7K3P-M2QX"
KEYPAD = "kiosk"
_NAMES = {
    "vi": (
        ("khai-sinh", "Đăng ký khai sinh", ("Tờ khai đăng ký khai sinh", "Giấy chứng sinh", "Bản sao giấy kết hôn của cha mẹ")),
        ("ket-hon", "Đăng ký kết hôn", ("Tờ khai đăng ký kết hôn", "Giấy xác nhận tình trạng hôn nhân")),
        ("ho-kinh-doanh", "Đăng ký hộ kinh doanh", ("Giấy đề nghị đăng ký", "Bản sao hợp đồng thuê địa điểm")),
        ("chung-thuc", "Chứng thực bản sao từ bản chính", ("Bản chính", "Bản sao cần chứng thực")),
        ("tro-giup", "Trợ giúp xã hội hằng tháng", ("Tờ khai đề nghị trợ giúp", "Giấy xác nhận khuyết tật (nếu có)")),
        ("dat-dai", "Đăng ký biến động đất đai", ("Đơn đăng ký biến động", "Giấy chứng nhận đã cấp", "Hợp đồng chuyển nhượng", "Tờ khai thuế", "Sơ đồ thửa đất", "Giấy ủy quyền (nếu có)")),
        ("xay-dung", "Cấp phép xây dựng nhà ở riêng lẻ", ("Đơn đề nghị cấp phép", "Bản vẽ thiết kế")),
    ),
    "en": (
        ("khai-sinh", "Birth registration", ("Birth registration form", "Medical birth certificate", "Copy of the parents' marriage certificate")),
        ("ket-hon", "Marriage registration", ("Marriage registration form", "Certificate of marital status")),
        ("ho-kinh-doanh", "Household business registration", ("Application form", "Copy of the rental contract")),
        ("chung-thuc", "Certified copies", ("The original", "The copies to be certified")),
        ("tro-giup", "Monthly social assistance", ("Application for assistance", "Certificate of disability (if any)")),
        ("dat-dai", "Change of land registration", ("Application form", "Land certificate", "Contract of sale", "Tax form", "Plot plan", "Power of attorney (if any)")),
        ("xay-dung", "Building permit for a house", ("Application form", "Drawings")),
    ),
}  # fmt: skip


class FakeScans:
    def __init__(self) -> None:
        self.callbacks: list[Callable[[str], None]] = []

    def subscribe(self, callback: Callable[[str], None]) -> Callable[[], None]:
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def scan(self, text: str) -> None:
        for callback in tuple(self.callbacks):
            callback(text)


class FakeLocker:
    """The state of a cabinet and both desks over it. What pages asked for stands in `asked`, in order."""

    def __init__(self) -> None:
        self.make_new()
        self.on_cabinet: list[Callable[[CabinetView], None]] = []
        self.on_opening: dict[str, list[Callable[[OpeningView], None]]] = {}
        self.on_trace: list[Callable[[TraceRow], None]] = []
        self.citizen, self.staff = FakeCitizenDesk(self), FakeStaffDesk(self)

    def make_new(self) -> None:
        """As in the morning; who looks keeps looking."""
        self.asked: list[tuple[object, ...]] = []
        self.refusal: Refused | None = None  # the next answer, whatever is asked
        self.trusted = True
        self.why: str | None = None
        self.doors = {one.compartment: one for one in cabinet()}
        self.openings: dict[str, OpeningView] = {}
        self.frames = list(trace())

    @property
    def desks(self) -> LockerDesks:
        return LockerDesks(self.citizen, self.staff)

    @property
    def subscribers(self) -> int:
        scans = len(self.citizen.scanner.callbacks) + len(self.staff.scanner.callbacks)
        return len(self.on_cabinet) + sum(map(len, self.on_opening.values())) + len(self.on_trace) + scans

    def view(self) -> CabinetView:
        return CabinetView("Tủ trước cổng", self.trusted, self.why, tuple(self.doors.values()))

    def put(self, compartment: str, **changes: Any) -> None:
        self.doors[compartment] = replace(self.doors[compartment], **changes)
        self.tell()

    def trust(self, why: str | None) -> None:
        self.trusted, self.why = why is None, why
        self.tell()

    def tell(self) -> None:
        for callback in tuple(self.on_cabinet):
            callback(self.view())

    def begin(self, compartment: str) -> OpeningView | Refused:
        refusal, self.refusal = self.refusal, None
        if refusal:
            return refusal
        opening = f"o-{len(self.openings) + 1}"
        self.openings[opening] = OpeningView(opening, compartment, self.doors[compartment].number, Step.OPENING)
        self.put(compartment, state=S.OPENING)
        return self.openings[opening]

    def answer(self) -> Refused | None:
        refusal, self.refusal = self.refusal, None
        return refusal

    def move(self, opening: str, step: Step, **changes: Any) -> None:
        """The door of an opening goes on; whoever looks is told."""
        self.openings[opening] = view = replace(self.openings[opening], step=step, **changes)
        states = {Step.OPEN: S.OPEN, Step.CLOSE_IT: S.LEFT_OPEN, Step.DONE: S.CLOSED, Step.FAILED: S.OPEN_FAILED}
        is_open = step in {Step.OPEN, Step.CLOSE_IT}
        self.put(view.compartment, state=states[step], door=Door.OPEN if is_open else Door.CLOSED)
        for callback in tuple(self.on_opening.get(opening, ())):
            callback(view)

    def watch(self, opening: str, callback: Callable[[OpeningView], None]) -> Callable[[], None]:
        rows = self.on_opening.setdefault(opening, [])
        rows.append(callback)
        return lambda: rows.remove(callback)

    def frame(self, row: TraceRow) -> None:
        self.frames.append(row)
        for callback in tuple(self.on_trace):
            callback(row)


class FakeCitizenDesk:
    def __init__(self, locker: FakeLocker) -> None:
        self._locker = locker
        self.scanner = FakeScans()
        self.is_broken = False

    async def pick_up(self, keypad: str, dossier: str, code: str) -> OpeningView | Refused:
        if self.is_broken:
            msg = "the journal is full"
            raise OSError(msg)
        self._locker.asked.append(("pick_up", keypad, dossier, code))
        if not self._locker.refusal and ((dossier not in {DOSSIER, TAIL}) or code != CODE):
            return Refused(RefusalWhy.WRONG)
        return self._locker.begin("ngan-07")

    async def deposit(
        self,
        keypad: str,
        procedure: str,
        phone: str,
        *,
        dossier: str | None = None,
        low: bool = False,
        lang: str = "vi",
    ) -> OpeningView | Refused:
        self._locker.asked.append(("deposit", keypad, procedure, phone, dossier, low, lang))
        return self._locker.begin("ngan-17" if low else "ngan-02")

    def procedures(self, lang: str) -> tuple[Procedure, ...]:
        return tuple(Procedure(*row) for row in _NAMES[lang])

    def opening(self, opening: str) -> OpeningView | None:
        return self._locker.openings.get(opening)

    def subscribe(self, opening: str, callback: Callable[[OpeningView], None]) -> Callable[[], None]:
        return self._locker.watch(opening, callback)

    def is_trusted(self) -> bool:
        return self._locker.trusted

    def scans(self, keypad: str) -> FakeScans | None:
        return self.scanner if keypad == KEYPAD else None


class FakeStaffDesk:
    def __init__(self, locker: FakeLocker) -> None:
        self._locker = locker
        self.scanner = FakeScans()
        self.late: tuple[OverdueRow, ...] = (
            OverdueRow("s-12", "ngan-12", "12", "H29.19-261105-0113", MORNING - timedelta(days=9), 9, reminded=True),
        )
        self.rows = history()

    def cabinet(self) -> CabinetView:
        return self._locker.view()

    def subscribe(self, callback: Callable[[CabinetView], None]) -> Callable[[], None]:
        self._locker.on_cabinet.append(callback)
        return lambda: self._locker.on_cabinet.remove(callback)

    def subscribe_opening(self, opening: str, callback: Callable[[OpeningView], None]) -> Callable[[], None]:
        return self._locker.watch(opening, callback)

    async def load(
        self, by: Staff, dossier: str, phone: str, *, size: str | None = None, low: bool = False
    ) -> OpeningView | Refused:
        self._locker.asked.append(("load", by.name, dossier, phone, size, low))
        return self._locker.begin("ngan-02")

    async def empty(self, by: Staff, stay: str) -> Refused | None:
        self._locker.asked.append(("empty", by.name, stay))
        return self._locker.answer()

    async def collect(self, by: Staff, compartment: str) -> OpeningView | Refused:
        self._locker.asked.append(("collect", by.name, compartment))
        return self._locker.begin(compartment)

    async def reissue(self, by: Staff, stay: str, via: str) -> SpokenCode | Refused | None:
        self._locker.asked.append(("reissue", by.name, stay, via))
        if self._locker.refusal or via == "sms":
            return self._locker.answer()
        return SpokenCode(PickupCode(CODE))

    async def recall(self, by: Staff, compartment: str, why: str) -> OpeningView | Refused:
        self._locker.asked.append(("recall", by.name, compartment, why))
        return self._locker.begin(compartment)

    async def recall_all(self, by: Staff, why: str, second: Staff) -> tuple[OpeningView, ...] | Refused:
        self._locker.asked.append(("recall_all", by.name, why, second.name, second.role))
        made = [self._locker.begin(name) for name in self._locker.doors]
        return next(
            (one for one in made if isinstance(one, Refused)), tuple(m for m in made if isinstance(m, OpeningView))
        )

    async def overdue(self) -> tuple[OverdueRow, ...]:
        return self.late

    async def history(self, text: str) -> tuple[HistoryRow, ...] | Refused:
        self._locker.asked.append(("history", text))
        return self._locker.answer() or self.rows

    async def test(self, by: Staff, compartment: str) -> OpeningView | Refused:
        self._locker.asked.append(("test", by.name, compartment))
        return self._locker.begin(compartment)

    async def out_of_service(self, by: Staff, compartment: str) -> Refused | None:
        self._locker.asked.append(("out_of_service", by.name, compartment))
        self._locker.put(compartment, state=S.OUT_OF_SERVICE)
        return self._locker.answer()

    async def back_in_service(self, by: Staff, compartment: str) -> Refused | None:
        self._locker.asked.append(("back_in_service", by.name, compartment))
        self._locker.put(compartment, state=S.FREE)
        return self._locker.answer()

    def trace(self) -> tuple[TraceRow, ...]:
        return tuple(self._locker.frames)

    def subscribe_trace(self, callback: Callable[[TraceRow], None]) -> Callable[[], None]:
        self._locker.on_trace.append(callback)
        return lambda: self._locker.on_trace.remove(callback)

    def channels(self) -> Mapping[str, tuple[str, int]]:
        return {name: ("tren" if index < 9 else "duoi", index % 9 + 1) for index, name in enumerate(self._locker.doors)}

    def scans(self) -> FakeScans | None:
        return self.scanner


def cabinet() -> tuple[CompartmentView, ...]:
    """Six columns: three rows of small doors, and below them tall ones for thick bags; the lowest are within a wheelchair's reach."""
    doors = [_door(number, (number - 1) // 6, (number - 1) % 6) for number in range(1, 19)]
    doors += [_door(19 + place, 3, 2 * place, size="large", columns=2, rows=2, low=True) for place in range(3)]
    return tuple(replace(one, **_BUSY.get(one.number, {})) for one in doors)


def _door(
    number: int, row: int, column: int, *, size: str = "small", columns: int = 1, rows: int = 1, low: bool = False
) -> CompartmentView:
    name, is_low = f"ngan-{number:02}", low or row == 2
    return CompartmentView(name, f"{number:02}", size, is_low, row, column, rows, columns, S.FREE, Door.CLOSED)


def _stay(number: int, state: CompartmentState, hours: float, **more: Any) -> dict[str, Any]:
    row = {
        "stay": f"s-{number:02}",
        "purpose": Purpose.RESULT,
        "dossier": f"H29.19-2611{10 + number % 9}-01{number:02}",
    }
    return {**row, "state": state, "since": MORNING - timedelta(hours=hours), **more}


_DEPOSIT = {"purpose": Purpose.DEPOSIT, "dossier": None}
_BUSY: dict[str, dict[str, Any]] = {
    "03": _stay(3, S.OCCUPIED, 2.2, sms="delivered"),
    "05": _stay(5, S.OCCUPIED, 14, procedure="khai-sinh", **_DEPOSIT),
    "07": _stay(7, S.OCCUPIED, 26, dossier=DOSSIER, sms="delivered"),
    "08": _stay(8, S.OCCUPIED, 5, sms="failed"),
    "10": _stay(10, S.OPEN, 0.02, door=Door.OPEN),
    "12": _stay(12, S.OVERDUE, 24 * 9, dossier="H29.19-261105-0113", sms="delivered"),
    "14": {"state": S.OPEN_FAILED, "why": "open_failed", "since": MORNING - timedelta(minutes=18)},
    "16": {"state": S.OUT_OF_SERVICE, "since": MORNING - timedelta(days=2)},
    "20": _stay(20, S.OCCUPIED, 11, procedure="dat-dai", **_DEPOSIT),
    "21": _stay(21, S.OCCUPIED, 50, sms="submitted"),
}


def history() -> tuple[HistoryRow, ...]:
    start = MORNING - timedelta(hours=26)
    rows: tuple[tuple[str, dict[str, str | int | None]], ...] = (
        ("reserved", {"by": "quay-01", "compartment": "ngan-07"}),
        ("opened", {"by": "quay-01", "compartment": "ngan-07", "purpose": "load"}),
        ("loaded", {"by": "quay-01", "compartment": "ngan-07"}),
        ("code_issued", {"by": "quay-01", "number": 1, "why": "loaded", "via": "sms"}),
        ("code_refused", {"keypad": KEYPAD, "why": "wrong"}),
    )
    return tuple(HistoryRow(start + timedelta(minutes=n), kind, values) for n, (kind, values) in enumerate(rows))


def trace() -> tuple[TraceRow, ...]:
    rows: tuple[tuple[bool, str, str, dict[str, str | int]], ...] = (
        (True, "80 01 00 33 B2", "read_all", {}),
        (False, "80 01 00 02 00 33 B0", "doors", {"board": 1, "contacts": "101111111"}),
        (True, "8A 01 02 11 98", "unlock", {"channel": 2}),
        (False, "8A 01 02 11 98", "echo", {}),
        (False, "8A 01 02 00 89", "unlock_reply", {"channel": 2}),
        (False, "80 01 00 02 01 33 FF", "noise", {"count": 7}),
        (False, "82 01 02 00 81", "pushed", {"board": 1, "channel": 2, "contact": 0}),
    )
    return tuple(
        TraceRow(MORNING + timedelta(milliseconds=90 * n), "tren", sent, frame, meaning, values)
        for n, (sent, frame, meaning, values) in enumerate(rows)
    )
