"""The city's orders: sent to who is there, again until the journal answers, expired when nobody does. On both databases."""

from datetime import timedelta

import msgspec
import pytest

from sync.city.commands import AGAIN, MAX_ORDER, CommandState, CommandStore, Letter, make_command
from sync.city.database import Database
from sync.city.errors import OrderTooLarge
from sync.city.facts import milliseconds
from sync.city.store import CityStore
from sync.commands import Command, SignedCommand
from sync.events import CommandAnswered
from sync.keys import DeviceKey
from sync.topics import Presence
from tests.sync.city_samples import DEVICE, NOW, OTHER_KEY, SOURCE, Sender

CITY = DeviceKey.generate()
ONLINE, OFFLINE = Presence(state="online", boot="b1"), Presence(state="offline", boot="b1")


class Town:
    """A store of events and one of orders, on a clock that tests move."""

    def __init__(self, database: Database) -> None:
        self.now = NOW
        self.events = CityStore(database, clock=lambda: self.now)
        self.orders = CommandStore(database)
        self.device = Sender()

    def order(self, name: str = "device.identify", minutes: float = 60.0) -> Command:
        made = make_command(
            SOURCE, name, {"seconds": 5}, by="chi-an", valid=timedelta(minutes=minutes), now=self.now
        )  # fmt: skip
        self.orders.order(made, CITY)
        return made

    def send(self) -> list[str]:
        due = self.orders.due(self.now)
        self.orders.sent([one.id for one in due], self.now)
        return [one.id for one in due]

    def state(self, command: Command) -> tuple[CommandState, str | None, int]:
        found = self.orders.find(command.id, self.now)
        assert found is not None
        return found.state, found.why, found.times


@pytest.fixture
def town(database: Database) -> Town:
    made = Town(database)
    made.events.take(made.device.visits(1))
    return made


def test_an_order_that_no_broker_lets_through_is_refused_before_it_is_kept(town: Town) -> None:
    def order(letters: int) -> Command:
        args = {"text": '"' * letters}  # escaped in the order, and both again in what is signed
        return make_command(SOURCE, "config.set", args, by="chi-an", valid=timedelta(hours=1), now=town.now)

    with pytest.raises(OrderTooLarge, match="120000"):
        town.orders.order(order(30_000), CITY)
    town.orders.order(order(20_000), CITY)
    town.events.present([(DEVICE, ONLINE)])
    (letter,) = town.orders.due(town.now)
    assert len(letter.payload) <= MAX_ORDER


def test_an_order_waits_for_its_device_and_is_signed(town: Town) -> None:
    command = town.order()
    assert (town.send(), town.state(command)) == ([], (CommandState.WAITING, None, 0))
    town.events.present([(DEVICE, ONLINE)])
    (letter,) = town.orders.due(town.now)
    assert letter == Letter(command.id, DEVICE.commands + "device.identify", letter.payload)
    opened = msgspec.json.decode(letter.payload, type=SignedCommand).opened(CITY.public)
    assert opened == command
    assert milliseconds(command.not_after) - milliseconds(command.issued) == 3_600_000


def test_it_goes_again_after_a_while_and_when_the_device_comes_back(town: Town) -> None:
    command = town.order()
    town.events.present([(DEVICE, ONLINE)])
    assert [town.send(), town.send()] == [[command.id], []]
    town.now += AGAIN
    assert town.send() == [command.id]
    town.now += timedelta(seconds=1)
    town.events.present([(DEVICE, OFFLINE)])
    assert town.send() == []
    town.now += timedelta(seconds=1)
    town.events.present([(DEVICE, ONLINE)])
    assert town.send() == [command.id]
    assert town.state(command) == (CommandState.SENT, None, 3)


@pytest.mark.parametrize(("outcome", "why"), [("done", None), ("refused", "too_late")])
def test_the_journals_event_is_the_answer(town: Town, outcome: str, why: str | None) -> None:
    command = town.order()
    town.events.present([(DEVICE, ONLINE)])
    town.send()
    answer = CommandAnswered(command=command.id, name=command.name, outcome=outcome, why=why)  # type: ignore[arg-type]
    town.events.take(town.device.says(answer))
    town.now += timedelta(hours=2)
    assert town.send() == []
    assert town.state(command) == (CommandState(outcome), why, 1)
    (found,) = town.orders.latest(town.now, SOURCE)
    assert (found.id, found.by, found.answered is not None) == (command.id, "chi-an", True)


def test_what_was_answered_stays_answered_though_its_history_was_retired(town: Town) -> None:
    command = town.order()
    town.events.present([(DEVICE, ONLINE)])
    town.send()
    done = CommandAnswered(command=command.id, name=command.name, outcome="done")
    town.events.take(town.device.says(done))
    town.events.retire(SOURCE, "lan")
    town.events.take(Sender(key=OTHER_KEY).visits(2))
    town.now += AGAIN * 2
    assert (town.send(), [one.state for one in town.orders.latest(town.now)]) == ([], [CommandState.DONE])


def test_a_device_with_two_histories_gets_an_order_once_and_answers_it_in_either(town: Town) -> None:
    town.events.retire(SOURCE, "lan")
    new = Sender(key=OTHER_KEY)
    town.events.take(new.visits(2))
    command = town.order()
    town.events.present([(DEVICE, ONLINE)])
    assert (town.send(), len(town.orders.latest(town.now))) == ([command.id], 1)
    town.events.take(new.says(CommandAnswered(command=command.id, name=command.name, outcome="done")))
    town.now += AGAIN * 2
    assert (town.send(), [one.state for one in town.orders.latest(town.now)]) == ([], [CommandState.DONE])


@pytest.mark.parametrize(("first", "second"), [("refused", "done"), ("done", "refused")])
def test_of_two_answers_the_one_of_the_newer_history_counts(town: Town, first: str, second: str) -> None:
    """A restored backup was asked again: what it says is what is so now."""
    command = town.order()
    old, new = town.device, Sender(key=OTHER_KEY)
    for sender, outcome in ((old, first), (new, second)):
        answer = CommandAnswered(command=command.id, name=command.name, outcome=outcome, why=None)  # type: ignore[arg-type]
        town.events.take(sender.says(answer))
        if sender is old:
            town.events.retire(SOURCE, "lan")
    assert [one.state for one in town.orders.latest(town.now)] == [CommandState(second)]
    assert town.state(command)[0] is CommandState(second)


def test_nobody_gets_an_order_whose_time_is_over(town: Town) -> None:
    command = town.order(minutes=5)
    town.now += timedelta(minutes=5, seconds=1)
    town.events.present([(DEVICE, ONLINE)])
    assert (town.send(), town.state(command)) == ([], (CommandState.EXPIRED, None, 0))
    assert [one.id for one in town.orders.latest(town.now)] == [command.id]
    assert town.orders.latest(town.now, "/sites/x/devices/y") == ()
