"""PostgreSQL of the local cluster: as the user postgres for root, as oneself otherwise. Only `edge.cluster.cluster` uses it."""

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from edge.cluster.layout import DATABASE, HOST, POSTGRES, ClusterError, Layout, Missing, deployed
from edge.cluster.processes import Daemon, wait_for

_START_S = 60.0
_STOP_S = 30.0
_COMMAND_S = 120.0
_LOCAL = """\
# Written by scripts/cluster, for this machine only.
listen_addresses = '{host}'
port = {port}
unix_socket_directories = '{folder}'
max_wal_size = 1GB
min_wal_size = 80MB
shared_buffers = 128MB
"""


@dataclass(frozen=True, slots=True)
class Postgres:
    """The database server of one cluster."""

    layout: Layout

    @property
    def folder(self) -> Path:
        return self.layout.data / "postgres"

    @property
    def daemon(self) -> Daemon:
        return Daemon(self.folder / "postmaster.pid", str(self.folder))

    @property
    def is_up(self) -> bool:
        return self.daemon.pid is not None and self._run("pg_isready", "-q", "-h", HOST, "-p", self._port) == 0

    def start(self) -> None:
        """Return once it answers; make the database where there is none."""
        if not self.is_up:
            self._initialise()
            wait_for(self._begin, _START_S, f"PostgreSQL does not start; see {self.folder}/server.log")
        wait_for(lambda: self.is_up, _START_S, "PostgreSQL does not answer")
        self._make_database()

    def kill(self) -> bool:
        """Kill with -9 of the postmaster; its children see that and end. False when it did not run."""
        return self.daemon.kill()

    def stop(self) -> None:
        """A fast shutdown: sessions are cut."""
        self.daemon.stop(signal.SIGINT, _STOP_S)

    @property
    def _port(self) -> str:
        return str(self.layout.postgres_port)

    def _begin(self) -> bool:
        """False while the children of a killed postmaster still hold its memory: then again."""
        return self._run("pg_ctl", "start", "-w", "-D", str(self.folder), "-l", str(self.folder / "server.log")) == 0

    def _initialise(self) -> None:
        if (self.folder / "PG_VERSION").exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        if os.geteuid() == 0:
            shutil.chown(self.folder, POSTGRES, POSTGRES)
        self._do("initdb", "-D", str(self.folder), "-U", POSTGRES, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        parts = self.folder / "conf.d"
        parts.mkdir()
        shutil.copy(deployed("postgresql", "motcua.conf"), parts / "10-motcua.conf")
        (parts / "90-local.conf").write_text(_LOCAL.format(host=HOST, port=self._port, folder=self.folder))
        with (self.folder / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write("include_dir = 'conf.d'\n")
        for path in (parts, *parts.iterdir()):
            path.chmod(0o755 if path.is_dir() else 0o644)

    def _make_database(self) -> None:
        there = ("psql", "-h", HOST, "-p", self._port, "-U", POSTGRES, "-lqt")
        names = [line.split("|")[0].strip() for line in self._do(*there).splitlines()]
        if DATABASE not in names:
            self._do("createdb", "-h", HOST, "-p", self._port, "-U", POSTGRES, DATABASE)

    def _run(self, *command: str) -> int:
        return subprocess.run(
            self._as_user(command), check=False, timeout=_COMMAND_S, cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ).returncode  # fmt: skip

    def _do(self, *command: str) -> str:
        done = subprocess.run(
            self._as_user(command), check=False, timeout=_COMMAND_S, cwd="/", capture_output=True, text=True
        )
        if done.returncode:
            raise ClusterError(f"{command[0]}: {done.stderr.strip().splitlines()[-1:]}")
        return done.stdout

    def _as_user(self, command: tuple[str, ...]) -> list[str]:
        """PostgreSQL refuses to run as root; the server's programs are not in PATH on Debian."""
        program = [str(server_programs() / command[0]), *command[1:]]
        return ["runuser", "-u", POSTGRES, "--", *program] if os.geteuid() == 0 else program


def server_programs() -> Path:
    """The newest version that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        raise Missing("PostgreSQL is not installed: sudo apt-get install -y --no-install-recommends postgresql")
    return found[-1].parent
