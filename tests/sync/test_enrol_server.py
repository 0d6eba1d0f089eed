"""The city's enrolment server ends when it is told to, whatever it is doing at that moment."""

import asyncio
from pathlib import Path
from unittest.mock import Mock

import pytest

from sync.city.enrol_server import BrokerAddress, EnrolServer, ServerSettings


@pytest.mark.parametrize("turns", range(6))
async def test_told_to_end_in_the_moment_in_which_a_device_was_admitted(turns: int) -> None:
    """`asyncio.wait_for` of Python 3.11 forgets a cancellation that comes when what it waits for has just happened."""
    settings = ServerSettings(Path(), (), BrokerAddress("127.0.0.1", 1), "")
    brokers = Mock()
    server = EnrolServer(settings, Mock(), brokers)
    keeping = asyncio.create_task(server._keep_brokers())
    while not brokers.cut_lately_gone.called:
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.02)
    server._settle_now.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(5):
            await keeping
