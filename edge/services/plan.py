"""What a service knows of a counter and of the people to tell. Made by `edge.compose` from the configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.domain.msisdn import Msisdn


@dataclass(frozen=True, slots=True)
class CounterPlan:
    """`contacts` are keys in the order of telling: the leader, the head of the unit, then the chain."""

    counter: str
    name: str
    unit: str
    unit_name: str
    contacts: tuple[str, ...]


def telling_order(leader: str, head: str, chain: Sequence[str], numbers: Mapping[str, Msisdn]) -> tuple[str, ...]:
    """Each person once: in a small ward one telephone may belong to the leader and to a head of unit."""
    seen: dict[Msisdn, str] = {}
    for contact in (leader, head, *chain):
        if contact in numbers:
            seen.setdefault(numbers[contact], contact)
    return tuple(seen.values())
