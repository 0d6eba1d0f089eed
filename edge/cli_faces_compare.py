"""`motcua faces compare`: whether two pictures show one person, for two pictures or a list of pairs."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.cli_common import BAD_USAGE, REFUSED, JsonOption, fail, print_line, quiet_natives, refusing
from edge.cli_faces_files import networks
from models.errors import PictureUnreadable
from models.matching import load_matching

if TYPE_CHECKING:
    from models.identity import FaceIdentifier


def compare(
    a: Annotated[Path | None, typer.Argument(help="a picture")] = None,
    b: Annotated[Path | None, typer.Argument(help="another picture")] = None,
    pairs: Annotated[Path | None, typer.Option(help="CSV with the columns file_a, file_b")] = None,
    root: Annotated[Path, typer.Option(help="where the files of --pairs are")] = Path(),
    as_json: JsonOption = False,
) -> None:
    """Whether two pictures show the same person: the cosine of their largest faces, and the threshold with its stated rate."""
    if (a is None or b is None) == (pairs is None):
        fail("give two pictures, or --pairs FILE.csv", as_json=as_json, code=BAD_USAGE)
    wanted = _pairs(pairs, root, as_json=as_json) if pairs else [(str(a), str(b))]
    matching, failed = load_matching(), 0
    with quiet_natives(), refusing(as_json=as_json):
        comparer = _Comparer(networks(as_json=as_json).opened(), Path() if pairs is None else root, matching.threshold)
        for one, other in wanted:
            result = comparer.compare(one, other)
            failed += "error" in result
            if as_json:
                print_line(result)
            else:
                _show_pair(result)
    raise typer.Exit(REFUSED if failed else 0)


class _Comparer:
    """Each file is read once; a file in many pairs costs one face."""

    def __init__(self, identifier: "FaceIdentifier", root: Path, threshold: float) -> None:
        self._identifier, self._root, self._threshold = identifier, root, threshold
        self._numbers: dict[str, Any] = {}

    def compare(self, one: str, other: str) -> dict[str, Any]:
        from models.embedding import similarity

        numbers = [self._of(name) for name in (one, other)]
        problem = next(
            (
                f"{name or 'a row of the list'}: {found}"
                for name, found in zip((one, other), numbers, strict=True)
                if isinstance(found, str)
            ),
            None,
        )
        if problem:
            return {
                "a": one,
                "b": other,
                "same": False,
                "similarity": None,
                "threshold": self._threshold,
                "error": problem,
            }
        alike = similarity(numbers[0], numbers[1])
        return {
            "a": one, "b": other, "same": alike >= self._threshold, "similarity": round(alike, 5),
            "threshold": self._threshold,
        }  # fmt: skip

    def _of(self, name: str) -> Any:
        if name not in self._numbers:
            self._numbers[name] = self._read(self._root / name) if name else "no file is named there"
        return self._numbers[name]

    def _read(self, path: Path) -> Any:
        from models.picture import load_picture

        try:
            face = self._identifier.largest(load_picture(path).rgb)
        except PictureUnreadable as error:
            return str(error)
        return face.numbers if face else "no face was found"


def _pairs(file: Path, root: Path, *, as_json: bool) -> list[tuple[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as source:
            rows = _rows(source)
    except OSError as error:
        fail(f"{file}: {error.strerror}", as_json=as_json)
    except UnicodeDecodeError:
        fail(f"{file}: is not UTF-8 text", as_json=as_json)
    except (KeyError, csv.Error):
        fail(f"{file}: the first line has to name the columns file_a and file_b", as_json=as_json)
    if not root.is_dir():
        fail(f"{root}: no such folder", as_json=as_json)
    return rows


def _rows(source: Iterable[str]) -> list[tuple[str, str]]:
    """Raise KeyError where a column is not named, also when nothing follows."""
    table = csv.DictReader(source)
    if missing := {"file_a", "file_b"} - set(table.fieldnames or ()):
        raise KeyError(*missing)
    return [(row["file_a"] or "", row["file_b"] or "") for row in table]  # None: a row that was cut short


def _show_pair(result: dict[str, Any]) -> None:
    if "error" in result:
        typer.secho(result["error"], fg="red", err=True)
        return
    word = "the same person" if result["same"] else "not the same person"
    typer.echo(f"{result['a']} {result['b']}: {word} ({result['similarity']:.3f}, threshold {result['threshold']:.3f})")
