"""The ears over a real child process: questions, states, codes, crashes, hangs, garbage, and what the child may not do."""

import asyncio
import errno
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from devices.audio.sound import RATE, wav_bytes
from edge.adapters import worker_process
from edge.adapters.supervisor import Backoff
from edge.adapters.voice import VoiceEars
from edge.adapters.voice_spec import VoiceSpec
from edge.adapters.worker_process import WorkerPatience, WorkerProcess
from edge.domain.dialogue_terms import BUTTONS_ONLY, Intent
from edge.voice_ports import (
    EarsChange,
    EarsState,
    Expecting,
    HeardItem,
    Listening,
    Scored,
    SoundLevel,
    Trace,
    Utterance,
    Verdict,
)
from models import intent as recogniser
from models.voice_wire import Guess, HeardMessage

CHILD = Path(__file__).with_name("fake_voice_child.py")
QUICK = Backoff(first_s=0.05, most_s=0.2, calm_s=60.0)
UNHURRIED = WorkerPatience(start_s=45.0, beat_s=20.0)  # a child is nicer than everything else on a busy machine
BRISK = WorkerPatience(start_s=45.0, beat_s=3.0)  # where one hangs
pytestmark = pytest.mark.timeout(60)
CODES = ("H29.19-261124-0012", "H29.19-261124-0047")
TEMPLATES = """
language: vi
intents:
  papers: {data: [{sentences: ["{procedure} cần giấy tờ gì"]}]}
  ticket: {data: [{sentences: ["lấy số"]}]}
  "yes": {data: [{sentences: ["đúng rồi"]}]}
lists:
  procedure: {values: [{in: "khai sinh", out: khai-sinh}]}
"""


def spec(tmp_path: Path, questions: int = 3) -> VoiceSpec:
    """A recording with some bursts of sound, played thirty times as fast as it is."""
    (tmp_path / "intents.yaml").write_text(TEMPLATES, encoding="utf-8")
    burst = np.concatenate([np.full(RATE, 0.5), np.zeros(RATE)]).astype(np.float32)
    (tmp_path / "asked.wav").write_bytes(wav_bytes(np.tile(burst, questions)))
    return VoiceSpec(
        place="guide", source=f"replay:{tmp_path}/asked.wav", recogniser="none", detector="none",
        intents=str(tmp_path / "intents.yaml"), procedures={"ket-hon": "Kết hôn", "khai-sinh": "Khai sinh"}, replay_speed=30.0,
    )  # fmt: skip


def ears_on(what: VoiceSpec, manner: str = "good") -> VoiceEars:
    return VoiceEars(what, child=(str(CHILD), manner), patience=UNHURRIED, backoff=QUICK)


class Listener:
    """Collects what the ears say."""

    def __init__(self, ears: VoiceEars) -> None:
        self.ears = ears
        self.items: list[HeardItem] = []
        self._came = asyncio.Event()

    async def listen(self) -> None:
        async for item in self.ears.watch():
            self.items.append(item)
            self._came.set()

    @property
    def heard(self) -> list[Utterance]:
        return [item for item in self.items if isinstance(item, Utterance)]

    @property
    def states(self) -> list[EarsState]:
        return [item.state for item in self.items if isinstance(item, EarsChange)]

    async def until(self, happened: Callable[[], object]) -> None:
        async with asyncio.timeout(45):
            while not happened():
                self._came.clear()
                await self._came.wait()


@asynccontextmanager
async def running(ears: VoiceEars) -> AsyncIterator[Listener]:
    listener = Listener(ears)
    tasks = [asyncio.create_task(ears.run()), asyncio.create_task(listener.listen())]
    try:
        yield listener
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_questions_come_with_what_they_ask_and_of_which_procedure(tmp_path: Path) -> None:
    async with running(ears_on(spec(tmp_path))) as listener:
        await listener.until(lambda: listener.heard)
        best = listener.heard[0].best
        assert best is not None
        assert (best.asked, best.procedure, best.sentence) == (Intent.PAPERS, "khai-sinh", "khai sinh cần giấy tờ gì")
        await listener.until(lambda: listener.states[-1] is EarsState.LISTENING)
    assert listener.states[:3] == [EarsState.OPENING, EarsState.LISTENING, EarsState.SPEECH]


async def test_what_is_expected_and_which_codes_exist_reach_the_worker(tmp_path: Path) -> None:
    ears = ears_on(spec(tmp_path, questions=40))
    await ears.attend(Listening.OPEN, Expecting.CODE, CODES, is_watched=True)
    async with running(ears) as listener:
        await listener.until(lambda: listener.heard)
        await listener.until(lambda: any(isinstance(item, SoundLevel) for item in listener.items))
        best = listener.heard[0].best
        assert best is not None
        assert (best.asked, best.code) == (Intent.CODE, CODES[0])
        await ears.attend(Listening.OPEN, Expecting.YES_NO)
        await listener.until(lambda: listener.heard[-1].best and listener.heard[-1].best.asked is Intent.YES)


def test_whatever_is_heard_is_an_intent_of_the_conversation() -> None:
    """The recogniser knows nothing of the agent, so both lists are written down; they say the same."""
    assert {one.value for one in recogniser.Intent} == {one.value for one in Intent if one not in BUTTONS_ONLY}


