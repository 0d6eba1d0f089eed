"""A whole city as a technician puts it up: `scripts/cluster city`, and every program in a process of its own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge.cluster.city import DEVICE, SERIAL, SITE, LocalCity
from edge.cluster.layout import Layout, saved
from sync.city.database import open_database

ROOT = Path(__file__).parents[2]
PLACE = f"{SITE}/{DEVICE}"


class ClusterCity:
    """`start` leaves a program running, `motcua` waits for its end. `close` ends them all."""

    def __init__(self, data: Path, first_port: int) -> None:
        self.data = data
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._python("-m", "edge.cluster", "city", "--data", str(data), "--port", str(first_port), within_s=400)
        layout = saved(data)
        assert layout is not None
        self.layout: Layout = layout
        self.city = LocalCity(layout)

    def motcua(self, *words: str, expected: int = 0) -> list[dict[str, Any]]:
        """What it said with --json."""
        said = self._python("-m", "edge", *words, "--json", expected=expected)
        return [json.loads(line) for line in said.splitlines()]

    def order(self, *words: str, expected: int = 0) -> list[dict[str, Any]]:
        """One of the city's commands."""
        return self.motcua("city", *words, "--config", str(self.city.file), expected=expected)

    def enrol(self, token: str, data: Path, expected: int = 0) -> list[dict[str, Any]]:
        url = f"https://127.0.0.1:{self.layout.enrolment_port}"
        return self.motcua(
            "enrol", "--city", url, "--token", token, "--serial", SERIAL, "--data", str(data), "--keys", "file",
            expected=expected,
        )  # fmt: skip

    def start(self, name: str, *words: str) -> None:
        with (self.data / f"{name}.log").open("wb") as log:
            command = [sys.executable, "-m", *words]
            self._running[name] = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env=dict(os.environ))

    def stop(self, name: str) -> int:
        process = self._running.pop(name)
        process.terminate()
        return process.wait(30)

    def log(self, name: str) -> str:
        return (self.data / f"{name}.log").read_text(encoding="utf-8")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        database = open_database(self.layout.dsn)
        try:
            with database.reading() as reading:
                return reading.rows(query)
        finally:
            database.close()

    def until(self, condition: Callable[[], bool], within_s: float, what: str) -> None:
        """A program that ended meanwhile fails the test with its log."""
        deadline = time.monotonic() + within_s
        while not condition():
            for name, process in self._running.items():
                assert process.poll() is None, self.log(name)
            assert time.monotonic() < deadline, f"{what}\n" + "\n".join(self.log(name) for name in self._running)
            time.sleep(0.1)

    def close(self) -> None:
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            process.wait(60)

    def _python(self, *words: str, expected: int = 0, within_s: float = 120) -> str:
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=within_s, check=False
        )
        assert done.returncode == expected, done.stdout + done.stderr
        return done.stdout
