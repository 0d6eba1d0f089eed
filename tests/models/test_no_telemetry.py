"""Loading a network reports nothing to anybody: no cache of reports is begun in the home directory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.models


def test_loading_the_expression_network_leaves_no_telemetry_cache(tmp_path: Path) -> None:
    code = "from models.expression import ExpressionModel; ExpressionModel()"
    places = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    kept = {name: value for name, value in os.environ.items() if name not in {*places, "ORT_DISABLE_TELEMETRY", "CI"}}
    subprocess.run([sys.executable, "-B", "-c", code], env=kept | places, check=True)
    assert list(tmp_path.iterdir()) == []
