"""`motcua bench counter`: what one camera costs, how fast a level is there, and the peer `fer` on the same frames.

Called by the command line. Onset-to-nudge and onset-to-SMS need the whole agent: whoever runs one passes them as `more`.
"""

import asyncio
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import quantiles
from time import monotonic
from typing import Any

from devices.camera.playlist import Playlist, Show
from edge.adapters.vision import EyesStatus, VisionEyes
from edge.adapters.vision_spec import LANDMARKER, VisionSpec
from edge.ports import Reading
from models.fetch import default_directory, locate

CPU_MS_BUDGET = 15.0
PEER_SHARE_BUDGET = 1 / 6
LATENCY_P95_BUDGET_MS = 100.0
WORKER_MB_BUDGET = 260.0
FPS, CAMERA_FPS = 10.0, 30.0
WIDTH, HEIGHT = 640, 480
PEER_FRAMES, PEER_WARMUP = 150, 10
PEER_LIMIT_S = 300.0
PEER_PYTHON = Path(__file__).parents[2] / ".venv-fer/bin/python"
_WARM_S = 3.0  # after the first reading: what is loaded lazily is loaded then
_START_S = 60.0
_CLIPS = (("single_face.mp4", 3.0), ("WolfgangLanger_Pexels.mp4", 18.0))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `held` is None where the design names no budget."""

    what: str
    value: float
    unit: str
    budget: float | None = None
    held: bool | None = None


MoreRows = Callable[[], Sequence[Row]]


def run(
    seconds: float,
    out_dir: Path,
    *,
    models_dir: Path | None = None,
    mirror: Path | None = None,
    peer_python: Path = PEER_PYTHON,
    more: MoreRows | None = None,
) -> dict[str, Any]:
    """Measure for `seconds`, write counter.json into `out_dir`, return it: name, rows, peer, all_held."""
    directory = models_dir or default_directory()
    load = os.getloadavg()[0]
    landmarker = locate(LANDMARKER, directory, mirror)
    clips = [(locate(name, directory, mirror), length_s) for name, length_s in _CLIPS]
    with tempfile.TemporaryDirectory(prefix="motcua-bench-") as folder:
        film = Path(folder) / "film.jpegs"
        _film(clips, film)
        measured = asyncio.run(_measure(film, landmarker, seconds))
        peer = _peer(film, peer_python)
    rows = [*_rows(measured), *_peer_rows(measured, peer), *(more() if more else ())]
    rows.append(Row("load of the machine before it began", round(load, 2), "processes"))
    table = {
        "name": "counter",
        "rows": [asdict(row) for row in rows],
        "peer": peer,
        "all_held": all(row.held is not False for row in rows),
    }
    out_dir.mkdir(parents=True, exist_ok=True)
    (out_dir / "counter.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    return table


@dataclass(slots=True)
class _Measured:
    seconds: float = 0.0
    start_s: float = 0.0
    frames: int = 0
    skipped: int = 0
    cpu_ms: float = 0.0
    rss_mb: float = 0.0
    pss_mb: float = 0.0
    usable: int = 0
    latencies_ms: list[float] = field(default_factory=list)


async def _measure(film: Path, landmarker: Path, seconds: float) -> _Measured:
    """Run one worker on the film as the agent does, and listen."""
    spec = VisionSpec(counter="bench", camera=f"replay:{film}", landmarker=str(landmarker), fps=FPS)
    eyes = VisionEyes(spec)
    async with asyncio.TaskGroup() as tasks:
        worker = tasks.create_task(eyes.run(), name="worker")
        try:
            return await _listen(eyes, seconds)
        finally:
            worker.cancel()


async def _listen(eyes: VisionEyes, seconds: float) -> _Measured:
    measured, began_s = _Measured(), monotonic()
    watching = eyes.watch()
    async with asyncio.timeout(_START_S):
        while not isinstance(await anext(watching), Reading):
            pass
    measured.start_s = monotonic() - began_s
    await _collect(watching, _WARM_S, _Measured())
    before = eyes.status
    await _collect(watching, seconds, measured)
    _account(measured, before, eyes.status)
    await watching.aclose()
    return measured


async def _collect(watching: Any, seconds: float, into: _Measured) -> None:
    end_s = monotonic() + seconds
    while monotonic() < end_s:
        item = await anext(watching)
        if isinstance(item, Reading):
            into.latencies_ms.append((monotonic() - item.at) * 1000)
            into.usable += any(face.usable for face in item.faces)
    into.seconds = seconds


def _account(measured: _Measured, before: EyesStatus, after: EyesStatus) -> None:
    """Both states are of a beat, so frames and CPU belong together."""
    measured.frames, measured.skipped = after.frames - before.frames, after.skipped - before.skipped
    measured.cpu_ms, measured.rss_mb = after.cpu_ms - before.cpu_ms, after.rss_mb
    measured.pss_mb = pss_mb(after.pid) if after.pid else 0.0


def pss_mb(pid: int) -> float:
    """Memory of a process with shared pages divided among those who share them, MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6


