"""`motcua city` as a person calls it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from config.city import load_city
from edge.cli import app
from sync.city.database import open_database
from sync.city.store import CityStore
from tests.sync.city_samples import Sender, changed

DEVICE = "phuong-thu-duc/quay-01"


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A demo's city: 5 events of one device, one forked."""
    file = tmp_path / "city.sqlite"
    database = open_database(file)
    sender = Sender()
    chain = sender.visits(4) + sender.signs()
    CityStore(database).take([*chain, changed(chain[0], id="other")])
    database.close()
    return file


def motcua(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["city", *map(str, arguments)])


def found(result: Result) -> dict[str, Any]:
    (line,) = result.stdout.splitlines()
    return dict(json.loads(line))


def test_a_whole_city_is_proven(city: Path) -> None:
    result = motcua("verify", "--sqlite", city, "--json")
    assert (result.exit_code, found(result)) == (0, {"ok": True, "devices": 1, "events": 5, "roots": 0, "findings": []})
    assert motcua("verify", "--sqlite", city).stdout == "whole: 1 devices, 5 events, 0 roots\n"


def test_a_rewritten_row_is_named(city: Path) -> None:
    database = open_database(city)
    with database.transaction() as writing:
        writing.execute("UPDATE city_events SET body = ? WHERE seq = 3", (b"{}",))
    database.close()
    result = motcua("verify", "--sqlite", city, "--device", DEVICE, "--json")
    (finding,) = found(result)["findings"]
    assert (result.exit_code, finding["source"], finding["seq"]) == (1, "/sites/phuong-thu-duc/devices/quay-01", 3)
    result = motcua("verify", "--sqlite", city)
    assert (result.exit_code, "quay-01: NOT whole at seq 3: altered" in result.stderr) == (1, True)


@pytest.mark.parametrize("command", ["verify", "stats"])
def test_a_configuration_that_cannot_be_used_is_said_in_json_too(command: str, tmp_path: Path) -> None:
    result = motcua(command, "--config", tmp_path / "none.toml", "--json")
    said = found(result)
    assert (result.exit_code, said["ok"], said["mistakes"][0]["path"]) == (2, False, "the file")


def test_the_numbers(city: Path) -> None:
    numbers = found(motcua("stats", "--sqlite", city, "--json"))
    assert (numbers["events"], numbers["online"], numbers["quarantined"]) == (5, 0, 1)
    assert numbers["judged"] == {"forked": 1, "new": 5}
    (device,) = numbers["devices"]
    assert (device["events"], device["signed_upto"], device["online"], device["faults"]) == (5, 4, None, ["fork"])
    assert "1 devices, 0 online, 5 events, 1 quarantined" in motcua("stats", "--sqlite", city).stdout


def test_a_person_settles_a_fault_once(city: Path) -> None:
    assert motcua("settle", DEVICE, "fork", "--by", "lan", "--sqlite", city).exit_code == 0
    again = motcua("settle", DEVICE, "fork", "--by", "lan", "--sqlite", city, "--json")
    assert (again.exit_code, found(again)) == (1, {"error": f"{DEVICE} has no open fault fork"})
    assert motcua("settle", DEVICE, "pride", "--by", "lan", "--sqlite", city).exit_code == 2


def test_a_device_with_a_new_card_begins_anew(city: Path) -> None:
    assert motcua("retire", DEVICE, "--by", "lan", "--sqlite", city).exit_code == 0
    assert motcua("retire", DEVICE, "--by", "lan", "--sqlite", city).exit_code == 1
    database = open_database(city)
    CityStore(database).take(Sender().visits(2))
    database.close()
    assert found(motcua("verify", "--sqlite", city, "--json"))["events"] == 7
    (device,) = found(motcua("stats", "--sqlite", city, "--json"))["devices"]
    assert (device["events"], device["faults"]) == (2, [])


def test_facts_are_recounted(city: Path) -> None:
    database = open_database(city)
    with database.transaction() as writing:
        writing.execute("DELETE FROM city_visits")
    database.close()
    assert motcua("verify", "--sqlite", city).exit_code == 1
    assert motcua("recount", DEVICE, "--sqlite", city).exit_code == 0
    assert motcua("verify", "--sqlite", city).exit_code == 0
    assert motcua("recount", "a/b", "--sqlite", city).exit_code == 1
    assert motcua("recount", "nonsense", "--sqlite", city).exit_code == 2


def test_sums_are_recounted_for_every_device(city: Path) -> None:
    database = open_database(city)
    with database.transaction() as writing:
        writing.execute("INSERT INTO city_handovers SELECT id, '2026-11-21', 1, 0, 0, 0 FROM city_chains")
    database.close()
    assert motcua("verify", "--sqlite", city).exit_code == 1
    assert motcua("recount", "--sqlite", city).exit_code == 2
    assert motcua("recount", DEVICE, "--all", "--sqlite", city).exit_code == 2
    assert motcua("recount", "--all", "--sqlite", city).exit_code == 0
    assert motcua("verify", "--sqlite", city).exit_code == 0


def test_the_root_is_made_once_and_verified_from_its_file(city: Path) -> None:
    """Yesterday's is the last; those of the days since the sample's events come first."""
    *missed, made = [json.loads(line) for line in motcua("root", "--sqlite", city, "--json").stdout.splitlines()]
    yesterday = (datetime.now(UTC) + timedelta(hours=7)).date() - timedelta(days=1)
    assert (made["day"], made["devices"], Path(made["file"]).parent) == (
        yesterday.isoformat(),
        1,
        city.parent / "roots",
    )
    assert motcua("root", "--sqlite", city).stdout == "nothing due\n"
    assert found(motcua("verify", "--sqlite", city, "--json"))["roots"] == len(missed) + 1
    text = Path(made["file"]).read_text()
    Path(made["file"]).write_text(text.replace(made["root"], "f" * 64))
    assert motcua("verify", "--sqlite", city).exit_code == 1
    Path(made["file"]).write_text("{}")
    assert "no published root" in motcua("verify", "--sqlite", city).stderr


