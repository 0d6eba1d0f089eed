"""A real PostgreSQL on a free loopback port, with fsync on, and a fresh database for each test that asks."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from sync.city.database import Database, open_database
from tests.sync.broker_fixtures import free_port

_COUNT = count()
_SERVER_USER = "postgres"  # the server refuses to run as root


class Postgres:
    """Debian's server. `kill` is kill -9 of all of it; `start` again serves the same port from the same files."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder, self._binaries = folder, binaries
        self._files = folder / "files"
        self.port = free_port()
        self._run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-D", str(self._files))

    def start(self) -> None:
        where = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self._files), "-w", "-t", "60", "-l", log, "-o", where, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._files), "-w", "-m", "immediate", "stop")

    def fresh(self) -> str:
        """The DSN of a database that nobody used yet."""
        name = f"city_{next(_COUNT)}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", name)
        return f"host=127.0.0.1 port={self.port} user=postgres dbname={name}"

    def _run(self, program: str, *arguments: str) -> None:
        as_user = ["runuser", "-u", _SERVER_USER, "--"] if os.geteuid() == 0 else []
        command = [*as_user, str(self._binaries / program), *arguments]
        done = subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=90, cwd="/", check=False
        )
        if done.returncode:
            pytest.fail(f"{program}: {done.stderr.decode()}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("no PostgreSQL here: sudo apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="motcua-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, _SERVER_USER)
    server = Postgres(folder, found[-1].parent)
    try:
        server.start()
        yield server
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


BOTH = [
    "sqlite",
    pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.enable_socket, pytest.mark.timeout(180)]),
]


@pytest.fixture(params=BOTH)
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where an empty database is: SQLite's file, then PostgreSQL's DSN."""
    if request.param == "sqlite":
        return tmp_path / "city.sqlite"
    server: Postgres = request.getfixturevalue("postgres")
    return server.fresh()


@pytest.fixture
def database(where: Path | str) -> Iterator[Database]:
    """The city's own schema, empty."""
    opened = open_database(where)
    yield opened
    opened.close()
