"""`motcua score`: the expression of pictures and videos, one JSON line a file; a file that cannot be read spoils no other."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from edge.adapters.scored_visit import summarise, with_shown_levels
from edge.adapters.vision_spec import LANDMARKER
from edge.cli_common import REFUSED, JsonOption, print_line, quiet_natives, refusing
from edge.cli_files import files_of, row_of
from edge.cli_models import located

if TYPE_CHECKING:
    from models.face import FaceReader

Paths = Annotated[
    list[Path], typer.Argument(readable=False, help="pictures, videos, or folders of them", show_default=False)
]
WORTH_A_BAR = 20


def score(
    paths: Paths,
    params: Annotated[Path | None, typer.Option(help="expression parameters other than the shipped ones")] = None,
    as_json: JsonOption = False,
) -> None:
    """Score the expression in pictures and videos."""
    landmarker = located(LANDMARKER, as_json=as_json)
    failed = 0
    with quiet_natives(), refusing(as_json=as_json):
        scorer = _Scorer(landmarker, params)
        for path in _with_progress(files_of(paths)):
            result = row_of(path, scorer.score)
            failed += "error" in result
            if as_json:
                print_line(result)
            else:
                _show(result)
    raise typer.Exit(REFUSED if failed else 0)


class _Scorer:
    """One reader for all pictures, a fresh one for each video."""

    def __init__(self, landmarker: Path, params: Path | None) -> None:
        from models.expression import PARAMS_DIR, ExpressionModel  # heavy: only when something is scored
        from models.face import FaceReader

        self._landmarker = landmarker
        self._model = ExpressionModel(params or PARAMS_DIR)
        self._images = FaceReader(landmarker, "image", model=self._model)

    def score(self, path: Path) -> dict[str, Any]:
        from models.score import is_video, score_image, score_video

        if is_video(path):
            result = score_video(path, self._fresh, summarise)
            return result if "error" in result else with_shown_levels(result)
        return score_image(path, self._images)

    def _fresh(self) -> "FaceReader":
        from models.face import FaceReader

        return FaceReader(self._landmarker, "video", model=self._model)


def _with_progress(paths: list[Path]) -> Iterator[Path]:
    """A bar on the terminal when there is enough to wait for."""
    bar = Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=Console(stderr=True), transient=True)
    bar.disable = len(paths) < WORTH_A_BAR or not sys.stderr.isatty()
    with bar:
        yield from bar.track(paths, description="score")


def _show(result: dict[str, Any]) -> None:
    if "error" in result:
        typer.secho(f"{result['path']}: {result['error']}", fg="red", err=True)
        return
    if "frames" in result:
        summary = result["summary"]
        moods = " → ".join(mood["level"] for mood in summary["moods"]) or "no level"
        sys.stdout.write(f"{result['path']}: {summary['level'] or 'not enough evidence'} ({moods})\n")
        return
    faces = [face["level"] or f"not read: {face['why_not']}" for face in result["faces"]]
    sys.stdout.write(f"{result['path']}: {', '.join(faces) or 'no face'}\n")
