"""Commands from the city's pages: signed with the city's key, kept, and sent by the city's sender."""

from datetime import UTC, datetime, timedelta

from edge.fleet_ports import Order, OrderView
from sync.city.commands import CommandStore, Ordered, make_command
from sync.city.transactions import Database
from sync.commands import CommandName
from sync.keys import DeviceKey

VALID = timedelta(hours=1)  # a page's order is for now: who blinks tomorrow helps nobody
_NAMES = {Order.IDENTIFY: CommandName.IDENTIFY, Order.RESEND: CommandName.RESEND}
_ORDERS = {name.value: order.value for order, name in _NAMES.items()}


class PageOrders:
    """`edge.adapters.fleet.Orders`. Blocking."""

    def __init__(self, database: Database, key: DeviceKey) -> None:
        self._database, self._key = database, key
        self._store = CommandStore(database)

    def latest(self, source: str) -> tuple[OrderView, ...]:
        return tuple(_view(one) for one in self._store.latest(datetime.now(UTC), source, 20))

    def send(self, source: str, what: Order, by: str) -> None:
        """`resend` asks for everything behind what the city holds."""
        args = {"seq": self._held(source)} if what is Order.RESEND else {}
        command = make_command(source, _NAMES[what].value, args, by=by, valid=VALID, now=datetime.now(UTC))
        self._store.order(command, self._key)

    def _held(self, source: str) -> int:
        with self._database.reading() as reading:
            row = reading.row("SELECT seq FROM city_chains WHERE source = ? AND retired_ms IS NULL", (source,))
        return int(row[0]) if row else 0


def _view(one: Ordered) -> OrderView:
    return OrderView(one.id, _ORDERS.get(one.name, one.name), one.by, one.issued, one.state.value, one.why)
