"""A pull that is told to end takes along whoever fetches for it."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest


@pytest.mark.timeout(120)
def test_a_pull_that_is_told_to_end_leaves_no_client_behind(tmp_path: Path) -> None:
    npm, pid = tmp_path / "bin" / "npm", tmp_path / "pid"
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/sh\necho $$ >{pid}.part\nmv {pid}.part {pid}\nexec sleep 600\n")
    npm.chmod(0o755)
    command = ["-m", "edge", "models", "pull", "face_expression_model.bin", "--dir", str(tmp_path / "models")]
    surroundings = os.environ | {"PATH": f"{npm.parent}:{os.environ['PATH']}", "MOTCUA_MODELS": ""}
    with subprocess.Popen([sys.executable, *command], env=surroundings) as pull:
        while not pid.exists():
            time.sleep(0.01)
        pull.send_signal(signal.SIGTERM)
        status = pull.wait()
    try:
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)
    finally:
        with suppress(ProcessLookupError):
            os.kill(int(pid.read_text()), signal.SIGKILL)
    assert status == 128 + signal.SIGTERM
