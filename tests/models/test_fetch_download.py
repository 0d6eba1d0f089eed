"""Downloads from a real HTTP server on this machine that drops connections, ignores ranges or changes the file."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from models import download
from models.fetch import FileSet, Manifest, ModelFile, NoSource, Progress, WrongHash, pull
from models.manifest import UrlSource

BODY = hashlib.sha256(b"a test").digest() * 20_000
pytestmark = pytest.mark.enable_socket


@dataclass
class Far:
    """What the server does, and what it was asked."""

    body: bytes = BODY
    etag: str = '"one"'
    honours_ranges: bool = True
    drops_after: list[int] = field(default_factory=list)
    """Bytes of body sent before each of the next answers breaks off."""
    statuses: list[int] = field(default_factory=list)
    """Bare statuses of the next answers."""
    asked: list[tuple[str | None, str | None]] = field(default_factory=list)
    """Range and If-Range of each request."""
    url: str = ""


def handler_for(far: Far) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted, condition = self.headers["Range"], self.headers["If-Range"]
            far.asked.append((wanted, condition))
            if far.statuses:
                self.send_error(far.statuses.pop(0))
                return
            start = int(wanted[6:-1]) if wanted and far.honours_ranges and condition in {None, far.etag} else 0
            if start >= len(far.body):
                self.send_error(416)
                return
            self._send(start)

        def _send(self, start: int) -> None:
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(far.body) - 1}/{len(far.body)}")
            self.send_header("ETag", far.etag)
            self.send_header("Content-Length", str(len(far.body) - start))
            self.end_headers()
            end = start + far.drops_after.pop(0) if far.drops_after else len(far.body)
            with suppress(ConnectionError):  # the client may have seen enough in the headers
                self.wfile.write(far.body[start:end])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server calls
            """Tests are quiet."""

    return Handler


@pytest.fixture
def far() -> Iterator[Far]:
    far = Far()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_for(far)) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        far.url = f"http://127.0.0.1:{server.server_port}/a.bin"
        yield far
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "BACKOFF_S", 0.0)


@pytest.fixture
def manifest(far: Far, tmp_path: Path) -> Manifest:
    digest = hashlib.sha256(BODY).hexdigest()
    file = ModelFile("a.bin", "1", FileSet.DEFAULT, "a test", "MIT", len(BODY), digest, (UrlSource(far.url),))
    return Manifest(tmp_path / "manifest.toml", (file,))


def pulled(manifest: Manifest, directory: Path) -> bytes:
    return pull("default", directory, manifest=manifest)[0].path.read_bytes()


def left_behind(directory: Path, body: bytes, etag: str = "") -> None:
    (directory / ".part").mkdir()
    (directory / ".part" / "a.bin").write_bytes(body)
    if etag:
        (directory / ".part" / "a.bin.etag").write_text(etag)


def test_a_whole_file_comes_with_its_progress(manifest: Manifest, tmp_path: Path) -> None:
    seen: list[Progress] = []

    pull("default", tmp_path, progress=seen.append, manifest=manifest)

    assert seen[-1] == Progress("a.bin", len(BODY), len(BODY))
    assert [step.done_bytes for step in seen] == sorted({step.done_bytes for step in seen})
    assert list((tmp_path / ".part").iterdir()) == []


def test_a_dropped_connection_is_taken_up_where_it_broke(far: Far, manifest: Manifest, tmp_path: Path) -> None:
    far.drops_after = [100_000, 50_000]

    assert pulled(manifest, tmp_path) == BODY
    assert far.asked == [(None, None), ("bytes=100000-", '"one"'), ("bytes=150000-", '"one"')]


def test_a_later_pull_goes_on_where_an_earlier_one_gave_up(far: Far, manifest: Manifest, tmp_path: Path) -> None:
    far.drops_after = [1000] * download.TRIES
    with pytest.raises(NoSource, match=f"stopped after 5000 of {len(BODY)} bytes"):
        pulled(manifest, tmp_path)
    far.asked.clear()

    assert pulled(manifest, tmp_path) == BODY
    assert far.asked == [("bytes=5000-", '"one"')]


def test_a_source_that_fails_before_does_not_cost_what_was_fetched(
    far: Far, manifest: Manifest, tmp_path: Path
) -> None:
    left_behind(tmp_path, BODY[:5000], '"one"')

    (result,) = pull("default", tmp_path, tmp_path / "empty mirror", manifest=manifest)

    assert result.path.read_bytes() == BODY
    assert far.asked == [("bytes=5000-", '"one"')]


def test_a_file_that_changed_meanwhile_starts_anew(far: Far, manifest: Manifest, tmp_path: Path) -> None:
    left_behind(tmp_path, b"old" * 100, '"zero"')

    assert pulled(manifest, tmp_path) == BODY
    assert far.asked == [("bytes=300-", '"zero"')]


def test_a_wrong_beginning_under_the_same_tag_is_fetched_again(far: Far, manifest: Manifest, tmp_path: Path) -> None:
    left_behind(tmp_path, b"old" * 100, '"one"')

    assert pulled(manifest, tmp_path) == BODY
    assert far.asked == [("bytes=300-", '"one"'), (None, None)]


def test_a_weak_tag_is_never_sent_back(far: Far, manifest: Manifest, tmp_path: Path) -> None:
    far.etag = 'W/"one"'
    far.drops_after = [1000]

    assert pulled(manifest, tmp_path) == BODY
    assert far.asked == [(None, None), ("bytes=1000-", None)]


def test_a_server_without_ranges_sends_all_again(far: Far, manifest: Manifest, tmp_path: Path) -> None:
    far.honours_ranges = False
    far.drops_after = [1000]

    assert pulled(manifest, tmp_path) == BODY


def test_a_part_longer_than_the_file_is_thrown_away(far: Far, manifest: Manifest, tmp_path: Path) -> None:
    left_behind(tmp_path, BODY + b"more", '"one"')

    assert pulled(manifest, tmp_path) == BODY
    assert far.asked == [(None, None)]


def test_a_busy_server_is_asked_again(far: Far, manifest: Manifest, tmp_path: Path) -> None:
    far.statuses = [503, 502]

    assert pulled(manifest, tmp_path) == BODY


def test_a_file_that_is_gone_is_not_asked_for_again(far: Far, manifest: Manifest, tmp_path: Path) -> None:
    far.statuses = [404]

    with pytest.raises(NoSource, match="HTTP status 404"):
        pulled(manifest, tmp_path)
    assert len(far.asked) == 1


@pytest.mark.parametrize("body", [BODY[::-1], BODY[:-1], BODY + b"x"], ids=["other bytes", "shorter", "longer"])
def test_another_file_is_a_wrong_hash_and_leaves_nothing(
    far: Far, manifest: Manifest, tmp_path: Path, body: bytes
) -> None:
    far.body = body

    with pytest.raises(WrongHash, match=r"a\.bin"):
        pulled(manifest, tmp_path)

    assert not (tmp_path / "a.bin").exists()
    assert not (tmp_path / ".part" / "a.bin").exists()


def test_nobody_listening_is_no_source(manifest: Manifest, tmp_path: Path) -> None:
    (file,) = manifest.files
    silent = UrlSource("http://127.0.0.1:9/a.bin")
    lonely = ModelFile(
        file.name, file.version, file.set, file.purpose, file.licence, file.size_bytes, file.sha256, (silent,)
    )

    with pytest.raises(NoSource, match=r"127\.0\.0\.1:9"):
        pulled(Manifest(manifest.path, (lonely,)), tmp_path)
