"""The city's files for identity: made once, kept, renewed when it is time, and Mosquitto told."""

from datetime import timedelta
from pathlib import Path

import pytest

from config.city import City, CityConfig
from config.city_enrolment import Enrolment, Mosquitto
from edge.adapters import city_enrolment
from edge.adapters.city_enrolment import AUTHORITY, NotConfigured, lay_out, opened_gate, upkeep
from sync.city.authority import AuthorityUnusable, now_utc
from sync.city.broker_users import BrokerNotReached
from sync.city.database import open_database


def config(folder: Path) -> CityConfig:
    mosquitto = Mosquitto(files_dir=folder / "mosquitto", pid_path=folder / "mosquitto.pid")
    section = Enrolment(names=("dangky.example",), broker_host="mqtt.example", mosquitto=mosquitto)
    return CityConfig(city=City(name="Phường Mẫu", data_dir=folder / "city"), enrolment=section)


def test_what_is_good_is_left_alone_and_what_is_due_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = config(tmp_path)
    names = {path.name for path in lay_out(made)}
    assert names == {"authority", "city.pem", "server.pem", "motcua.conf"}
    assert lay_out(made) == []
    monkeypatch.setattr(city_enrolment, "now_utc", lambda: now_utc() + timedelta(days=280))
    assert {path.name for path in lay_out(made)} == {"city.pem", "server.pem"}


def test_mosquitto_is_told_of_a_new_certificate(tmp_path: Path) -> None:
    made = config(tmp_path)
    (tmp_path / "mosquitto.pid").write_text("no number")
    with pytest.raises(BrokerNotReached, match="cannot be signalled"):
        upkeep(made)
    upkeep(made)


def test_a_root_that_others_may_read_or_that_is_gone_is_said_so(tmp_path: Path) -> None:
    made = config(tmp_path)
    database = open_database(tmp_path / "city.sqlite")
    with pytest.raises(AuthorityUnusable, match="cannot be read"), opened_gate(made, database):
        pass
    lay_out(made)
    (made.city.data_dir / AUTHORITY / "root.key").chmod(0o644)
    with pytest.raises(AuthorityUnusable, match="chmod 600"), opened_gate(made, database):
        pass
    with pytest.raises(NotConfigured), opened_gate(CityConfig(city=made.city), database):
        pass
    database.close()