def test_a_published_root_outlives_a_database_that_came_back_from_a_backup(city: Path) -> None:
    """It is what tells that the history is another one than was vouched for."""
    published = [json.loads(line) for line in motcua("root", "--sqlite", city, "--json").stdout.splitlines()]
    kept = Path(published[0]["file"]).read_bytes()
    city.unlink()  # the backup was made before the first event
    database = open_database(city)
    CityStore(database).take(Sender().visits(1))
    database.close()
    result = motcua("root", "--sqlite", city)
    assert (result.exit_code, "another root of this day was published; keep the file" in result.stderr) == (1, True)
    assert Path(published[0]["file"]).read_bytes() == kept
    assert "another one was published" in motcua("verify", "--sqlite", city).stderr


def test_copies_of_roots_that_are_not_there_prove_nothing(city: Path, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    for _ in ("not mounted", "empty"):
        result = motcua("verify", "--sqlite", city, "--roots", stick, "--json")
        assert (result.exit_code, found(result)) == (
            1,
            {"error": f"{stick}: no published root (root-DAY.json) is here"},
        )
        stick.mkdir(exist_ok=True)
    motcua("root", "--sqlite", city)
    assert motcua("verify", "--sqlite", city, "--roots", city.parent / "roots").exit_code == 0


def test_a_device_of_which_nothing_is_held_is_not_whole(city: Path) -> None:
    result = motcua("verify", "--sqlite", city, "--device", "phuong-thu-duc/quay-99", "--json")
    assert (result.exit_code, found(result)) == (1, {"error": "phuong-thu-duc/quay-99 has no events here"})
    assert motcua("verify", "--sqlite", city, "--device", DEVICE).exit_code == 0


@pytest.mark.parametrize(("letters", "code"), [(80, 0), (81, 2)])
def test_who_orders_fits_into_what_a_device_opens(city: Path, letters: int, code: int) -> None:
    words = ("command", "send", DEVICE, "device.identify", "--sqlite", city, "--json")
    result = motcua(*words, "--by", "Ủ" * letters)
    assert result.exit_code == code
    listed = motcua("command", "list", "--sqlite", city).stdout.splitlines()
    assert len(listed) == (1 if code == 0 else 0)
    assert code == 0 or found(result) == {"error": "--by: 80 letters at most"}


@pytest.fixture
def enrolling(tmp_path: Path) -> Path:
    """The configuration of a city that enrols; its broker is not there yet."""
    config = tmp_path / "city.toml"
    config.write_text(
        f'[city]\nname = "x"\ndata_dir = "{tmp_path / "city"}"\n[enrolment]\nnames = ["dangky.example"]\n'
        f'broker_host = "mqtt.example"\n[enrolment.mosquitto]\nfiles_dir = "{tmp_path / "mosquitto"}"\n'
    )
    assert motcua("devices", "init", "--config", config).exit_code == 0
    return config


@pytest.mark.parametrize("why", ["[biên bản 12/2026]", "mất [/red]", "[red]mất"])
def test_why_a_device_was_revoked_is_listed_as_it_was_typed(
    enrolling: Path, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ("/sites/a/devices/b", "a", "b", "BOX", "key", "revoked", why)
    database = open_database(load_city(enrolling).city.where())
    with database.transaction() as writing:
        writing.execute("INSERT INTO enrolled_devices VALUES (?, ?, ?, ?, ?, ?, 1, 1, 'c', 1, 1, ?)", row)
    database.close()
    monkeypatch.setenv("COLUMNS", "200")
    result = motcua("devices", "list", "--config", enrolling)
    assert (result.exit_code, why in result.stdout) == (0, True)


def test_by_configuration(city: Path, tmp_path: Path) -> None:
    config = tmp_path / "city.toml"
    config.write_text(f'[city]\nname = "x"\ndata_dir = "{city.parent}"\nadmits = "anybody"\n')
    assert motcua("verify", "--config", config).exit_code == 0
    config.write_text('[city]\nnaem = "x"\n')
    wrong = motcua("stats", "--config", config)
    assert (wrong.exit_code, "did you mean 'name'?" in wrong.stderr) == (2, True)


def test_where_there_is_nothing(tmp_path: Path) -> None:
    assert "there is no city here" in motcua("stats", "--sqlite", tmp_path / "none").stderr
    assert motcua("verify", "--config", tmp_path / "none.toml").exit_code == 2


def test_the_file_of_an_order_is_text_with_or_without_a_mark(city: Path, tmp_path: Path) -> None:
    send = ("command", "send", DEVICE, "config.set", "--by", "an", "--sqlite", city, "--json", "--text")
    (marked := tmp_path / "marked.toml").write_text('[agent]\nsite = "phường"\n', encoding="utf-8-sig")
    (other := tmp_path / "other.toml").write_text("[agent]", encoding="utf-16")
    assert motcua(*send, marked).exit_code == 0
    refused = motcua(*send, other)
    assert (refused.exit_code, found(refused)) == (1, {"error": f"{other}: is not UTF-8 text"})
    database = open_database(city)
    with database.reading() as reading:
        ((signed,),) = reading.rows("SELECT signed FROM city_commands")
    database.close()
    sent = json.loads(json.loads(bytes(signed))["body"])
    assert sent["args"]["text"] == '[agent]\nsite = "phường"\n'
