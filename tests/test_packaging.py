"""What holds of the distribution as a whole: names, reasons, and what a small box must not load."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"config", "devices", "edge", "models", "sync"}
HEAVY = {"cv2", "mediapipe", "onnxruntime", "vosk", "matplotlib", "numpy", "torch"}


def test_no_dependency_ships_a_package_of_our_name() -> None:
    clashes = {
        (dist.name, path.parts[0])
        for dist in distributions()
        if dist.name != "motcua-edge"
        for path in dist.files or []
        if path.parts[0].removesuffix(".py") in OURS
    }
    assert clashes == set()


def test_every_dependency_says_why_it_is_there() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if re.match(r'\s+"[a-z0-9-]+(\[[a-z]+\])?[>=]=', line)]
    assert wanted
    assert [line for line in wanted if not re.search(r"# \S.{10,}", line)] == []


def test_the_lock_of_a_locker_box_names_no_vision_library() -> None:
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "locks/locker.lock").read_text(encoding="utf-8"), re.MULTILINE))
    assert locked & {"mediapipe", "opencv-python-headless", "opencv-contrib-python", "onnxruntime"} == set()
    assert {"nicegui", "paho-mqtt", "msgspec"} <= locked


def test_every_wanted_package_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    names = {re.split(r"[\[><=]", one)[0] for one in wanted}
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "locks/dev.lock").read_text(encoding="utf-8"), re.MULTILINE))
    assert names - locked == set()


@pytest.mark.parametrize("module", ["edge.cli", "edge.app"])
def test_the_agent_loads_no_vision_library(module: str) -> None:
    report = f"import sys, {module}; print(*sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []


def test_the_project_names_no_machine_path() -> None:
    listing = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S607 - git is wherever it is
    files = listing.stdout.split("\n")
    texts = [name for name in files if name.endswith((".py", ".md", ".toml", ".lock", ".yaml", ".json", ".sh"))]
    pattern = re.compile(r"/work/|/root/|pypi\.org|pythonhosted|registry\.npmjs|deb\.debian")
    here = Path(__file__).relative_to(ROOT).as_posix()
    assert [name for name in texts if name != here and pattern.search((ROOT / name).read_text(encoding="utf-8"))] == []
