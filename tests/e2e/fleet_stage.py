"""A made-up city in a process of its own, live: what browser tests and screenshots of the city's pages look at.

Run as `python -m tests.e2e.fleet_stage DIR DEVICES`. It prints one line of JSON, then obeys JSON lines as `tests.edge.web.stage` does.
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from edge.demo_city import DemoCity, DemoOptions, open_demo

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class FleetStage:
    def __init__(self, demo: DemoCity) -> None:
        self._demo = demo

    def greeting(self) -> dict[str, Any]:
        users = {user.name: [user.pin, user.totp_secret] for user in self._demo.users}
        return {"port": self._demo.city.web.port, "users": users}

    def obey(self, order: dict[str, Any]) -> object:
        method = getattr(self, f"do_{order.pop('do')}")
        return method(**order)

    def do_alert(self, name: str, place: int) -> None:
        """A device raises it now; it travels as every event does."""
        device = self._demo.line.devices[place]
        self._demo.line.say(device, lambda at: device.alert(at, name))

    def do_figures(self) -> dict[str, float]:
        """Of this process, the made-up devices and the broker included."""
        counts = self._demo.city.receiver.counts() if self._demo.city.receiver else None
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES
        return {
            "cpu_s": time.process_time(), "rss_mb": resident / 1e6, "published": self._demo.line.published,
            "held": counts.unique if counts else 0,
        }  # fmt: skip


async def main(folder: Path, devices: int) -> None:
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    options = DemoOptions(devices, days=1, visits=6, per_s=devices / 10, port=0, data_dir=folder)
    async with open_demo(options, lambda _: None) as demo:
        stage = FleetStage(demo)
        _say(stage.greeting())
        while line := await orders.readline():
            _say({"answer": stage.obey(json.loads(line))})


def _say(line: object) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
