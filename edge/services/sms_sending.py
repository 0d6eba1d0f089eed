"""What every post office does alike: hand over one message, wait longer after each failure, empty its outbox for ever.

The posts of alerts and of the locker build on it; the app never sees it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from edge.ports import SmsPort, SmsRefused, SmsUnavailable
from edge.services.faults import Faults
from edge.store.outbox import Sending

PART = "sms"
ASK_BACK_S = 15.0  # a message in the transport's hands is asked back that often, as long as nobody needs it
UNNOTED_S = 86_400.0  # so long what was cancelled may still lie with the transport: an agent may die between handing over and noting it


@dataclass(frozen=True, slots=True)
class PostRules:
    """How an outbox is emptied. An SMS that nobody took for `give_up_s` has failed: the next contact is told.

    One whose alert has run out of contacts is not even tried after so long.
    """

    first_wait_s: float = 2.0
    most_wait_s: float = 120.0
    give_up_s: float = 3600.0
    late_answer_s: float = 4 * 3600.0  # so long a bare `1` may mean an alert that nobody answered in time
    submit_s: float = 30.0  # an answer of the transport is awaited that long; it is asked again with the same ref
    poll_s: float = 1.0
    at_once: int = 4

    def wait_s(self, attempts: int) -> float:
        """Until the next try, after that many in vain."""
        return min(self.most_wait_s, self.first_wait_s * 2.0 ** min(attempts, 16))


class Handover(Enum):
    """What the transport said to one message."""

    TAKEN = "taken"
    REFUSED = "refused"  # it never will
    NOT_NOW = "not_now"  # again later, with the same ref


async def hand_over(port: SmsPort, faults: Faults, submit_s: float, *, ref: str, to: str, text: str) -> Handover:
    """One try; a transport that cannot take anything now is a fault of the device until it can."""
    try:
        async with asyncio.timeout(submit_s):
            await port.submit(ref, to, text)
    except SmsRefused:
        return Handover.REFUSED
    except (SmsUnavailable, TimeoutError):
        await faults.fault(PART, "unavailable")
        return Handover.NOT_NOW
    await faults.recovered(PART)
    return Handover.TAKEN


async def send_for_ever(send_due: Callable[[], Awaitable[int]], wake: asyncio.Event, rules: PostRules) -> None:
    """Empty the outbox, then look again when woken or after `poll_s`."""
    while True:
        wake.clear()
        while await send_due() == rules.at_once:
            pass
        with suppress(TimeoutError):  # no wait_for: before Python 3.12 it can swallow a cancellation
            async with asyncio.timeout(rules.poll_s):
                await wake.wait()


class Recalls:
    """What nobody needs any more is asked back from the transport, again after a while: in its hands now, it may lie still later."""

    def __init__(self, port: SmsPort, submit_s: float, monotonic: Callable[[], float]) -> None:
        self._port = port
        self._submit_s = submit_s
        self._monotonic = monotonic
        self._next_s: dict[str, float] = {}

    async def taken_back(self, refs: Collection[str]) -> list[str]:
        """Those that will never be sent. A transport that cannot answer now is asked again at the next look."""
        now_s, listed = self._monotonic(), frozenset(refs)
        self._next_s = {ref: next_s for ref, next_s in self._next_s.items() if ref in listed}
        back = []
        for ref in [one for one in refs if self._next_s.get(one, now_s) <= now_s]:
            with suppress(SmsUnavailable, TimeoutError):
                async with asyncio.timeout(self._submit_s):
                    is_back = await self._port.take_back(ref)
                self._next_s[ref] = now_s + ASK_BACK_S
                if is_back:
                    back.append(ref)
        return back


def is_progress(known: Sending, told: Sending) -> bool:
    """The status only ever moves forward: a report may overtake our own note, and may come twice."""
    return _PROGRESS[told] > _PROGRESS[known]


_PROGRESS = {
    Sending.QUEUED: 0,
    Sending.CANCELLED: 0,
    Sending.SUBMITTED: 1,
    Sending.UNKNOWN: 2,
    Sending.FAILED: 3,
    Sending.DELIVERED: 4,
}
