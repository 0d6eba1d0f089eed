"""The demo's visitor on the real desks: what they do is in the journal, and they are through in time."""

import asyncio
import io
import os
import wave
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from config.load import load
from devices.camera.playlist import read_playlist
from edge.adapters.city_sim import CitySim, serving
from edge.app import open_agent
from edge.demo_guide import (
    READY,
    SILENT_S,
    Greetings,
    _write_after_silence,
    config_text,
    count_lookups,
    enrol_visitor,
    fill_city,
    play_visitor,
    write_camera,
)
from edge.demo_queue import CONFIG, count_tickets
from edge.domain.consent import ChosenName
from edge.domain.dialogue_terms import Intent, Meaning
from edge.domain.dossier import DossierCode
from models.fetch import locate
from sync import inspect
from tests.edge.web.fakes import FakeClock
from tests.edge.web.guide_fakes import FakeGuide
from tests.edge.web.queue_fakes import FakeQueue


@pytest.mark.enable_socket
async def test_the_visitor_checks_papers_takes_a_number_looks_up_and_is_called(tmp_path: Path) -> None:
    city = CitySim()
    fill_city(city, datetime.now(UTC))
    counters = "".join(f'[queue.counters.quay-0{place}]\nname = "Quầy {place}"\nnumber = {place}\n' for place in (1, 2))
    file = tmp_path / "motcua.toml"
    async with serving(city):
        agent = f'[agent]\nsite = "mau"\ndevice = "demo"\ndata_dir = "data"\n[web]\nport = 0\n{CONFIG}{counters}'
        file.write_text(agent + config_text(city.url), encoding="utf-8")
        config = load(file)
        async with open_agent(config) as made:
            desks = made.web.site.desks
            assert desks.guide is not None
            assert desks.queue is not None
            running = asyncio.ensure_future(dict(made.parts)["guide"]())
            await play_visitor(desks.guide, desks.queue, 0.0)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            assert len(desks.queue.hall().calls) == 0
    assert count_tickets(config.agent.data_dir) == {"issued": 1, "called": 1}
    assert count_lookups(config.agent.data_dir) == 1
    by_type = inspect.stats(config.agent.data_dir).by_type
    assert (by_type["ticket.served"], by_type["guide.asked"]) == (1, 3)


def test_the_city_of_the_demo_knows_what_the_visitor_asks() -> None:
    city = CitySim()
    fill_city(city, datetime.now(UTC))
    assert DossierCode.parse(READY) in {record.code for record in city._changes}


def test_without_the_networks_the_guide_has_no_camera(tmp_path: Path) -> None:
    assert write_camera(tmp_path, partial(locate, directory=tmp_path / "nowhere"), is_short=True) is None
    assert "[guide.camera]" not in config_text("http://127.0.0.1:1")


@pytest.mark.models
@pytest.mark.parametrize(("is_short", "seconds", "empty"), [(True, 2.4, 0), (False, 302.0, 2)])
def test_the_visitor_stays_in_the_short_story_and_disturbs_nobody_in_the_long_one(
    tmp_path: Path, model_file: Callable[[str], Path], is_short: bool, seconds: float, empty: int
) -> None:
    file = write_camera(tmp_path, model_file, is_short=is_short)
    assert file is not None
    playlist = read_playlist(file)
    assert playlist.seconds == pytest.approx(seconds)
    assert sum(show.file is None for show in playlist.shows) == empty


def test_the_visitor_is_silent_until_he_was_greeted(tmp_path: Path) -> None:
    spoken = io.BytesIO()
    with wave.open(spoken, "wb") as file:
        file.setparams((1, 2, 22_050, 0, "NONE", "not compressed"))
        file.writeframes(b"\x01\x02" * 100)
    _write_after_silence(tmp_path / "asked.wav", spoken.getvalue())
    with wave.open(str(tmp_path / "asked.wav")) as written:
        frames = written.readframes(written.getnframes())
        assert written.getnframes() / written.getframerate() == pytest.approx(SILENT_S, abs=0.01)
    assert frames.rstrip(b"\x01\x02").strip(b"\x00") == b""
    assert frames.endswith(b"\x01\x02" * 100)


async def test_greetings_by_name_are_counted_once_each() -> None:
    clock = FakeClock()
    guide = FakeGuide(clock, FakeQueue(clock)).desk
    greetings = Greetings(guide)
    await guide.see(is_somebody_there=True)
    await guide.greet(ChosenName.parse("anh Minh"))
    await guide.touch()
    await guide.press(Meaning(Intent.HOURS))
    greetings.close()
    assert greetings.by_name == 1


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


async def test_a_demo_that_ends_while_its_visitor_is_enrolled_leaves_nobody_at_it(tmp_path: Path) -> None:
    before = children()
    enrolling = asyncio.create_task(enrol_visitor(tmp_path / "motcua.toml", tmp_path / "face.mp4"))
    while children() == before:
        await asyncio.sleep(0.001)
    enrolling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await enrolling
    assert children() <= before
