from pathlib import Path

import pytest

from config.load import ConfigError, load

AGENT = '[agent]\nsite = "phuong-mau"\ndevice = "tu-01"\n'
USB = "/dev/serial/by-id/usb-Newland_NLS-if00"


def written(folder: Path, text: str) -> Path:
    file = folder / "site.toml"
    file.write_text(AGENT + text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("port", "is_node", "is_serial"),
    [("tcp://192.168.1.50:9100", False, False), ("/dev/usb/lp0", True, False), (USB, False, True)],
)
def test_a_printer_by_its_way(tmp_path: Path, port: str, is_node: bool, is_serial: bool) -> None:
    printer = load(written(tmp_path, f'[printer]\nport = "{port}"\n')).printer
    assert printer is not None
    assert (printer.is_node, printer.is_serial, printer.paper_mm) == (is_node, is_serial, 80)


def test_scanners_by_their_place(tmp_path: Path) -> None:
    config = load(written(tmp_path, f'[scanner.kiosk]\nport = "{USB}"\n[scanner.desk]\nport = "{USB}2"\nbaud = 9600\n'))
    assert {key: scanner.baud for key, scanner in config.scanner.items()} == {"kiosk": 115200, "desk": 9600}


def test_every_mistake_at_once(tmp_path: Path) -> None:
    text = '[printer]\nport = "http://x"\npaper_mm = 70\nbuad = 9600\n[scanner.kiosk]\nport = "/dev/ttyUSB0"\n'
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text))
    said = {mistake.path: str(mistake) for mistake in caught.value.mistakes}
    assert set(said) == {"printer.port", "printer.paper_mm", "printer.buad", "scanner.kiosk.port"}
    assert "did you mean 'baud'?" in said["printer.buad"]
    assert "the name that stays" in said["scanner.kiosk.port"]


def test_only_a_node_may_be_silent(tmp_path: Path) -> None:
    load(written(tmp_path, '[printer]\nport = "/dev/usb/lp0"\nanswers = false\n'))
    with pytest.raises(ConfigError):
        load(written(tmp_path, '[printer]\nport = "tcp://192.168.1.50:9100"\nanswers = false\n'))


@pytest.mark.parametrize(
    ("stations", "place", "likely"),
    [
        ('[guide]\n[queue.services.a]\nname="A"\nletter="A"\ncounters=["q1"]\n[queue.counters.q1]\nname="Q"\nnumber=1\n', "huong-da", "huong-dan"),
        ("[locker]\n", "kiosks", "kiosk"),
        ('[locker]\nkeypads = ["cua"]\n', "deks", "desk"),
    ],
)  # fmt: skip
def test_a_scanner_that_stands_nowhere_is_a_mistake(tmp_path: Path, stations: str, place: str, likely: str) -> None:
    """Nothing would open it, and nobody would know why the scanner is dead."""
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, f'{stations}[scanner.{place}]\nport = "{USB}"\n'))
    found = {mistake.path: mistake for mistake in caught.value.mistakes}
    assert found[f"scanner.{place}"].likely == likely
    assert found[f"scanner.{place}"].why.startswith("is no place of a scanner; there are: ")
