"""The demo's configuration file, whatever its folder is called."""

import tomllib
from pathlib import Path

import pytest

from devices.lock_board.sim import Cabinet
from edge.demo_cabinet import ADDRESS, DOORS, FAMILY, DemoCabinet
from edge.demo_guide import config_text as guide_config
from edge.demo_story import FIRST, config_text


@pytest.mark.parametrize("name", ["demo", 'of "Minh"', "a\\new\\u00e1", "Một cửa", "two\nlines", "it's # 'one'"])
async def test_the_folder_may_be_called_anything(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    camera = folder / "camera.toml"
    text = config_text(folder, {FIRST: camera}, folder / "models", broker_port=1, web_port=0)
    async with Cabinet(FAMILY, [(ADDRESS, DOORS)], link=folder / "cabinet") as hardware:
        text += DemoCabinet(hardware, None).config_text()
    read = tomllib.loads(text + guide_config("http://127.0.0.1:1", folder / "asked.wav", camera))
    assert read["agent"]["data_dir"] == str(folder / "data")
    assert read["web"]["users_file"] == str(folder / "users.toml")
    assert read["models"]["directory"] == str(folder / "models")
    assert read["counters"][FIRST]["camera"]["source"] == f"replay:{camera}"
    assert read["locker"]["boards"]["tu"]["port"] == str(folder / "cabinet")
    assert read["guide"]["voice"]["microphone"] == f"replay:{folder / 'asked.wav'}"
    assert read["guide"]["camera"]["source"] == f"replay:{camera}"
