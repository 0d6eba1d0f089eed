"""The city's pages: who sees what, what stands on them, and that nothing of another ward leaks."""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from nicegui import ui

from config.city import Site
from edge.adapters.fleet_reports import ReportKeeper
from edge.adapters.fleet_views import Places, figures_view
from edge.fleet_ports import Filter, FleetLost, Order
from edge.web.auth import COOKIE
from edge.web.fleet_doors import SHEETS
from edge.web.words import Words
from sync import events as e
from sync.city.board_terms import Figures, SatisfactionRow, WaitRow
from sync.city.errors import CityError, DatabaseLost, DatabaseUnusable
from tests.edge.web.fakes import strings
from tests.edge.web.fleet_town import FAR, NEAR, FleetTown
from tests.edge.web.house import Sheet, until
from tests.sync.city_samples import with_body

ALL = ("hop-gan", "hop-xa", "hop-la")


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[FleetTown]:
    made = FleetTown(tmp_path)
    await made.desk.look()
    async with made.running():
        yield made
    made.close()


async def get(town: FleetTown, path: str, name: str | None) -> tuple[int, str]:
    async with town.browser() as browser:
        if name:
            browser.cookies.set(COOKIE, town.session_of(name))
        answer = await browser.get(path)
    return answer.status_code, answer.text


def rows(sheet: Sheet, text: str) -> list[ui.html]:
    """Rows of a live list that say so."""
    found = (one for one in sheet.client.elements.values() if isinstance(one, ui.html))
    return [one for one in found if text in one.content and "<svg" not in one.content]


def named(text: str) -> list[str]:
    return [device for device in ALL if device in text]


@pytest.mark.parametrize(
    "path", ["/", "/thiet-bi", "/dia-ban", "/bao-cao", "/thiet-bi/diem-gan/hop-gan", "/tai-xuong/thiet-bi.csv"]
)
async def test_everything_needs_a_login(town: FleetTown, path: str) -> None:
    assert (await get(town, path, None))[0] == 303


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("can-bo-gan", "/thiet-bi/diem-gan/hop-gan", 200),
        ("can-bo-gan", "/thiet-bi/diem-xa/hop-xa", 404),
        ("can-bo-gan", "/thiet-bi/diem-xa/khong-co", 404),
        ("can-bo-gan", "/thiet-bi/diem-la/hop-la", 404),
        ("can-bo-gan", "/bao-cao", 403),
        ("can-bo-gan", "/bao-cao/2026-11-28", 403),
        ("ky-thuat-xa", "/thiet-bi/diem-xa/hop-xa", 200),
        ("ky-thuat-xa", "/thiet-bi/diem-gan/hop-gan", 404),
        ("lanh-dao", "/thiet-bi/diem-la/hop-la", 200),
        ("lanh-dao", "/thiet-bi/diem-la/khong-co", 404),
        ("lanh-dao", "/bao-cao", 200),
        ("lanh-dao", "/bao-cao/2026-11-28", 404),
        ("lanh-dao", "/bao-cao/2026-13-45", 404),
        ("lanh-dao", "/tai-xuong/gi-do.csv", 404),
        ("lanh-dao", "/quay/quay-01", 404),
    ],
)
async def test_addresses_open_for_whom_they_are(town: FleetTown, name: str, path: str, expected: int) -> None:
    assert (await get(town, path, name))[0] == expected


@pytest.mark.parametrize("path", ["/", "/thiet-bi", "/dia-ban", "/thiet-bi/diem-gan/hop-gan"])
async def test_a_page_that_loses_its_server_names_the_city(town: FleetTown, path: str) -> None:
    assert '--lost:"Mất kết nối với máy chủ của thành phố.' in (await get(town, path, "can-bo-gan"))[1]


