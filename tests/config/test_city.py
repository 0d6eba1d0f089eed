"""The city's file: everything wrong with it at once, and what it says when it is right."""

from pathlib import Path

import pytest

from config.city import Engine, load_city
from config.load import ConfigError

GOOD = """
[city]
name = "Thành phố Hồ Chí Minh"
data_dir = "data"
database = "postgres"
dsn_file = "dsn"
[broker]
host = "127.0.0.1"
[sites.phuong-thu-duc]
name = "Trung tâm phục vụ hành chính công phường Thủ Đức"
ward = "Thủ Đức"
lat = 10.85
lon = 106.75
[sites.phuong-ben-thanh]
name = "Phường Bến Thành"
ward = "Bến Thành"
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "city.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_good_file(tmp_path: Path) -> None:
    (tmp_path / "dsn").write_text("host=127.0.0.1\n")
    (tmp_path / "dsn").chmod(0o600)
    config = load_city(write(tmp_path, GOOD))
    assert config.city.where() == "host=127.0.0.1"
    assert config.city.roots_dir == tmp_path / "data" / "roots"
    assert config.wards == ("Bến Thành", "Thủ Đức")
    assert (config.ward_of("phuong-thu-duc"), config.ward_of("phuong-x")) == ("Thủ Đức", None)
    assert config.city.admits == "registered"


def test_a_password_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "dsn").write_text("host=127.0.0.1 password=x\n")
    (tmp_path / "dsn").chmod(0o640)
    with pytest.raises(PermissionError, match="chmod 600"):
        load_city(write(tmp_path, GOOD)).city.where()


def test_passwords_of_the_engine_that_others_may_read_are_not_used(tmp_path: Path) -> None:
    urls = tmp_path / "urls"
    urls.write_text("# three nodes\namqps://u:p@127.0.0.1:5671/\n\namqps://u:p@127.0.0.1:5672/\n")
    urls.chmod(0o640)
    engine = Engine(urls_file=urls)
    with pytest.raises(PermissionError, match="chmod 600"):
        engine.urls()
    urls.chmod(0o600)
    assert engine.urls() == ("amqps://u:p@127.0.0.1:5671/", "amqps://u:p@127.0.0.1:5672/")


def test_a_small_town_needs_a_name_only(tmp_path: Path) -> None:
    config = load_city(write(tmp_path, '[city]\nname = "Xã Bình Minh"\n'))
    assert config.city.where() == Path("/var/lib/motcua-city/city.sqlite")
    assert (config.broker, config.sites) == (None, {})


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = '[city]\ndatabse = "sqlite"\ndatabase = "postgres"\ndsn_file = "nowhere"\n[sites.A]\nname = "x"\nlat = 100\n'
    with pytest.raises(ConfigError) as wrong:
        load_city(write(tmp_path, text))
    assert {(mistake.path, mistake.likely) for mistake in wrong.value.mistakes} == {
        ("city.name", None),
        ("city.databse", "database"),
        ("city.dsn_file", None),
        ("sites.A", None),
        ("sites.A.ward", None),
        ("sites.A.lat", None),
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[city]\nname = "x"\ndatabase = "postgres"\n', "come together"),
        ('[city]\nname = "x"\n[sites.a]\nname = "a"\nward = "b"\nlat = 10.0\n', "lat and lon come together"),
    ],
)
def test_what_belongs_together(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        load_city(write(tmp_path, text))
    (mistake,) = wrong.value.mistakes
    assert why in mistake.why


def test_before_init_the_certificates_it_makes_may_be_missing(tmp_path: Path) -> None:
    text = """
    [city]
    name = "x"
    data_dir = "data"
    [engine]
    urls_file = "urls"
    [enrolment]
    names = ["127.0.0.1"]
    broker_host = "127.0.0.1"
    [enrolment.rabbitmq]
    url = "https://127.0.0.1:15671"
    user = "u"
    password_file = "password"
    ca_file = "data/authority.crt"
    [broker]
    host = "127.0.0.1"
    ca_file = "data/authority.crt"
    cert_file = "data/city.pem"
    key_file = "data/city.pem"
    """
    file = write(tmp_path, text)
    (tmp_path / "urls").write_text("amqps://u:p@127.0.0.1/\n")
    with pytest.raises(ConfigError) as caught:
        load_city(file, before_init=True)
    assert [mistake.path for mistake in caught.value.mistakes] == ["enrolment.rabbitmq.password_file"]
    (tmp_path / "password").write_text("p")
    assert load_city(file, before_init=True).broker is not None
    with pytest.raises(ConfigError):
        load_city(file)


def test_rabbitmq_needs_workers(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("p")
    text = """
    [city]
    name = "x"
    [enrolment]
    names = ["127.0.0.1"]
    broker_host = "127.0.0.1"
    [enrolment.rabbitmq]
    url = "https://127.0.0.1:15671"
    user = "u"
    password_file = "password"
    """
    with pytest.raises(ConfigError) as caught:
        load_city(write(tmp_path, text))
    (mistake,) = caught.value.mistakes
    assert "motcua city worker" in str(mistake)
