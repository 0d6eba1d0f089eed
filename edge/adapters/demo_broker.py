"""An MQTT broker inside the agent's own process and loop, for the demo only: MQTT 3.1.1, nothing on disk, loopback.

Never for production: what it acknowledged is gone when the process is.
"""

import asyncio
from contextlib import suppress

from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker

SHUTDOWN_S = 5.0
_LISTENER = "default"
_CONFIG = {
    "listeners": {_LISTENER: {"type": "external"}},  # we listen ourselves, so that port 0 can be asked for
    "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
}


class DemoBroker:
    """`start` gives the port it listens on (127.0.0.1); `stop` ends every connection."""

    def __init__(self) -> None:
        self._broker: Broker | None = None
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self, port: int = 0) -> int:
        """Port 0 takes a free one. Raise OSError where the port is taken."""
        self._broker = Broker(_CONFIG)
        await self._broker.start()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Harmless when repeated."""
        server, self._server = self._server, None
        broker, self._broker = self._broker, None
        if server:
            server.close()
        if broker:
            with suppress(TimeoutError):  # seen to wait for ever on a busy machine
                async with asyncio.timeout(SHUTDOWN_S):
                    await broker.shutdown()
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._hand_over(reader, writer)
        finally:
            self._writers.discard(writer)

    async def _hand_over(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._broker:
            await self._broker.external_connected(StreamReaderAdapter(reader), StreamWriterAdapter(writer), _LISTENER)
