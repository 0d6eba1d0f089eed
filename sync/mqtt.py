"""One MQTT connection, driven by the one thread that calls it: connect, publish, subscribe, `turn`.

paho keeps no queue here and runs no thread, so none of its locks is ever waited for. A connection is used once.
"""

import selectors
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from sync.broker import Broker, Tls, TlsContext, Version, Will
from sync.errors import BrokerLost, BrokerRefused, VersionRefused

__all__ = ["Broker", "Connection", "Handlers", "Incoming", "Tls", "Version", "Will"]
QOS = 1
UNSUPPORTED_VERSION = 0x84  # CONNACK of MQTT 5; paho gives 3.1.1's code 1 the same value
_CREDENTIAL_CODES = {0x85, 0x86, 0x87, 0x8A, 0x8C}  # client id, user or password, not authorized, banned, bad method
_RECEIVE_MAXIMUM_ABSENT = 65_535  # MQTT 5, 3.2.2.3.3


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message with what MQTT says about it. `answer_to` and `correlation` are MQTT 5's response topic and its data."""

    topic: str
    payload: bytes
    is_retained: bool = False
    answer_to: str | None = None
    correlation: bytes | None = None


@dataclass(frozen=True, slots=True)
class Handlers:
    """Called inside `turn`. A reason code below 0x80 is a success. Where `on_incoming` is given, `on_message` is not called."""

    on_puback: Callable[[int, int], None]
    on_message: Callable[[str, bytes], None]
    on_incoming: Callable[[Incoming], None] | None = None


