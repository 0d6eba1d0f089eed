"""The bytes of a job against an unrelated encoder, and what answers mean."""

import subprocess
import sys

import pytest

from devices.printer import commands
from devices.printer.commands import PrinterStatus
from devices.printer.sim_model import PrinterModel
from devices.printer.slip import Artist, Line, Size, Slip

_PYTHON_ESCPOS = """
import sys
from PIL import Image
from escpos.printer import Dummy
printer = Dummy()
printer.profile.profile_data["media"] = {"width": {"mm": 80, "pixels": 576}}
picture = Image.open(sys.argv[1])
printer.image(picture, impl="bitImageRaster", fragment_height=64)
printer.qr("BN-7F3K", native=True, size=8, ec=1)
printer.cut(mode="PART")
sys.stdout.buffer.write(printer.output)
"""


@pytest.fixture(scope="module")
def foreign_job(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The same picture by python-escpos, in a process of its own: it sets up logging and caches when imported."""
    file = tmp_path_factory.mktemp("foreign") / "picture.png"
    picture = Artist().draw((Line("Biên nhận hồ sơ", Size.STRONG),))
    picture.point(lambda dot: 0 if dot else 255).save(file)
    return subprocess.run(
        [sys.executable, "-c", _PYTHON_ESCPOS, file], capture_output=True, check=True, timeout=60
    ).stdout


def test_python_escpos_draws_the_same_picture_and_code(foreign_job: bytes) -> None:
    ours = b"".join(commands.raster(576, Artist().draw((Line("Biên nhận hồ sơ", Size.STRONG),)).tobytes()))
    assert ours in foreign_job
    assert commands.qr("BN-7F3K", 8) in foreign_job


def test_the_simulator_reads_a_foreign_job(foreign_job: bytes) -> None:
    model = PrinterModel()
    for octet in foreign_job:
        model.feed(bytes((octet,)))
    [paper] = model.papers
    assert (paper.qr_texts, paper.width, model.unknown) == (["BN-7F3K"], 576, [])
    assert b"".join(paper.rows) == Artist().draw((Line("Biên nhận hồ sơ", Size.STRONG),)).tobytes()


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((0x12, 0x12, 0x12), PrinterStatus(True, True, False, False, False)),
        ((0x1A, 0x32, 0x7E), PrinterStatus(False, False, True, False, False)),
        ((0x1A, 0x16, 0x12), PrinterStatus(False, True, False, True, False)),
        ((0x1A, 0x52, 0x12), PrinterStatus(False, True, False, False, True)),
        ((0x12, 0x12, 0x1E), PrinterStatus(True, True, True, False, False)),
    ],
)
def test_status(answers: tuple[int, int, int], expected: PrinterStatus) -> None:
    assert PrinterStatus.parse(*answers) == expected


def test_no_answer_is_taken_for_another() -> None:
    assert not [octet for octet in range(256) if commands.is_status(octet) and commands.is_sensor(octet)]


def test_a_qr_text_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        Artist().job(Slip((), qr="x" * 701))
