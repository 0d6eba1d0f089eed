"""Every broker ends as the registry is, whoever settles beside us."""

from collections.abc import Callable, Sequence

import pytest

from sync.city.broker_users import Brokers
from sync.city.registry import BrokerUser
from tests.sync.identity_fixtures import BY, SITE, Town

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(60)]
SOURCE = f"/sites/{SITE}/devices/quay-01"


class Slow:
    """A broker during whose first change something else happens."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self.applied: list[tuple[str, ...]] = []
        self.lists: list[bytes] = []
        self._meanwhile = meanwhile

    def apply(self, users: Sequence[BrokerUser], revoked_list: bytes) -> None:
        if not self.applied:
            self._meanwhile()
        self.applied.append(tuple(user.name for user in users))
        self.lists.append(revoked_list)

    def cut(self, names: Sequence[str]) -> None:
        raise NotImplementedError


async def test_who_is_revoked_while_a_broker_is_slow_is_not_let_in_again(town: Town) -> None:
    """Two processes settle: the server after an admission, and the command that revokes. The slower one knew less."""
    await town.enrolled()
    broker = Slow(lambda: town.registry.revoke(SOURCE, "lost", BY))
    Brokers(town.registry, town.authority, (broker,)).settle()
    assert broker.applied == [(f"{SITE}.quay-01.1",), ()]
    assert broker.lists[0] != broker.lists[1]


async def test_one_change_is_enough_where_nobody_else_changes_anything(town: Town) -> None:
    broker = Slow(lambda: None)
    Brokers(town.registry, town.authority, (broker,)).settle()
    assert broker.applied == [()]
