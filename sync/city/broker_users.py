"""The devices as users of the city's brokers: who may connect, on which topics; and cutting a live connection.

`Brokers` keeps any number of brokers as the registry says; each kind is one `BrokerUsers` (`mosquitto_users`, `rabbit_users`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sync.city.authority import Authority
from sync.city.errors import CityError
from sync.city.registry import BrokerUser, Registry
from sync.topics import Topics

CITY = "city"  # the city's own programs at the brokers, by their certificate's name; without a dot it is no device's
WRITES = ("ev/#", "early/#", "answer/#", "status")  # below the device's own topics; `answer/#` is `answer` too
READS = ("ack", "cmd/#")


class BrokerNotReached(CityError):
    """The broker, its management or its files cannot be reached: who may connect there is as it was. Again later."""


class BrokerUsers(Protocol):
    """One broker. Blocking; every call may be repeated and raises BrokerNotReached."""

    def apply(self, users: Sequence[BrokerUser], revoked_list: bytes) -> None:
        """From now on these devices may connect, each on its own topics, and no other one."""

    def cut(self, names: Sequence[str]) -> None:
        """End the live connections of users that `apply` has just left out."""


@dataclass(frozen=True, slots=True)
class Brokers:
    """Blocking."""

    registry: Registry
    authority: Authority
    brokers: tuple[BrokerUsers, ...]

    def settle(self) -> None:
        """Make every broker as the registry is. Raise BrokerNotReached when one could not be, after the others.

        Again when the registry has changed meanwhile: who settled that change beside us may have been overwritten by us.
        """
        settled = None
        while settled != (wanted := (self.registry.users(), self.registry.revoked_certificates())):
            self._apply(*wanted)
            settled = wanted

    def _apply(self, users: Sequence[BrokerUser], revoked: Sequence[tuple[str, datetime]]) -> None:
        listed = self.authority.revoked_list(revoked, self.registry.clock())
        self._at_each(lambda broker: broker.apply(users, listed))

    def cut(self, names: Sequence[str]) -> None:
        """Shut the door first, then cut. Raise BrokerNotReached when one broker did not, after the others."""
        self.settle()
        self._at_each(lambda broker: broker.cut(names))

    def cut_lately_gone(self) -> None:
        """Settle, and cut once more who was revoked a moment ago. Raise BrokerNotReached."""
        self.cut(self.registry.lately_gone())

    def _at_each(self, do: "_Deed") -> None:
        failed: BrokerNotReached | None = None
        for broker in self.brokers:
            try:
                do(broker)
            except BrokerNotReached as error:
                failed = error
        if failed is not None:
            raise failed


class _Deed(Protocol):
    def __call__(self, broker: BrokerUsers, /) -> None: ...


def base_of(user: BrokerUser) -> str:
    """The user's own part of the topics, without a slash at its end."""
    return Topics(user.site, user.device).status.removesuffix("/status")
