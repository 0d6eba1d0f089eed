"""An agent that is its locker alone, with a socket in place of screens: what a campaign kills. `edge.soak.nursery` forks it."""

import asyncio
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from edge.soak import stacks
from edge.soak.desk import Answered, serve
from edge.soak.orders import Yes
from edge.soak.post_office import CrookedClock, PostOffice
from edge.soak.station import open_station, until_read


async def live(config: Path, socket: Path) -> None:
    """Open the locker as the agent does, say that its doors are read, carry out what is asked. Only kill -9 ends it."""
    post, clock = PostOffice(config.parent), CrookedClock(ZoneInfo("Asia/Ho_Chi_Minh"))
    with stacks.on_signal():
        async with open_station(config, post, clock) as station:
            await until_read(station)
            reader, writer = await asyncio.open_unix_connection(socket)
            writer.write(msgspec.json.encode(Answered(0, Yes())) + b"\n")
            await serve(station.service.desks, reader, writer)
