"""A line to a made-up city, and orders that nobody gave."""

from datetime import datetime, timedelta

from edge.command_ports import CommandView, LinkView
from edge.domain.command import CommandRefusal, Outcome
from tests.edge.web.morning import MORNING

_ORDERS = (
    ("device.identify", Outcome.DONE, None, 2),
    ("locker.reserve", Outcome.DONE, None, 14),
    ("config.set", None, None, 21),
    ("locker.recall", Outcome.REFUSED, CommandRefusal.CLOCK_UNTRUSTED, 55),
    ("counter.dance", Outcome.REFUSED, CommandRefusal.UNKNOWN_COMMAND, 61),
)


class FakeCity:
    """`edge.command_ports.CityDesk`."""

    def __init__(self) -> None:
        self.now = LinkView(
            state="connected", since=MORNING - timedelta(hours=2), backlog=12, version="v5",
            last_receipt=MORNING - timedelta(seconds=40), skew_s=-190.0, is_metered=True, not_ours=3,
        )  # fmt: skip
        self.orders = tuple(
            CommandView(f"order-{n}", name, "chi-an", _before(minutes), outcome, why)
            for n, (name, outcome, why, minutes) in enumerate(_ORDERS)
        )

    def link(self) -> LinkView:
        return self.now

    async def commands(self, at_most: int = 10) -> tuple[CommandView, ...]:
        return self.orders[:at_most]


def _before(minutes: float) -> datetime:
    return MORNING - timedelta(minutes=minutes)
