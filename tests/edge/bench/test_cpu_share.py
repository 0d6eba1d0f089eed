"""A process that would take a whole core gets its share of one, and runs freely afterwards."""

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from edge.bench.cpu_share import held_to


@pytest.fixture
def busy() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        yield process
        process.kill()


def used_s(process: "subprocess.Popen[bytes]") -> float:
    times = psutil.Process(process.pid).cpu_times()
    return float(times.user + times.system)


def test_a_busy_process_is_held_to_its_share(busy: "subprocess.Popen[bytes]") -> None:
    with held_to(0.1, [busy.pid]):
        time.sleep(0.3)
        before, began = used_s(busy), time.monotonic()
        time.sleep(1.5)
        share = (used_s(busy) - before) / (time.monotonic() - began)
    assert share < 0.5  # a busy machine looks late; free it would be 1, or the share that the machine has left
    assert psutil.Process(busy.pid).status() != psutil.STATUS_STOPPED


def test_one_that_has_ended_harms_nobody(busy: "subprocess.Popen[bytes]") -> None:
    with held_to(0.1, [busy.pid]):
        busy.kill()
        busy.wait()
        time.sleep(0.05)
