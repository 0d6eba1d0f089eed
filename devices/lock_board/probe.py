"""Which boards hang on a port: for a technician, who knows neither their family nor their speed nor their DIP switches.

Only readings are sent, one door a question; nothing can move.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from devices.lock_board.codec import BoardRefused, Codec, FrameCorrupt, NoAnswer
from devices.lock_board.families import FAMILIES, codec_of
from devices.lock_board.link import Link
from devices.lock_board.timing import LinkTiming
from devices.lock_board.write_policy import Reach, WritePolicy
from devices.serial_port import Port, PortLost, PortSettings, PortWhy, open_port

BAUDS = (9600, 19200, 38400, 115200)  # boards of one maker were found at each of these
SIZES = (64, 50, 48, 32, 24, 16, 8)  # channels that boards are sold with
ADDRESSES = 8  # of each family, from its lowest: cabinets have few boards
TIMING = LinkTiming(reply_s=0.1)


@dataclass(frozen=True, slots=True)
class FoundBoard:
    family: str
    baud: int
    address: int


async def find_boards(
    port: str, families: Iterable[str] = FAMILIES, bauds: Sequence[int] = BAUDS, addresses: Iterable[int] | None = None
) -> AsyncIterator[FoundBoard]:
    """Every board that answers, as it is found. Raise PortLost. A family's own speed is tried first."""
    for family in families:
        codec = codec_of(family)
        asked = [one for one in addresses or codec.boards[:ADDRESSES] if one in codec.boards]
        for baud in sorted(bauds, key=lambda one: one != codec.baud):
            for address in await _answering(port, codec, baud, asked):
                yield FoundBoard(family, baud, address)


async def count_channels(port: str, board: FoundBoard) -> int:
    """The most doors this board tells of when it is asked for all; 0 where it tells of none. Raise PortLost.

    A reading cannot see whether a lock hangs on a channel, and some boards round up to whole bytes.
    """
    codec = codec_of(board.family)
    for channels in sorted({min(one, codec.most_channels) for one in SIZES}, reverse=True):
        policy = WritePolicy(codec, {board.address: Reach(channels)})
        async with _linked(port, codec, board.baud, policy) as link:
            with suppress(BoardRefused, NoAnswer, FrameCorrupt):
                await link.read(codec.read_all(board.address, channels), attempts=2)
                return channels
    return 0


async def _answering(port: str, codec: Codec, baud: int, addresses: Sequence[int]) -> list[int]:
    policy = WritePolicy(codec, {address: Reach(1) for address in addresses})
    async with _linked(port, codec, baud, policy) as link:
        return [address for address in addresses if await _answers(link, address)]


@asynccontextmanager
async def _linked(port: str, codec: Codec, baud: int, policy: WritePolicy) -> AsyncIterator[Link]:
    at_hand = [await open_port(port, PortSettings(baud))]  # raises here, not in the background

    async def once(address: str, _settings: PortSettings) -> Port:
        if not at_hand:
            raise PortLost(address, PortWhy.UNPLUGGED)
        return at_hand.pop()

    link = Link(port, PortSettings(baud), codec, policy, timing=TIMING, opener=once)
    running = asyncio.create_task(link.run(), name=f"probe {port}")
    try:
        await link.wait_open()
        yield link
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def _answers(link: Link, address: int) -> bool:
    try:
        await link.read(link.codec.read_one(address, 1, 1), attempts=2)
    except BoardRefused:
        return True  # it said no, so it is there
    except (NoAnswer, FrameCorrupt):
        return False
    return True
