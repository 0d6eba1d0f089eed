"""The technician's page of the ears through NiceGUI's own elements; Chromium looks at it in tests/e2e."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.voice_ports import EarsChange, EarsState, Scored, SoundLevel, Trace, Verdict
from edge.web import hearing as page
from edge.web.hearing_parts import bars, kind_of, scores
from edge.web.words import Words
from tests.edge.web.fakes import strings
from tests.edge.web.house import House, until
from tests.edge.web.test_gate import status

HEARING = "/huong-dan/ky-thuat"
TRACE = Trace(
    "hồ sơ của tôi sông chưa",
    (Scored("hồ sơ của tôi xong chưa", "progress", 0.81),),
    Verdict.TAKEN,
    0.04,
    0.01,
    2.1,
    0.41,
)
REFUSED = Trace("<b>my name is</b>", (), Verdict.FOREIGN, 0.1, 0.97, 2.8, 0.5)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """With the look into the ears running."""
    async with House(tmp_path).running() as made:
        running = asyncio.create_task(made.centre.guide.hearing.run())
        yield made
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


class TestDoor:
    @pytest.mark.parametrize(
        ("name", "expected"), [("ky-thuat", 200), ("lanh-dao-1", 403), ("quay-01", 403), (None, 303)]
    )
    async def test_only_who_mends_the_ears_may_look(self, house: House, name: str | None, expected: int) -> None:
        assert await status(house, HEARING, name) == expected

    async def test_without_ears_there_is_no_page(self, tmp_path: Path) -> None:
        async with House(tmp_path, change=lambda desks: replace(desks, hearing=None)).running() as house:
            assert await status(house, HEARING, "ky-thuat") == 404

    async def test_the_device_page_leads_there(self, house: House) -> None:
        sheet = await house.open("/thiet-bi", "ky-thuat")
        assert [link.props["href"] for link in sheet.find("a", "Máy hướng dẫn nghe thấy gì")] == [HEARING]
        leader = await house.open("/thiet-bi", "lanh-dao-1")
        assert not leader.find("a", "Máy hướng dẫn nghe thấy gì")


class TestLook:
    async def test_the_ears_are_asked_only_while_the_page_is_open(self, house: House) -> None:
        ears = house.centre.guide.ears
        sheet = await house.open(HEARING, "ky-thuat")
        await until(lambda: bool(ears.lookers))
        assert "không được lưu" in sheet.text
        sheet.close()
        await until(lambda: not ears.lookers)

    async def test_what_was_heard_its_scores_and_why(self, house: House) -> None:
        sheet = await house.open(HEARING, "ky-thuat")
        ears = house.centre.guide.ears
        await until(lambda: bool(ears.lookers))
        ears.show(SoundLevel(-31.4, 0.97), EarsChange(EarsState.SPEECH), TRACE)
        await until(lambda: "hồ sơ của tôi sông chưa" in sheet.text)
        for text in ("-31 dB", "0.97", "Có người nói", "hồ sơ của tôi xong chưa", "0.81", "Nhận", "whisper", "410 ms"):
            assert text in sheet.text, text

    async def test_words_go_away_and_only_what_became_of_them_stays(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(page, "WORDS_S", 0.05)
        sheet = await house.open(HEARING, "ky-thuat")
        ears = house.centre.guide.ears
        await until(lambda: bool(ears.lookers))
        ears.show(TRACE, REFUSED)
        await until(lambda: "&lt;b&gt;" not in sheet.text and "my name is" in sheet.text)
        await until(lambda: "my name is" not in sheet.text)
        assert "sông chưa" not in sheet.text
        assert [chip._text for chip in sheet.find("span", classes="hearing-chip")] == ["Bỏ: tiếng nước ngoài", "Nhận"]

    async def test_it_looks_away_by_itself_and_looks_again_when_asked(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(page, "LOOK_S", 0.05)
        sheet = await house.open(HEARING, "ky-thuat")
        ears = house.centre.guide.ears
        await until(lambda: bool(sheet.find("button", "Xem tiếp")))
        await until(lambda: not ears.lookers)
        monkeypatch.setattr(page, "LOOK_S", 60.0)
        sheet.press(sheet.find("button", "Xem tiếp")[0])
        await until(lambda: bool(ears.lookers))
        sheet.press(sheet.find("button", "Ngừng xem")[0])
        await until(lambda: not ears.lookers)

    async def test_the_visitor_is_told(self, house: House) -> None:
        kiosk = await house.open("/huong-dan")
        assert "Kỹ thuật viên đang kiểm tra" not in kiosk.text
        sheet = await house.open(HEARING, "ky-thuat")
        await until(lambda: "Kỹ thuật viên đang kiểm tra" in kiosk.text)
        sheet.close()
        await until(lambda: "Kỹ thuật viên đang kiểm tra" not in kiosk.text)


class TestParts:
    @pytest.mark.parametrize(
        ("level", "kind"),
        [
            (SoundLevel(-70, 0.1), "silence"),
            (SoundLevel(-20, 0.1), "sound"),
            (SoundLevel(-20, 0.9), "speech"),
        ],
    )
    def test_why_nothing_is_heard_now(self, level: SoundLevel, kind: str) -> None:
        assert kind_of(level) == kind
        assert f'class="{kind}"' in bars((level,))

    def test_what_was_said_is_text_and_no_markup(self) -> None:
        table = scores(Words(strings(), "vi"), (Scored("<i>x", "progress", 0.3),), 0.5)
        assert "&lt;i&gt;x" in table
        assert 'class="under"' in table

    @pytest.mark.parametrize("lang", ["vi", "en"])
    def test_every_verdict_and_state_has_its_words(self, lang: str) -> None:
        words = Words(strings(), lang)
        for verdict in Verdict:
            assert words(f"page.hearing.verdict_{verdict}")
            assert words(f"page.hearing.why_{verdict}", threshold="0.50")
        for state in EarsState:
            assert words(f"page.hearing.state_{state}")
            assert words(f"page.guide.ears_{state}")
