"""Tells devices what the city holds: cumulative, so a few a second and the newest only. For `sync.city.worker`."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import msgspec
from aio_pika.abc import AbstractConnection
from pamqp.commands import Basic

from sync.city.engine import engine_errors
from sync.city.receipts import receipt_of
from sync.city.store import Due
from sync.city.topology import EXCHANGE, receipt_key
from sync.keys import DeviceKey

RESEND_AGAIN_S = (
    15.0  # what was asked for waits behind what is queued already; asking at each batch would only add to that
)
_PERSISTENT = Basic.Properties(delivery_mode=2)  # RabbitMQ hands anything else on at QoS 0


class Receipts:
    """Bounded by the number of devices: of each, only the newest waits."""

    def __init__(self, key: DeviceKey | None, every_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._key = key
        self._every_s = every_s
        self._due: dict[str, Due] = {}
        self._asked: dict[str, tuple[int, float]] = {}  # where a device was asked to begin again, and when
        self._is_due = asyncio.Event()

    def add(self, due: Iterable[Due]) -> None:
        """Only what is committed may come here."""
        for one in due:
            self._due[one.source] = one.after(self._due.get(one.source))
        if self._due:
            self._is_due.set()

    async def keep_telling(self, connection: AbstractConnection, told: Callable[[Iterable[Due]], None]) -> None:
        """Until cancelled. Noted before they are sent: a receipt that only might have gone out binds the city as well."""
        async with engine_errors():
            channel = await connection.channel(publisher_confirms=False)
            bare = await channel.get_underlay_channel()
        while True:
            await self._is_due.wait()
            due, self._due = self._due, {}
            self._is_due.clear()
            await asyncio.to_thread(told, tuple(due.values()))
            for one in due.values():
                async with engine_errors():
                    await bare.basic_publish(
                        self._encoded(one),
                        exchange=EXCHANGE,
                        routing_key=receipt_key(one.topics),
                        properties=_PERSISTENT,
                    )
            await asyncio.sleep(self._every_s)

    def _encoded(self, due: Due) -> bytes:
        asked = replace(due, resend=due.resend and self._may_ask(due))
        return msgspec.json.encode(receipt_of(asked, self._key))

    def _may_ask(self, due: Due) -> bool:
        seq, at = self._asked.get(due.source, (-1, 0.0))
        now = self._monotonic()
        if seq == due.head.seq and now - at < RESEND_AGAIN_S:
            return False
        self._asked[due.source] = (due.head.seq, now)
        return True
