"""The guide's box as it is put together from its profile, against a city over HTTP; a restart keeps what the city said."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.load import ConfigError, load
from edge.adapters.city_sim import CitySim, serving
from edge.app import Agent, open_agent
from edge.domain.dialogue_terms import Intent, Meaning, Stage
from edge.domain.dossier import DossierCode
from edge.domain.dossier_status import DossierRecord, DossierStatus, Found, Source
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
        "queue.services.chung-thuc.procedures = chung-thuc-chu-ki: is no procedure of procedures.toml"
    )
