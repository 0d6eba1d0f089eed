"""`motcua hear` and `motcua say` as a technician meets them: one JSON object a file, clear refusals."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from devices.audio.sound import RATE, read_wav, wav_bytes

ROOT = Path(__file__).parents[2]


def motcua(*arguments: object) -> tuple[int, list[dict[str, Any]], str]:
    command = [sys.executable, "-m", "edge", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=100)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_say_writes_a_wav_file_and_tells_how_it_was_said(tmp_path: Path) -> None:
    code, (line,), _ = motcua("say", "Mời số A012 đến quầy 3", "--out", tmp_path / "a.wav")
    assert code == 0
    assert line["said"] == "Mời số a không một hai đến quầy ba"
    assert len(read_wav(tmp_path / "a.wav")) == pytest.approx(line["seconds"] * RATE, rel=0.02)


def test_hear_refuses_an_engine_that_is_none() -> None:
    code, lines, _ = motcua("hear", "x.wav", "--engine", "sphinx")
    assert code == 2
    assert "whisper" in lines[0]["error"]


@pytest.mark.models
@pytest.mark.timeout(120)
def test_hear_tells_what_was_asked_and_a_bad_file_spoils_no_other(tmp_path: Path) -> None:
    motcua("say", "làm giấy khai sinh cần giấy tờ gì", "--out", tmp_path / "a.wav")
    (tmp_path / "b.wav").write_bytes(wav_bytes(np.zeros(RATE, np.float32)))
    (tmp_path / "c.wav").write_bytes(b"RIFF and no more")

    code, lines, _ = motcua("hear", tmp_path)

    assert code == 1
    asked, silence, broken = lines
    assert {"path", "text", "intent", "slots", "confidence", "ms"} <= asked.keys()
    assert (asked["intent"], asked["slots"]) == ("papers", {"procedure": "khai-sinh"})
    assert asked["text"] == "làm giấy khai sinh cần giấy tờ gì"
    assert (silence["intent"], silence["is_speech"], silence["text"]) == (None, False, "")
    assert set(broken) == {"path", "error"}
