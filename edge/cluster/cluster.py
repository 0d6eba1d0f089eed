"""The whole local engine: up, down, kill one, start one, status. Steps are told to whoever wants to hear them."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.cluster.city import LocalCity
from edge.cluster.layout import FIRST_PORT, POSTGRES, ClusterError, Layout, saved
from edge.cluster.postgres import Postgres, server_programs
from edge.cluster.processes import answers
from edge.cluster.rabbit import RabbitNode, epmd, release, server_scripts, start_epmd

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Cluster:
    """`up` may be repeated: it starts what is not there. Members are named `r1`... and `postgres`."""

    layout: Layout

    @classmethod
    def at(cls, data: Path, first_port: int = FIRST_PORT, nodes: int = 3, *, is_secured: bool = False) -> "Cluster":
        """What was once started there, with its ports; otherwise a new one."""
        return cls(saved(data) or Layout(data, first_port, nodes, is_secured))

    @property
    def nodes(self) -> tuple[RabbitNode, ...]:
        return tuple(RabbitNode(self.layout, name) for name in self.layout.names)

    @property
    def postgres(self) -> Postgres:
        return Postgres(self.layout)

    @property
    def members(self) -> dict[str, RabbitNode | Postgres]:
        return {**{node.name: node for node in self.nodes}, POSTGRES: self.postgres}

    def up(self, tell: Tell = lambda _: None) -> None:
        """Start what does not run and wait until it serves. Raise ClusterError."""
        server_scripts()
        server_programs()
        self._prepare()
        tell("PostgreSQL")
        self.postgres.start()
        if not self.layout.is_secured:
            self._start_nodes(tell)
            return
        city = LocalCity(self.layout)
        tell("authority and certificates")
        city.write()
        city.certify()
        self._start_nodes(tell)
        tell("who may connect")
        city.let_in()

    def _start_nodes(self, tell: Tell) -> None:
        start_epmd(self.layout)
        first, *others = self.nodes
        is_new = not (first.folder / "mnesia").exists()
        # 4.x waits for a second node before it founds anything
        founds_alone = is_new and release(server_scripts()) == "3"
        for node in (first,) if founds_alone else self.nodes:  # the first founds the cluster, the others join it
            tell(f"RabbitMQ {node.name}")
            node.start()
        first.until_up()
        for node in others:
            if founds_alone:
                tell(f"RabbitMQ {node.name}")
            node.start()
        for node in others:
            node.until_up()

    def down(self, tell: Tell = lambda _: None) -> None:
        """Stop everything; the data stays."""
        for name, member in reversed(self.members.items()):
            tell(name)
            member.stop()
        epmd(self.layout).stop(15, 10.0)

    def discard(self) -> None:
        """Kill everything and delete the data: for tests and campaigns that are over."""
        for member in self.members.values():
            member.kill()
        epmd(self.layout).kill()
        shutil.rmtree(self.layout.data, ignore_errors=True)

    def kill(self, name: str) -> bool:
        """Kill with -9 of one member; False when it did not run."""
        return self._member(name).kill()

    def start(self, name: str) -> None:
        """Start one member again and wait until it serves."""
        member = self._member(name)
        member.start()
        if isinstance(member, RabbitNode):
            member.until_up()

    def status(self) -> dict[str, bool]:
        return {name: member.is_up for name, member in self.members.items()}

    def _member(self, name: str) -> RabbitNode | Postgres:
        try:
            return self.members[name]
        except KeyError as error:
            raise ClusterError(f"no member {name}; there are {', '.join(self.members)}") from error

    def _prepare(self) -> None:
        data = self.layout.data
        data.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            _must_be_open(data)
        if saved(data) is None:
            self._must_be_free()
            self.layout.save()

    def _must_be_free(self) -> None:
        ports = [self.layout.epmd_port, self.layout.postgres_port, *(port for _, port in self.layout.mqtt_hosts)]
        taken = [port for port in ports if answers(port)]
        if taken:
            raise ClusterError(f"port {taken[0]} is taken; give another --port")


def _must_be_open(data: Path) -> None:
    """The user postgres has to come in."""
    for folder in (data, *data.parents):
        if not folder.stat().st_mode & 0o001:
            raise ClusterError(f"{folder} is closed to the user postgres; name another folder with --data")
