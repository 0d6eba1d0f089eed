"""A pull that is told to end takes along whoever fetches for it."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

MANIFEST = f"""
[file."spare.bin"]
version = "1"
set = "default"
purpose = "a test"
licence = "MIT"
size_bytes = 3
sha256 = "{"0" * 64}"
sources = [{{ npm = "@some/thing@1.0.0", member = "spare.bin" }}]
"""
COMMAND = """
import sys
from functools import partial
from pathlib import Path

from edge.__main__ import main
from models import fetch

fetch.load_manifest = partial(fetch.load_manifest, Path(sys.argv.pop(1)))
main()
"""


@pytest.mark.timeout(120)
def test_a_pull_that_is_told_to_end_leaves_no_client_behind(tmp_path: Path) -> None:
    npm, pid = tmp_path / "bin" / "npm", tmp_path / "pid"
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/sh\necho $$ >{pid}.part\nmv {pid}.part {pid}\nexec sleep 600\n")
    npm.chmod(0o755)
    (tmp_path / "manifest.toml").write_text(MANIFEST)
    command = ["-c", COMMAND, str(tmp_path / "manifest.toml"), "models", "pull", "--dir", str(tmp_path / "models")]
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
