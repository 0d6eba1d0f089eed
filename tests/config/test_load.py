"""A configuration file is accepted whole or refused with every mistake at once."""

from pathlib import Path

import pytest

from config.load import ConfigError, load

GOOD = """
[agent]
site = "phuong-thu-duc"
device = "quay-01"
data_dir = "data"

[centre]
name = "Trung tâm Phục vụ hành chính công"
leader = "lanh-dao"

[counters.quay-01]
name = "Quầy 1"
unit = "ho-tich"
camera = { source = "replay:story.toml", zone = { x = 0.25, y = 0.0, width = 0.5, height = 1.0 } }

[units.ho-tich]
name = "Hộ tịch"
head = "truong-ho-tich"

[contacts.lanh-dao]
phone = "0912 345 678"
role = "leader"

[contacts.truong-ho-tich]
phone = "+84987654321"
role = "head"

[mqtt]
host = "broker"
password_file = "password"
"""

GATEWAY = '[sms]\nchannel = "http"\n[sms.http]\nurl = "https://gateway"\ntoken_file = "password"\n'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "password").write_text("not a real one")
    (tmp_path / "story.toml").touch()
    return tmp_path


def write(folder: Path, text: str) -> Path:
    file = folder / "motcua.toml"
    file.write_text(text, encoding="utf-8")
    return file


def mistakes(folder: Path, text: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(write(folder, text))
    return {mistake.path: str(mistake) for mistake in caught.value.mistakes}


def test_a_good_file_loads_with_paths_from_its_own_folder(site: Path) -> None:
    config = load(write(site, GOOD))
    assert config.agent.data_dir == site / "data"
    assert config.contacts["lanh-dao"].phone == "+84912345678"
    assert config.counters["quay-01"].camera.source == f"replay:{site / 'story.toml'}"
    assert config.mqtt is not None
    assert config.mqtt.password_file == site / "password"


def test_every_mistake_is_reported_at_once(tmp_path: Path) -> None:
    text = (
        GOOD.replace("window", "windw")
        .replace("[centre]", "[centre]\nnmae = 'x'")
        .replace('head = "truong-ho-tich"', 'head = "truong-ho-tick"')
    )
    found = mistakes(tmp_path, text + 'windwo = 5\nport = "many"\n[sms]\nchannel = "smds"\n')
    assert set(found) == {
        "centre.nmae",
        "mqtt.windwo",
        "mqtt.port",
        "sms.channel",
        "units.ho-tich.head",
        "mqtt.password_file",
        "counters.quay-01.camera.source",
    }
    assert "did you mean 'name'" in found["centre.nmae"]
    assert "did you mean 'window'" in found["mqtt.windwo"]
    assert "did you mean 'smsd'" in found["sms.channel"]
    assert "did you mean 'truong-ho-tich'" in found["units.ho-tich.head"]
    assert "'many'" in found["mqtt.port"]
    assert "cannot be read" in found["mqtt.password_file"]


@pytest.mark.parametrize(
    ("old", "new", "path", "says"),
    [
        ("width = 0.5", "width = 0.9", "counters.quay-01.camera.zone", "reaches past"),
        ("0912 345 678", "0212 345 678", "contacts.lanh-dao.phone", "not a Vietnamese mobile number"),
        ('name = "Quầy 1"', "", "counters.quay-01.name", "is missing"),
        ('site = "phuong-thu-duc"', 'site = "Phường Thủ Đức"', "agent.site", "small letters"),
        ('head = "truong-ho-tich"', 'head = "truong-ho-tich"\nchain = 5', "units.ho-tich.chain", "valid tuple"),
        (
            'head = "truong-ho-tich"',
            'head = "truong-ho-tich"\nchain = "lanh-dao"',
            "units.ho-tich.chain",
            "valid tuple",
        ),
        ("replay:story.toml", "replay:stroy.toml", "counters.quay-01.camera.source", "cannot be read"),
        ("[mqtt]", '[web]\ntablet_clients = ["máy bảng"]\n[mqtt]', "web.tablet_clients.0", "not an address"),
        ("[mqtt]", "[satisfaction]\nside_leave = 0.6\n[mqtt]", "satisfaction", "side_leave <= side_enter"),
        ("[mqtt]", '[models]\nexpression_params = "none"\n[mqtt]', "models.expression_params", "is not a folder"),
        ("[mqtt]", f'[models]\nexpression_params = "{"n" * 300}"\n[mqtt]', "models.expression_params", "too long"),
        ("[mqtt]", f"{GATEWAY}body = {{ a = '{{nummer}}' }}\n[mqtt]", "sms.http.body", "{nummer} is not filled in"),
        ('head = "truong-ho-tich"', 'head = "truong-ho-tich"\nchain = "truc"', "units.ho-tich.chain", "tuple"),
        ('password_file = "password"', 'password_file = "pass\\u0000word"', "mqtt.password_file", "zero byte"),
        ('data_dir = "data"', 'data_dir = "da\\u0000ta"', "agent.data_dir", "zero byte"),
    ],
)
def test_a_bad_value_names_its_place(site: Path, old: str, new: str, path: str, says: str) -> None:
    found = mistakes(site, GOOD.replace(old, new))
    assert list(found) == [path]
    assert says in found[path]


def test_a_wrong_phone_number_is_not_repeated(site: Path) -> None:
    assert "0212" not in mistakes(site, GOOD.replace("0912 345 678", "0212 345 678"))["contacts.lanh-dao.phone"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('leader = "lanh-dao"', 'leader = "0912 345 678"'),
        ('head = "truong-ho-tich"', 'head = "truong-ho-tich"\nchain = ["0912345678"]'),
        ('unit = "ho-tich"', 'unit = "+84 912.345.678"'),
        ('phone = "+84987654321"', 'phone = "+84987654321"\nrole = "0912345678"'),
        ('[contacts.lanh-dao]\nphone = "0912 345 678"\nrole = "leader"', '[contacts]\nlanh-dao = "0912 345 678"'),
    ],
)
def test_a_phone_number_in_the_wrong_place_is_not_repeated(site: Path, old: str, new: str) -> None:
    text = GOOD.replace('role = "head"', "") if "role" in new else GOOD
    found = mistakes(site, text.replace(old, new))
    assert found
    assert [said for said in found.values() if "345" in said] == []


def test_the_mark_that_windows_puts_before_a_text_is_no_mistake(site: Path) -> None:
    assert load(write(site, "\ufeff" + GOOD)) == load(write(site, GOOD))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[agent\n", "not valid TOML"),
        (b"\xff\xfe", "not UTF-8"),
        (b"a = " + b"9" * 5000, "not valid TOML"),
        (b"a = " + b"[" * 5000, "without end"),
        (b"a" + b".a" * 5000 + b" = 1", "without end"),
    ],
)
def test_a_file_that_is_no_toml(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "motcua.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert says in str(caught.value.mistakes[0])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "none.toml")
    assert "cannot be read" in str(caught.value.mistakes[0])


@pytest.mark.parametrize(("written", "meant"), [("fsp", "fps"), ("zoen", "zone"), ("sorce", "source")])
def test_swapped_and_missing_letters_are_recognised(site: Path, written: str, meant: str) -> None:
    found = mistakes(site, GOOD.replace("camera = { ", f"camera = {{ {written} = 1, "))
    assert f"did you mean '{meant}'?" in found[f"counters.quay-01.camera.{written}"]
