"""The local cluster's bookkeeping: where it lies, what is running, and that nobody else's process is ever killed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge.cluster.cluster import Cluster
from edge.cluster.layout import ClusterError, Layout, deployed, saved
from edge.cluster.processes import Daemon, wait_for
from edge.cluster.rabbit import release

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)", "a-mark-of-its-own"]


def test_a_layout_is_found_again(tmp_path: Path) -> None:
    assert saved(tmp_path) is None
    Layout(tmp_path, 23_000, 1).save()
    assert saved(tmp_path) == Layout(tmp_path, 23_000, 1)
    assert Cluster.at(tmp_path, 29_000, 3).layout == Layout(tmp_path, 23_000, 1)


def test_no_two_members_share_a_port(tmp_path: Path) -> None:
    layout = Layout(tmp_path, 23_000)
    ports = [layout.epmd_port, layout.postgres_port]
    for port in (layout.amqp_port, layout.mqtt_port, layout.dist_port, layout.management_port):
        ports += [port(name) for name in layout.names]
    assert len(set(ports)) == len(ports) == 14


def test_a_daemon_is_started_seen_and_killed(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path / "pid", SLEEP[-1])
    daemon.start(SLEEP, tmp_path / "log", os.environ)
    wait_for(lambda: daemon.pid is not None, 10, "it does not start")
    assert daemon.kill()
    assert daemon.pid is None
    assert not daemon.kill()


def test_a_pid_that_is_somebody_elses_by_now_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        (tmp_path / "pid").write_text(str(stranger.pid))
        assert not Daemon(tmp_path / "pid", "a-mark-of-its-own").kill()
        assert stranger.poll() is None
        stranger.communicate(b"\n", timeout=10)
    assert stranger.returncode == 0


def test_what_takes_too_long_says_so() -> None:
    with pytest.raises(ClusterError, match="never came"):
        wait_for(lambda: False, 0.01, "it never came")


def test_the_local_cluster_runs_on_the_files_of_production() -> None:
    for parts in (
        ("rabbitmq", "conf.d", "10-motcua.conf"),
        ("rabbitmq", "conf.d-3", "11-motcua-3.conf"),
        ("rabbitmq", "conf.d-4", "11-motcua-4.conf"),
        ("rabbitmq", "definitions.json"),
        ("postgresql", "motcua.conf"),
    ):
        assert deployed(*parts).is_file()


@pytest.mark.parametrize(("folder", "expected"), [("rabbitmq_server-3.10.8", "3"), ("rabbitmq_server-4.0.5", "4")])
def test_a_servers_folder_says_its_release(folder: str, expected: str) -> None:
    assert release(Path("/usr/lib/rabbitmq/lib") / folder / "sbin") == expected


def test_a_release_without_settings_is_refused() -> None:
    with pytest.raises(ClusterError, match=r"rabbitmq_server-5\.1\.0 .*3\.x and 4\.x"):
        release(Path("/usr/lib/rabbitmq/lib/rabbitmq_server-5.1.0/sbin"))
