"""What ends a demo: whoever is told to end ends as at Ctrl-C, in order, so that nothing around the agent outlives it."""

import signal
import subprocess
import sys

import pytest

WAITS = """
import asyncio, signal
from edge.demo import _end_on_signals

async def main():
    {before}
    _end_on_signals()
    print("waits", flush=True)
    try:
        await asyncio.sleep({seconds})
    finally:
        print("in order", flush=True)

try:
    asyncio.run(main())
except asyncio.CancelledError:
    print("ended", flush=True)
"""


def said_after(how: signal.Signals, *, before: str = "", seconds: float = 60.0) -> list[str]:
    command = [sys.executable, "-c", WAITS.format(before=before, seconds=seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        assert demo.stdout.readline() == "waits\n"
        demo.send_signal(how)
        return demo.stdout.read().splitlines()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_told_to_end_or_its_terminal_closed_it_ends_in_order(how: signal.Signals) -> None:
    assert said_after(how) == ["in order", "ended"]


@pytest.mark.timeout(120)
def test_under_nohup_it_outlives_its_terminal() -> None:
    before = "signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    assert said_after(signal.SIGHUP, before=before, seconds=0.5) == ["in order"]
