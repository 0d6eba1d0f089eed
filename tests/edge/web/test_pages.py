"""What the live pages show and do, through NiceGUI's own elements; real Chromium looks at them in tests/e2e."""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from edge.command_ports import LinkView
from edge.domain.level import Level
from edge.ports import AlertState, CameraState, CounterPhase, Tile
from edge.web.auth import COOKIE
from edge.web.parts import Text
from edge.web.users import remove_user
from tests.edge.web.fakes import MORNING, an_alert, nudge
from tests.edge.web.house import House


async def until(fact: Callable[[], bool]) -> None:
    """Let the loop work until it is so; the test's own time limit ends the wait."""
    while not fact():
        await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("path", "user", "said"),
    [
        ("/quay/quay-01", "quay-01", "máy chủ tại quầy"),
        ("/danh-gia/quay-01", None, "Màn hình đang mất kết nối"),
        ("/lanh-dao", "lanh-dao-1", "máy chủ của trung tâm"),
        ("/tu", None, "máy tính của tủ"),
        ("/tu/can-bo", "quay-01", "máy tính của tủ"),
        ("/huong-dan", None, "máy hướng dẫn"),
        ("/lay-so", None, "Máy lấy số"),
        ("/bang-so", None, "số trên màn hình có thể đã cũ"),
    ],
)
async def test_a_page_that_loses_its_server_names_it(house: House, path: str, user: str | None, said: str) -> None:
    async with house.browser() as browser:
        if user:
            browser.cookies.set(COOKIE, house.session_of(user))
        answer = await browser.get(path)
    (lost,) = re.findall('--lost:"([^"]*)"', answer.text)
    assert said in lost


class TestOfficer:
    @pytest.mark.parametrize("level", list(Level))
    async def test_the_level_is_one_word_and_one_colour(self, house: House, level: Level) -> None:
        sheet = await house.open("/quay/quay-01", "quay-01")
        house.centre.counters.put("quay-01", level=level)
        (word,) = sheet.find("p", classes="present-word")
        assert word._text == house.site.words("vi").level(level)
        assert sheet.find("section", classes=f"tone-{level.replace('_', '-')}")

    @pytest.mark.parametrize(
        ("phase", "word"),
        [
            (CounterPhase.EMPTY, "Chưa có ai"),
            (CounterPhase.SETTLING, "Đang làm quen"),
            (CounterPhase.UNREADABLE, "Chưa đọc được"),
            (CounterPhase.OPTED_OUT, "Không đo"),
        ],
    )
    async def test_every_phase_has_its_words_and_no_level(self, house: House, phase: CounterPhase, word: str) -> None:
        sheet = await house.open("/quay/quay-01", "quay-01")
        house.centre.counters.put("quay-01", phase=phase, level=Level.ANGRY)
        assert sheet.find("p", word, "present-word")
        assert sheet.find("section", classes="present tone-quiet")

    @pytest.mark.parametrize("state", [state for state in CameraState if state is not CameraState.LIVE])
    async def test_a_camera_fault_is_a_red_tile_with_what_to_do(self, house: House, state: CameraState) -> None:
        sheet = await house.open("/quay/quay-01", "quay-01")
        house.centre.counters.put("quay-01", phase=CounterPhase.CAMERA_FAULT, camera=state)
        (note,) = sheet.find("p", classes="present-note")
        assert sheet.find("section", classes="tone-fault")
        assert note._text == " ".join(
            house.site.strings.text(f"page.{kind}.{state}", "vi") for kind in ("fault", "advice")
        )

    async def test_a_nudge_comes_with_a_kind_hint_and_goes_again(self, house: House) -> None:
        sheet = await house.open("/quay/quay-01", "quay-01")
        house.centre.counters.put("quay-01", level=Level.DISSATISFIED, nudge=nudge())
        assert "Thử chậm lại một nhịp" in sheet.text
        assert "cau mày" in sheet.text
        house.centre.counters.put("quay-01", nudge=None)
        assert "Thử chậm lại một nhịp" not in sheet.text

    async def test_the_citizens_rating_is_shown_and_asks_for_fresh_charts(self, house: House) -> None:
        sheet = await house.open("/quay/quay-01", "quay-01")
        await until(lambda: house.centre.statistics.asked > 0)
        asked = house.centre.statistics.asked
        house.centre.counters.put("quay-01", rating=Level.ANGRY)
        assert "Người dân tự đánh giá: Rất không hài lòng" in sheet.text
        await until(lambda: house.centre.statistics.asked > asked)

    async def test_other_counters_news_change_nothing(self, house: House) -> None:
        sheet = await house.open("/quay/quay-01", "quay-01")
        await until(lambda: "5C1" in sheet.text)
        before = sheet.text
        house.centre.counters.put("quay-02", level=Level.ANGRY)
        house.centre.alerts.put(an_alert("9Z9", "quay-02"))
        assert sheet.text == before

    async def test_an_officer_contests_with_a_note(self, house: House) -> None:
        sheet = await house.open("/quay/quay-01", "quay-01")
        house.centre.alerts.put(an_alert("8A1", "quay-01"))
        sheet.press(sheet.find("button", "Không đúng")[0])
        sheet.press(sheet.find("button", "Gửi phản đối")[0])
        await until(lambda: "Mời ghi một câu lý do" in sheet.text)
        sheet.send(sheet.find("textarea")[0], "input", '"Đèn chói."')
        sheet.press(sheet.find("button", "Gửi phản đối")[0])
        await until(lambda: bool(house.centre.alerts.contests))
        assert house.centre.alerts.contests == [("8A1", "quay-01", "officer", "Đèn chói.")]
        await until(lambda: "quay-01 phản đối: “Đèn chói.”" in sheet.text)

    async def test_an_officer_cannot_acknowledge(self, house: House) -> None:
        sheet = await house.open("/quay/quay-01", "quay-01")
        house.centre.alerts.put(an_alert("8A1", "quay-01"))
        assert "8A1" in sheet.text
        assert not sheet.find("button", "Tôi nhận xử lý")


