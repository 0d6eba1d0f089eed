"""Sound in and out: every kind of PCM, microphones that go and come back, recordings at their pace, a loudspeaker cut off."""

import asyncio
import io
import os
import signal
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from devices.audio import sink, source
from devices.audio.sink import Loudspeaker
from devices.audio.sound import (
    CHUNK,
    RATE,
    AudioLost,
    Samples,
    SoundUnreadable,
    longest_s,
    parse_wav,
    read_wav,
    resampled,
    wav_bytes,
)
from devices.audio.source import Alsa, Replay, open_source


def tone(seconds: float, rate: int = RATE, hertz: float = 440.0) -> Samples:
    return np.asarray(0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate), np.float32)


def pcm_file(samples: Samples, rate: int, width: int, channels: int) -> bytes:
    whole = np.repeat((samples * (2 ** (8 * width - 1) - 1)).astype(np.int64), channels)
    if width == 1:
        frames = (whole + 128).astype(np.uint8).tobytes()
    else:
        frames = whole.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :width].tobytes()
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(frames)
    return target.getvalue()


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2), (8_000, 1), (48_000, 2)])
def test_every_pcm_file_becomes_the_same_sound(rate: int, width: int, channels: int) -> None:
    read = parse_wav(pcm_file(tone(0.5, rate), rate, width, channels), "a.wav")
    expected = tone(0.5)
    assert len(read) == len(expected)
    middle = slice(800, -800)  # the resampler rings at the edges
    assert float(np.abs(read[middle] - expected[middle]).max()) < 0.03


def test_what_the_lower_rate_cannot_hold_is_left_out_and_not_folded_back() -> None:
    assert float(np.abs(resampled(tone(0.5, 48_000, 12_000.0), 48_000))[800:-800].max()) < 0.02


@pytest.mark.parametrize("content", [b"", b"RIFF", b"ID3 mp3", b"RIFF\x00\x00\x00\x00WAVEfmt "])
def test_what_is_no_wav_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(SoundUnreadable, match=r"a\.wav"):
        read_wav(path)


def test_a_wav_written_is_the_wav_read() -> None:
    assert np.abs(parse_wav(wav_bytes(tone(0.2)), "x") - tone(0.2)).max() < 1e-3


def test_a_replay_is_as_long_as_its_recordings_and_their_gaps(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).write_bytes(wav_bytes(tone(0.32)))
    with open_source(f"replay:{tmp_path}", speed=1000.0) as replay:
        chunks = [replay.read(1.0) for _ in range(round(6 * RATE / CHUNK))]
    loud = [chunk is not None and float(np.abs(chunk).max()) > 0.1 for chunk in chunks]
    assert sum(loud) * CHUNK == pytest.approx(2 * 0.32 * RATE, abs=3 * CHUNK)
    assert not any(loud[-round(2 * RATE / CHUNK) :])  # silence for ever


def test_a_replay_keeps_the_pace_of_a_microphone(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(tone(0.1)))
    replay = Replay([tmp_path / "a.wav"], speed=4.0)
    began_s = time.monotonic()
    for _ in range(16):
        replay.read(1.0)
    assert time.monotonic() - began_s >= 15 * CHUNK / RATE / 4.0


@pytest.mark.parametrize("address", ["", "alsa:", "pulse:x", "replay:"])
def test_an_address_of_another_kind_is_refused(address: str) -> None:
    with pytest.raises(AudioLost, match="alsa:DEVICE"), open_source(address):
        pass


def program(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "RETRY_S", 0.05)
    monkeypatch.setattr(source, "SILENCE_S", 0.2)
    monkeypatch.setattr(source, "STEADY_S", 0.3)


def chunks(microphone: Alsa, wanted: int, seconds: float = 10) -> int:
    """How many of the wanted chunks came within ten seconds."""
    until_s, came = time.monotonic() + seconds, 0
    while came < wanted and time.monotonic() < until_s:
        came += microphone.read(0.05) is not None
    return came


