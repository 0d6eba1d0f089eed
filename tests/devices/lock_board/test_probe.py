"""A technician plugs an adapter in and is told what hangs on it."""

from pathlib import Path

import pytest

from devices.lock_board.families import FAMILIES, codec_of
from devices.lock_board.probe import FoundBoard, find_boards
from devices.lock_board.sim import Cabinet
from devices.serial_port import PortLost


@pytest.mark.parametrize("family", FAMILIES)
async def test_boards_are_found_and_nothing_moves(family: str, tmp_path: Path) -> None:
    async with Cabinet(family, [(1, 8), (3, 8)], link=tmp_path / "port", minds_baud=True) as cabinet:
        found = [one async for one in find_boards(cabinet.port, [family], addresses=range(1, 5))]
        baud = codec_of(family).baud
        assert found == [FoundBoard(family, baud, 1), FoundBoard(family, baud, 3)]
        assert [door for door in cabinet.doors() if door.pulses] == []


async def test_board_at_another_speed_is_found(tmp_path: Path) -> None:
    async with Cabinet("kerong-cu16", [(0, 16)], link=tmp_path / "port", baud=9600, minds_baud=True) as cabinet:
        found = [one async for one in find_boards(cabinet.port, ["kerong-cu16"], addresses=[0, 1])]
        assert found == [FoundBoard("kerong-cu16", 9600, 0)]


async def test_family_is_told_apart(tmp_path: Path) -> None:
    async with Cabinet("wkly", [(1, 8)], link=tmp_path / "port") as cabinet:
        found = [one async for one in find_boards(cabinet.port, bauds=[9600], addresses=[1])]
        assert found == [FoundBoard("wkly", 9600, 1)]


async def test_port_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(PortLost):
        await anext(find_boards(str(tmp_path / "none")))