async def test_an_unknown_device_and_a_foreign_one_get_the_same_answer(town: FleetTown) -> None:
    foreign = await get(town, "/thiet-bi/diem-xa/hop-xa", "can-bo-gan")
    assert foreign == await get(town, "/thiet-bi/diem-xa/khong-co", "can-bo-gan")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("lanh-dao", list(ALL)), ("can-bo-gan", ["hop-gan"]), ("ky-thuat-xa", ["hop-xa"]), ("khong-phuong", [])],
)
@pytest.mark.parametrize("path", ["/", "/thiet-bi", "/dia-ban"])
async def test_a_page_shows_its_viewer_s_wards_only(town: FleetTown, path: str, name: str, expected: list[str]) -> None:
    sheet = await town.open(path, name)
    await until(lambda: all(device in sheet.text for device in expected))
    shown = "\n".join(f"{element.props} {element._text}" for element in sheet.client.elements.values())
    assert named(shown) == expected
    assert ("Điểm xa" in shown) == ("hop-xa" in expected)


@pytest.mark.parametrize("sheet", sorted(SHEETS))
@pytest.mark.parametrize("query", ["", f"?phuong={FAR}", "?diem=diem-xa", "?tim=hop"])
async def test_no_sheet_leaks_another_ward(town: FleetTown, sheet: str, query: str) -> None:
    status, text = await get(town, f"/tai-xuong/{sheet}.csv{query}", "can-bo-gan")
    assert status == 200
    assert all(word not in text for word in ("hop-xa", "hop-la", "Điểm xa", FAR, "diem-xa"))


@pytest.mark.parametrize(
    ("sheet", "row"),
    [
        ("thiet-bi", ["Điểm gần", "diem-gan/hop-gan", NEAR, "Tốt"]),
        ("canh-bao", ["Điểm gần", "hop-gan", NEAR, "C-hop-gan"]),
        ("hai-long-phuong", [NEAR, "0", "0", "1"]),
        ("hai-long-quay", ["Điểm gần · quay-hop-gan"]),
        ("tu", ["Điểm gần", "1", "0", "0", "0", "1", "1"]),
        ("qua-han", ["Điểm gần", "hop-gan", "01", "H29-hop-gan"]),
    ],
)
async def test_a_sheet_says_what_the_page_says(town: FleetTown, sheet: str, row: list[str]) -> None:
    _, text = await get(town, f"/tai-xuong/{sheet}.csv", "can-bo-gan")
    assert text.startswith("\ufeff")
    found_rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [found[: len(row)] for found in found_rows[1:]] == [row]


async def test_a_ward_in_the_address_is_not_a_key(town: FleetTown) -> None:
    sheet = await town.open(f"/?phuong={FAR}", "can-bo-gan")
    assert named(sheet.text) == []
    figures = await town.desk.figures(
        Filter(town.desk.now().date(), town.desk.now().date(), ward=FAR), frozenset({NEAR})
    )
    assert (figures.by_ward, figures.handovers, figures.overdue) == ((), (), ())


async def test_a_leader_filters_by_ward_state_and_text(town: FleetTown) -> None:
    for query, expected in (
        (f"phuong={NEAR}", ["hop-gan"]),
        ("tim=HOP-XA", ["hop-xa"]),
        ("tinh-trang=ok", list(ALL)),
        ("tinh-trang=chain", []),
        ("tinh-trang=khong-co&trang=x&sap=gi&tu=9&den=2026-02-31", list(ALL)),
    ):
        sheet = await town.open(f"/thiet-bi?{query}", "lanh-dao")
        assert named(sheet.text) == expected, query
        sheet.close()


async def test_an_alert_appears_while_somebody_looks(town: FleetTown) -> None:
    sheet = await town.open("/", "can-bo-gan")
    town.store.take(town.near.says(town.alert(town.near, "C-moi")))
    town.raise_early(town.near, "C-som")
    town.store.take(town.far.says(town.alert(town.far, "C-xa-moi")))
    await town.desk.look()
    await until(lambda: "C-som" in sheet.text)
    assert "C-moi" in sheet.text
    assert "C-xa-moi" not in sheet.text
    (row,) = rows(sheet, "C-som")
    assert "Chưa xác nhận" in row.content


