"""The first step of training tells what the last would fail at."""

import subprocess
import sys
from pathlib import Path


def test_old_parameters_that_cannot_be_compared_with_are_told_before_anything_is_read(tmp_path: Path) -> None:
    places = [f"--{name}={tmp_path}" for name in ("photos", "labels", "fer", "work", "compare")]
    ended = subprocess.run(
        [sys.executable, "-m", "training.read", *places],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{tmp_path}/expression.toml: cannot be read")
