"""What hangs on a port is found by asking; who may not look is told which group to join."""

import asyncio
import os
from pathlib import Path

import pytest

from devices.audio.cards import parse
from devices.camera.usb import usb_cameras
from devices.lock_board.families import FAMILIES, codec_of
from devices.lock_board.probe import FoundBoard, count_channels
from devices.lock_board.sim import Cabinet
from devices.printer.sim import PtyPrinter
from devices.serial_port import open_pty
from devices.sms.at_probe import FoundModem, find_modem
from devices.sms.modem_sim import PtyModem
from devices.sms.sim_network import SimNetwork
from edge.doctor.holders import Person
from edge.setup.found import BoardsAt, ClosedAt, ModemAt, OnPort, PrinterAt, SilentAt
from edge.setup.scan import scans
from edge.setup.search import Search, Wanted, short

ME = Person.of(0)


async def found_on(port: Path | str, who: Person = ME, said: list[str] | None = None) -> OnPort:
    wanted = Wanted(boards=True, paper=True, cameras=False, sound=False, ports=[str(port)])
    search = Search(wanted, who, said.append if said is not None else lambda _: None)
    await search.run()
    (one,) = search.found.ports
    return one


@pytest.mark.parametrize("is_registered", [True, False])
async def test_a_modem_says_how_it_is_and_nothing_of_its_number(tmp_path: Path, is_registered: bool) -> None:
    network = SimNetwork("+84900000000")
    network.is_registered = is_registered
    async with PtyModem(network, tmp_path / "modem") as modem:
        found = await find_modem(str(modem.path))
        assert found == FoundModem("MotcuaSim", "READY", is_registered, 20)
        on_port = await found_on(modem.path)
    assert isinstance(on_port, ModemAt)
    assert ("NOT in the network" in on_port.says) is not is_registered


async def test_what_is_no_modem_is_none(tmp_path: Path) -> None:
    async with Cabinet("wkly", [(0, 8)], link=tmp_path / "boards") as cabinet:
        assert await find_modem(cabinet.port) is None


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("channels", [8, 16])
async def test_a_board_tells_how_many_channels_it_has(family: str, channels: int, tmp_path: Path) -> None:
    if family in {"kerong-cu16", "kerong-cu48", "wkly"}:
        channels = {"kerong-cu16": 16, "kerong-cu48": 48, "wkly": channels}[family]
    async with Cabinet(family, [(1, channels)], link=tmp_path / "port") as cabinet:
        board = FoundBoard(family, codec_of(family).baud, 1)
        assert await count_channels(cabinet.port, board) == channels
        assert [door.pulses for door in cabinet.doors()] == [0] * channels


@pytest.mark.timeout(60)
async def test_boards_on_a_line_are_found_together(tmp_path: Path) -> None:
    said: list[str] = []
    async with Cabinet("xor8a", [(1, 8), (2, 16)], link=tmp_path / "port", baud=115200) as cabinet:
        found = await found_on(cabinet.port, said=said)
        assert [door.pulses for door in cabinet.doors()] == [0] * 24
    assert isinstance(found, BoardsAt)
    assert [(board.address, channels) for board, channels in found.boards] == [(1, 8), (2, 16)]
    assert "… port: lock board xor8a at 9600" in said


async def test_a_printer_on_a_serial_line(tmp_path: Path) -> None:
    async with PtyPrinter(tmp_path / "printer") as printer:
        found = await found_on(tmp_path / "printer")
        assert printer.model.papers == []
    assert isinstance(found, PrinterAt)
    assert (found.baud, found.answers, found.says) == (115200, True, "ready, has paper")


async def test_a_port_that_may_not_be_opened_names_the_group(tmp_path: Path) -> None:
    line = open_pty(tmp_path / "port")
    try:
        found = await found_on(tmp_path / "port", Person("motcua", 54321, frozenset()))
    finally:
        line.hang_up()
    assert isinstance(found, ClosedAt)
    assert "the user motcua may not open it" in found.trouble.found
    assert found.trouble.do is not None
    assert found.trouble.do.startswith(("sudo usermod -aG ", "sudo chgrp dialout "))
    assert found.trouble.do.endswith("; then run this again")