async def test_a_row_that_says_the_same_is_left_alone(town: FleetTown) -> None:
    sheet = await town.open("/", "can-bo-gan")
    before = rows(sheet, "C-hop-gan")
    assert len(before) == 1
    town.store.take(town.near.says(town.alert(town.near, "C-moi")))
    await town.desk.look()
    await until(lambda: "C-moi" in sheet.text)
    assert rows(sheet, "C-hop-gan") == before


async def test_the_first_device_comes_to_an_open_page(town: FleetTown) -> None:
    table = await town.open("/thiet-bi?tim=hop-moi", "can-bo-gan")
    assert "0 máy" in table.text
    town.device("diem-gan", "hop-moi", 4)
    await town.desk.look()
    await until(lambda: "1 máy" in table.text)
    assert "0 máy" not in table.text


async def test_a_chain_in_doubt_says_what_to_do(town: FleetTown) -> None:
    (one,) = town.near.visits(1)
    town.store.take([one, with_body(one, one.body + b" ")])
    await town.desk.look()
    table = await town.open("/thiet-bi", "can-bo-gan")
    assert "Chuỗi có vấn đề" in table.text
    assert "hai lịch sử khác nhau" in table.text
    page = await town.open("/thiet-bi/diem-gan/hop-gan", "can-bo-gan")
    await until(lambda: "motcua city settle" in page.text)
    assert "số này đã có nội dung khác" in page.text


@pytest.mark.parametrize(("name", "path", "has"), [
    ("ky-thuat-xa", "/thiet-bi/diem-xa/hop-xa", True), ("lanh-dao", "/thiet-bi/diem-xa/hop-xa", True),
    ("can-bo-gan", "/thiet-bi/diem-gan/hop-gan", False),
])  # fmt: skip
async def test_leaders_and_technicians_may_send_orders(town: FleetTown, name: str, path: str, has: bool) -> None:
    page = await town.open(path, name)
    buttons = page.find("button", "Nháy màn hình")
    assert bool(buttons) == has
    if has:
        page.press(buttons[0])
        await until(lambda: bool(town.orders.sent))
        assert town.orders.sent == [("/sites/diem-xa/devices/hop-xa", Order.IDENTIFY, name)]
        await until(lambda: "chờ máy lên mạng" in page.text)


@pytest.mark.parametrize("error", [DatabaseLost("away"), DatabaseUnusable("malformed")])
async def test_a_lost_database_is_told_and_the_last_picture_stays(
    town: FleetTown, monkeypatch: pytest.MonkeyPatch, error: CityError
) -> None:
    sheet = await town.open("/", "lanh-dao")

    def lost() -> None:
        raise error

    monkeypatch.setattr(town.desk._board, "fleet", lost)
    await town.desk.look()
    await until(lambda: "Chưa đọc được cơ sở dữ liệu" in sheet.text)
    assert "C-hop-gan" in sheet.text
    monkeypatch.undo()
    await town.desk.look()
    await until(lambda: "Chưa đọc được cơ sở dữ liệu" not in sheet.text)


def asks_figures(town: FleetTown) -> Awaitable[object]:
    return town.desk.figures(Filter(date(2026, 11, 1), date(2026, 11, 2)), None)


def asks_device(town: FleetTown) -> Awaitable[object]:
    return town.desk.device("diem-gan", "hop-gan")


def sends(town: FleetTown) -> Awaitable[object]:
    return town.desk.order("diem-gan", "hop-gan", Order.IDENTIFY, "lanh-dao")


@pytest.mark.parametrize("error", [DatabaseLost("away"), DatabaseUnusable("malformed")])
@pytest.mark.parametrize(
    ("part", "name", "ask"),
    [
        ("_figures", "figures", asks_figures),
        ("_figures", "device", asks_device),
        ("_orders", "latest", asks_device),
        ("_orders", "send", sends),
    ],
)
async def test_what_is_asked_of_a_lost_database_is_lost_and_answered_once_it_is_back(
    town: FleetTown, monkeypatch: pytest.MonkeyPatch,
    error: CityError, part: str, name: str, ask: Callable[[FleetTown], Awaitable[object]],
) -> None:  # fmt: skip
    def lost(*_: object) -> None:
        raise error

    monkeypatch.setattr(getattr(town.desk, part), name, lost)
    with pytest.raises(FleetLost):
        await ask(town)
    monkeypatch.undo()
    await ask(town)


