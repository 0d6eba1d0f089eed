"""From the delivery of a box to its revocation on the city's real engine: three RabbitMQ nodes with mutual TLS, PostgreSQL, pages."""

import json
import shutil
import zlib
from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from edge.cluster.city import DEVICE, SERIAL, SITE
from edge.cluster.cluster import Cluster
from edge.cluster.layout import free_span, saved, scratch
from edge.web.users import Role, create_user
from sync.chain import source_of
from tests.e2e.cluster_city import PLACE, ClusterCity
from tests.sync.identity_fixtures import wait_for_port
from tests.sync.visitor import CUT_WITHIN_S

pytestmark = [
    pytest.mark.long, pytest.mark.rabbitmq, pytest.mark.postgres, pytest.mark.browser, pytest.mark.enable_socket,
    pytest.mark.timeout(900),
]  # fmt: skip
PIN = "24681357"
DOSSIER = "H26.14.2-261124-0001"


@pytest.fixture
def town() -> Iterator[ClusterCity]:
    data = scratch()
    made: ClusterCity | None = None
    try:
        made = ClusterCity(data, free_span())
        yield made
    finally:
        if made is not None:
            made.close()
        layout = saved(data)
        if layout is not None:
            Cluster(layout).discard()
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(locale="vi-VN")
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def test_a_device_from_its_delivery_to_its_revocation(town: ClusterCity, page: Page) -> None:
    serve(town)
    enrol(town)
    run(town)
    watch(town, page)
    command(town)
    lose_a_node(town)
    revoke(town, page)
    (proof,) = town.order("verify")
    assert proof["ok"], proof
    assert town.stop("worker") == town.stop("serve") == town.stop("device") == 0


def serve(town: ClusterCity) -> None:
    config = ("--config", str(town.city.file))
    town.start("worker", "edge", "city", "worker", *config)
    town.until(lambda: "city.share" in town.log("worker"), 60, "no worker works")
    town.start("serve", "edge", "city", "serve", *config)
    for port in (town.layout.pages_port, town.layout.enrolment_port):
        wait_for_port(port)


def enrol(town: ClusterCity) -> None:
    """The token is good once: another box that has it is refused."""
    town.order("devices", "allow", SERIAL)
    (given,) = town.order("devices", "token", PLACE)
    (told,) = town.enrol(given["token"], town.city.device / "data")
    assert f"{told['site']}/{told['device']}" == PLACE
    (refused,) = town.enrol(given["token"], town.data / "thief", expected=1)
    assert refused["refused"] == "token_used"


def run(town: ClusterCity) -> None:
    """Its events are bound to its worker's queue before the first one comes, and its receipts come back."""
    town.start("board", "devices.lock_board.sim", "--link", str(town.city.board), "--board", "1", "--channels", "4")
    town.until(town.city.board.exists, 30, "there is no board")
    town.start("device", "edge", "run", "--config", str(town.city.device / "device.toml"))
    town.until(lambda: bool(town.rows("SELECT 1 FROM city_receipts WHERE seq > 0")), 90, "no receipt went out")
    town.until(lambda: stats(town)["marks"]["city"] > 0, 60, "no receipt arrived")
    assert "city.devices_bound" not in town.log("worker")
    assert town.rows("SELECT judgement FROM city_tallies WHERE judgement NOT IN ('new', 'duplicate')") == []


def stats(town: ClusterCity) -> dict[str, dict[str, int]]:
    (said,) = town.motcua("journal", "stats", "--data", str(town.city.device / "data"))
    return said


def watch(town: ClusterCity, page: Page) -> None:
    user = create_user(town.city.file.parent / "data" / "users.toml", "lanh-dao", Role.LEADER, PIN)
    url = f"http://127.0.0.1:{town.layout.pages_port}"
    page.goto(f"{url}/dang-nhap")
    page.fill("#name", user.name)
    page.fill("#pin", PIN)
    page.fill("#code", pyotp.TOTP(user.totp_secret).now())
    page.click("button[type=submit]")
    page.wait_for_url(f"{url}/")
    page.goto(f"{url}/thiet-bi")
    row = page.locator(".fleet-table tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("tu-01")
    expect(row).not_to_contain_text("Đã thu hồi")


def command(town: ClusterCity) -> None:
    """One that is done, one that the cabinet does, and one that is refused with its reason."""
    town.order("command", "send", PLACE, "device.identify", "--by", "toi")
    town.order("command", "send", PLACE, "locker.reserve", "--by", "toi", "--args", json.dumps({"dossier": DOSSIER}))
    town.order("command", "send", PLACE, "ledger.resend", "--by", "toi", "--args", '{"seq": 1000000}')

    def answers() -> dict[str, tuple[str, str | None]]:
        return {row["name"]: (row["state"], row["why"]) for row in town.order("command", "list")}

    wanted = {
        "device.identify": ("done", "no_sound"),  # its screens blink; the board has nothing to beep with
        "locker.reserve": ("done", None),
        "ledger.resend": ("refused", "seq_ahead"),
    }
    town.until(lambda: answers() == wanted, 90, "the orders are not answered")


def lose_a_node(town: ClusterCity) -> None:
    """The one that the device is on, for good: it goes to another, and so do the city's orders and its management."""
    victim = town.layout.names[zlib.crc32(source_of(SITE, DEVICE).encode()) % len(town.layout.names)]
    assert Cluster(town.layout).kill(victim)
    town.order("command", "send", PLACE, "locker.release", "--by", "toi", "--args", json.dumps({"dossier": DOSSIER}))

    def newest() -> tuple[str, str]:
        row = town.order("command", "list")[0]
        return row["name"], row["state"]

    town.until(lambda: newest() == ("locker.release", "done"), 90, "an order is not answered over another node")


def revoke(town: ClusterCity, page: Page) -> None:
    """The connection is cut, it cannot come back, what it says counts for nothing, and the page names it."""
    town.order("devices", "revoke", PLACE, "--why", "mất trộm")
    ((held,),) = town.rows("SELECT seq FROM city_chains")
    town.until(lambda: town.log("device").count("sync.lost") > 1, CUT_WITHIN_S, "it was not cut")
    town.until(lambda: "Bad user name or password" in town.log("device"), 60, "it was not refused")
    expect(page.locator(".fleet-table tbody tr")).to_contain_text("Đã thu hồi")
    (numbers,) = town.order("stats")
    assert numbers["online"] == 0
    assert town.rows("SELECT seq FROM city_chains") == [(held,)]
    (row,) = town.order("devices", "list")
    assert (row["state"], row["why_revoked"]) == ("revoked", "mất trộm")
