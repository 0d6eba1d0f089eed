"""The papers that people carry, and where each of them really is. For `edge.soak.town`."""

from dataclasses import dataclass
from enum import Enum


class Where(Enum):
    AT_HOME = "at home"
    INSIDE = "inside"
    TAKEN = "taken"
    WITH_STAFF = "with staff"


@dataclass(slots=True)
class Paper:
    """One dossier in its bag. `name`: its code; a deposit is called by the number it was brought under."""

    name: str
    phone: str
    where: Where = Where.AT_HOME
