"""`scripts/setup` makes whole what cannot run: on real virtual environments, with a `uv` that installs nothing but this folder's path."""

import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(120)  # each makes an environment or two

ROOT = Path(__file__).parents[1]
READY = ["==> ready: .venv (locker)"]
UV = """#!/bin/sh
case "$*" in
  *--editable*)
    pwd -P >"$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/motcua.pth"
    printf '#!%s/.venv/bin/python\\nimport edge\\nprint(edge.__file__)\\n' "$PWD" >.venv/bin/motcua
    chmod +x .venv/bin/motcua ;;
esac
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where pip finds one package, our `uv`, and no network."""
    shop = tmp_path_factory.mktemp("shop")
    with zipfile.ZipFile(shop / "uv-0.13.9-py3-none-any.whl", "w") as wheel:
        program = zipfile.ZipInfo("uv-0.13.9.data/scripts/uv")
        program.external_attr = (stat.S_IFREG | 0o755) << 16
        wheel.writestr(program, UV)
        about = "uv-0.13.9.dist-info"
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: uv\nVersion: 0.13.9\n")
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", "")
    return os.environ | {"PIP_CONFIG_FILE": "/dev/null", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(shop)}


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    """A set-up folder. Whoever spoils it has it mended by the script, or fails."""
    folder = tmp_path_factory.mktemp("made") / "mot cua"
    for name in ("scripts/setup", "locks/locker.lock", "pyproject.toml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "edge").mkdir()
    (folder / "edge/__init__.py").touch()
    assert setup(folder, environment)[-1:] == READY
    return folder


def setup(folder: Path, environment: dict[str, str]) -> list[str]:
    command = [str(folder / "scripts/setup"), "locker"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    lines = re.sub(r"\x1b\[\d+m", "", done.stderr).splitlines()
    return [line for line in lines if line.startswith("==>")]


def runs_its_own_code(folder: Path) -> bool:
    motcua = [folder / ".venv/bin/python", folder / ".venv/bin/motcua"]
    where = subprocess.run(motcua, capture_output=True, text=True, cwd="/", check=True).stdout.strip()
    shebang = (folder / ".venv/bin/motcua").read_text().splitlines()[0]
    return (where, shebang) == (str(folder / "edge/__init__.py"), f"#!{folder}/.venv/bin/python")


def _dangling(folder: Path) -> None:
    for venv in (".venv", ".venv-uv"):
        (python := folder / venv / "bin/python3").unlink()
        python.symlink_to("/nowhere/python3")


def _of_another_version(folder: Path) -> None:
    (packages,) = (folder / ".venv/lib").glob("python3.*")
    packages.rename(packages.with_name("python3.99"))  # as an upgrade of the system's Python leaves it


def _uv_without_pip(folder: Path) -> None:
    shutil.rmtree(folder / ".venv-uv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / ".venv-uv"], check=True)


def _uv_half_written(folder: Path) -> None:
    (folder / ".venv-uv/bin/uv").write_bytes(b"\x7fELF\0")


def _without_its_program(folder: Path) -> None:
    (folder / ".venv/bin/motcua").unlink()


def _half_made(folder: Path) -> None:
    (folder / ".venv/pyvenv.cfg").unlink()


def _links_to_nowhere(folder: Path) -> None:
    for venv in (".venv", ".venv-uv"):
        shutil.rmtree(folder / venv)
        (folder / venv).symlink_to(folder / "gone")


SPOILERS = (
    _links_to_nowhere,
    _dangling,
    _of_another_version,
    _uv_without_pip,
    _uv_half_written,
    _without_its_program,
    _half_made,
)


@pytest.mark.parametrize("spoil", SPOILERS, ids=[spoil.__name__.strip("_") for spoil in SPOILERS])
def test_what_cannot_run_is_made_anew_once(
    healthy: Path, environment: dict[str, str], spoil: Callable[[Path], None]
) -> None:
    spoil(healthy)
    assert len(setup(healthy, environment)) > 1
    assert runs_its_own_code(healthy)
    assert setup(healthy, environment) == READY


def test_a_copy_runs_its_own_code(healthy: Path, environment: dict[str, str], tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(healthy, copy, symlinks=True)
    setup(copy, environment)
    assert runs_its_own_code(copy)
    moved = copy.rename(tmp_path / "moved")
    setup(moved, environment)
    assert runs_its_own_code(moved)
    assert setup(moved, environment) == READY
    assert runs_its_own_code(healthy)


def test_a_folder_that_is_reached_by_a_link_is_left_alone(
    healthy: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(healthy)
    assert setup(link, environment) == READY


def test_a_link_to_the_environment_of_another_folder_goes_and_that_one_stays(
    healthy: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(healthy, other, ignore=shutil.ignore_patterns(".venv*"))
    (other / ".venv").symlink_to(healthy / ".venv")
    setup(other, environment)
    assert runs_its_own_code(other)
    assert runs_its_own_code(healthy)
    assert setup(healthy, environment) == READY


def test_one_that_was_made_here_with_other_options_stays(healthy: Path, environment: dict[str, str]) -> None:
    made = ["-m", "venv", "--clear", "--system-site-packages", "--prompt", "a /b", str(healthy / ".venv")]
    subprocess.run([sys.executable, *made], check=True)
    setup(healthy, environment)
    assert "prompt = 'a /b'" in (healthy / ".venv/pyvenv.cfg").read_text()
    shutil.rmtree(healthy / ".venv")
    setup(healthy, environment)


def mounted(folder: Path, environment: dict[str, str], what: str) -> tuple[int, str]:
    """How the script ends, and its last line, after this mount that only it sees."""
    unshare = ["unshare", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mounts for this user")
    script = f"{what} && scripts/setup locker"
    done = subprocess.run(
        [*unshare, "sh", "-c", script], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, re.sub(r"\x1b\[\d+m", "", done.stderr).splitlines()[-1]


def test_one_that_is_a_mount_is_filled(healthy: Path, environment: dict[str, str]) -> None:
    assert mounted(healthy, environment, "mount -t tmpfs none .venv") == (0, READY[0])


def test_one_that_cannot_be_emptied_is_named(healthy: Path, environment: dict[str, str]) -> None:
    _half_made(healthy)
    code, said = mounted(healthy, environment, "mount -t tmpfs none .venv/lib")
    assert (code, said) == (1, f"setup failed: .venv cannot be made anew; run: sudo rm -rf '{healthy}/.venv'")
    setup(healthy, environment)
    assert runs_its_own_code(healthy)
