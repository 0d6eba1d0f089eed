"""The gateway channel against a real HTTP server on loopback that keeps its own idempotency and breaks on demand."""

import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from devices.sms.channel import DeliveryUpdate, Outgoing, SmsRefused, SmsStatus, SmsUnavailable
from devices.sms.gateway_terms import GatewayTerms, Json, Verdict, parse_delivery_report
from devices.sms.http_gateway import HttpGateway

LEADER = "+84912345678"
TEXT = 'Quầy 03: công dân rất không hài lòng. "Trả lời" {to} 1 7F3K'
SMS = Outgoing("alert-1", LEADER, TEXT)


class FakeGateway(ThreadingHTTPServer):
    """`answers` are taken one a request: an HTTP status, "drop" (accept, then hang up), "silent" (accept, never answer)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[int | str] = []
        self.requests: list[tuple[dict[str, str], dict[str, Json]]] = []
        self.sent: dict[str, dict[str, Json]] = {}
        self.statuses: dict[str, str] = {}
        self.body: dict[str, Json] = {}
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: FakeGateway
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        gateway = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        gateway.requests.append((dict(self.headers), body))
        answer = gateway.answers.pop(0) if gateway.answers else 202
        if isinstance(answer, int) and answer >= 300:
            self._say(answer, gateway.body)
            return
        gateway.sent.setdefault(self.headers["Idempotency-Key"], body)
        if answer == "drop":
            self.close_connection = True
        elif answer == "silent":
            gateway.over.wait(10)
            self.close_connection = True
        else:
            self._say(int(answer), gateway.body)

    def do_GET(self) -> None:
        ref = self.path.rpartition("/")[2]
        self._say(200, {"ref": ref, "status": self.server.statuses.get(ref, "submitted")})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        return

    def _say(self, status: int, body: dict[str, Json]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(content)


@pytest.fixture
def server() -> Iterator[FakeGateway]:
    with FakeGateway() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def terms(server: FakeGateway, tmp_path: Path) -> GatewayTerms:
    token = tmp_path / "token"
    token.write_text("s3cret\n", "utf-8")
    return GatewayTerms(f"{server.url}/sms", token_file=token, timeout_s=2.0, status_url=f"{server.url}/status/{{ref}}")


@pytest.fixture
async def gateway(terms: GatewayTerms, tmp_path: Path) -> AsyncIterator[HttpGateway]:
    gateway = HttpGateway(terms, tmp_path / "memory", poll_s=0.0, look_s=0.01)
    yield gateway
    await gateway.close()


@pytest.mark.enable_socket
async def test_posts_the_message_once_with_key_and_token(server: FakeGateway, gateway: HttpGateway) -> None:
    await gateway.submit(SMS)
    await gateway.submit(SMS)
    [(headers, body)] = server.requests
    assert body == {"ref": "alert-1", "to": LEADER, "text": TEXT}
    assert (headers["Idempotency-Key"], headers["Authorization"]) == ("alert-1", "Bearer s3cret")


@pytest.mark.enable_socket
@pytest.mark.parametrize("loss", ["drop", "silent"])
async def test_lost_answer_is_tried_again_and_sent_once(server: FakeGateway, gateway: HttpGateway, loss: str) -> None:
    server.answers = [loss]
    with pytest.raises(SmsUnavailable):
        await gateway.submit(SMS)
    assert (await gateway.health()).why == "gateway_lost"
    await gateway.submit(SMS)
    assert (len(server.requests), len(server.sent)) == (2, 1)
    assert (await gateway.health()).is_alive


@pytest.mark.enable_socket
@pytest.mark.parametrize("token", [b"", b"  \n", b"\xff\xfes\x00", "mật-khẩu".encode(), b"two\nlines", b"a\x00b"])
async def test_a_token_file_that_holds_no_token_is_said(
    gateway: HttpGateway, terms: GatewayTerms, token: bytes
) -> None:
    assert terms.token_file is not None
    terms.token_file.write_bytes(token)
    with pytest.raises(SmsUnavailable, match="token file does not hold one line of plain letters") as refused:
        await gateway.submit(SMS)
    assert "khẩu" not in str(refused.value)


@pytest.mark.enable_socket
async def test_a_missing_token_file_is_said(gateway: HttpGateway, terms: GatewayTerms) -> None:
    assert terms.token_file is not None
    terms.token_file.unlink()
    with pytest.raises(SmsUnavailable, match="token file cannot be read"):
        await gateway.submit(SMS)


@pytest.mark.enable_socket
@pytest.mark.parametrize("url", ["http://gateway:port/", "https://x\x00y/"])
async def test_an_address_that_is_no_url_is_said(terms: GatewayTerms, tmp_path: Path, url: str) -> None:
    gateway = HttpGateway(replace(terms, url=url), tmp_path / "memory")
    with pytest.raises(SmsUnavailable, match="the gateway's address is not a URL"):
        await gateway.submit(SMS)
    assert (await gateway.health()).why == "gateway_lost"
    await gateway.close()


@pytest.mark.enable_socket
async def test_a_status_address_that_is_no_url_ends_no_walk(terms: GatewayTerms, tmp_path: Path) -> None:
    gateway = HttpGateway(
        replace(terms, status_url="http://gateway:port/{ref}"), tmp_path / "memory", poll_s=0.0, look_s=0.01
    )
    gateway._remember("alert-1")
    update = await anext(gateway.updates())
    assert update == DeliveryUpdate("alert-1", SmsStatus.SUBMITTED)
    await gateway.close()


@pytest.mark.enable_socket
@pytest.mark.parametrize("status", [401, 403, 404, 408, 429, 500, 502, 503])
async def test_retry_answers(server: FakeGateway, gateway: HttpGateway, status: int) -> None:
    server.answers = [status]
    with pytest.raises(SmsUnavailable, match=str(status)):
        await gateway.submit(SMS)
    await gateway.submit(SMS)
    assert len(server.sent) == 1


@pytest.mark.enable_socket
@pytest.mark.parametrize("status", [400, 422])
async def test_refused_answers(server: FakeGateway, gateway: HttpGateway, status: int) -> None:
    server.answers = [status]
    with pytest.raises(SmsRefused, match=str(status)):
        await gateway.submit(SMS)
    assert server.sent == {}


@pytest.mark.enable_socket
async def test_killed_after_the_post_asks_again_with_the_same_key(
    server: FakeGateway, terms: GatewayTerms, gateway: HttpGateway, tmp_path: Path
) -> None:
    """A kill between the gateway's answer and our note is a submit from an empty memory."""
    await gateway.submit(SMS)
    reborn = HttpGateway(terms, tmp_path / "empty")
    await reborn.submit(SMS)
    await reborn.close()
    assert (len(server.requests), len(server.sent)) == (2, 1)


