"""A cabinet's boards and compartments are accepted whole or refused with every mistake, both names in each."""

from pathlib import Path

import pytest

from config.load import ConfigError, load
from config.locker import Locker
from config.locker_checks import HIGHEST_ADDRESS, LOWEST_ADDRESS, MOST_CHANNELS

PROFILE = Path(__file__).parents[2] / "config" / "profiles" / "locker.toml"
SITE = """
[agent]
site = "x"
device = "y"
[locker]
name = "Tủ hồ sơ"
[locker.boards.a]
protocol = "xor8a"
port = "/dev/serial/by-id/one"
address = 1
channels = 12
[locker.boards.b]
protocol = "xor8a"
port = "/dev/serial/by-id/one"
address = 2
channels = 24
[locker.compartments.n01]
board = "a"
channel = 1
number = "01"
row = 0
column = 0
[locker.compartments.n02]
board = "b"
channel = 1
number = "02"
row = 0
column = 1
rows = 2
"""


def mistakes(folder: Path, text: str) -> dict[str, str]:
    file = folder / "motcua.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file)
    return {mistake.path: str(mistake) for mistake in caught.value.mistakes}


def test_the_profile_is_a_whole_cabinet() -> None:
    locker = load(PROFILE).locker
    assert locker is not None
    assert (len(locker.compartments), len(locker.boards)) == (14, 1)


def test_help_is_always_given_a_number(tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    file.write_text(SITE, encoding="utf-8")
    locker = load(file).locker
    assert locker is not None
    assert locker.help_phone == "1022"


@pytest.mark.parametrize(
    ("old", "new", "path", "says"),
    [
        ('board = "b"\nchannel = 1', 'board = "a"\nchannel = 1', "locker.compartments.n02", "compartment n01"),
        ("channel = 1\n", "channel = 13\n", "locker.compartments.n01.channel", "board a has the channels 1 to 12"),
        ('board = "b"', 'board = "c"', "locker.compartments.n02.board", "there are: a, b"),
        ("address = 2", "address = 1", "locker.boards.b", "board a"),
        ("address = 2", "address = 100", "locker.boards.b.address", "1 to 99"),
        ("channels = 24", "channels = 51", "locker.boards.b.channels", "50 channels at most"),
        ("channels = 24", "channels = 24\nbaud = 19200", "locker.boards.b.baud", "differs from board a"),
        ("channels = 24", "channels = 24\necho = true", "locker.boards.b.echo", "differs from board a"),
        ('number = "02"', 'number = "01"', "locker.compartments.n02", "the number of compartment n01"),
        ("column = 1", "column = 0", "locker.compartments.n02", "overlaps compartment n01"),
        ("/dev/serial/by-id/one", "/dev/ttyUSB0", "locker.boards.a.port", "by-id"),
        ("/dev/serial/by-id/one", "tcp://", "locker.boards.a.port", "tcp://HOST:PORT"),
        ('name = "Tủ hồ sơ"', 'name = "Tủ"\nhelp_phone = "hỏi"', "locker.help_phone", "dialled"),
    ],
)
def test_what_could_open_the_wrong_door_refuses_to_start(
    tmp_path: Path, old: str, new: str, path: str, says: str
) -> None:
    assert (text := SITE.replace(old, new, 1)) != SITE
    assert says in mistakes(tmp_path, text)[path]


def test_all_mistakes_show_at_once(tmp_path: Path) -> None:
    text = (
        SITE.replace('board = "b"', 'board = "a"')
        .replace("address = 2", "address = 1")
        .replace("column = 1", "column = 0")
    )
    assert {"locker.boards.b", "locker.compartments.n02", "locker.nmae"} <= set(
        mistakes(tmp_path, text.replace("[locker]", '[locker]\nnmae = "x"'))
    )


def test_every_protocol_of_the_schema_has_its_bounds() -> None:
    board = Locker.model_json_schema()["$defs"]["Board"]["properties"]["protocol"]["enum"]
    assert set(board) == set(MOST_CHANNELS) == set(LOWEST_ADDRESS) == set(HIGHEST_ADDRESS)