class TestLeader:
    async def test_everything_is_there_after_connecting(self, house: House) -> None:
        sheet = await house.open("/lanh-dao", "lanh-dao-1")
        await until(lambda: "81 %" in sheet.text)
        for expected in ("7K3", "Chờ người nhận", "Bị phản đối", "Camera có lỗi", "Chờ thành phố xác nhận: 12", "<svg"):
            assert expected in sheet.text

    async def test_an_alert_is_taken_over_once(self, house: House) -> None:
        sheet = await house.open("/lanh-dao", "lanh-dao-1")
        await until(lambda: bool(sheet.find("button", "Tôi nhận xử lý")))
        sheet.press(sheet.find("button", "Tôi nhận xử lý")[0])
        await until(lambda: house.centre.alerts.alerts["7K3"].owner == "lanh-dao-1")
        await until(lambda: not sheet.find("button", "Tôi nhận xử lý"))

    async def test_a_contested_alert_moves_apart(self, house: House) -> None:
        sheet = await house.open("/lanh-dao", "lanh-dao-1")
        await until(lambda: "7K3" in sheet.text)
        open_list, contested = sheet.find("ul", classes="alerts")
        house.centre.alerts.put(an_alert("7K3", state=AlertState.CONTESTED, contested_by="quay-02", note="Nắng."))
        assert not any("7K3" in (each._text or "") for each in open_list.descendants())
        assert any("7K3" in (each._text or "") for each in contested.descendants())

    async def test_a_new_alert_is_said_once_and_those_of_before_are_not(self, house: House) -> None:
        sheet = await house.open("/lanh-dao", "lanh-dao-1")
        await until(lambda: "7K3" in sheet.text)
        said = sheet.find("p", classes="unseen")[1]
        assert said._text == ""
        house.centre.alerts.put(an_alert("9Z9", "quay-04", raised=MORNING))
        assert said._text.startswith("Cảnh báo mới ở Quầy 4: Rất không hài lòng")
        house.centre.alerts.put(
            an_alert("9Z9", "quay-04", state=AlertState.CONTESTED, contested_by="quay-04", note=".")
        )
        assert sum("Cảnh báo mới" in (one._text or "") for one in sheet.find("p", classes="unseen")) == 1

    async def test_the_newest_alert_stands_first(self, house: House) -> None:
        sheet = await house.open("/lanh-dao", "lanh-dao-1")
        await until(lambda: "7K3" in sheet.text)
        house.centre.alerts.put(an_alert("1A1", raised=MORNING - timedelta(hours=3)))
        house.centre.alerts.put(an_alert("9Z9", raised=MORNING))
        whats = [each._text or "" for each in sheet.find("p", classes="alert-what")]
        cards = sheet.find("ul", classes="alerts")[0].default_slot.children
        order = [next(what for what in whats if what in sheet._inside(card)) for card in cards]
        assert [what.split()[-1] for what in order] == ["9Z9", "7K3", "6F8", "1A1"]

    async def test_a_note_being_written_survives_news_of_the_same_alert(self, house: House) -> None:
        sheet = await house.open("/lanh-dao", "lanh-dao-1")
        await until(lambda: "7K3" in sheet.text)
        sheet.press(sheet.find("button", "Không đúng")[0])
        (field,) = sheet.find("textarea")
        house.centre.alerts.put(an_alert(contacts=(("lanh-dao", "failed"),)))
        assert sheet.find("textarea") == [field]
        assert "không gửi được" in sheet.text

    async def test_too_few_visits_give_no_share(self, house: House) -> None:
        house.centre.statistics.found = type(house.centre.statistics.found)(7, 6, {})
        sheet = await house.open("/lanh-dao", "lanh-dao-1")
        await until(lambda: "Chưa đủ để kết luận" in sheet.text)
        assert "%" not in sheet.text

    async def test_health_is_asked_again_and_explains_itself(self, tmp_path: Path) -> None:
        async with House(tmp_path, health_every_s=0.01).running() as house:
            sheet = await house.open("/thiet-bi", "ky-thuat")
            house.centre.health.now = (Tile("sms_line", ok=False, since=MORNING, why="not_sent"),)
            house.centre.health.waiting = 0
            await until(lambda: "chưa gửi được" in sheet.text)
            assert "SIM" in sheet.text
            await until(lambda: "Thành phố đã nhận đủ" in sheet.text)

    async def test_what_is_broken_is_said_once_and_what_is_counted_never(self, house: House) -> None:
        sheet = await house.open("/thiet-bi", "ky-thuat")
        (strip,) = sheet.find("section", classes="health")
        assert "aria-live" not in strip.props
        (said,) = [one for one in strip.descendants() if one.props.get("role") == "status"]
        assert isinstance(said, Text)
        assert said.text == "Camera · Quầy 3: Mất tín hiệu camera."

    async def test_an_unknown_fault_still_has_words(self, house: House) -> None:
        house.centre.health.now = (Tile("plotter/p1", ok=False, since=MORNING, why="paper_jam"),)
        sheet = await house.open("/thiet-bi", "ky-thuat")
        assert "Bộ phận khác · p1" in sheet.text
        assert "Có lỗi." in sheet.text

    async def test_the_line_to_the_city_and_its_orders_are_shown(self, tmp_path: Path) -> None:
        async with House(tmp_path, health_every_s=0.01).running() as house:
            sheet = await house.open("/thiet-bi", "ky-thuat")
            for text in (
                "Đang kết nối (từ 08:42)",
                "Chậm khoảng 3 phút",
                "gửi theo đợt",
                "không phải thành phố ký",
                "chi-an",
            ):
                await until(lambda text=text: text in sheet.text)  # type: ignore[misc]
            assert "Từ chối: đồng hồ lệch với thành phố" in sheet.text
            house.centre.city.now = LinkView(state="lost", since=MORNING, backlog=0, skew_s=0.0)
            house.centre.city.orders = ()
            for text in ("Mất kết nối", "Khớp", "Chưa có từ khi khởi động", "Chưa có lệnh nào"):
                await until(lambda text=text: text in sheet.text)  # type: ignore[misc]

    async def test_every_screen_says_which_box_it_is_for_as_long_as_it_was_asked_to(self, house: House) -> None:
        open_before = await house.open("/danh-gia/quay-01")
        assert "Thiết bị này là" not in open_before.text
        house.centre.identify.start(0.3)
        await until(lambda: "Thiết bị này là" in open_before.text)
        opened_meanwhile = await house.open("/thiet-bi", "ky-thuat", "en")
        assert "This device is" in opened_meanwhile.text
        house.centre.clock.seconds += 0.3
        await until(lambda: "Thiết bị này là" not in open_before.text and "This device is" not in opened_meanwhile.text)


