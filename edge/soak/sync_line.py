"""The line between devices and brokers: it can be cut for a while, and it can be as long as a slow network is."""

import asyncio
import contextlib
from collections.abc import Sequence
from functools import partial
from typing import Self

_PIECE = 65_536
_QUEUE = 1_000  # pieces under way in one direction; then the sender waits


class Lines:
    """A listening port for each node. `delay_s` holds for each direction; much may be under way at once."""

    def __init__(self, nodes: Sequence[tuple[str, int]], delay_s: float = 0.0) -> None:
        self._nodes = nodes
        self._delay_s = delay_s
        self._is_cut = False
        self._servers: list[asyncio.Server] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._joined: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        for host, port in self._nodes:
            self._servers.append(await asyncio.start_server(partial(self._serve, host, port), "127.0.0.1", 0))
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()
        self.cut()

    @property
    def ends(self) -> list[tuple[str, int]]:
        return [("127.0.0.1", server.sockets[0].getsockname()[1]) for server in self._servers]

    def cut(self) -> None:
        """Nothing goes through and nobody comes in until `mend`."""
        self._is_cut = True
        for writer in tuple(self._writers):
            writer.transport.abort()

    def mend(self) -> None:
        self._is_cut = False

    async def _serve(self, host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if not self._is_cut:
            with contextlib.suppress(OSError):
                await self._join(reader, writer, host, port)
        writer.transport.abort()
        self._writers.discard(writer)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, port)
        self._writers.add(far_writer)
        pumps = [
            asyncio.create_task(self._pump(one, other)) for one, other in ((reader, far_writer), (far_reader, writer))
        ]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        far_writer.transport.abort()
        self._writers.discard(far_writer)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Each piece arrives `delay_s` after it was sent, however many are under way."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_QUEUE)
        clock = asyncio.get_running_loop().time

        async def deliver() -> None:
            while True:
                due, piece = await under_way.get()
                await asyncio.sleep(max(0.0, due - clock()))
                writer.write(piece)
                await writer.drain()

        async with asyncio.TaskGroup() as tasks:
            delivering = tasks.create_task(deliver())
            while piece := await reader.read(_PIECE):
                await under_way.put((clock() + self._delay_s, piece))
            delivering.cancel()
