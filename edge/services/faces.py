"""The book of faces: who agreed to be recognised, sealed templates, greetings, withdrawal. `edge.face_ports.FaceBook`.

Templates are opened once, into this process's memory; they are in no log, event, exception or repr.
"""

import base64
import json
import logging
import secrets
import sqlite3
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from edge.domain.consent import (
    ChosenName,
    Consent,
    Ended,
    EnrolmentRules,
    Kept,
    Unfit,
    Use,
    unfit_together,
    unused_since,
)
from edge.domain.recognition import (
    Aliveness,
    Look,
    Numbers,
    Outcome,
    RecognitionRules,
    cosine,
    decide,
    mean_of,
    threshold_for,
)
from edge.face_ports import Application, Enrolled, ErasingLedger, Greeting, Refused
from edge.locker_ports import Seal
from edge.ports import Clock
from edge.services.kept import kept_or_told
from edge.store import faces
from edge.store.faces import PersonRow
from sync.events import ConsentGiven, ConsentWithdrawn, Payload

log = logging.getLogger(__name__)

NOT_CHECKED = "not_checked"
RETENTION = "retention"
_USED_EVERY_S = 3600.0  # how exactly the last use is remembered; a write a greeting would wear the disk


@dataclass(frozen=True, slots=True)
class _Open:
    """What was unsealed of a row."""

    row: PersonRow
    name: ChosenName
    template: Numbers = field(repr=False)