async def looked(ears: VoiceEars, code: str | None = None) -> Trace:
    """The first utterance that a technician sees from now on."""
    if code is not None:
        await ears.attend(Listening.OPEN, Expecting.CODE, (code,))
    async with asyncio.timeout(45), aclosing(ears.trace()) as items:
        async for item in items:
            if isinstance(item, Trace):
                return item
    raise AssertionError


async def test_what_was_heard_is_told_only_while_somebody_looks(tmp_path: Path) -> None:
    ears = ears_on(spec(tmp_path, questions=60))
    async with running(ears) as listener:
        await listener.until(lambda: listener.heard)
        assert not any(isinstance(item, SoundLevel) for item in listener.items)
        seen = await looked(ears)
        assert (seen.text, seen.verdict) == ("khai sinh cần giấy tờ gì", Verdict.TAKEN)
        assert seen.scores == (Scored("khai sinh cần giấy tờ gì", "papers", 0.9),)
        heard, levels = len(listener.heard), sum(isinstance(item, SoundLevel) for item in listener.items)
        await listener.until(lambda: len(listener.heard) > heard + 1)
    assert sum(isinstance(item, SoundLevel) for item in listener.items) - levels <= 2  # those that were on their way
    assert not any(isinstance(item, Trace) for item in listener.items)


async def test_whose_dossier_was_asked_for_is_not_told_to_who_looks(tmp_path: Path) -> None:
    ears = ears_on(spec(tmp_path, questions=60))
    async with running(ears) as listener:
        await listener.until(lambda: listener.heard)
        seen = await looked(ears, CODES[0])
    assert seen.scores == ()
    assert seen.text == ""


async def test_muted_ears_say_so_and_hear_nothing(tmp_path: Path) -> None:
    ears = ears_on(spec(tmp_path))
    await ears.attend(Listening.MUTED)
    async with running(ears) as listener:
        await listener.until(lambda: EarsState.MUTED in listener.states)
        assert listener.heard == []


def test_an_answer_to_codes_that_are_no_longer_known_is_no_code(tmp_path: Path) -> None:
    ears = ears_on(spec(tmp_path))
    guess = Guess(0, "code", None, None, 1, None, 0.9)
    assert ears._utterance(HeardMessage(guess, (guess,), None, None, 99, 1, 1.0, 1.0)).best is None


@pytest.mark.parametrize("manner", ["crash", "no_hello", "foreign", "garbage", "sound", "other_book"])
async def test_a_worker_with_bad_manners_is_down_and_started_again(
    tmp_path: Path, manner: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with running(ears_on(spec(tmp_path), manner)) as listener:
        await listener.until(lambda: EarsState.WORKER_DOWN in listener.states)
        async with asyncio.timeout(45):
            while listener.ears.status.starts < 2:
                await asyncio.sleep(0.02)
    assert sum("voice worker is down" in record.message for record in caplog.records) == 1


async def test_a_worker_that_hangs_is_killed(tmp_path: Path) -> None:
    ears = VoiceEars(
        spec(tmp_path), child=(str(CHILD), "mute"), patience=WorkerPatience(start_s=45.0, beat_s=0.3), backoff=QUICK
    )
    async with running(ears) as listener:
        await listener.until(lambda: EarsState.WORKER_DOWN in listener.states)


async def test_a_worker_that_not_even_a_kill_ends_gets_no_second_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a process does that hangs in a sound card's driver: the microphone is still its own."""
    for patience in ("STOP_S", "KILL_S"):
        monkeypatch.setattr(worker_process, patience, 0.05)
    monkeypatch.setattr(WorkerProcess, "kill", lambda _: None)
    ears = VoiceEars(spec(tmp_path), child=(str(CHILD), "good"), patience=BRISK, backoff=QUICK)
    async with running(ears) as listener:
        await listener.until(lambda: listener.heard)
        first = ears.status.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        async with asyncio.timeout(45):
            while ears.status.failures < 3:
                await asyncio.sleep(0.02)
        await ears.attend(Listening.MUTED)
        assert ears.status.starts == 1
        os.kill(first, signal.SIGKILL)
        await listener.until(lambda: EarsState.MUTED in listener.states)
        assert ears.status.starts == 2
        monkeypatch.undo()  # that one may be ended


async def test_a_killed_worker_comes_back_and_still_knows_what_was_told(tmp_path: Path) -> None:
    ears = ears_on(spec(tmp_path))
    await ears.attend(Listening.OPEN, Expecting.CODE, CODES)
    async with running(ears) as listener:
        await listener.until(lambda: listener.heard)
        before, pid = len(listener.heard), ears.status.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await listener.until(lambda: len(listener.heard) > before)
        best = listener.heard[-1].best
        assert best is not None
        assert best.code == CODES[0]
        assert EarsState.WORKER_DOWN in listener.states
        assert ears.status.pid != pid


async def test_the_worker_can_keep_no_sound_and_send_none_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)

    def told() -> list[str]:
        return [
            record.message for record in caplog.records if "refused" in record.message or "through" in record.message
        ]

    async with running(ears_on(spec(tmp_path), "forbidden")) as listener:
        await listener.until(lambda: listener.heard)
        async with asyncio.timeout(45):
            while len(told()) < 2:  # by another way than the words
                await asyncio.sleep(0.02)
    assert told() == [f"scribble refused {errno.EFBIG}", f"phone_home refused {errno.EACCES}"]
