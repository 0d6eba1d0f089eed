"""The mouth: a real program renders, a real program plays; what tells of one dossier is never kept; what is missing is a fault."""

import asyncio
from pathlib import Path

import pytest

from devices.audio.sink import Loudspeaker
from edge.adapters.mouth import LoudspeakerMouth
from edge.services.faults import Faults
from models.tts import Prompts, Voice
from sync.events import DeviceFault, DeviceRecovered
from tests.edge.services.memory_ledger import MemoryLedger
from tests.edge.web.fakes import FakeClock

RENDERS = '#!/bin/sh\nhead -c 4096 /dev/zero\nexec cat >> "$(dirname "$0")/rendered"\n'
PLAYS = '#!/bin/sh\necho "$4" >> "$(dirname "$0")/played"\n'
PLAYS_LONG = '#!/bin/sh\necho "$4" >> "$(dirname "$0")/played"\nexec sleep 30\n'


class Stand:
    """Programs that stand in for espeak-ng and aplay and write down what they were given."""

    def __init__(self, folder: Path, plays: str | None = PLAYS) -> None:
        self.folder, self.clock = folder, FakeClock()
        self.ledger = MemoryLedger(self.clock.now)
        self._program("renders", RENDERS)
        if plays is not None:
            self._program("plays", plays)
        prompts = Prompts(folder / "cache", Voice(program=str(folder / "renders")))
        speaker = Loudspeaker("default", program=str(folder / "plays"))
        self.mouth = LoudspeakerMouth(prompts, speaker, Faults(self.ledger, self.clock), "huong-dan")

    @property
    def kept(self) -> int:
        return len(list((self.folder / "cache").glob("*.wav")))

    @property
    def played(self) -> int:
        file = self.folder / "played"
        return len(file.read_text().splitlines()) if file.exists() else 0

    @property
    def last_played_is_gone(self) -> bool:
        return not Path((self.folder / "played").read_text().splitlines()[-1]).exists()

    def _program(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")
        (self.folder / name).chmod(0o755)


async def test_a_prompt_is_rendered_once_and_played_each_time(tmp_path: Path) -> None:
    stand = Stand(tmp_path)
    assert await stand.mouth.say("Xin chào") is True
    assert await stand.mouth.say("Xin chào") is True
    assert (stand.kept, stand.played) == (1, 2)
    assert (tmp_path / "rendered").read_text(encoding="utf-8") == "Xin chào"
    assert await stand.mouth.rendered("Xin chào") is not None


async def test_what_tells_of_one_dossier_or_ticket_leaves_nothing_on_the_disk(tmp_path: Path) -> None:
    stand = Stand(tmp_path)
    assert await stand.mouth.say("Số của ông/bà là A012.") is True
    assert (stand.kept, stand.played) == (0, 1)
    assert stand.last_played_is_gone


async def test_a_sentence_is_cut_off(tmp_path: Path) -> None:
    stand = Stand(tmp_path, PLAYS_LONG)
    saying = asyncio.create_task(stand.mouth.say("Xin chào"))
    while not stand.played:
        await asyncio.sleep(0.01)
    await stand.mouth.stop()
    assert await saying is False
    assert stand.ledger.events == []


@pytest.mark.parametrize("missing", ["renders", "plays"])
async def test_a_silent_mouth_is_a_fault_told_once_and_so_is_its_return(tmp_path: Path, missing: str) -> None:
    stand = Stand(tmp_path)
    (tmp_path / missing).rename(tmp_path / "away")
    assert await stand.mouth.say("Xin chào") is False
    assert await stand.mouth.say("Mời ông/bà") is False
    (tmp_path / "away").rename(tmp_path / missing)
    assert await stand.mouth.say("Xin chào") is True
    assert [type(one) for one in stand.ledger.events] == [DeviceFault, DeviceRecovered]