def lose(microphone: Alsa) -> None:
    until_s = time.monotonic() + 10
    while not microphone.is_lost and time.monotonic() < until_s:
        microphone.read(0.02)
    assert microphone.is_lost


def tries(tmp_path: Path) -> int:
    file = tmp_path / "tries"
    return len(file.read_text().splitlines()) if file.exists() else 0


@pytest.mark.usefixtures("quick")
def test_a_microphone_gives_chunks(tmp_path: Path) -> None:
    with Alsa("default", program=program(tmp_path / "arecord", "exec cat /dev/zero")) as microphone:
        assert chunks(microphone, 20) == 20
        assert not microphone.is_lost


@pytest.mark.usefixtures("quick")
def test_a_microphone_that_goes_is_lost_and_comes_back(tmp_path: Path) -> None:
    arecord = program(tmp_path / "arecord", "head -c 4096 /dev/zero")
    with Alsa("default", program=arecord) as microphone:
        assert chunks(microphone, 4) == 4
        lose(microphone)
        program(tmp_path / "arecord", "exit 1")
        assert chunks(microphone, 1, 0.3) == 0
        program(tmp_path / "arecord", "exec cat /dev/zero")
        assert chunks(microphone, 4) == 4
        assert not microphone.is_lost


@pytest.mark.usefixtures("quick")
def test_a_microphone_with_a_loose_contact_is_lost_once(tmp_path: Path) -> None:
    """It gives sound for a moment, again and again: every change of state is an event in the journal."""
    script = f"echo >> {tmp_path}/tries; head -c 4096 /dev/zero"
    states: list[bool] = []
    with Alsa("default", program=program(tmp_path / "arecord", script)) as microphone:
        until_s = time.monotonic() + 10
        while time.monotonic() < until_s and tries(tmp_path) < 6:
            chunk = microphone.read(0.02)
            if chunk is not None or microphone.is_lost:  # as models.voice_worker does
                states += [] if states[-1:] == [chunk is None] else [chunk is None]
    assert states == [False, True]


@pytest.mark.usefixtures("quick")
def test_a_microphone_that_falls_silent_is_lost(tmp_path: Path) -> None:
    with Alsa("default", program=program(tmp_path / "arecord", "exec sleep 60")) as microphone:
        microphone.read(0.05)
        lose(microphone)


CARDS = [
    ("hw:1,0", "plughw:1,0"),
    ("hw:CARD=Box,DEV=0", "plughw:CARD=Box,DEV=0"),
    ("hw", "plughw"),
    ("plughw:CARD=Box", "plughw:CARD=Box"),
    ("default", "default"),
    ("dsnoop:CARD=hw", "dsnoop:CARD=hw"),
]


@pytest.mark.parametrize(("named", "asked"), CARDS)
def test_a_card_that_lacks_the_rate_is_asked_with_conversion(tmp_path: Path, named: str, asked: str) -> None:
    """By `hw:` arecord would record at the rate the card has, and with `-q` not even say so."""
    script = f'echo "$3" > {tmp_path}/asked; exec cat /dev/zero'
    with Alsa(named, program=program(tmp_path / "arecord", script)) as microphone:
        assert chunks(microphone, 1) == 1
    assert (tmp_path / "asked").read_text().strip() == asked


@pytest.mark.parametrize(("named", "asked"), CARDS)
async def test_so_is_one_that_plays(tmp_path: Path, named: str, asked: str) -> None:
    aplay = program(tmp_path / "aplay", f'echo "$3" > {tmp_path}/asked; cat > /dev/null')
    assert await Loudspeaker(named, program=aplay).play(b"RIFF")
    assert (tmp_path / "asked").read_text().strip() == asked


def test_without_the_program_it_says_what_to_install() -> None:
    with pytest.raises(AudioLost, match="alsa-utils"):
        Alsa("default", program="arecord-that-is-not-there").read(0.01)