@pytest.mark.enable_socket
async def test_status_is_polled_until_it_is_final(server: FakeGateway, gateway: HttpGateway) -> None:
    await gateway.submit(SMS)
    updates = gateway.updates()
    first = await anext(updates)
    await gateway.acknowledge(first)
    server.statuses["alert-1"] = "DELIVERED"
    second = await anext(updates)
    assert [first, second] == [
        DeliveryUpdate("alert-1", SmsStatus.SUBMITTED),
        DeliveryUpdate("alert-1", SmsStatus.DELIVERED),
    ]


@pytest.mark.enable_socket
async def test_old_messages_that_nobody_reports_on_hide_no_new_one(server: FakeGateway, gateway: HttpGateway) -> None:
    for number in range(50):
        await gateway.submit(replace(SMS, ref=f"old-{number}"))
        server.statuses[f"old-{number}"] = "submitted"
    await gateway.submit(SMS)
    server.statuses["alert-1"] = "failed"
    async for update in gateway.updates():
        await gateway.acknowledge(update)
        if update == DeliveryUpdate("alert-1", SmsStatus.FAILED, why="failed"):
            break


@pytest.mark.enable_socket
async def test_status_is_polled_though_the_clock_was_put_back(
    server: FakeGateway, terms: GatewayTerms, tmp_path: Path
) -> None:
    now = [datetime(2026, 11, 1, 15, tzinfo=UTC)]
    gateway = HttpGateway(terms, tmp_path / "memory", poll_s=30.0, look_s=0.01, clock=lambda: now[0])
    await gateway.submit(SMS)
    updates = gateway.updates()
    await gateway.acknowledge(await anext(updates))
    server.statuses["alert-1"] = "failed"
    now[0] -= timedelta(hours=7)
    assert await anext(updates) == DeliveryUpdate("alert-1", SmsStatus.FAILED, why="failed")
    await gateway.close()


