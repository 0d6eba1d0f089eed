"""`motcua models` where something is missing: what a counter can do without does not stop it."""

import json
import shutil
from dataclasses import replace
from functools import partialmethod
from pathlib import Path
from typing import NoReturn

import pytest
from typer.testing import CliRunner

from edge.cli import app
from models import fetch
from models.cache import Cache
from models.manifest import NpmSource, UrlSource
from models.sources import SourceFailed

pytestmark = pytest.mark.models


def test_a_pull_beside_another_says_what_it_waits_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.cache.Cache.locked", partialmethod(Cache.locked, 0.0))
    with Cache(tmp_path).locked():
        done = CliRunner().invoke(app, ["models", "pull", "--dir", str(tmp_path)])
    assert done.exit_code == 1
    assert f"{tmp_path}: another pull is running; this one begins when it has ended" in done.stderr


def test_a_pull_without_a_network_does_without_what_is_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> NoReturn:
        raise SourceFailed("no network")

    (tmp_path / "usb").mkdir()
    landmarker = fetch.locate("face_landmarker.task", fetch.default_directory())
    ours = fetch.load_manifest()
    sources = (NpmSource("@some/thing@1.0.0", "spare.bin"), UrlSource("https://example.org/spare.bin"))
    spare = replace(ours.get("face_landmarker.task"), name="spare.bin", needed=False, sources=sources)
    monkeypatch.setattr("models.fetch.load_manifest", lambda: replace(ours, files=(*ours.files, spare)))
    shutil.copy(landmarker, tmp_path / "usb")
    monkeypatch.setenv("MOTCUA_MODELS", str(tmp_path / "usb"))
    monkeypatch.setattr("models.packages.Packages.member", gone)
    monkeypatch.setattr("models.download.Download.run", gone)
    folder = ["--dir", str(tmp_path / "models")]
    done = CliRunner().invoke(app, ["models", "pull", *folder])
    assert done.exit_code == 0
    assert "spare.bin: no source gave the file" in done.stderr
    assert "models: 1 files in" in done.stderr
    assert CliRunner().invoke(app, ["models", "verify", *folder]).exit_code == 0
    (tmp_path / "models" / "face_landmarker.task").unlink()
    assert CliRunner().invoke(app, ["models", "verify", *folder]).exit_code == 0, "it lies in the mirror"
    listed = CliRunner().invoke(app, ["models", "list", *folder, "--json"]).stdout.splitlines()
    (row,) = [one for one in map(json.loads, listed) if one["name"] == "face_landmarker.task"]
    assert (row["state"], row["path"]) == ("ok", str(tmp_path / "usb" / "face_landmarker.task"))
    monkeypatch.delenv("MOTCUA_MODELS")
    assert CliRunner().invoke(app, ["models", "verify", *folder]).exit_code == 1
