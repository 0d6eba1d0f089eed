"""`motcua hear` and `motcua say` as a technician meets them: one JSON object a file, clear refusals."""

from pathlib import Path

import numpy as np
import pytest

from devices.audio.sound import RATE, read_wav, wav_bytes
from tests.edge.command_line import motcua


def test_say_writes_a_wav_file_and_tells_how_it_was_said(tmp_path: Path) -> None:
    done = motcua("say", "Mời số A012 đến quầy 3", "--out", tmp_path / "a.wav")
    assert done.code == 0
    (line,) = done.lines
    assert line["said"] == "Mời số a không một hai đến quầy ba"
    assert len(read_wav(tmp_path / "a.wav")) == pytest.approx(line["seconds"] * RATE, rel=0.02)


def test_hear_refuses_an_engine_that_is_none() -> None:
    done = motcua("hear", "x.wav", "--engine", "sphinx")
    assert done.code == 2
    assert "whisper" in done.lines[0]["error"]


def test_hear_refuses_sentences_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "among.txt").write_bytes("làm giấy khai sinh".encode("utf-16"))
    done = motcua("hear", "x.wav", "--among", tmp_path / "among.txt")
    assert (done.code, done.lines) == (1, [{"error": f"{tmp_path}/among.txt: is not UTF-8 text"}])


@pytest.mark.models
@pytest.mark.timeout(120)
def test_hear_tells_what_was_asked_and_a_bad_file_spoils_no_other(tmp_path: Path) -> None:
    motcua("say", "làm giấy khai sinh cần giấy tờ gì", "--out", tmp_path / "a.wav")
    (tmp_path / "b.wav").write_bytes(wav_bytes(np.zeros(RATE, np.float32)))
    (tmp_path / "c.wav").write_bytes(b"RIFF and no more")

    done = motcua("hear", tmp_path)

    assert done.code == 1
    asked, silence, broken = done.lines
    assert {"path", "text", "intent", "slots", "confidence", "ms"} <= asked.keys()
    assert (asked["intent"], asked["slots"]) == ("papers", {"procedure": "khai-sinh"})
    assert asked["text"] == "làm giấy khai sinh cần giấy tờ gì"
    assert (silence["intent"], silence["is_speech"], silence["text"]) == (None, False, "")
    assert set(broken) == {"path", "error"}
