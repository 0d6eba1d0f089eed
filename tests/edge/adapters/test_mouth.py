"""The mouth: said to the end, stopped, or silent with one line in the log; and nothing of a dossier stays."""

import asyncio
import logging
from pathlib import Path

import pytest

from devices.audio.sink import Loudspeaker
from edge.adapters.mouth import SpokenPrompts
from edge.adapters.voice import VoiceEars
from edge.voice_ports import Ears, Mouth
from models.tts import Prompts, Voice


def program(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
    path.chmod(0o755)
    return str(path)


def mouth(tmp_path: Path, aplay: str, espeak: str = "printf 'RIFF%0100d' 0") -> SpokenPrompts:
    prompts = Prompts(tmp_path / "cache", Voice(program=program(tmp_path / "espeak", f"cat > /dev/null; {espeak}")))
    return SpokenPrompts(prompts, Loudspeaker(program=program(tmp_path / "aplay", aplay)))


async def test_it_says_a_sentence_to_its_end(tmp_path: Path) -> None:
    speaker = mouth(tmp_path, f"cat > {tmp_path}/played")
    assert await speaker.say("Xin chào")
    assert (tmp_path / "played").read_bytes() == await speaker.rendered("Xin chào")


async def test_a_sentence_with_a_code_leaves_no_file(tmp_path: Path) -> None:
    assert await mouth(tmp_path, "exit 0").say("Hồ sơ H29.19-261124-0012 đã xong", is_kept=False)
    assert not (tmp_path / "cache").exists()


async def test_what_the_disk_does_not_take_is_said_all_the_same(tmp_path: Path) -> None:
    told: list[bool] = []

    async def hear(is_lost: bool) -> None:
        told.append(is_lost)

    (tmp_path / "cache").touch()  # no folder
    voice = Voice(program=program(tmp_path / "espeak", "cat > /dev/null; printf 'RIFF%0100d' 0"))
    aplay = program(tmp_path / "aplay", "exec cat > /dev/null")
    assert await SpokenPrompts(Prompts(tmp_path / "cache", voice), Loudspeaker(program=aplay), hear).say("Xin chào")
    assert told == [False]


async def test_it_is_silent_at_once(tmp_path: Path) -> None:
    speaker = mouth(tmp_path, f"touch {tmp_path}/begun; exec sleep 60")
    saying = asyncio.create_task(speaker.say("Xin chào"))
    async with asyncio.timeout(10):
        while not (tmp_path / "begun").exists():
            await asyncio.sleep(0.01)
        await speaker.stop()
        assert await saying is False


@pytest.mark.parametrize(("aplay", "espeak"), [("exit 1", "printf 'RIFF%0100d' 0"), ("exit 0", "exit 1")])
async def test_what_is_missing_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, aplay: str, espeak: str
) -> None:
    caplog.set_level(logging.INFO)
    speaker = mouth(tmp_path, aplay, espeak)
    assert [await speaker.say("Xin chào") for _ in range(3)] == [False] * 3
    assert [record.message.partition(":")[0] for record in caplog.records] == ["the guide cannot speak"]


def test_the_real_ones_are_what_services_ask_for(tmp_path: Path) -> None:
    spoken: Mouth = mouth(tmp_path, "exit 0")
    ears: type[Ears] = VoiceEars
    assert spoken is not None
    assert ears is VoiceEars


async def test_a_loss_and_the_return_are_told(tmp_path: Path) -> None:
    told: list[bool] = []

    async def hear(is_lost: bool) -> None:
        told.append(is_lost)

    prompts = Prompts(
        tmp_path / "cache", Voice(program=program(tmp_path / "espeak", "cat > /dev/null; printf 'RIFF%0100d' 0"))
    )
    speaker = SpokenPrompts(prompts, Loudspeaker(program=program(tmp_path / "aplay", "exit 1")), hear)
    assert await speaker.say("Xin chào") is False
    program(tmp_path / "aplay", "exec cat > /dev/null")
    assert await speaker.say("Xin chào") is True
    assert told == [True, False]
