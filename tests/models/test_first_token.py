"""The blendshape network with its end worked out for one token; that it says the same is in test_long_rows.py."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from models.first_token import for_the_first_token
from models.task_file import BLENDSHAPES, DETECTOR, LANDMARKS

pytestmark = pytest.mark.models

Find = Callable[[str], Path]


def test_everything_but_offsets_and_shapes_stays_where_it_was(model_file: Find) -> None:
    before = member(model_file, BLENDSHAPES)
    after = for_the_first_token(before)
    changed = sum(one != other for one, other in zip(before, after, strict=False))
    assert len(before) < len(after) < len(before) + 4_000
    assert 0 < changed < 1_000


@pytest.mark.parametrize("name", [LANDMARKS, DETECTOR])
def test_a_network_with_another_end_is_refused(model_file: Find, name: str) -> None:
    with pytest.raises(ValueError, match="reads one"):
        for_the_first_token(member(model_file, name))


def member(model_file: Find, name: str) -> bytes:
    with zipfile.ZipFile(model_file("face_landmarker.task")) as parts:
        return parts.read(name)
