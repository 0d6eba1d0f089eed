"""Speaking with the real espeak-ng: numbers and codes in words, prompts kept, secrets not, a missing voice named."""

import asyncio
import io
import logging
import os
import wave
from errno import ENOSPC
from pathlib import Path

import pytest

from models.tts import Prompts, Voice, VoiceFailed, VoiceMissing, as_said, render


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Mời số A012 đến quầy 3", "Mời số a không một hai đến quầy ba"),
        ("còn 15 người", "còn mười lăm người"),
        (
            "mã H29.19-261124-0012",
            "mã hát hai chín chấm một chín gạch hai sáu một một hai bốn gạch không không một hai",
        ),
        ("gọi 1022", "gọi một không hai hai"),
        ("số 0912", "số không chín một hai"),
        ("Xin chào", "Xin chào"),
    ],
)
def test_what_is_written_as_it_is_said(text: str, said: str) -> None:
    assert as_said(text) == said


def seconds(wav: bytes) -> float:
    with wave.open(io.BytesIO(wav)) as sound:
        return float(sound.getnframes() / sound.getframerate())


async def test_a_sentence_becomes_a_whole_wav_file() -> None:
    wav = await render("Xin chào, tôi là máy hướng dẫn")
    assert 1.0 < seconds(wav) < 5.0


async def test_a_slower_voice_takes_longer() -> None:
    text = "Mời bà con lấy số thứ tự"
    assert seconds(await render(text, Voice(words_per_minute=100))) > seconds(
        await render(text, Voice(words_per_minute=200))
    )


async def test_a_prompt_is_rendered_once_and_its_name_tells_nothing(tmp_path: Path) -> None:
    prompts = Prompts(tmp_path / "cache")
    first = await prompts.rendered("Xin chào")
    (kept,) = (tmp_path / "cache").iterdir()
    assert "chao" not in kept.name
    kept.write_bytes(b"RIFF kept")
    assert await prompts.rendered("Xin chào") == b"RIFF kept"
    assert first != b"RIFF kept"


async def test_a_sentence_with_a_code_leaves_nothing_on_the_disk(tmp_path: Path) -> None:
    await Prompts(tmp_path / "cache").rendered("Hồ sơ H29.19-261124-0012 đã xong", is_kept=False)
    assert not (tmp_path / "cache").exists()


def voice_of(tmp_path: Path) -> Voice:
    program = tmp_path / "voice"
    program.write_text("#!/bin/sh\ncat > /dev/null; printf 'RIFF%0100d' 0\n", encoding="ascii")
    program.chmod(0o755)
    return Voice(program=str(program))


async def test_a_cache_that_takes_nothing_silences_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "cache").write_text("no folder: root may write to a read-only one", encoding="ascii")
    prompts = Prompts(tmp_path / "cache", voice_of(tmp_path))
    assert [len(await prompts.rendered(text)) for text in ("Xin chào", "Xin mời", "Xin chào")] == [104] * 3
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


async def test_a_disk_that_is_full_in_the_middle_of_a_prompt_gets_its_room_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def half(path: Path, wav: bytes) -> int:
        with path.open("wb") as file:
            file.write(wav[:50])
        raise OSError(ENOSPC, os.strerror(ENOSPC), str(path))

    prompts = Prompts(tmp_path / "cache", voice_of(tmp_path))
    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", half)
        assert len(await prompts.rendered("Xin chào")) == 104
    assert list((tmp_path / "cache").iterdir()) == []
    assert "No space left" in caplog.text
    await prompts.rendered("Xin chào")
    assert prompts.path("Xin chào").exists()


async def test_a_recording_of_a_person_comes_first(tmp_path: Path) -> None:
    (tmp_path / "chao.txt").write_text("Xin chào!", encoding="utf-8")
    (tmp_path / "chao.wav").write_bytes(b"RIFF a person")
    assert await Prompts(tmp_path / "cache", recordings=tmp_path).rendered("xin chào") == b"RIFF a person"


async def test_a_missing_program_is_named_with_what_to_do() -> None:
    with pytest.raises(VoiceMissing, match="apt-get install"):
        await render("Xin chào", Voice(program="espeak-that-is-not-there"))


async def test_a_program_that_makes_no_sound_is_a_failure(tmp_path: Path) -> None:
    program = tmp_path / "voiceless"
    program.write_text("#!/bin/sh\necho no such voice >&2\nexit 1\n", encoding="ascii")
    program.chmod(0o755)
    with pytest.raises(VoiceFailed, match="no such voice"):
        await render("Xin chào", Voice(program=str(program)))


async def test_a_voice_that_nobody_waits_for_any_more_is_ended(tmp_path: Path) -> None:
    """Also where whoever waited was told to stop in the middle of it."""
    voice, pid = tmp_path / "voice", tmp_path / "pid"
    voice.write_text(f"#!/bin/sh\necho $$ >{pid}.part\nmv {pid}.part {pid}\nexec sleep 600\n")
    voice.chmod(0o755)
    speaking = asyncio.create_task(render("Xin chào", Voice(program=str(voice))))
    while not pid.exists():
        await asyncio.sleep(0.01)
    speaking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await speaking
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
