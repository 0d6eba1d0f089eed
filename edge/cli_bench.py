"""`motcua bench NAME`: side-by-side benchmarks. Prints a table and its budgets; exit 0 only when every budget held."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from edge.adapters.vision_spec import LANDMARKER
from edge.cli_common import BAD_USAGE, REFUSED, JsonOption, fail, print_line, quiet_natives, refusing
from edge.cli_models import located, mirror

BENCHMARKS = {
    "counter": "frames, CPU, latency and memory of the counter beside the peer `fer` on the same frames",
    "expression": "accuracy on labelled photographs, with a confusion matrix as picture and JSON",
    "faces": "telling faces apart on a list of pairs, with ROC; what a face costs; liveness against simulated attacks",
    "fleet": "the city's pages with 10, 100, 1,000, 3,000 simulated devices: load, size, alert to page in Chromium, server CPU and memory",
    "locker": "code to unlock frame on every protocol, citizens an hour, memory and start of a locker-only agent, 60 doors polled",
    "journal": "durable appends beside the bare SQLite limit on the same disk, and the drain to a broker beside bare paho",
    "sync": "the drain to Mosquitto and to a real cluster beside bare paho; ingest with 1, 2, 3 workers; as devices grow",
    "voice": "what the guide hears of people, of espeak-ng and of what is no speech; delay and memory of the worker",
}

ATTACKED = (  # what attacks on the liveness check are made from: the real clips and photographs of the manifest
    "single_face.mp4", "WolfgangLanger_Pexels.mp4", "face_noface.mov", "single_face.jpg", "0-f1-su-ph.jpg", "0-f15-hao-ph.jpg",
    "15-f13-anc-ph.jpg",
)  # fmt: skip


def bench(
    name: Annotated[
        str | None, typer.Argument(help="; ".join(f"{key}: {what}" for key, what in BENCHMARKS.items()))
    ] = None,
    out: Annotated[Path, typer.Option(help="where pictures and JSON go")] = Path("out/bench"),
    seconds: Annotated[float, typer.Option(min=1, help="how long each measurement lasts")] = 20.0,
    photos: Annotated[Path | None, typer.Option(help="expression: folder of labelled photographs")] = None,
    labels: Annotated[Path | None, typer.Option(help="expression: CSV with file, label, identity, bucket")] = None,
    groups: Annotated[Path | None, typer.Option(help="expression: CSV with file_a, file_b, group")] = None,
    bucket: Annotated[list[int] | None, typer.Option(help="expression: held-out bucket; may be repeated")] = None,
    pairs: Annotated[Path | None, typer.Option(help="faces: CSV with file_a, file_b, same, group")] = None,
    root: Annotated[Path | None, typer.Option(help="faces: folder of the files of --pairs")] = None,
    clips: Annotated[Path | None, typer.Option(help="voice: zip of recordings of people")] = None,
    sentences: Annotated[Path | None, typer.Option(help="voice: CSV with file, text of those recordings")] = None,
    sample: Annotated[int, typer.Option(min=1, help="voice: how many sounds a row is measured on")] = 40,
    vosk_model: Annotated[Path | None, typer.Option(help="voice: a Vosk model directory, measured beside")] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure, beside a peer or a limit, in one run."""
    if name not in BENCHMARKS:
        fail(f"name one of: {', '.join(BENCHMARKS)}", as_json=as_json, code=BAD_USAGE)
    if name == "expression" and (photos is None or labels is None):
        fail("bench expression needs --photos FOLDER and --labels FILE.csv", as_json=as_json, code=BAD_USAGE)
    if name == "faces" and (pairs is None or root is None):
        fail("bench faces needs --pairs FILE.csv and --root FOLDER", as_json=as_json, code=BAD_USAGE)
    with refusing(as_json=as_json):
        out.mkdir(parents=True, exist_ok=True)
        if pairs is not None and root is not None and name == "faces":
            result = _faces(pairs, root, out, as_json=as_json)
        elif name == "voice":
            result = _voice(clips, sentences, sample, vosk_model, out, as_json=as_json)
        elif photos is not None and labels is not None and name == "expression":
            result = _expression(photos, labels, groups, bucket, out, as_json=as_json)
        else:
            result = _others(name, seconds, out, as_json=as_json)
    if as_json:
        print_line({"name": name} | result)
    else:
        _show(name, result)
    raise typer.Exit(0 if result["all_held"] else REFUSED)