async def test_a_loudspeaker_plays_to_the_end(tmp_path: Path) -> None:
    played = program(tmp_path / "aplay", f'echo "$@" > {tmp_path}/asked; cat > {tmp_path}/played')
    assert await Loudspeaker("plughw:CARD=Box", program=played).play(b"RIFF")
    assert (tmp_path / "asked").read_text(encoding="ascii").split() == ["-q", "-D", "plughw:CARD=Box"]
    assert (tmp_path / "played").read_bytes() == b"RIFF"


async def test_a_long_sentence_is_played_to_its_end_and_a_hanging_card_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink, "SPARE_S", 0.4)
    monkeypatch.setattr(sink, "UNKNOWN_S", 0.5)
    speaker = Loudspeaker(program=program(tmp_path / "aplay", "cat > /dev/null; exec sleep 1"))
    assert await speaker.play(pcm_file(tone(9, 22_050), 22_050, 2, 1))
    for short in (wav_bytes(tone(0.1)), b"RIFF of another kind"):
        with pytest.raises(AudioLost, match="takes no sound"):
            await speaker.play(short)
    await speaker.stop()


@pytest.mark.parametrize(("rate", "width", "channels"), [(22_050, 2, 1), (48_000, 3, 2), (8_000, 1, 1)])
def test_how_long_a_sound_lasts_is_told_by_its_octets(rate: int, width: int, channels: int) -> None:
    wav = pcm_file(tone(2, rate), rate, width, channels)
    assert longest_s(wav) == pytest.approx(2, abs=0.01)
    endless = wav[:40] + b"\xff\xff\xff\x7f" + wav[44:]  # as what was written to a pipe says
    assert longest_s(endless) == pytest.approx(2, abs=0.01)


async def test_a_loudspeaker_is_stopped_at_once(tmp_path: Path) -> None:
    speaker = Loudspeaker(program=program(tmp_path / "aplay", f"touch {tmp_path}/begun; exec sleep 60"))
    playing = asyncio.create_task(speaker.play(b"RIFF"))
    async with asyncio.timeout(10):
        while not (tmp_path / "begun").exists():
            await asyncio.sleep(0.01)
        await speaker.stop()
        assert await playing is False


async def test_a_loudspeaker_that_is_off_says_why(tmp_path: Path) -> None:
    speaker = Loudspeaker(program=program(tmp_path / "aplay", "echo no such card >&2; exit 1"))
    with pytest.raises(AudioLost, match="no such card"):
        await speaker.play(b"RIFF")


async def test_a_loudspeaker_that_hangs_in_the_kernel_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `aplay` does when its card goes in the middle of a sentence and the driver waits for ever: no signal ends it."""
    monkeypatch.setattr(sink, "KILL_S", 0.1)
    script = f"echo $$ >> {tmp_path}/begun; exec sleep 60"
    speaker = Loudspeaker(program=program(tmp_path / "aplay", script))
    with monkeypatch.context() as hanging:
        hanging.setattr(sink, "_kill", lambda _: None)
        playing = asyncio.create_task(speaker.play(b"RIFF"))
        async with asyncio.timeout(5):
            while not ((tmp_path / "begun").exists() and speaker._is_running()):
                await asyncio.sleep(0.01)
            await speaker.stop()
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
            with pytest.raises(AudioLost, match="does not end"):
                await speaker.play(b"RIFF")
        [pid] = (tmp_path / "begun").read_text(encoding="ascii").split()
    os.kill(int(pid), signal.SIGKILL)
    program(tmp_path / "aplay", "exec cat > /dev/null")
    async with asyncio.timeout(5):
        while not await _plays(speaker):
            await asyncio.sleep(0.01)


async def _plays(speaker: Loudspeaker) -> bool:
    try:
        return await speaker.play(b"RIFF")
    except AudioLost:
        return False
