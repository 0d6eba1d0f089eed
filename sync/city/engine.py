"""A worker's way into RabbitMQ: connections that end loudly, and one queue that is being consumed. For `sync.city.worker`.

aio-pika opens connections and declares; deliveries, acks and receipts go through the aiormq channel below it, which costs a
worker a third less processor time an event (50 against 78 us measured).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq.abc import AbstractChannel as BareChannel
from aiormq.abc import DeliveredMessage
from aiormq.exceptions import AMQPError
from pamqp.commands import Basic

from sync.city.errors import EngineLost

HEARTBEAT_S = 10  # a worker that stands still is cut off by the broker after two of these
TIMEOUT_S = 20.0
_LOST = (AMQPError, OSError, asyncio.TimeoutError, asyncio.InvalidStateError)


@asynccontextmanager
async def engine_errors() -> AsyncIterator[None]:
    """What aio-pika raises when a node goes, as EngineLost; a cancellation that it has forgotten, once more.

    In a task in which no group of tasks has failed yet: before Python 3.13 such a one looks cancelled ever after.
    """
    try:
        yield
    except _LOST as error:
        raise EngineLost(f"{type(error).__name__}: {error}") from error
    _unless_cancelled()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[AbstractConnection]:
    """A connection that does not reconnect by itself: its end is the end of the session. Raise EngineLost."""
    connection: AbstractConnection | None = None
    try:
        async with engine_errors():
            connection = await aio_pika.connect(url, timeout=TIMEOUT_S, heartbeat=HEARTBEAT_S)
        yield connection
    finally:
        if connection is not None:
            await _close(connection)


async def until_closed(connection: AbstractConnection) -> None:
    """Raise EngineLost when the connection ends."""
    ended = asyncio.Event()
    connection.close_callbacks.add(lambda *_: ended.set())
    if not connection.is_closed:
        await ended.wait()
    raise EngineLost("the node closed the connection")


@dataclass(slots=True, eq=False)
class Delivery:
    """One message as RabbitMQ gave it; `intake` is whom to acknowledge it to."""

    intake: "Intake"
    tag: int
    routing_key: str
    body: bytes


class Intake:
    """One queue, consumed over a channel of its own. Closing it gives everything unacknowledged back to the queue."""

    def __init__(self, queue: str, on_delivery: Callable[[Delivery], None]) -> None:
        self.queue = queue
        self.is_cancelled = False  # the broker ended the consumer, which only a deleted queue does
        self._on_delivery = on_delivery
        self._channel: AbstractChannel | None = None
        self._bare: BareChannel | None = None

    async def open(self, connection: AbstractConnection, prefetch: int) -> None:
        """Raise EngineLost."""
        async with engine_errors(), asyncio.timeout(TIMEOUT_S):
            self._channel = await connection.channel(publisher_confirms=False)
            await self._channel.set_qos(prefetch)
            bare = await self._channel.get_underlay_channel()
            bare.on_consumer_cancel_callbacks.add(self._cancelled)
            self._bare = bare
            await bare.basic_consume(self.queue, self._delivered)

    @property
    def is_open(self) -> bool:
        return self._channel is not None and not self._channel.is_closed

    async def acknowledge(self, tag: int) -> None:
        """Everything up to `tag`. A channel that has closed since gave it back already: it will come again and count once."""
        if self._bare is None or not self.is_open:
            return
        async with engine_errors():
            await self._bare.basic_ack(tag, multiple=True, wait=False)

    async def close(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None and not channel.is_closed:
            async with engine_errors(), asyncio.timeout(TIMEOUT_S):
                await channel.close()

    async def _delivered(self, message: DeliveredMessage) -> None:
        deliver = message.delivery
        if isinstance(deliver, Basic.Deliver) and deliver.delivery_tag is not None:
            key = deliver.routing_key or ""
            self._on_delivery(Delivery(self, deliver.delivery_tag, key, bytes(message.body)))

    def _cancelled(self, *_: object) -> None:
        self.is_cancelled = True


def _unless_cancelled() -> None:
    """aio-pika waits by wait_for, which in Python 3.11 forgets a cancellation that comes beside what it waits for."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _close(connection: AbstractConnection) -> None:
    """A line that is dead already has nothing to say goodbye to."""
    try:
        async with asyncio.timeout(TIMEOUT_S / 4):
            await connection.close()
    except _LOST:
        return