def _counter(seconds: float, out: Path, *, as_json: bool) -> dict[str, Any]:
    from edge.bench import counter, onset

    find = partial(located, as_json=as_json)
    return counter.run(seconds, out, mirror=mirror(), more=lambda: onset.rows(find))


def _others(name: str, seconds: float, out: Path, *, as_json: bool) -> dict[str, Any]:
    if name == "counter":
        return _counter(seconds, out, as_json=as_json)
    if name == "sync":
        return _sync(out)
    if name == "fleet":
        return _fleet(seconds, out)
    return _locker(seconds, out) if name == "locker" else _journal(seconds, out)


def _sync(out: Path) -> dict[str, Any]:
    from edge.bench import sync

    errors = Console(stderr=True, highlight=False)
    return sync.run(out, lambda what: errors.print(f"[cyan]==>[/] {what}"))


def _fleet(seconds: float, out: Path) -> dict[str, Any]:
    from edge.bench import fleet

    errors = Console(stderr=True, highlight=False)
    return fleet.run(seconds, out, lambda what: errors.print(f"[cyan]==>[/] {what}"))


def _locker(seconds: float, out: Path) -> dict[str, Any]:
    from edge.bench import locker

    return locker.run(seconds, out)


def _journal(seconds: float, out: Path) -> dict[str, Any]:
    from edge.bench import journal

    return journal.run(seconds, out)


def _expression(
    photos: Path, labels: Path, groups: Path | None, buckets: list[int] | None, out: Path, *, as_json: bool
) -> dict[str, Any]:
    from edge.bench import expression

    landmarker = located(LANDMARKER, as_json=as_json)
    columns = (TextColumn("photographs"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("photographs")
        return expression.run(
            photos, labels, buckets, out, landmarker=landmarker, groups_csv=groups,
            progress=lambda done, total: bars.update(task, completed=done, total=total),
        )  # fmt: skip


def _faces(pairs: Path, root: Path, out: Path, *, as_json: bool) -> dict[str, Any]:
    from edge.bench import faces
    from models.embedding import MODEL_FILE

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with quiet_natives(), Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("faces")
        return faces.run(
            pairs, root, out, landmarker=located(LANDMARKER, as_json=as_json), network=located(MODEL_FILE, as_json=as_json),
            attacked=[located(one, as_json=as_json) for one in ATTACKED],
            progress=lambda what, done, total: bars.update(task, description=what, completed=done, total=total),
        )  # fmt: skip


def _voice(
    clips: Path | None, sentences: Path | None, sample: int, vosk_model: Path | None, out: Path, *, as_json: bool
) -> dict[str, Any]:
    from edge import cli_voice
    from edge.adapters.config_files import INTENTS
    from edge.bench import voice, voice_live
    from models.intent import load_phrases

    book = load_phrases(INTENTS)
    engines = {"whisper": partial(cli_voice.opened, engine="whisper", model=None, threads=2, as_json=as_json)}
    if vosk_model is not None:
        engines["vosk"] = partial(cli_voice.opened, engine="vosk", model=vosk_model, threads=1, as_json=as_json)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("voice")
        result = voice.run(
            engines, book, out, clips=clips, sentences=sentences, sample=sample,
            progress=lambda what, done, total: bars.update(task, description=what, completed=done, total=total),
        )  # fmt: skip
    live = voice_live.rows(cli_voice.worker_spec(as_json=as_json))
    rows = [*result["rows"], *({"engine": "whisper", **one} for one in live)]
    return result | {"rows": rows, "all_held": all(row["held"] is not False for row in rows)}


def _show(name: str, result: dict[str, Any]) -> None:
    table = Table(title=f"bench {name}")
    columns = list(dict.fromkeys(key for row in result["rows"] for key in row))
    for column in columns:
        table.add_column(column)
    for row in result["rows"]:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    Console().print(table)
    for note in result.get("notes", ()):
        Console().print(note)


def _cell(value: object) -> str:
    return "" if value is None else f"{value:,.3f}" if isinstance(value, float) else str(value)
