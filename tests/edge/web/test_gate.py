"""The door: who gets which page, over real requests without a socket."""

from dataclasses import replace
from pathlib import Path

import httpx
import pyotp
import pytest
from nicegui import Client

from edge.web.auth import COOKIE
from edge.web.gate import safe_path
from edge.web.site import DemoUser
from tests.edge.web.house import PIN, House


async def status(house: House, path: str, name: str | None = None, address: str = "127.0.0.1") -> int:
    async with house.browser(address) as browser:
        if name:
            browser.cookies.set(COOKIE, house.session_of(name))
        return (await browser.get(path)).status_code


@pytest.mark.parametrize(
    "path", ["/quay/quay-01", "/lanh-dao", "/thiet-bi", "/tu/can-bo", "/tu/ky-thuat", "/khuon-mat"]
)
async def test_without_a_session_staff_pages_lead_to_the_login(house: House, path: str) -> None:
    async with house.browser() as browser:
        answer = await browser.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/dang-nhap?ve={path}")
    assert not Client.instances, "a refused request costs no page"


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("quay-01", "/quay/quay-01", 200),
        ("quay-01", "/quay/quay-02", 403),
        ("quay-01", "/lanh-dao", 403),
        ("quay-01", "/thiet-bi", 403),
        ("lanh-dao-1", "/quay/quay-02", 200),
        ("lanh-dao-1", "/lanh-dao", 200),
        ("lanh-dao-1", "/thiet-bi", 200),
        ("ky-thuat", "/thiet-bi", 200),
        ("ky-thuat", "/lanh-dao", 403),
        ("ky-thuat", "/quay/quay-01", 403),
        ("lanh-dao-1", "/quay/quay-99", 404),
        ("lanh-dao-1", "/khong-co", 404),
        ("quay-01", "/tu/can-bo", 200),
        ("lanh-dao-1", "/tu/can-bo", 200),
        ("ky-thuat", "/tu/can-bo", 403),
        ("quay-01", "/tu/ky-thuat", 403),
        ("lanh-dao-1", "/tu/ky-thuat", 200),
        ("ky-thuat", "/tu/ky-thuat", 200),
        ("quay-01", "/khuon-mat", 200),
        ("lanh-dao-1", "/khuon-mat", 200),
        ("ky-thuat", "/khuon-mat", 403),
        (None, "/tu", 200),
        (None, "/tu/khac", 404),
        (None, "/danh-gia/quay-01", 200),
        (None, "/danh-gia/quay-99", 404),
        (None, "/wp-admin", 404),
        (None, "/", 200),
        (None, "/healthz", 200),
        (None, "/metrics", 200),
    ],
)
async def test_each_role_gets_its_own_pages(house: House, name: str | None, path: str, expected: int) -> None:
    assert await status(house, path, name) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", 200),
        ("::1", 200),
        ("10.1.2.3", 200),
        ("10.1.3.3", 403),
        ("192.168.1.9", 200),
        ("testclient", 403),
        ("::ffff:127.0.0.1", 200),  # how a server on `::` sees who calls it over IPv4
        ("::ffff:10.1.2.3", 200),
        ("::ffff:10.1.3.3", 403),
        ("fe80::1%eth0", 403),
    ],
)
async def test_the_tablet_answers_this_machine_and_the_listed_ones(tmp_path: Path, address: str, expected: int) -> None:
    async with House(tmp_path, tablet_clients=("10.1.2.0/24", "192.168.1.9")).running() as house:
        assert await status(house, "/danh-gia/quay-01", address=address) == expected
        assert await status(house, "/tu", address=address) == expected


