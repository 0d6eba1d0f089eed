"""The guide's box as it is put together from its profile, against a city over HTTP; a restart keeps what the city said."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.load import ConfigError, load
from devices.camera.playlist import Playlist, Show, playlist_toml
from edge.adapters.city_sim import CitySim, serving
from edge.adapters.faces_pictures import Networks, read_clip, shots_of
from edge.adapters.guide_eyes_spec import LANDMARKER, NETWORK
from edge.adapters.rules import has_part
from edge.agent import Agent
from edge.app import open_agent
from edge.domain.consent import ChosenName
from edge.domain.dialogue_terms import Intent, Meaning, Stage
from edge.domain.dossier import DossierCode
from edge.domain.dossier_status import DossierRecord, DossierStatus, Found, Source
from edge.face_ports import Application, Enrolled
from edge.guide_ports import GuideDesk
from sync.events import DeviceStarted

PROFILE = Path(__file__).parents[2] / "config" / "profiles" / "guide.toml"
CODE = "H29.19-261124-0012"
RECORD = DossierRecord(DossierCode.parse(CODE), DossierStatus.READY, datetime(2026, 11, 27, 2, 0, tzinfo=UTC))


def site(folder: Path, directory: str = "", old: str = "", new: str = "") -> Path:
    text = PROFILE.read_text(encoding="utf-8").replace("/var/lib/motcua", "data").replace("port = 8080", "port = 0")
    assert old in text
    file = folder / "motcua.toml"
    file.write_text(text.replace(old, new, 1) + directory, encoding="utf-8")
    return file


def desk_of(agent: Agent) -> GuideDesk:
    desk = agent.web.site.desks.guide
    assert desk is not None
    return desk


async def answer_of(desk: GuideDesk) -> Found:
    await desk.press(Meaning(Intent.PROGRESS))
    await desk.type_code(CODE)
    await desk.press(Meaning(Intent.YES))
    while desk.view().scene.state.stage is Stage.LOOKING:
        await asyncio.sleep(0.01)
    answer = desk.view().scene.state.answer
    assert isinstance(answer, Found)
    return answer


@pytest.mark.enable_socket
async def test_what_the_city_said_is_known_after_a_restart_without_it(tmp_path: Path) -> None:
    city = CitySim()
    city.put(RECORD)
    async with serving(city):
        config = load(site(tmp_path, f'\n[guide.directory]\nurl = "{city.url}"\n'))
        async with open_agent(config) as agent:
            assert {"guide", "directory"} <= set(dict(agent.parts))
            assert (await answer_of(desk_of(agent))).source is Source.CITY
    async with open_agent(config) as agent:
        answer = await answer_of(desk_of(agent))
        assert (answer.record, answer.source) == (RECORD, Source.LAST_SYNC)


async def test_the_station_tells_what_it_is(tmp_path: Path) -> None:
    async with open_agent(load(site(tmp_path))) as agent:
        assert "directory" not in dict(agent.parts)
        async for recorded in agent.journal.follow(after=0):
            if isinstance(recorded.payload, DeviceStarted):
                assert recorded.payload.stations == ("board", "guide")
                return


async def test_a_scanner_at_the_guide_is_the_guides(tmp_path: Path) -> None:
    scanner = '\n[scanner.huong-dan]\nport = "/dev/serial/by-id/usb-Scanner-if00"\n'
    async with open_agent(load(site(tmp_path, scanner))) as agent:
        assert "scanner/huong-dan" in dict(agent.parts)
        assert desk_of(agent).has_scanner


async def test_a_service_with_a_procedure_that_nobody_wrote_does_not_start(tmp_path: Path) -> None:
    config = load(site(tmp_path, "", '"chung-thuc-chu-ky"', '"chung-thuc-chu-ki"'))
    with pytest.raises(ConfigError) as caught:
        async with open_agent(config):
            pass
    assert str(caught.value.mistakes[0]).startswith(
        "queue.services.chung-thuc.procedures.1 = 'chung-thuc-chu-ki': is no procedure of procedures.toml"
    )


@pytest.mark.models
@pytest.mark.timeout(120)
async def test_who_comes_before_the_camera_is_greeted_by_name_once_enrolled(
    tmp_path: Path, model_file: Callable[[str], Path]
) -> None:
    """The real worker on a real clip: nobody, then the plain greeting, then, after an enrolment from another clip, the name."""
    networks = Networks(model_file(LANDMARKER), model_file(NETWORK))
    clip = read_clip(model_file("single_face.mp4"), networks)
    story = tmp_path / "story.toml"
    shows = (Show(1.0), Show(3.0, model_file("face_noface.mov")))
    story.write_text(playlist_toml(Playlist(shows)), encoding="utf-8")
    models = f'\n[models]\ndirectory = "{networks.landmarker.parent}"\n'
    camera = f'\n[guide.camera]\nsource = "replay:{story}"\ngone_s = 0.5\ngreet_by_name = "passive"\n'
    async with open_agent(load(site(tmp_path, camera + models, "gone_s = 6", "gone_s = 0.3"))) as agent:
        parts = dict(agent.parts)
        running = [asyncio.ensure_future(parts[name]()) for name in ("guide", "eyes/huong-dan", "reception")]
        desk = desk_of(agent)
        await said(desk, "Xin chào! Tôi là máy hướng dẫn.")
        assert agent.faces is not None
        pictures = shots_of(clip)
        who = Application(ChosenName.parse("anh Minh"), pictures, "quay-01", "0123456789abcdef", clip.alive)
        assert isinstance(await agent.faces.enrol(who), Enrolled)
        await said(desk, "Chào anh Minh! Tôi là máy hướng dẫn.")
        assert desk.view().scene.state.stage is Stage.MENU
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    assert "Minh" not in (tmp_path / "data" / "journal.sqlite").read_bytes().decode("utf-8", "replace")


async def said(desk: GuideDesk, beginning: str) -> None:
    came = asyncio.Event()
    leave = desk.subscribe(lambda view: came.set() if view.subtitle.startswith(beginning) else None)
    try:
        await came.wait()
    finally:
        leave()


def test_a_guide_whose_camera_was_taken_away_has_no_fault_of_it(tmp_path: Path) -> None:
    file = site(tmp_path, f'\n[guide.camera]\nsource = "replay:{PROFILE}"\n')
    assert has_part(load(file), (), "camera/huong-dan")
    assert has_part(load(file), (), "eyes/huong-dan")
    assert not has_part(load(site(tmp_path)), (), "camera/huong-dan")
    assert not has_part(load(site(tmp_path)), (), "reception")
