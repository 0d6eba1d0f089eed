"""The cabinet as a picture: a grid of doors, each with colour, icon and word; an open door swings. For citizen and staff."""

from collections.abc import Callable, Iterable
from datetime import datetime

from nicegui.element import Element

from edge.domain.locker import CompartmentState, Purpose
from edge.locker_ports import CabinetView, CompartmentView, Door
from edge.web.locker_icons import icon
from edge.web.parts import Text, block, drawing
from edge.web.words import Words

S = CompartmentState
GROUPS = {
    S.FREE: "free", S.RESERVED: "busy", S.OPENING: "busy", S.OPEN: "busy", S.CLOSED: "busy", S.CLAIMED: "busy",
    S.OCCUPIED: "held", S.OVERDUE: "late", S.RECALL: "late", S.LEFT_OPEN: "late", S.OPEN_FAILED: "fault",
    S.OPEN_UNKNOWN: "fault", S.FORCED: "fault", S.WRONG_DOOR: "fault", S.UNKNOWN: "out", S.OUT_OF_SERVICE: "out",
}  # fmt: skip
LEGEND = ("free", "kept", "held", "given", "busy", "late", "fault", "out")
DENSE_FROM = 7  # columns from which a door has no room for its word
FAILED = "failed"
UNTOLD = {"queued", FAILED}  # the citizen does not know the code yet
MINUTE, HOUR, DAY = 60, 3600, 86400


def group_of(one: CompartmentView) -> str:
    """Which colour and icon a compartment has."""
    if one.state is S.OCCUPIED and one.purpose is Purpose.DEPOSIT:
        return "given"
    if one.kept is not None:
        return "kept"
    return "late" if _is_unsent(one) else GROUPS[one.state]


def age(words: Words, since: datetime | None, now: datetime) -> str:
    """`3 giờ`: rounded down, so that a result is never called older than it is; nothing where nobody knows."""
    if since is None:
        return ""
    seconds = max(0, int((now - since).total_seconds()))
    if seconds < HOUR:
        return words("page.locker.age_minutes", n=seconds // MINUTE)
    if seconds < DAY:
        return words("page.locker.age_hours", n=seconds // HOUR)
    return words("page.locker.age_days", n=seconds // DAY)


def state_word(words: Words, one: CompartmentView) -> str:
    if (group := group_of(one)) in {"given", "kept"}:
        return words(f"page.locker.state.{group}")
    if one.state is S.OCCUPIED and one.sms in UNTOLD:
        return words(f"page.locker.state.sms_{one.sms}")
    return words(f"page.locker.state.{one.state}")


def _is_unsent(one: CompartmentView) -> bool:
    """Nobody will come: the code has to be read out by telephone."""
    return one.state is S.OCCUPIED and one.sms == FAILED


class CabinetPicture:
    """Every door a button. `show` changes what changed, so that the keyboard stays where it is."""

    def __init__(self, words: Words, on_pick: Callable[[str], None], now: Callable[[], datetime]) -> None:
        self._words, self._on_pick, self._now = words, on_pick, now
        self._doors: dict[str, _Door] = {}
        self._chosen: str | None = None
        self._grid = block("div", "cabinet", role="group", aria_label=words("page.locker.cabinet"))

    def show(self, view: CabinetView) -> None:
        if {one.compartment for one in view.compartments} != set(self._doors):
            self._build(view.compartments)
        for one in view.compartments:
            self._doors[one.compartment].show(one, self._now(), is_chosen=one.compartment == self._chosen)

    def choose(self, compartment: str | None) -> None:
        self._chosen = compartment
        for name, door in self._doors.items():
            door.mark(is_chosen=name == compartment)

    def _build(self, compartments: Iterable[CompartmentView]) -> None:
        self._grid.clear()
        is_dense = columns(compartments) >= DENSE_FROM
        self._grid.classes(replace="cabinet dense" if is_dense else "cabinet")
        with self._grid:
            self._doors = {one.compartment: _Door(self._words, one, self._on_pick) for one in compartments}


class _Door:
    def __init__(self, words: Words, one: CompartmentView, on_pick: Callable[[str], None]) -> None:
        self._words = words
        with block("button", "door", type="button") as self._root, block("span", "leaf"):
            # spaces keep number, word and age apart for whoever says them to the machine
            Text("span", f"{one.number} ", "door-number")
            self._icon = drawing("", "door-icon")
            self._word = Text("span", "", "door-word")
            self._age = Text("span", "", "door-age")
        self._root.style(place(one)).props["data-number"] = one.number
        self._root.on("click", lambda _: on_pick(one.compartment))

    def show(self, one: CompartmentView, now: datetime, *, is_chosen: bool) -> None:
        group, word = group_of(one), state_word(self._words, one)
        old = age(self._words, one.since, now) if one.state is not S.FREE else ""
        is_open = " is-open" if one.door is Door.OPEN else ""
        self._root.classes(replace=f"door {group}{is_open}")
        if self._icon.content != icon(group):
            self._icon.content = icon(group)
        self._word.say(f"{word} ")
        self._age.say(old)
        door = self._words(f"page.locker.door.{one.door}")
        label = ", ".join(text for text in (one.number, word, old, door) if text)
        self._root.props["aria-label"] = self._words("page.locker.door_label", door=label)
        self.mark(is_chosen=is_chosen)

    def mark(self, *, is_chosen: bool) -> None:
        if self._root.props.get("aria-pressed") != str(is_chosen).lower():
            self._root.props["aria-pressed"] = str(is_chosen).lower()


def legend(words: Words) -> None:
    with block("ul", "door-legend"):
        for group in LEGEND:
            with block("li", f"door-key {group}"):
                drawing(icon(group), "door-icon")
                Text("span", words(f"page.locker.group.{group}"))


def cabinet_map(compartments: Iterable[CompartmentView], lit: str) -> Element:
    """For a citizen: where to look. Shows numbers only, and `lit` as the door that is meant; returns that door."""
    shown = tuple(compartments)
    with block("div", "cabinet map dense" if columns(shown) >= DENSE_FROM else "cabinet map", aria_hidden="true"):
        made = {one.compartment: _map_door(one) for one in shown}
    return made.get(lit) or block("div", "door")


def columns(compartments: Iterable[CompartmentView]) -> int:
    return max((one.column + one.columns for one in compartments), default=0)


def place(one: CompartmentView) -> str:
    return f"grid-area: {one.row + 1} / {one.column + 1} / span {one.rows} / span {one.columns}"


def _map_door(one: CompartmentView) -> Element:
    with block("div", "door", data_number=one.number) as made, block("span", "leaf"):
        Text("span", one.number, "door-number")
    return made.style(place(one))
