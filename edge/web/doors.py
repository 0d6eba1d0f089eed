"""What stands behind the gate: which addresses a house has, and who may open which. Each kind of house brings its own.

`edge.web.gate` asks before there is a page; `device_doors` are a device's, `fleet_doors` the city's.
"""

from enum import Enum, auto
from typing import Protocol

from edge.web.auth import Session


class Door(Enum):
    """What a request finds. A page costs memory, so the gate counts them; plain answers do not."""

    PLAIN = auto()
    PAGE = auto()
    LOGIN = auto()  # somebody must log in first
    UNKNOWN = auto()
    FORBIDDEN = auto()


class Doors(Protocol):
    """Pure and quick: asked for every request."""

    def ask(self, path: str, session: Session | None, *, is_tablet: bool) -> Door:
        """`is_tablet`: this machine, or one on the list of those that need no login."""
