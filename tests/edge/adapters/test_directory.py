"""The city over HTTP: a real server on loopback that answers, refuses, talks nonsense, or says nothing."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from edge.adapters.city_sim import CitySim, Trouble, serving
from edge.adapters.directory import HttpCity
from edge.domain.dossier import DossierCode
from edge.domain.dossier_status import DossierRecord, DossierStatus, DossierStep
from edge.guide_ports import CityUnavailable

pytestmark = pytest.mark.enable_socket
CODE, OTHER = DossierCode.parse("H29.19-261124-0012"), DossierCode.parse("000.00.19.H29-261125-00031")
AT = datetime(2026, 11, 27, 2, 25, tzinfo=UTC)
RECORD = DossierRecord(CODE, DossierStatus.IN_PROGRESS, AT, DossierStep.SIGNING, date(2026, 12, 1))
BARE = DossierRecord(OTHER, DossierStatus.READY, AT)


@pytest.fixture
async def city() -> AsyncIterator[CitySim]:
    async with serving(CitySim(token="s3cret", page=2)) as sim:
        sim.put(RECORD, BARE, RECORD)
        yield sim


@pytest.fixture
def asking(city: CitySim, tmp_path: Path) -> HttpCity:
    token = tmp_path / "token"
    token.write_text("s3cret\n", encoding="ascii")
    return HttpCity(city.url + "/", token, timeout_s=2.0)


async def test_a_record_comes_whole(asking: HttpCity) -> None:
    assert await asking.ask(CODE) == RECORD
    assert await asking.ask(OTHER) == BARE


async def test_a_code_that_the_city_does_not_know(asking: HttpCity) -> None:
    assert await asking.ask(DossierCode.parse("H29.19-261124-9999")) is None


async def test_changes_come_page_by_page(asking: HttpCity) -> None:
    first = await asking.changes("")
    assert (first.records, first.is_last) == ((RECORD, BARE), False)
    last = await asking.changes(first.mark)
    assert (last.records, last.is_last) == ((RECORD,), True)
    assert (await asking.changes(last.mark)).records == ()


@pytest.mark.parametrize("trouble", [Trouble.BUSY, Trouble.NONSENSE, Trouble.OTHER_DOSSIER])
async def test_a_city_in_trouble_is_no_answer(asking: HttpCity, city: CitySim, trouble: Trouble) -> None:
    city.trouble = trouble
    with pytest.raises(CityUnavailable):
        await asking.ask(CODE)


async def test_a_silent_city_is_not_waited_for(city: CitySim, tmp_path: Path) -> None:
    city.trouble, city.token = Trouble.SILENT, ""
    asking = HttpCity(city.url, timeout_s=0.1)
    with pytest.raises(CityUnavailable):
        await asking.ask(CODE)


async def test_nobody_at_the_address(city: CitySim, tmp_path: Path) -> None:
    asking = HttpCity("http://127.0.0.1:1", timeout_s=2.0)
    with pytest.raises(CityUnavailable):
        await asking.changes("")


@pytest.mark.parametrize("token", [None, "wrong", "không phải ascii"])
async def test_a_token_that_does_not_open(city: CitySim, tmp_path: Path, token: str | None) -> None:
    file = tmp_path / "other"
    if token is not None:
        file.write_text(token, encoding="utf-8")
    asking = HttpCity(city.url, file)
    with pytest.raises(CityUnavailable):
        await asking.ask(CODE)


async def test_a_refusal_says_nothing_of_the_dossier(asking: HttpCity, city: CitySim) -> None:
    city.trouble = Trouble.BUSY
    with pytest.raises(CityUnavailable) as caught:
        await asking.ask(CODE)
    assert "0012" not in str(caught.value)