@pytest.mark.parametrize("path", ["/tu", "/tu/can-bo", "/tu/ky-thuat"])
async def test_a_device_without_a_cabinet_has_none_of_its_pages(tmp_path: Path, path: str) -> None:
    async with House(tmp_path, change=lambda desks: replace(desks, locker=None)).running() as house:
        assert await status(house, path, "lanh-dao-1") == 404
        async with house.browser() as browser:
            assert "/tu" not in (await browser.get("/")).text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (None, ["/tu", "/tu/can-bo", "/tu/ky-thuat"]),
        ("quay-01", ["/tu", "/tu/can-bo"]),
        ("ky-thuat", ["/tu", "/tu/ky-thuat"]),
        ("lanh-dao-1", ["/tu", "/tu/can-bo", "/tu/ky-thuat"]),
    ],
)
async def test_the_home_page_lists_what_one_may_open_of_the_cabinet(
    house: House, name: str | None, shown: list[str]
) -> None:
    async with house.browser() as browser:
        if name:
            browser.cookies.set(COOKIE, house.session_of(name))
        text = (await browser.get("/")).text
    assert [path for path in ("/tu", "/tu/can-bo", "/tu/ky-thuat") if f'href="{path}"' in text] == shown


def test_a_tablet_client_that_is_no_address_refuses_to_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="tablet"):
        House(tmp_path, tablet_clients=("tablet-1",))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"host": "evil.example"}, 403),
        ({"host": "127.0.0.1:8080"}, 200),
        ({"host": "localhost:8080"}, 200),
        ({"host": "[::1]:8080"}, 200),
        ({"host": "quay.phuong.local"}, 200),
        ({"host": "["}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://["}, 403),
        ({"origin": "http://127.0.0.1:8080"}, 200),
    ],
)
async def test_a_foreign_host_or_origin_is_refused(tmp_path: Path, headers: dict[str, str], expected: int) -> None:
    async with House(tmp_path, hosts=("quay.phuong.local",)).running() as house, house.browser() as browser:
        assert (await browser.get("/", headers=headers)).status_code == expected


async def test_a_foreign_origin_may_not_open_the_socket(house: House) -> None:
    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    headers = [(b"host", b"127.0.0.1:8080"), (b"origin", b"http://evil.example")]
    scope = {"type": "websocket", "path": "/_nicegui_ws/socket.io/", "headers": headers, "query_string": b""}
    await house.app(scope, receive, send)  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1008, "reason": ""}]


async def test_pages_may_load_nothing_from_elsewhere(house: House) -> None:
    async with house.browser() as browser:
        answer = await browser.get("/danh-gia/quay-01")
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "https://" not in answer.text


async def test_the_number_of_pages_has_a_bound(tmp_path: Path) -> None:
    async with House(tmp_path, pages_at_most=2).running() as house:
        assert [await status(house, "/danh-gia/quay-01") for _ in range(3)] == [200, 200, 503]


async def test_a_page_nobody_claimed_is_forgotten(house: House) -> None:
    for _ in range(5):
        await status(house, "/danh-gia/quay-01")
    assert len(Client.instances) == 5
    Client.prune_instances(client_age_threshold=0)
    assert not Client.instances
    assert not house.centre.counters.callbacks