class FaceBook:
    """One device's book. Call `load` before anything else; one writer, so no two of these over one journal."""

    def __init__(
        self,
        ledger: ErasingLedger,
        seal: Seal,
        clock: Clock,
        *,
        model: str,
        recognition: RecognitionRules,
        enrolment: EnrolmentRules,
        fresh: Callable[[], str] = lambda: secrets.token_hex(6),
    ) -> None:
        """`model` names the network of the embeddings; templates of another one are never compared."""
        self._ledger = ledger
        self._seal = seal
        self._clock = clock
        self._model = model
        self.recognition = recognition
        self._enrolment = enrolment
        self._fresh = fresh
        self._open: dict[str, _Open] = {}
        self._is_log_cut = True
        self._subscribers: list[Callable[[], None]] = []

    async def load(self) -> tuple[str, ...]:
        """Open what is kept. The persons who cannot be read any more: another key, a spoilt disk, another network."""
        rows = await self._ledger.read(faces.everybody)
        opened = {row.person: self._unsealed(row) for row in rows}
        self._open = {person: one for person, one in opened.items() if one is not None}
        lost = tuple(person for person, one in opened.items() if one is None)
        if lost:
            log.warning("faces: %d of %d enrolled cannot be read; they have to enrol again", len(lost), len(rows))
        return lost

    async def enrol(self, application: Application) -> Enrolled | Refused:
        """Consent and template in one transaction. Raise what the journal raises."""
        if refused := self._refusal(application):
            return refused
        now = self._clock.now()
        row = self._row(application, now)
        replaced = application.replaces

        def change(connection: sqlite3.Connection) -> Sequence[Payload]:
            gone = replaced is not None and faces.erase(connection, replaced)
            faces.add(connection, row)
            given = ConsentGiven(person=row.person, what="face", why="greeting", by=row.given_to, notice=row.notice)
            return (*([_withdrawn(replaced or "", Ended.ENROLLED_AGAIN, row.given_to)] if gone else []), given)

        await self._ledger.transact(change)
        if replaced is not None:
            self._open.pop(replaced, None)
            await self.cut_log()
        opened = _Open(row, application.name, mean_of([shot.numbers for shot in application.shots]))
        self._open[row.person] = opened
        self._tell()
        log.info("faces: enrolled person=%s by=%s pictures=%d", row.person, row.given_to, row.pictures)
        return self._shown(opened)

    async def recognise(self, looks: Sequence[Look], alive: Aliveness) -> Greeting:
        """Whom these frames of one face show; greeting somebody counts as use."""
        decision = decide(looks, self.templates, self.recognition, alive)
        if decision.outcome is not Outcome.MATCH or decision.person is None:
            return Greeting(decision)
        return Greeting(decision, await self.greet(decision.person))

    async def greet(self, person: str) -> ChosenName | None:
        """What somebody who was recognised is called; it counts as use, where the journal has room. None: withdrawn meanwhile."""
        if person not in self._open:
            return None
        await self._note_used(person)
        one = self._open.get(person)
        return one.name if one else None

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` after every change of who is enrolled."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    async def forget(self, person: str, why: Ended, by: str) -> bool:
        """Withdrawal, at any time and without a reason: name and template are gone from the disk when this returns."""
        return person in await self._erase((person,), why, by)

    async def purge_unused(self) -> int:
        """Retention: who was not recognised for so long has lapsed. How many went."""
        since_s = unused_since(self._clock.now().timestamp(), self._enrolment)
        lapsed = await self._ledger.read(lambda connection: faces.unused(connection, since_s))
        gone = await self._erase(lapsed, Ended.UNUSED, RETENTION) if lapsed else ()
        if not self._is_log_cut:
            await self.cut_log()
        return len(gone)

    async def people(self) -> tuple[Enrolled, ...]:
        return tuple(self._shown(one) for one in self._open.values())

    async def export(self, person: str) -> dict[str, Any] | None:
        """All that is kept about a person, in clear: for that person, on request, and for nobody else."""
        one = self._open.get(person)
        if one is None:
            return None
        shown = self._shown(one)
        return {
            "person": person,
            "name": one.name.reveal(),
            "what": shown.consent.what.value,
            "why": shown.consent.why.value,
            "given_at": shown.consent.given_at.isoformat(),
            "given_to": shown.consent.given_to,
            "notice": shown.consent.notice,
            "pictures": one.row.pictures,
            "liveness": one.row.liveness,
            "last_used": shown.used_at.isoformat(),
            "model": one.row.model,
            "template": [round(value, 6) for value in one.template],
        }

    @property
    def templates(self) -> Mapping[str, Numbers]:
        """By person; for comparing, in this process only."""
        return {person: one.template for person, one in self._open.items()}

    async def cut_log(self) -> bool:
        """Make the log forget too; a reader in the way is met again at the next purge."""
        self._is_log_cut = await self._ledger.forget_log()
        if not self._is_log_cut:
            log.warning("faces: an erased template is still in the write-ahead log; it goes with the next purge")
        return self._is_log_cut

    # --- parts ---

    def _refusal(self, application: Application) -> Refused | None:
        if wrong := unfit_together(application.shots, self._enrolment, application.alive):
            return Refused(wrong[1], wrong[0])
        template = mean_of([shot.numbers for shot in application.shots])
        threshold = threshold_for(len(self._open), self.recognition)
        for person, one in self._open.items():
            if person != application.replaces and cosine(template, one.template) >= threshold:
                return Refused(Unfit.KNOWN_ALREADY, person=person)
        return None

    def _row(self, application: Application, now: datetime) -> PersonRow:
        person = self._fresh()
        template = mean_of([shot.numbers for shot in application.shots])
        return PersonRow(
            person,
            name=self._seal.close(_text({"person": person, "name": application.name.reveal()})),
            template=self._seal.close(_text({"person": person, "template": _packed(template)})),
            model=self._model,
            pictures=len(application.shots),
            liveness=application.alive.value if application.alive else NOT_CHECKED,
            what=Kept.FACE.value,
            why=Use.GREETING.value,
            given_s=now.timestamp(),
            given_to=application.given_to,
            notice=application.notice,
            used_s=now.timestamp(),
        )

    async def _erase(self, persons: Sequence[str], why: Ended, by: str) -> tuple[str, ...]:
        gone: list[str] = []

        def change(connection: sqlite3.Connection) -> Sequence[Payload]:
            gone[:] = [person for person in persons if faces.erase(connection, person)]
            return [_withdrawn(person, why, by) for person in gone]

        await self._ledger.transact(change)
        for person in gone:
            self._open.pop(person, None)
            log.info("faces: erased person=%s why=%s by=%s", person, why, by)
        if gone:
            self._tell()
            await self.cut_log()
        return tuple(gone)

    async def _note_used(self, person: str) -> None:
        now_s = self._clock.now().timestamp()
        if abs(now_s - self._open[person].row.used_s) < _USED_EVERY_S:
            return

        def change(connection: sqlite3.Connection) -> Sequence[Payload]:
            faces.note_used(connection, person, now_s)
            return ()

        with kept_or_told(log, "faces: a greeting does not count as use"):
            await self._ledger.transact(change, grouped=True)
            if (one := self._open.get(person)) is not None:  # not withdrawn meanwhile
                self._open[person] = replace(one, row=replace(one.row, used_s=now_s))

    def _tell(self) -> None:
        for callback in tuple(self._subscribers):
            callback()

    def _unsealed(self, row: PersonRow) -> _Open | None:
        """None when it cannot be used. A row that was swapped with another person's is spoilt too."""
        if row.model != self._model:
            return None
        try:
            name, template = (json.loads(self._seal.open(sealed)) for sealed in (row.name, row.template))
            if {name["person"], template["person"]} != {row.person}:
                return None
            return _Open(row, ChosenName.parse(name["name"]), _unpacked(template["template"]))
        except (ValueError, KeyError):
            return None

    def _shown(self, one: _Open) -> Enrolled:
        row, zone = one.row, self._clock.now().tzinfo
        given_at = datetime.fromtimestamp(row.given_s, zone)
        consent = Consent(Kept(row.what), Use(row.why), given_at, row.given_to, row.notice)
        used_at = datetime.fromtimestamp(row.used_s, zone)
        return Enrolled(row.person, one.name, consent, row.model, row.pictures, row.liveness, used_at)


def _withdrawn(person: str, why: Ended, by: str) -> ConsentWithdrawn:
    return ConsentWithdrawn(person=person, what="face", why=why.value, by=by)


def _text(value: dict[str, str]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _packed(numbers: Numbers) -> str:
    return base64.b64encode(array("f", numbers).tobytes()).decode("ascii")


def _unpacked(text: str) -> Numbers:
    return tuple(array("f", base64.b64decode(text, validate=True)))
