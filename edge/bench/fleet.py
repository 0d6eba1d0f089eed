"""`motcua bench fleet`: the city's pages with 10 to 3,000 simulated devices, live, in the real Chromium and in the server's own process.

Called by the command line. Devices, broker, server and browser share this machine's cores; the rows say how loaded it was.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from edge.bench.fleet_browser import Viewer, chromium, why_none
from edge.bench.fleet_town import Town, town
from edge.bench.journal import Row

SIZES = (10, 100, 1_000, 3_000)
EVENTS_S = 20.0  # by all devices together, as in the capacity plan's mean of one city
LOADS, ALERTS = 3, 20
ELEMENTS, FRAME_MS, ALERT_MS = 3_000, 500.0, 3_000.0  # of a page, however many devices there are
Tell = Callable[[str], None]


def run(seconds: float, out_dir: Path, tell: Tell, *, sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """Watch for `seconds` at each size, write fleet.json, return it: name, rows, all_held."""
    out_dir.mkdir(parents=True, exist_ok=True)
    rows = [row for size in sizes for row in _of_size(size, seconds, tell)]
    rows.append(Row("load average of the machine meanwhile", os.getloadavg()[0], ""))
    held = all(row.held is not False for row in rows)
    notes = [f"no browser: {why}" for why in (why_none(),) if why]
    table = {"name": "fleet", "rows": [asdict(row) for row in rows], "all_held": held, "notes": notes}
    (out_dir / "fleet.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    return table


def _of_size(size: int, seconds: float, tell: Tell) -> Iterator[Row]:
    tell(f"{size} devices")
    with tempfile.TemporaryDirectory(prefix="motcua-bench-") as name, town(Path(name), size, EVENTS_S) as made:
        if made is None:
            yield Row("Debian's mosquitto is not installed", 0.0, "", held=False)
            return
        yield from _alone(made, size, seconds)
        if (why := why_none()) is None:
            yield from _seen(made, size, seconds, tell)
        else:
            yield Row(f"  {size} devices: no page was measured, {why}", 0.0, "", held=False)
        yield Row(f"  {size} devices: memory of the server", made.memory_mb(), "MB")


def _alone(made: Town, size: int, seconds: float) -> Iterator[Row]:
    """The server while nobody looks: ingest, and its slow look at the fleet."""
    began, cpu = time.monotonic(), made.cpu_s()
    time.sleep(seconds)
    spent = (made.cpu_s() - cpu) / (time.monotonic() - began)
    yield Row(f"{size} devices, {EVENTS_S:.0f} events/s: server, nobody looks", 100 * spent, "% of a core")


def _seen(made: Town, size: int, seconds: float, tell: Tell) -> Iterator[Row]:
    with chromium() as browser:
        viewer = Viewer(browser, made)
        for path, what in (("/", "overview"), ("/thiet-bi", "table")):
            loads = [viewer.load(path) for _ in range(LOADS)]
            yield Row(f"  {size} devices: {what}, first load", median(one.ms for one in loads), "ms")
            yield Row(f"  {size} devices: {what}, over the wire", median(one.sent_kb for one in loads), "kB")
            elements = max(one.elements for one in loads)
            yield Row(f"  {size} devices: {what}, elements", float(elements), "", ELEMENTS, elements <= ELEMENTS)
            tell(f"{size} devices: {what} is watched")
            cpu, began = made.cpu_s(), time.monotonic()
            watched = viewer.watch(path, seconds)
            spent = (made.cpu_s() - cpu) / (time.monotonic() - began)
            yield Row(f"  {size} devices: {what}, news", watched.kb_per_s, "kB/s")
            longest = watched.longest_frame_ms
            yield Row(f"  {size} devices: {what}, longest frame", longest, "ms", FRAME_MS, longest <= FRAME_MS)
            yield Row(f"  {size} devices: {what}, JavaScript heap", watched.heap_mb, "MB")
            yield Row(f"  {size} devices: server, one looks at the {what}", 100 * spent, "% of a core")
        tell(f"{size} devices: alerts")
        waits, sent_kb = viewer.alerts(ALERTS)
        yield Row(f"  {size} devices: an alert raised and closed sends the page", sent_kb, "kB")
        yield Row(f"  {size} devices: device raises an alert to seen, p50", median(waits), "ms")
        p95 = quantiles(waits, n=20)[-1]
        yield Row(f"  {size} devices: device raises an alert to seen, p95", p95, "ms", ALERT_MS, p95 <= ALERT_MS)
        viewer.close()
