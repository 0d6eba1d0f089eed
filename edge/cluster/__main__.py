"""`python -m edge.cluster up|city|down|kill|status`: what `scripts/cluster` runs. Exit 0 done, 1 refused."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edge.cluster.city import next_steps
from edge.cluster.cluster import Cluster
from edge.cluster.layout import FIRST_PORT, ClusterError, default_city, default_data, saved

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The city's real engine on this machine.")
Data = Annotated[Path | None, typer.Option("--data", help="where it lies; the default is the same each time")]
_told = Console(stderr=True, highlight=False)


Port = Annotated[int, typer.Option(help="the first of 50 ports; counts for a new cluster only")]
Nodes = Annotated[int, typer.Option(min=1, max=3, help="of RabbitMQ; counts for a new cluster only")]


@app.command()
def up(data: Data = None, port: Port = FIRST_PORT, nodes: Nodes = 3) -> None:
    """Start PostgreSQL and RabbitMQ, or what of them does not run, and wait until they serve."""
    cluster = _up(data or default_data(), port, nodes, is_secured=False)
    if cluster.layout.is_secured:
        print(next_steps(cluster.layout))
        return
    for (host, mqtt), amqp in zip(cluster.layout.mqtt_hosts, cluster.layout.amqp_urls, strict=True):
        print(f"mqtt {host}:{mqtt}   {amqp}")
    print(f"postgres {cluster.layout.dsn}")


@app.command()
def city(data: Data = None, port: Port = FIRST_PORT, nodes: Nodes = 3) -> None:
    """The same with mutual TLS, and a city beside it: authority, certificates, users, files. Then say what to type next."""
    cluster = _up(data or default_city(), port, nodes, is_secured=True)
    print(next_steps(cluster.layout))


@app.command()
def down(data: Data = None) -> None:
    """Stop everything. The data stays; delete the folder to begin anew."""
    with _refusing():
        _started(data).down(_step)


@app.command()
def kill(member: Annotated[str, typer.Argument(help="r1, r2, r3 or postgres")], data: Data = None) -> None:
    """Kill with -9 of one member. `up` starts it again."""
    with _refusing():
        if not _started(data).kill(member):
            raise ClusterError(f"{member} does not run")


@app.command()
def status(data: Data = None, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:  # noqa: FBT002 - typer's own way
    """Which members serve. Exit 0 only when all do."""
    with _refusing():
        states = _started(data).status()
    print(
        json.dumps(states)
        if as_json
        else "\n".join(f"{name:9} {'up' if up else 'down'}" for name, up in states.items())
    )
    raise typer.Exit(0 if all(states.values()) else 1)


def _up(data: Path, port: int, nodes: int, *, is_secured: bool) -> Cluster:
    began = time.monotonic()
    with _refusing():
        cluster = Cluster.at(data, port, nodes, is_secured=is_secured)
        if is_secured and not cluster.layout.is_secured:
            raise ClusterError(f"{data} holds a cluster without TLS: name another folder with --data")
        cluster.up(_step)
    _step(f"serving after {time.monotonic() - began:.0f} s")
    return cluster


def _started(data: Path | None) -> Cluster:
    layout = saved(data or default_data())
    if layout is None:
        raise ClusterError(f"nothing was started in {data or default_data()}: scripts/cluster up")
    return Cluster(layout)


def _step(what: str) -> None:
    _told.print(f"[cyan]==>[/] {what}")


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except ClusterError as error:
        _told.print(f"[red]failed:[/] {error}")
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app()
