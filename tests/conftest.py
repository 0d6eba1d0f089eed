"""Fixtures that every room of the tests may use."""

import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from models.fetch import default_directory, locate

settings.register_profile("patient", settings(), deadline=None)  # no test asserts a speed
settings.load_profile("patient")


@pytest.fixture(scope="session")
def model_file() -> Callable[[str], Path]:
    """Path of a pulled file by its manifest name; mark such tests `models`. A missing file fails and says what to run."""
    mirror = os.environ.get("MOTCUA_MODELS")

    def find(name: str) -> Path:
        return locate(name, default_directory(), Path(mirror) if mirror else None)

    return find


def pytest_collection_finish() -> None:
    """What stands now, modules and thousands of tests, stays to the end: the collector need not walk it again and again."""
    gc.collect()
    gc.freeze()
