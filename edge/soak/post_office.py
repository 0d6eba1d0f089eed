"""A mobile network that loses, delays and refuses, in front of the simulated phones; and a clock that somebody sets wrong."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, tzinfo
from enum import Enum
from pathlib import Path

from devices.sms.channel import ChannelHealth, Outgoing, SmsRefused, SmsUnavailable, Update
from devices.sms.phone_sim import PhoneSimChannel, SimulatedPhones


class Weather(Enum):
    FAIR = "fair"
    NO_CREDIT = "no credit"  # nothing is taken now
    BLOCKED = "blocked"  # this text will never be taken
    LOST = "lost"  # taken, and never seen again
    SLOW = "slow"  # taken after a while
    FORGETFUL = "forgetful"  # taken, and the answer to that is lost: handed over again


class PostOffice:
    """An `SmsChannel`. `weather` may change at any time."""

    def __init__(self, folder: Path) -> None:
        path = folder / "phones.sqlite"
        self.phones = SimulatedPhones(path)
        self.weather = Weather.FAIR
        self._channel = PhoneSimChannel(path, delivery_s=0.02, poll_s=0.1)

    async def submit(self, sms: Outgoing) -> None:
        """See SmsChannel."""
        match self.weather:
            case Weather.NO_CREDIT:
                raise SmsUnavailable("no credit")
            case Weather.BLOCKED:
                raise SmsRefused("blocked")
            case Weather.LOST:
                return
            case Weather.SLOW:
                await asyncio.sleep(0.5)
        await self._channel.submit(sms)
        if self.weather is Weather.FORGETFUL:
            raise SmsUnavailable("the answer was lost")

    async def take_back(self, ref: str) -> bool:
        """See SmsChannel."""
        return await self._channel.take_back(ref)

    def updates(self) -> AsyncIterator[Update]:
        """See SmsChannel."""
        return self._channel.updates()

    async def acknowledge(self, update: Update) -> None:
        """See SmsChannel."""
        await self._channel.acknowledge(update)

    async def health(self) -> ChannelHealth:
        """See SmsChannel."""
        return await self._channel.health()

    async def close(self) -> None:
        """See SmsChannel."""
        await self._channel.close()


class CrookedClock:
    """`edge.ports.Clock` whose wall time is off by whatever somebody set; the monotonic one nobody can set."""

    def __init__(self, zone: tzinfo) -> None:
        self.off = timedelta(0)
        self._zone = zone

    def now(self) -> datetime:
        return datetime.now(self._zone) + self.off

    def monotonic(self) -> float:
        return time.monotonic()
