"""Where the second expression network's two files lie, if anybody pulled them: a counter works with them and without."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from models.fetch_errors import MissingModel

WEIGHTS_FILE = "face_expression_model.bin"  # names in models/manifest.toml
SHAPES_FILE = "face_expression_model-weights_manifest.json"


class SecondFiles(NamedTuple):
    """The two files of face-api.js's package; models.second_network makes a network of them."""

    weights: Path
    shapes: Path


def second_files(locate: Callable[[str], Path]) -> SecondFiles | None:
    """None where they were never pulled. Raises ModelFileError when what lies there is not what the manifest pins."""
    try:
        return SecondFiles(locate(WEIGHTS_FILE), locate(SHAPES_FILE))
    except MissingModel:
        return None
