"""The server itself, on a real loopback socket."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from edge.web.server import PortTaken, WebServer
from edge.web.site import WebSettings
from edge.web.users import Role, UserBook, create_user, remove_user
from tests.edge.web.fakes import Centre, strings
from tests.edge.web.house import until

pytestmark = pytest.mark.enable_socket


def server(folder: Path, port: int = 0, turn: Callable[[], Awaitable[None]] | None = None) -> WebServer:
    settings = WebSettings(state_dir=folder, port=port)
    return WebServer(Centre().desks, UserBook(folder / "users.toml"), strings(), settings, turn=turn)


async def ask(port: int, path: str) -> tuple[str, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return head.decode().splitlines()[0], body


async def test_it_serves_in_the_agents_loop_and_stops_when_cancelled(tmp_path: Path) -> None:
    for _ in range(2):  # a restarted agent, or the next test, gets a server that works as the first did
        web = server(tmp_path)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(web.run())
            await web.ready.wait()
            assert web.port > 0
            status, body = await ask(web.port, "/healthz")
            assert (status, json.loads(body)["ok"]) == ("HTTP/1.1 200 OK", True)
            status, body = await ask(web.port, "/danh-gia/quay-01")
            assert status == "HTTP/1.1 200 OK"
            assert "Ông/bà thấy được phục vụ thế nào?".encode() in body
            running.cancel()
        with pytest.raises(OSError, match=r"refused|failed"):
            await ask(web.port, "/healthz")


async def test_a_session_whose_user_is_gone_leaves_the_file_while_it_serves(tmp_path: Path) -> None:
    officer = create_user(tmp_path / "users.toml", "quay-01", Role.OFFICER, "482915", ("quay-01",))
    web, kept = server(tmp_path), tmp_path / "sessions.json"
    token = web.site.sessions.open(officer)
    await web.site.sessions.keep()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(web.run())
        await web.ready.wait()
        remove_user(tmp_path / "users.toml", "quay-01")
        assert web.site.sessions.find(token) is None
        await until(lambda: kept.read_text() == "[]")
        running.cancel()


async def test_it_lets_others_go_first(tmp_path: Path) -> None:
    is_turn, is_asked = asyncio.Event(), asyncio.Event()

    async def turn() -> None:
        is_asked.set()
        await is_turn.wait()

    first = server(tmp_path, turn=turn)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(first.run())
        await is_asked.wait()
        assert not first.ready.is_set()
        is_turn.set()
        await first.ready.wait()
        running.cancel()


async def test_a_taken_port_is_told_at_once(tmp_path: Path) -> None:
    taken = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with taken:
        port = taken.sockets[0].getsockname()[1]
        with pytest.raises(PortTaken, match=str(port)):
            await server(tmp_path, port).run()


async def test_it_listens_on_this_machine_only_unless_told(tmp_path: Path) -> None:
    assert WebSettings(state_dir=tmp_path).host == "127.0.0.1"