class Connection:
    """See the module's first lines. Only `wake` may be called from another thread."""

    def __init__(
        self, broker: Broker, client_id: str, version: Version, handlers: Handlers, will: Will | None = None
    ) -> None:
        self.version = version
        self.receive_maximum = _RECEIVE_MAXIMUM_ABSENT
        self._broker = broker
        self._handlers = handlers
        self.unacknowledged = 0
        self._context: TlsContext | None = None
        self._connack: ReasonCode | None = None
        self._why_ended: str | None = None
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = socket.socketpair()
        for end in (self._wake_read, self._wake_write):
            end.settimeout(0)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._client = self._make_client(client_id, will)

    def open(self) -> None:
        """Connect and wait for the CONNACK. Raise VersionRefused, BrokerRefused or BrokerLost."""
        deadline = time.monotonic() + self._broker.connect_timeout_s
        try:
            self._dial()
        except (OSError, ValueError) as error:  # refused, unreachable, unknown host or none that a host can have, TLS
            raise BrokerLost(f"cannot reach {self._broker.host}:{self._broker.port}: {error}") from error
        try:
            self._await_connack(deadline)
        except BrokerLost as error:
            if self._connack is None and self.version is Version.V5:  # brokers without MQTT 5 hang up or say nothing
                raise VersionRefused(str(error), is_certain=False) from error
            raise

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, correlation: bytes | None = None) -> int:
        """Send at QoS 1 and return the packet's id, which comes back through `on_puback`. Raise BrokerLost."""
        properties = self._correlated(correlation)
        told = self._client.publish(topic, payload, QOS, retain, properties)
        if told.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise BrokerLost(f"publish failed: {paho.error_string(told.rc)}")
        self.unacknowledged += 1
        return told.mid

    def subscribe(self, topic: str, qos: int = QOS) -> None:
        result, _ = self._client.subscribe(topic, qos)
        if result != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise BrokerLost(f"subscribe failed: {paho.error_string(result)}")

    def turn(self, timeout_s: float) -> None:
        """Wait at most so long for the socket or a wake, do what is due, call the handlers. Raise BrokerLost."""
        line = self._line()
        self._watch(line)
        for key, events in self._selector.select(0 if _has_buffered(line) else timeout_s):
            if key.fileobj is self._wake_read:
                self._forget_wakes()
            elif events & selectors.EVENT_WRITE:
                self._client.loop_write()
        self._read_all(line)
        self._client.loop_misc()
        self._line()

    def wake(self) -> None:
        """End a `turn` that waits, from any thread."""
        try:
            self._wake_write.send(b"\0")
        except (BlockingIOError, OSError):  # already woken, or closed in the meantime
            return

    def close(self, *, goodbye: bool) -> None:
        """Hang up; with `goodbye` the broker drops the will."""
        if goodbye and self._client.socket() is not None:
            self._client.disconnect()
        self._unwatch()
        sock = self._client.socket()
        if sock is not None:
            sock.close()
        if self._context:
            self._context.close()
        self._selector.close()
        self._wake_read.close()
        self._wake_write.close()

    # --- private ---

    def _make_client(self, client_id: str, will: Will | None) -> paho.Client:
        clean: dict[str, Any] = {} if self.version is Version.V5 else {"clean_session": True}
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=self.version.value,
            reconnect_on_failure=False,
            **clean,
        )
        client.max_inflight_messages_set(0)  # our own window decides
        client.connect_timeout = self._broker.connect_timeout_s
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        if will:
            client.will_set(will.topic, will.payload, QOS, retain=True)
        return client

    def _correlated(self, correlation: bytes | None) -> Properties | None:
        if correlation is None or self.version is not Version.V5:
            return None
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's own
        properties.CorrelationData = correlation
        return properties

    def _dial(self) -> None:
        broker = self._broker
        if broker.username:
            client_password = broker.password_file.read_text(encoding="utf-8").strip() if broker.password_file else None
            self._client.username_pw_set(broker.username, client_password)
        if broker.tls:
            self._context = broker.tls.context()
            self._client.tls_set_context(self._context)
        self._client.connect(broker.host, broker.port, broker.keepalive_s)

    def _await_connack(self, deadline: float) -> None:
        while self._connack is None:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise BrokerLost("no CONNACK in time")
            self.turn(remaining)

    def _line(self) -> socket.socket:
        """The socket while the connection stands. A refusal in the CONNACK decides how it is called."""
        refused = self._connack
        if refused is not None and refused.is_failure:
            raise _refusal(refused)
        sock = self._client.socket()
        if sock is None:
            raise BrokerLost(self._why_ended or "the line was cut")
        return sock  # type: ignore[return-value]  # paho also allows its own websocket wrapper, which we never ask for

    def _watch(self, line: socket.socket) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._client.want_write() else 0)
        known = self._selector.get_map().get(line)
        if known is None:
            self._selector.register(line, wanted)
        elif known.events != wanted:
            self._selector.modify(line, wanted)

    def _unwatch(self) -> None:
        for key in list(self._selector.get_map().values()):
            self._selector.unregister(key.fileobj)

    def _read_all(self, line: socket.socket) -> None:
        """Paho reads as many packets as it knows of; TLS may hold more than the socket shows."""
        self._client.loop_read()
        while self._client.socket() is line and _has_buffered(line):
            self._client.loop_read()

    def _forget_wakes(self) -> None:
        try:
            while self._wake_read.recv(4096):
                pass
        except BlockingIOError:
            return

    # --- paho's callbacks ---

    def _on_connect(
        self, _client: paho.Client, _userdata: object, _flags: object, code: ReasonCode, properties: Properties | None
    ) -> None:
        self._connack = code
        self.receive_maximum = getattr(properties, "ReceiveMaximum", _RECEIVE_MAXIMUM_ABSENT)

    def _on_disconnect(
        self, _client: paho.Client, _userdata: object, _flags: object, code: ReasonCode, _properties: object
    ) -> None:
        self._why_ended = str(code)

    def _on_publish(
        self, _client: paho.Client, _userdata: object, mid: int, code: ReasonCode, _properties: object
    ) -> None:
        self.unacknowledged -= 1
        self._handlers.on_puback(mid, code.value)

    def _on_message(self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        if self._handlers.on_incoming is None:
            self._handlers.on_message(message.topic, bytes(message.payload))
            return
        said = message.properties
        answer_to, correlation = getattr(said, "ResponseTopic", None), getattr(said, "CorrelationData", None)
        self._handlers.on_incoming(
            Incoming(message.topic, bytes(message.payload), message.retain, answer_to, correlation)
        )


def _has_buffered(line: socket.socket) -> bool:
    return isinstance(line, ssl.SSLSocket) and line.pending() > 0


def _refusal(code: ReasonCode) -> BrokerLost | BrokerRefused | VersionRefused:
    if code.value == UNSUPPORTED_VERSION:
        return VersionRefused(str(code), is_certain=True)
    if code.value in _CREDENTIAL_CODES:
        return BrokerRefused(f"the broker refused us: {code}")
    return BrokerLost(f"the broker is there but does not serve us now: {code}")
