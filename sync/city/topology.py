"""What the city declares on RabbitMQ, so that each device's events stay in order and nothing that was acknowledged is dropped.

    amq.topic ──motcua.v1.SITE.DEVICE.ev.#──> motcua.shard.N    one binding a registered device, N = rendezvous(device)
       │  └────motcua.v1.*.*.early.#────────> motcua.early      urgent copies, past the shards' backlog
       │  └────motcua.v1.*.*.status─────────> motcua.presence
       └─alternate exchange─> motcua.unrouted ──*.ev.#──> motcua.unrouted    events of devices that nobody bound

Sharding by device is done by bindings and not by an x-consistent-hash exchange: that one hashes the routing key, which ends
with the event's type (`...ev.visit.ended`), or a header, which MQTT 3.1.1 cannot set. One device's events would spread over
several queues and overtake each other. The alternate exchange is a policy (`deploy/rabbitmq/definitions.json`), because
`amq.topic` is not ours to declare; it has its own bindings, so that a receipt to a device that is away is dropped there.
The events of a device that is registered but not bound come by way of `motcua.unrouted`; the worker there binds it then.
Start a worker before devices are let in, and while every node is up: what comes before the queues are there is dropped, and a
quorum queue lives on the nodes that were members when it was declared.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel

from sync.chain import source_of
from sync.city.shards import SHARDS, shard_of
from sync.topics import ROOT, Topics

EXCHANGE = "amq.topic"  # where RabbitMQ's MQTT plugin publishes
UNROUTED = "motcua.unrouted"
EARLY = "motcua.early"
PRESENCE = "motcua.presence"
MAX_BACKLOG = 4_000_000_000  # bytes a queue; then publishes are refused, and the devices' journals keep them
TIMEOUT_S = 30.0
_PARTS = 5  # motcua, v1, site, device, room
_PREFIX = ROOT.replace("/", ".")
_QUEUE: dict[str, object] = {
    "x-queue-type": "quorum",
    "x-single-active-consumer": True,  # a worker that is not as dead as its lease says cannot work beside its heir
    "x-queue-leader-locator": "balanced",
    "x-max-length-bytes": MAX_BACKLOG,
    "x-overflow": "reject-publish",
}
_UNLIMITED = {"x-delivery-limit": -1}
_LIMITS_SINCE = 4  # the release that drops a message at its 21st delivery unless it is told not to; 3.10 refuses -1


@dataclass(frozen=True, slots=True)
class Topology:
    """The queues of a city. Every worker and the registry must be given the same number of shards."""

    shards: int = SHARDS

    @property
    def queues(self) -> tuple[str, ...]:
        """Everything that workers share among themselves."""
        return (*(f"motcua.shard.{shard}" for shard in range(self.shards)), EARLY, PRESENCE, UNROUTED)

    def queue_of(self, topics: Topics) -> str:
        """Raise ValueError for a device that no binding can tell from another."""
        return f"motcua.shard.{shard_of(source_of(topics.site, topics.device), self.shards)}"

    async def declare(self, channel: AbstractChannel) -> None:
        """Queues and their fixed bindings; harmless when repeated.

        A batch comes again with every worker that dies, every change of shares and every loss of the database, however often.
        """
        arguments = _QUEUE | (_UNLIMITED if await _release(channel) >= _LIMITS_SINCE else {})
        unrouted = await channel.declare_exchange(UNROUTED, ExchangeType.TOPIC, durable=True, timeout=TIMEOUT_S)
        for name in self.queues:
            queue = await channel.declare_queue(name, durable=True, arguments=dict(arguments), timeout=TIMEOUT_S)  # type: ignore[arg-type]  # pamqp's own union
            if name == UNROUTED:
                await queue.bind(unrouted, f"{_PREFIX}.*.*.ev.#", timeout=TIMEOUT_S)
            elif name == EARLY:
                await queue.bind(EXCHANGE, f"{_PREFIX}.*.*.early.#", timeout=TIMEOUT_S)
            elif name == PRESENCE:
                await queue.bind(EXCHANGE, f"{_PREFIX}.*.*.status", timeout=TIMEOUT_S)

    async def bind_device(self, channel: AbstractChannel, topics: Topics) -> None:
        """Send a registered device's events to its shard; harmless when repeated. Needs `declare` first."""
        queue = await channel.get_queue(self.queue_of(topics), ensure=False)
        await queue.bind(EXCHANGE, binding_of(topics), timeout=TIMEOUT_S)

    async def unbind_device(self, channel: AbstractChannel, topics: Topics) -> None:
        """Of a device that is registered no more; what it still publishes goes to quarantine."""
        queue = await channel.get_queue(self.queue_of(topics), ensure=False)
        await queue.unbind(EXCHANGE, binding_of(topics), timeout=TIMEOUT_S)

    async def move_devices(self, channel: AbstractChannel, former: "Topology", devices: Iterable[Topics]) -> int:
        """After a change of the number of shards: bind anew, then let go of the old. Return how many moved.

        Between the two, events come twice, which costs nothing but work.
        """
        moved = 0
        for topics in devices:
            if former.queue_of(topics) != self.queue_of(topics):
                await self.bind_device(channel, topics)
                await former.unbind_device(channel, topics)
                moved += 1
        return moved


def binding_of(topics: Topics) -> str:
    """The routing key of a device's events.

    Raise ValueError for a name that is none (`sync.chain.source_of`): `a/b.c` and `a.b/c` would have the same key.
    """
    return f"{_prefix_of(topics)}.ev.#"


def receipt_key(topics: Topics) -> str:
    """The routing key on which the device hears its receipts."""
    return f"{_prefix_of(topics)}.ack"


def topic_of(routing_key: str) -> str:
    """The MQTT topic of a device's message. Its first five parts hold no dot; what follows is a type, whose dots are dots."""
    parts = routing_key.split(".", _PARTS)
    return "/".join(parts)


async def _release(channel: AbstractChannel) -> int:
    """The first number of the node's version, as it says in its greeting."""
    connection = (await channel.get_underlay_channel()).connection
    version = connection.server_properties["version"]
    return int((version.decode() if isinstance(version, bytes) else str(version)).split(".")[0])


def _prefix_of(topics: Topics) -> str:
    source_of(topics.site, topics.device)  # refuses what a key would not carry
    return f"{_PREFIX}.{topics.site}.{topics.device}"
