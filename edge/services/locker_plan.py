"""What the locker's services know of their cabinet and its rules. Made by `edge.adapters.locker_setup` from the configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge.domain.code_check import CodeRules
from edge.domain.door_map import Place
from edge.domain.locker import LockerRules
from edge.domain.overdue import OverdueRules

OFFICER, LEADER, TECHNICIAN = "officer", "leader", "technician"
CITY = "city"  # orders from afar: what `locker_city` offers and nothing else
MAY_HANDLE = frozenset({OFFICER, LEADER})  # dossiers: load, collect, reissue, recall
MAY_REPAIR = frozenset({TECHNICIAN, LEADER})  # doors: test, take out of service, bring back


@dataclass(frozen=True, slots=True)
class CabinetPlan:
    """`places` by compartment, in the order of the picture. `boards`: every lock board's key."""

    name: str
    places: Mapping[str, Place]
    boards: tuple[str, ...]
    keypads: tuple[str, ...] = ("kiosk",)

    def number(self, compartment: str) -> str:
        """What stands on the door; the key of a compartment that is not in the configuration any more."""
        place = self.places.get(compartment)
        return place.number if place else compartment

    def of_board(self, board: str) -> tuple[str, ...]:
        return tuple(key for key, place in self.places.items() if place.board == board)


@dataclass(frozen=True, slots=True)
class LockerSettings:
    """`secret` makes the codes and their HMAC; it is a file of this device. `is_derived`: HOTP, else drawn and sealed."""

    secret: bytes = field(repr=False)
    doors: LockerRules = field(default_factory=LockerRules)
    codes: CodeRules = field(default_factory=CodeRules)
    overdue: OverdueRules = field(default_factory=OverdueRules)
    is_derived: bool = True
    pulse_within_s: float = 10.0  # a driver that has not come back by then: the reply is lost
    read_within_s: float = 20.0
    tick_s: float = 0.25
    disk_retry_s: float = 2.0
    upkeep_s: float = 60.0