async def test_a_port_that_is_not_there() -> None:
    found = await found_on("/dev/serial/by-id/usb-none")
    assert isinstance(found, ClosedAt)
    assert "is not there" in found.says


async def test_who_ends_the_search_keeps_what_was_found(tmp_path: Path) -> None:
    line = open_pty(tmp_path / "port")
    said: list[str] = []
    wanted = Wanted(boards=True, paper=True, cameras=False, sound=False, ports=[str(tmp_path / "port")])
    search = Search(wanted, ME, said.append)
    running = asyncio.create_task(search.run())
    while not said:
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    line.hang_up()
    assert [type(one) for one in search.found.ports] == [SilentAt]


async def test_a_scan_is_heard_and_rubbish_is_told_apart(tmp_path: Path) -> None:
    lines = [open_pty(tmp_path / name) for name in ("a", "b")]
    try:
        async with scans([str(tmp_path / name) for name in ("a", "b", "gone")]) as heard:
            os.write(lines[1].master_fd, "Xã Ea Tam\r".encode())
            assert await heard.get() == (str(tmp_path / "b"), True)
            os.write(lines[0].master_fd, b"\xff\xfe\x01")
            assert await heard.get() == (str(tmp_path / "a"), False)
    finally:
        for line in lines:
            line.hang_up()


def test_cameras_by_the_name_that_stays_and_twins_by_their_sockets(tmp_path: Path) -> None:
    for folder in ("by-id", "by-path", "dev", "kinds"):
        (tmp_path / folder).mkdir()
    for number, kind in enumerate(("C270", "C270", "Brio", "Brio metadata")):
        (tmp_path / "dev" / f"video{number}").touch()
        (tmp_path / "kinds" / f"video{number}").mkdir()
        (tmp_path / "kinds" / f"video{number}" / "name").write_text(f"{kind}\n")
    for number in range(3):
        (tmp_path / "by-path" / f"socket{number}-video-index0").symlink_to(tmp_path / "dev" / f"video{number}")
    (tmp_path / "by-id" / "usb-C270-video-index0").symlink_to(tmp_path / "dev" / "video1")
    (tmp_path / "by-id" / "usb-Brio-video-index0").symlink_to(tmp_path / "dev" / "video2")
    (tmp_path / "by-id" / "usb-Brio-video-index1").symlink_to(tmp_path / "dev" / "video3")
    folders = [tmp_path / name for name in ("by-id", "by-path", "dev", "kinds")]
    found = [(Path(one.source).name, one.kind, one.is_stable) for one in usb_cameras(*folders)]
    assert found == [
        ("socket0-video-index0", "C270", True), ("socket1-video-index0", "C270", True), ("usb-Brio-video-index0", "Brio", True),
    ]  # fmt: skip
    plain = usb_cameras(tmp_path / "none", tmp_path / "none", tmp_path / "dev", tmp_path / "kinds")
    assert [(Path(one.source).name, one.is_stable) for one in plain][:1] == [("video0", False)]


def test_sound_cards_as_alsa_lists_them() -> None:
    listing = """null
    Discard all samples
hw:CARD=Speakerphone,DEV=0
    Jabra SPEAK 510, USB Audio
    Direct hardware device without any conversions
plughw:CARD=Speakerphone,DEV=0
    Jabra SPEAK 510, USB Audio
    Hardware device with all software conversions
"""
    (one,) = parse(listing)
    assert one.name == "plughw:CARD=Speakerphone,DEV=0"
    assert one.description.startswith("Jabra SPEAK 510")
    assert parse("") == ()


def test_a_long_name_fits_into_a_line() -> None:
    assert short("/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0") == "usb-FTDI_FT23…5BI-if00-port0"
