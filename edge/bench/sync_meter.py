"""Processor time of processes and of everything they have started, between two moments. For `edge.bench.sync`."""

from collections.abc import Iterable
from typing import Self

import psutil


class Meter:
    """`cpu_us` after the `with`: user and system time of these processes, children included, dead ones as far as reaped."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._processes = [psutil.Process(pid) for pid in pids]
        self.cpu_us = 0.0

    def __enter__(self) -> Self:
        self._began = sum(_cpu_s(process) for process in self._processes)
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu_us = (sum(_cpu_s(process) for process in self._processes) - self._began) * 1e6


def _cpu_s(process: psutil.Process) -> float:
    own = process.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for child in process.children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:  # its time is its parent's by now
            continue
        total += times.user + times.system
    return float(total)