class TestTablet:
    @pytest.mark.parametrize("level", list(Level))
    async def test_one_touch_rates_thanks_and_resets(self, house: House, level: Level) -> None:
        sheet = await house.open("/danh-gia/quay-01")
        word = house.site.words("vi").level(level)
        sheet.press(next(each for each in sheet.find("button", classes="face") if sheet._inside(each).endswith(word)))
        await until(lambda: "Xin cảm ơn" in sheet.text)
        assert house.centre.counters.ratings == [("quay-01", level)]
        await until(lambda: len(sheet.find("button", classes="face")) == 5)

    async def test_a_second_touch_while_thanking_counts_once(self, tmp_path: Path) -> None:
        async with House(tmp_path, thanks_s=30.0).running() as house:
            sheet = await house.open("/danh-gia/quay-01")
            face = sheet.find("button", classes="face")[0]
            sheet.press(face)
            await until(lambda: "Xin cảm ơn" in sheet.text)
            sheet.press(face)
            await asyncio.sleep(0.05)
            assert len(house.centre.counters.ratings) == 1

    async def test_a_second_touch_while_the_first_is_written_counts_once(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked, is_written = [], asyncio.Event()

        async def slowly(_counter: str, level: Level) -> None:
            asked.append(level)
            await is_written.wait()

        monkeypatch.setattr(house.centre.counters, "rate", slowly)
        sheet = await house.open("/danh-gia/quay-01")
        face = sheet.find("button", classes="face")[0]
        sheet.press(face)
        await until(lambda: bool(asked))
        sheet.press(face)
        await asyncio.sleep(0.05)
        is_written.set()
        await until(lambda: "Xin cảm ơn" in sheet.text)
        assert len(asked) == 1

    async def test_a_press_that_could_not_be_taken_may_be_repeated(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rate = house.centre.counters.rate

        async def refuse(_counter: str, _level: Level) -> None:
            raise OSError

        monkeypatch.setattr(house.centre.counters, "rate", refuse)
        sheet = await house.open("/danh-gia/quay-01")
        face = sheet.find("button", classes="face")[0]
        sheet.press(face)
        await until(lambda: house.site.words("vi")("page.common.action_failed") in sheet.text)
        monkeypatch.setattr(house.centre.counters, "rate", rate)
        sheet.press(face)
        await until(lambda: "Xin cảm ơn" in sheet.text)

    async def test_a_tablet_that_stays_open_for_months_does_not_grow(self, tmp_path: Path) -> None:
        async with House(tmp_path, thanks_s=0.001).running() as house:
            sheet = await house.open("/danh-gia/quay-01")
            counts = []
            for press in range(30):
                await until(lambda: bool(sheet.find("button", classes="face")))
                counts.append(len(sheet.client.elements))
                sheet.press(sheet.find("button", classes="face")[press % 5])
                await until(partial(_has_ratings, house, press + 1))
            assert counts[-1] <= counts[0] + 1

    async def test_opting_out_takes_one_touch_and_shows_it(self, house: House) -> None:
        sheet = await house.open("/danh-gia/quay-01")
        assert "Camera đang đo" in sheet.text
        sheet.press(sheet.find("button", "Đừng đo tôi")[0])
        await until(lambda: "Không đo ông/bà." in sheet.text)
        assert house.centre.counters.opted_out == ["quay-01"]
        assert not sheet.find("button", "Đừng đo tôi")
        house.centre.counters.put("quay-01", phase=CounterPhase.EMPTY, visit=None)
        await until(lambda: bool(sheet.find("button", "Đừng đo tôi")))

    async def test_opting_out_with_nobody_there_says_so(self, house: House) -> None:
        house.centre.counters.put("quay-01", phase=CounterPhase.EMPTY, visit=None)
        sheet = await house.open("/danh-gia/quay-01")
        sheet.press(sheet.find("button", "Đừng đo tôi")[0])
        await until(lambda: "Lúc này máy không đo ai" in sheet.text)
        await until(lambda: "Lúc này máy không đo ai" not in sheet.text)

    async def test_what_could_not_be_saved_is_not_thanked_for(
        self, house: House, caplog: pytest.LogCaptureFixture
    ) -> None:
        house.centre.counters.is_broken = True
        sheet = await house.open("/danh-gia/quay-01")
        sheet.press(sheet.find("button", classes="face")[0])
        await until(lambda: "Chưa ghi lại được" in sheet.text)
        assert "Xin cảm ơn" not in sheet.text
        assert [record.message for record in caplog.records] == ["action failed path=/danh-gia/quay-01"]

    async def test_the_sign_says_when_nothing_is_measured(self, house: House) -> None:
        sheet = await house.open("/danh-gia/quay-03")
        assert "Hiện không đo: camera không hoạt động" in sheet.text

    async def test_it_speaks_english(self, house: House) -> None:
        sheet = await house.open("/danh-gia/quay-01", lang="en")
        assert "How were you served today?" in sheet.text
        assert "Very dissatisfied" in sheet.text
        assert sheet.client.page.language == "en-US"
        assert "/ngon-ngu/vi?ve=/danh-gia/quay-01" in sheet.client._body_html, "the next citizen finds Vietnamese"


class TestLife:
    async def test_a_closed_page_leaves_no_subscription(self, house: House) -> None:
        sheets = [await house.open("/lanh-dao", "lanh-dao-1"), await house.open("/danh-gia/quay-01")]
        assert (len(house.centre.counters.callbacks), len(house.centre.alerts.callbacks)) == (2, 1)
        for sheet in sheets:
            sheet.close()
        assert not house.centre.counters.callbacks
        assert not house.centre.alerts.callbacks

    async def test_news_after_logout_shows_nothing_more(self, house: House) -> None:
        sheet = await house.open("/quay/quay-01", "quay-01")
        session = house.site.sessions.find(next(iter(_tokens(sheet))))
        assert session is not None
        house.site.sessions.close(session)
        house.centre.counters.put("quay-01", level=Level.ANGRY)
        assert "Rất không hài lòng" not in [each._text for each in sheet.find("p", classes="present-word")]
        assert not house.centre.counters.callbacks

    async def test_an_action_after_the_user_was_removed_does_nothing(self, house: House) -> None:
        sheet = await house.open("/lanh-dao", "lanh-dao-1")
        await until(lambda: bool(sheet.find("button", "Tôi nhận xử lý")))
        remove_user(house.users_file, "lanh-dao-1")
        sheet.press(sheet.find("button", "Tôi nhận xử lý")[0])
        await until(lambda: not house.centre.counters.callbacks)
        assert house.centre.alerts.alerts["7K3"].owner is None

    async def test_a_page_that_fails_on_news_does_not_hurt_the_desk(
        self, house: House, caplog: pytest.LogCaptureFixture
    ) -> None:
        sheet = await house.open("/quay/quay-01", "quay-01")
        house.centre.counters.put("quay-01", nudge="not a nudge")
        assert any(record.exc_info for record in caplog.records)
        house.centre.counters.put("quay-01", nudge=None, level=Level.NEUTRAL)
        assert sheet.find("p", "Bình thường", "present-word")


def _has_ratings(house: House, count: int) -> bool:
    return len(house.centre.counters.ratings) == count


def _tokens(sheet: object) -> list[str]:
    return [sheet.client.request.cookies["motcua_session"]]  # type: ignore[attr-defined]
