"""Reads what the locker told its journal and holds it against what a bystander saw. One auditor a journal.

`look` is called whenever nothing moves any more: after a transaction, after a life.
"""

from collections import Counter
from pathlib import Path

import msgspec

from edge.soak.promises import Promise, Promises
from edge.soak.witness import Witness
from sync import inspect
from sync.errors import JournalUnusable
from sync.events import (
    Event,
    LockerCodeIssued,
    LockerCollected,
    LockerDeposited,
    LockerFault,
    LockerLoaded,
    LockerOpened,
    LockerReleased,
    LockerReserved,
    Payload,
)

PAGE = 500
LATE_S = 5.0  # a door that closed while the agent was dead is told by the next one
_HANDOVER = (LockerLoaded, LockerDeposited, LockerCollected)


class Auditor:
    """`stays` that are over, handed over or begun are remembered from the first event on."""

    def __init__(self, data_dir: Path, witness: Witness, promises: Promises) -> None:
        self.collected: Counter[str | None] = Counter()  # by dossier
        self.handovers = 0
        self.stays: dict[str, str] = {}  # those that live, and their compartment
        self.faults: Counter[tuple[str, str]] = Counter()  # by compartment and why
        self._known: set[tuple[str, str]] = set()
        self._data_dir = data_dir
        self._witness = witness
        self._promises = promises
        self._seq = 0
        self._since_s = 0.0
        self._code: dict[str, int] = {}
        self._used: set[tuple[str, int]] = set()

    def look(self, now_s: float) -> list[Payload]:
        """Everything told since the last look, checked. `now_s`: on the witness's clock."""
        told = self._told()
        for payload in told:
            self._follow(payload)
            if isinstance(payload, _HANDOVER):
                self.handovers += 1
                happened = self._witness.take_closing(payload.compartment, self._since_s - LATE_S)
                what = f"{payload.compartment}: {payload.TYPE} told, and the door was not open and closed"
                self._promises.hold(Promise.HANDED_OVER, happened, what)
            elif isinstance(payload, LockerOpened):
                happened = self._witness.take_opening(payload.compartment, self._since_s - LATE_S)
                self._promises.hold(Promise.NOT_INVENTED, happened, f"{payload.compartment}: told open, and it was not")
        self._since_s = now_s
        return told

    def knows(self, kind: str, name: str) -> bool:
        """Whether a handover was told: `loaded` or `collected` of a dossier, `deposited` of a receipt."""
        return (kind, name) in self._known

    def verify(self) -> None:
        report = inspect.verify(self._data_dir)
        self._promises.hold(Promise.JOURNAL, report.ok, f"event {report.first_bad}: {report.why}")

    def _told(self) -> list[Payload]:
        told: list[Payload] = []
        try:
            while bodies := inspect.after(self._data_dir, self._seq, PAGE):
                told += [msgspec.json.decode(body, type=Event).payload() for body in bodies]
                self._seq = inspect.seq_of(bodies[-1])
        except JournalUnusable:  # killed before the first one was made
            return told
        return told

    def _follow(self, payload: Payload) -> None:
        match payload:
            case LockerReserved(stay=stay, compartment=compartment):
                self._begun(stay, compartment)
            case LockerCodeIssued(stay=stay, number=number):
                self._code[stay] = number
            case LockerOpened(stay=str(stay), purpose="pickup"):
                code = (stay, self._code.get(stay, 0))
                self._promises.hold(Promise.ONCE, code not in self._used, f"stay {stay}: one code opened a door twice")
                self._used.add(code)
            case LockerLoaded(dossier=name):
                self._known.add(("loaded", name))
            case LockerDeposited(receipt=name):
                self._known.add(("deposited", name))
            case LockerCollected(stay=stay, dossier=dossier):
                self.collected[dossier] += 1
                self._known.add(("collected", dossier or ""))
                self._over(stay, "collected")
            case LockerReleased(stay=stay):
                self._over(stay, "released")
            case LockerFault(compartment=compartment, why=why):
                self.faults[compartment, why] += 1

    def _begun(self, stay: str, compartment: str) -> None:
        others = [one for one, where in self.stays.items() if where == compartment]
        self._promises.hold(Promise.NOT_INVENTED, not others, f"{compartment}: reserved while a stay is in it")
        self.stays[stay] = compartment

    def _over(self, stay: str, how: str) -> None:
        """A stay ends once."""
        known = self.stays.pop(stay, None)
        self._promises.hold(Promise.ONCE, known is not None, f"stay {stay}: {how} after it was over")