def _rows(measured: _Measured) -> list[Row]:
    cuts = quantiles(measured.latencies_ms, n=100)
    return [
        Row("frames per second (asked 10, camera 30)", round(len(measured.latencies_ms) / measured.seconds, 2), "1/s"),
        Row("readings with a usable face", round(measured.usable / max(len(measured.latencies_ms), 1), 3), "share"),
        _cpu_row(measured),
        Row("frame to level p50", round(cuts[49], 1), "ms"),
        _bounded("frame to level p95", cuts[94], "ms", LATENCY_P95_BUDGET_MS),
        Row("frame to level p99", round(cuts[98], 1), "ms"),
        _bounded("worker memory (RSS)", measured.rss_mb, "MB", WORKER_MB_BUDGET),
        Row("worker memory (PSS)", round(measured.pss_mb, 1), "MB"),
        Row("worker start to first level", round(measured.start_s, 2), "s"),
    ]


def _cpu_row(measured: _Measured) -> Row:
    what = "cpu per frame, all in"
    if not measured.frames:
        return _not_measured(what, "no two beats of the worker; give it more --seconds", "ms", CPU_MS_BUDGET)
    return _bounded(what, measured.cpu_ms / measured.frames, "ms", CPU_MS_BUDGET)


def _peer_rows(measured: _Measured, peer: dict[str, Any]) -> list[Row]:
    what = "cpu per frame, ours / fer"
    if "cpu_ms" not in peer or not measured.frames:
        return [_not_measured(what, peer.get("missing", "no frame of ours"), "ratio", PEER_SHARE_BUDGET)]
    ours_ms = measured.cpu_ms / measured.frames
    return [
        Row("fer 25.10.3: cpu per frame", round(peer["cpu_ms"], 1), "ms"),
        Row("fer 25.10.3: memory (RSS)", round(peer["rss_mb"], 1), "MB"),
        _bounded(what, ours_ms / peer["cpu_ms"], "ratio", PEER_SHARE_BUDGET),
    ]


def _bounded(what: str, value: float, unit: str, budget: float) -> Row:
    return Row(what, round(value, 3), unit, round(budget, 3), value <= budget)


def _not_measured(what: str, why: str, unit: str, budget: float) -> Row:
    """A budget that nobody looked at has not held."""
    return Row(f"{what}: not measured, {why}", 0.0, unit, round(budget, 3), held=False)


def _peer(film: Path, python: Path) -> dict[str, Any]:
    """The peer's figures on the same film at the same pace, or why there are none."""
    if not python.exists():
        return {"missing": "run scripts/bench_peer_fer (TensorFlow, minutes, 8 GB of disk)"}
    numbers = (CAMERA_FPS, FPS, PEER_FRAMES, PEER_WARMUP)
    command = [str(python), str(Path(__file__).with_name("peer_fer.py")), str(film), *map(str, numbers)]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=PEER_LIMIT_S)
    except subprocess.TimeoutExpired:
        return {"missing": f"fer took longer than {PEER_LIMIT_S:.0f} s"}
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"status {done.returncode}"]
        return {"missing": f"fer failed: {last[0]}"}
    try:
        figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return {"missing": "fer ended with no figures"}
    return figures


def _film(clips: Sequence[tuple[Path, float]], path: Path) -> None:
    """Have the clips filmed by a USB camera: JPEG pictures of 640x480 with its noise, CAMERA_FPS a second."""
    from devices.camera.jpegs import write_jpegs  # noqa: PLC0415 - OpenCV: only when a benchmark runs
    from devices.camera.replay import Reel  # noqa: PLC0415 - same

    playlist = Playlist(tuple(Show(length_s, clip) for clip, length_s in clips), width=WIDTH, height=HEIGHT)
    reel = Reel(playlist)
    write_jpegs(path, (reel.picture(number / CAMERA_FPS) for number in range(round(playlist.seconds * CAMERA_FPS))))
    reel.close()
