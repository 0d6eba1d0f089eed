"""An agent that is its locker alone, with a socket in place of screens: what a campaign kills. Imported by `edge.soak.nursery`."""

import asyncio
from pathlib import Path

import msgspec

from edge.soak.desk import Answered, serve
from edge.soak.orders import Yes


async def live(config: Path, socket: Path) -> None:
    """Open the locker as the agent does, say that it is there, carry out what is asked. Only kill -9 ends it."""
    raise NotImplementedError
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(msgspec.json.encode(Answered(0, Yes())) + b"\n")
    await serve(None, reader, writer)
