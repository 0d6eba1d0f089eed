"""Commands that are loaded when they are named: none is lost, and a wrong name is still told what was likely meant."""

import subprocess
import sys

from typer.testing import CliRunner

from edge.cli import app
from edge.cli_lazy import LATE


def test_the_help_knows_every_command() -> None:
    told = CliRunner().invoke(app, ["--help"], terminal_width=200)
    assert told.exit_code == 0
    words = set(told.output.split())
    assert {*LATE, "run", "check", "demo"} <= words


def test_a_group_and_a_single_command_keep_their_names_and_options() -> None:
    assert "recall" in CliRunner().invoke(app, ["locker", "--help"]).output
    assert "motcua hear" in CliRunner().invoke(app, ["hear", "--help"], prog_name="motcua").output


def test_a_misspelt_command_is_told_what_was_likely_meant() -> None:
    told = CliRunner().invoke(app, ["lokcer", "status"])
    assert told.exit_code == 2
    assert "'locker'" in told.output


def test_the_agents_command_loads_no_other_one() -> None:
    report = "import sys; sys.argv = ['motcua', 'run', '--help']; import edge.cli\ntry: edge.cli.main()\nfinally: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "edge.cli_common" in loaded
    assert {place.partition(":")[0] for place in LATE.values()} & loaded == set()
