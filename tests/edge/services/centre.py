"""A centre with two counters over a real journal: what the services' tests drive."""

import itertools
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

from edge.domain.escalation import EscalationRules
from edge.domain.level import Level
from edge.domain.msisdn import Msisdn
from edge.ports import CameraChange, CameraState, Face, Reading
from edge.services.alert_text import AlertText
from edge.services.alerts import AlertService
from edge.services.counter import CounterService
from edge.services.faults import Faults
from edge.services.plan import CounterPlan, telling_order
from edge.services.sms_post import SmsPost
from edge.services.sms_sending import PostRules
from edge.services.station import CounterRules
from edge.services.statistics import StatisticsService
from edge.store.migrations import scripts
from sync.events import Payload
from sync.journal import Journal
from tests.edge.sentences import strings
from tests.edge.services.fakes import FakeClock, FakeEyes, IdempotentPhone, face, live

LEADER, HEAD, DUTY = (Msisdn.parse(f"090000000{digit}") for digit in (1, 2, 3))
CONTACTS = {"leader": LEADER, "head": HEAD, "duty": DUTY}
PLANS = {
    counter: CounterPlan(
        counter, f"Quầy {number}", "dat-dai", "Đất đai", telling_order("leader", "head", ["duty"], CONTACTS)
    )
    for number, counter in enumerate(("q1", "q2"), start=1)
}
RULES = CounterRules(escalation=EscalationRules(window_s=20.0, next_contact_s=300.0, cap_per_hour=3))


async def unsupervised(_part: str, run: Callable[[], Awaitable[None]]) -> None:
    await run()


class Centre:
    """The services of one agent's life. `killed` drops them and opens the same journal again."""

    def __init__(self, folder: Path, journal: Journal, clock: FakeClock, phone: IdempotentPhone, life: int) -> None:
        self.folder, self.journal, self.clock, self.phone = folder, journal, clock, phone
        self._life = life
        self.eyes = {counter: FakeEyes() for counter in PLANS}
        self.faults = Faults(journal, clock)
        ids = random.Random(life)
        self.alerts = AlertService(journal, PLANS, clock, RULES.escalation, choose=ids.choice)
        visit_ids = map(f"visit-{life}-{{}}".format, itertools.count(1))
        self.counters = CounterService(
            PLANS, self.eyes, ledger=journal, alerts=self.alerts, faults=self.faults, clock=clock, rules=RULES,
            supervise=unsupervised, fresh=lambda: next(visit_ids), tick_s=0.01,
        )  # fmt: skip
        self.post = SmsPost(
            journal, phone, self.alerts, AlertText(strings()), plans=PLANS, contacts=CONTACTS, faults=self.faults,
            clock=clock, rules=PostRules(submit_s=1.0, poll_s=0.01),
        )  # fmt: skip
        self.statistics = StatisticsService(journal)

    @classmethod
    async def open(
        cls, folder: Path, clock: FakeClock | None = None, phone: IdempotentPhone | None = None, life: int = 1
    ) -> Self:
        journal = await Journal.open(folder, site="phuong-mau", device="quay-01", migrations=scripts())
        centre = cls(folder, journal, clock or FakeClock(), phone or IdempotentPhone(), life)
        await centre.faults.load()
        await centre.counters.recover()
        await centre.counters.close_unfinished()
        return centre

    async def killed(self) -> Self:
        """The agent died; the next one opens what it left. The telephone network lived on."""
        await self.journal.close()
        return await self.open(self.folder, self.clock, self.phone, self._life + 1)

    async def show(self, seconds: float, *faces: Face, counter: str = "q1") -> None:
        """A film of one counter at 10 frames a second."""
        station = self.counters._stations[counter]
        if station.view.camera is not CameraState.LIVE:
            await station.take(live(counter))
        for _ in range(round(seconds * 10)):
            self.clock.advance(0.1)
            await station.take(Reading(counter, self.clock.monotonic(), faces))

    async def play(self, *scenes: tuple[dict[Level, float] | None, float], counter: str = "q1") -> None:
        for scores, seconds in scenes:
            await self.show(seconds, face(scores, "brow_lowered"), counter=counter)

    async def empty(self, seconds: float = 4.0, counter: str = "q1") -> None:
        await self.show(seconds, counter=counter)

    async def blind(self, seconds: float, counter: str = "q1") -> None:
        """The camera is away that long."""
        station = self.counters._stations[counter]
        await station.take(CameraChange(counter, CameraState.LOST))
        self.clock.advance(seconds)
        await station.tick()

    async def events(self, *kinds: type[Payload]) -> list[Payload]:
        """Everything in the journal so far, of the kinds asked for."""
        found = []
        async for recorded in self.journal.follow(after=0):
            if not kinds or isinstance(recorded.payload, kinds):
                found.append(recorded.payload)
            if recorded.seq >= self.journal.head.seq:
                break
        return found

    async def rows(self, question: str) -> list[tuple[object, ...]]:
        return await self.journal.read(lambda connection: connection.execute(question).fetchall())