async def test_the_desk_looks_while_somebody_watches_and_tells_only_news(town: FleetTown) -> None:
    told: list[None] = []
    stop = town.desk.subscribe(told.append)
    await town.desk.look()
    assert told == []
    town.store.take(town.near.visits(1))
    await town.desk.look()
    assert len(told) == 1
    stop()
    town.store.take(town.near.visits(1))
    await town.desk.look()
    assert len(told) == 1


def test_two_sites_of_one_name_stay_two() -> None:
    both = {site: Site(name="Điểm 1", ward=ward) for site, ward in (("a", NEAR), ("b", FAR))}
    level = {"neutral": 1}
    rows = tuple(SatisfactionRow(site, "quay-01", 8, level, {}) for site in both)
    waits = tuple(WaitRow(site, 8, 1, 1, 0, {60: 1}) for site in both)
    found = figures_view(Figures(rows, (), (), waits), Places(both))
    assert [row.key for row in found.by_counter] == ["Điểm 1 · quay-01"] * 2
    assert [row.tickets for row in found.waits_by_site] == [1, 1]
    assert (found.total.counts.scored, [row.key for row in found.by_ward]) == (2, [NEAR, FAR])


async def test_a_strange_file_among_the_reports_is_left_alone(town: FleetTown, tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "bao-cao-cu.html").write_text("x")
    (tmp_path / "reports" / "bao-cao-2026-11-21.html").write_text("x")
    assert town.desk.reports() == (date(2026, 11, 21),)


async def test_subscriptions_end_with_the_page(town: FleetTown) -> None:
    sheet = await town.open("/thiet-bi", "lanh-dao")
    assert town.desk._watchers
    sheet.close()
    assert town.desk._watchers == []


async def test_a_cell_that_a_spreadsheet_would_run_is_text(town: FleetTown) -> None:
    town.store.take(town.near.says(e.DeviceStarted(boot="b", version="=HYPERLINK(1)", stations=())))
    await town.desk.look()
    _, text = await get(town, "/tai-xuong/thiet-bi.csv", "can-bo-gan")
    assert "'=HYPERLINK(1)" in text
    assert ",=HYPERLINK" not in text


async def test_the_nightly_report_is_made_once_and_listed(town: FleetTown, tmp_path: Path) -> None:
    keeper = ReportKeeper(town.desk, Words(strings(), "vi"), "Thành phố Mẫu", tmp_path / "reports")
    made = await keeper.turn()
    yesterday = town.desk.now().date() - timedelta(days=1)
    assert made == keeper.path(yesterday)
    assert await keeper.turn() is None
    status, text = await get(town, "/bao-cao", "lanh-dao")
    assert (status, f"/bao-cao/{yesterday}" in text) == (200, True)
    status, text = await get(town, f"/bao-cao/{yesterday}", "lanh-dao")
    assert (status, "Thành phố Mẫu" in text) == (200, True)
    path = await keeper.make(town.desk.now().date())
    assert "H29-hop-xa" in path.read_text(encoding="utf-8")


async def test_no_report_is_written_without_a_database(
    town: FleetTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_: object) -> None:
        raise DatabaseLost("away")

    monkeypatch.setattr(town.desk._figures, "figures", lost)
    keeper = ReportKeeper(town.desk, Words(strings(), "vi"), "x", tmp_path / "other")
    with pytest.raises(FleetLost):
        await keeper.make(date(2026, 11, 1))
    assert await keeper.turn() is None
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("path", ["/", "/thiet-bi", "/dia-ban", "/thiet-bi/diem-gan/hop-gan"])
async def test_every_page_speaks_english_too(town: FleetTown, path: str) -> None:
    sheet = await town.open(path, "lanh-dao", lang="en")
    await until(lambda: "hop-gan" in sheet.text)
    assert "page.fleet" not in sheet.text