async def test_health_tells_faults_and_stays_200(house: House) -> None:
    async with house.browser() as browser:
        answer = await browser.get("/healthz")
    assert answer.json() == {"ok": False, "faults": {"camera/quay-03": "lost"}, "backlog": 12}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/quay/quay-01", "/quay/quay-01"),
        ("/dang-nhap?ve=/lanh-dao", "/dang-nhap?ve=/lanh-dao"),
        ("/thiet-bi?phuong=Ph%C6%B0%E1%BB%9Dng+A&sap=device", "/thiet-bi?phuong=Ph%C6%B0%E1%BB%9Dng+A&sap=device"),
        ("/thiet-bi/diem-1/hop.2", "/thiet-bi/diem-1/hop.2"),
        ("/../quay", "/"),
        ("/thiet-bi?tim=a\nSet-Cookie:b", "/"),
        ("?tim=a", "/"),
        ("/thiet-bi?tim=" + "a" * 2_000, "/"),
        ("/.//evil.example", "/"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\nb", "/"),
        ("/dang-nhap?ve=//evil.example", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_the_way_back_stays_on_this_site(asked: str | None, expected: str) -> None:
    assert safe_path(asked) == expected


class TestLogin:
    async def form(self, browser: httpx.AsyncClient, path: str = "/dang-nhap") -> str:
        text = (await browser.get(path)).text
        return text.split('name="seal" value="')[1].split('"')[0]

    async def test_the_right_words_open_the_page_asked_for(self, house: House) -> None:
        async with house.browser() as browser:
            seal = await self.form(browser)
            filled = {"name": "quay-01", "pin": PIN, "code": house.code("quay-01"), "seal": seal, "ve": "/"}
            answer = await browser.post("/dang-nhap", data=filled)
            assert (answer.status_code, answer.headers["location"]) == (303, "/quay/quay-01")
            cookie = answer.headers["set-cookie"].lower()
            assert "httponly" in cookie
            assert "samesite=strict" in cookie
            assert (await browser.get("/quay/quay-01")).status_code == 200

    async def test_a_wrong_pin_says_only_that_something_is_wrong(self, house: House) -> None:
        async with house.browser() as browser:
            answers = []
            for name in ("quay-01", "ai-do"):
                filled = {"name": name, "pin": "000001", "code": "000000", "seal": await self.form(browser), "ve": "/"}
                answers.append(await browser.post("/dang-nhap", data=filled))
        assert [answer.status_code for answer in answers] == [401, 401]
        assert answers[0].text == answers[1].text.replace("ai-do", "quay-01")

    async def test_after_a_wrong_try_the_name_stands_there_still(self, house: House) -> None:
        async with house.browser() as browser:
            filled = {"name": 'ai"do', "pin": "000001", "code": "0", "seal": await self.form(browser)}
            text = (await browser.post("/dang-nhap", data=filled)).text
        assert 'value="ai&quot;do"' in text
        assert 'type="password" inputmode="numeric" autocomplete="current-password" required autofocus' in text

    async def test_whose_session_is_over_is_told_why_they_stand_at_the_door(self, house: House) -> None:
        """Without a word, what was half typed would be gone unseen."""
        async with house.browser() as browser:
            assert "Phiên làm việc đã hết" not in (await browser.get("/dang-nhap")).text
            browser.cookies.set("motcua_session", "of-yesterday")
            assert "Phiên làm việc đã hết" in (await browser.get("/dang-nhap?ve=/lanh-dao")).text
            browser.cookies.set("motcua_session", house.session_of("quay-01"))
            assert "Phiên làm việc đã hết" not in (await browser.get("/dang-nhap")).text

    async def test_no_page_with_a_name_on_it_is_kept_by_the_browser(self, house: House) -> None:
        async with house.browser() as browser:
            assert (await browser.get("/")).headers["cache-control"] == "no-store"

    async def test_after_wrong_tries_it_says_how_long_to_wait(self, house: House) -> None:
        async with house.browser() as browser:
            filled = {"name": "quay-01", "pin": "000001", "code": "0", "seal": await self.form(browser)}
            for _ in range(4):
                answer = await browser.post("/dang-nhap", data=filled)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
        assert "30 giây" in answer.text

    async def test_a_form_of_another_browser_is_refused(self, house: House) -> None:
        async with house.browser() as browser, house.browser() as other:
            seal = await self.form(other)
            filled = {"name": "quay-01", "pin": PIN, "code": house.code("quay-01"), "seal": seal}
            assert (await browser.post("/dang-nhap", data=filled)).status_code == 403

    async def test_logout_needs_the_session_s_own_seal(self, house: House) -> None:
        token = house.session_of("quay-01")
        session = house.site.sessions.find(token)
        assert session is not None
        async with house.browser() as browser:
            browser.cookies.set(COOKIE, token)
            await browser.post("/dang-xuat", data={"seal": "x"})
            assert house.site.sessions.is_alive(session)
            browser.cookies.set(COOKIE, token)
            await browser.post("/dang-xuat", data={"seal": house.site.seal.of(session.key)})
        assert not house.site.sessions.is_alive(session)

    async def test_a_restarted_agent_knows_who_was_logged_in_and_who_logged_out(self, house: House) -> None:
        async with house.browser() as browser:
            filled = {"name": "quay-01", "pin": PIN, "code": house.code("quay-01"), "seal": await self.form(browser)}
            await browser.post("/dang-nhap", data=filled)
            token = browser.cookies[COOKIE]
            found = house.restarted().sessions.find(token)
            assert found is not None
            assert found.user.name == "quay-01"
            await browser.post("/dang-xuat", data={"seal": house.restarted().seal.of(found.key)})
        assert house.restarted().sessions.find(token) is None

    async def test_who_logs_in_over_somebody_ends_that_session(self, house: House) -> None:
        """No browser holds its token any more, so nobody could log it out."""
        async with house.browser() as browser:
            tokens = []
            for name in ("lanh-dao-1", "quay-01"):
                filled = {"name": name, "pin": PIN, "code": house.code(name), "seal": await self.form(browser)}
                await browser.post("/dang-nhap", data=filled)
                tokens.append(browser.cookies[COOKIE])
        again = house.restarted().sessions
        assert [again.find(token) is not None for token in tokens] == [False, True]
        assert house.site.sessions.find(tokens[0]) is None

    async def test_a_demo_shows_its_codes_and_nothing_else_does(self, house: House) -> None:
        async with house.browser() as browser:
            assert PIN not in (await browser.get("/dang-nhap")).text

    async def test_a_demo_offers_its_throw_away_users(self, tmp_path: Path) -> None:
        users = (DemoUser("quay-01", PIN, pyotp.random_base32()),)
        async with House(tmp_path, demo_users=users).running() as house, house.browser() as browser:
            text = (await browser.get("/dang-nhap")).text
        assert PIN in text
        assert ">quay-01</button>" in text

    async def test_the_way_back_cannot_lead_off_site(self, house: House) -> None:
        async with house.browser() as browser:
            filled = {"name": "lanh-dao-1", "pin": PIN, "code": house.code("lanh-dao-1"), "ve": "//evil.example"}
            answer = await browser.post("/dang-nhap", data=filled | {"seal": await self.form(browser)})
        assert answer.headers["location"] == "/lanh-dao"


async def test_the_language_is_kept_by_the_browser(house: House) -> None:
    async with house.browser() as browser:
        answer = await browser.get("/ngon-ngu/en?ve=/dang-nhap")
        assert answer.headers["location"] == "/dang-nhap"
        assert '<html lang="en">' in (await browser.get("/dang-nhap")).text
        await browser.get("/ngon-ngu/xx?ve=/dang-nhap")
        assert '<html lang="en">' in (await browser.get("/dang-nhap")).text


async def test_home_lists_what_one_may_open(house: House) -> None:
    async with house.browser() as browser:
        browser.cookies.set(COOKIE, house.session_of("quay-01"))
        text = (await browser.get("/")).text
    assert 'href="/quay/quay-01"' in text
    assert 'href="/quay/quay-02"' not in text
    assert 'href="/lanh-dao"' not in text


async def test_nobody_takes_consents_where_nobody_is_greeted(tmp_path: Path) -> None:
    async with House(tmp_path, change=lambda desks: replace(desks, faces=None)).running() as house:
        assert await status(house, "/khuon-mat", "quay-01") == 404
        async with house.browser() as browser:
            assert "/khuon-mat" not in (await browser.get("/")).text


@pytest.mark.parametrize(
    ("name", "is_shown"), [(None, True), ("quay-01", True), ("lanh-dao-1", True), ("ky-thuat", False)]
)
async def test_the_home_page_leads_those_who_may_to_the_greeting_by_name(
    house: House, name: str | None, is_shown: bool
) -> None:
    async with house.browser() as browser:
        if name:
            browser.cookies.set(COOKIE, house.session_of(name))
        assert ('href="/khuon-mat"' in (await browser.get("/")).text) is is_shown