@pytest.mark.enable_socket
async def test_callback_is_kept_until_acknowledged_and_a_late_one_changes_nothing(
    terms: GatewayTerms, gateway: HttpGateway, tmp_path: Path
) -> None:
    await gateway.submit(SMS)
    assert await gateway.take_report({"ref": "alert-1", "status": "failed"})
    assert await gateway.take_report({"ref": "alert-1", "status": "delivered"})
    assert not await gateway.take_report({"ref": "somebody-else", "status": "delivered"})
    reborn = HttpGateway(terms, tmp_path / "memory")
    update = await anext(reborn.updates())
    await reborn.close()
    assert update == DeliveryUpdate("alert-1", SmsStatus.FAILED, why="failed")


@pytest.mark.enable_socket
async def test_without_a_report_the_status_becomes_unknown(terms: GatewayTerms, tmp_path: Path) -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    gateway = HttpGateway(terms, tmp_path / "memory", clock=lambda: now)
    await gateway.submit(SMS)
    now += timedelta(hours=73)
    update = await anext(gateway.updates())
    await gateway.close()
    assert update == DeliveryUpdate("alert-1", SmsStatus.UNKNOWN, why="no_report")


@pytest.mark.enable_socket
async def test_missing_token_file_is_unavailable(terms: GatewayTerms, gateway: HttpGateway) -> None:
    assert terms.token_file is not None
    terms.token_file.unlink()
    with pytest.raises(SmsUnavailable, match="token"):
        await gateway.submit(SMS)


def test_memory_holds_no_number_and_no_text(tmp_path: Path) -> None:
    gateway = HttpGateway(GatewayTerms("http://127.0.0.1:9/"), tmp_path / "memory")
    gateway._remember("alert-1")
    kept = (tmp_path / "memory").read_bytes()
    assert b"912345678" not in kept


def test_body_template_fills_whole_placeholders_only() -> None:
    terms = GatewayTerms(
        "u", body={"Phone": "{digits}", "Content": "{text}", "IsUnicode": 1, "more": [{"id": "{ref}"}]}
    )
    assert terms.render(SMS) == {"Phone": "84912345678", "Content": TEXT, "IsUnicode": 1, "more": [{"id": "alert-1"}]}


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ({"CodeResult": "100"}, Verdict.ACCEPTED),
        ({"CodeResult": 124}, Verdict.ACCEPTED),
        ({"CodeResult": "146"}, Verdict.REFUSED),
        ({"CodeResult": "103"}, Verdict.RETRY),
        ("not what we expected", Verdict.RETRY),
    ],
)
def test_result_codes_of_a_gateway_that_always_answers_200(answer: Json, verdict: Verdict) -> None:
    results = {"100": Verdict.ACCEPTED, "124": Verdict.ACCEPTED, "146": Verdict.REFUSED}
    assert GatewayTerms("u", result_field="CodeResult", results=results).judge(200, answer) is verdict


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ({"ref": "a", "status": "Delivered"}, DeliveryUpdate("a", SmsStatus.DELIVERED)),
        ({"ref": "a", "status": "expired"}, DeliveryUpdate("a", SmsStatus.FAILED, why="expired")),
        ({"ref": "a", "status": "purple"}, None),
        ({"status": "delivered"}, None),
        (["ref"], None),
        (None, None),
    ],
)
def test_parses_a_report(report: Json, expected: DeliveryUpdate | None) -> None:
    assert parse_delivery_report(GatewayTerms("u"), report) == expected


def test_parses_a_nested_report_with_its_own_words() -> None:
    terms = GatewayTerms(
        "u", ref_field="sms.RequestId", status_field="sms.SendStatus", statuses={"5": SmsStatus.DELIVERED}
    )
    report: Json = {"sms": {"RequestId": "a", "SendStatus": 5}}
    assert parse_delivery_report(terms, report) == DeliveryUpdate("a", SmsStatus.DELIVERED)
