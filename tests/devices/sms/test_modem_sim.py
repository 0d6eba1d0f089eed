"""The modem as a program: a port that another process opens, phones on standard input and output."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from devices.sms.modem_sim import PtyModem
from devices.sms.sim_network import SimNetwork
from devices.sms.smsd_process import SmsdMissing, find_smsd

PROJECT = Path(__file__).parents[3]
SUBMIT = "0031000B914819325476F80008FF0C004E00671EAF006E00201EA1"  # smsd's, "Ngắn ạ" with report


class Dte:
    """The other end of the port, as a program without any modem library sees it."""

    def __init__(self, port: Path) -> None:
        self._fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self._heard = b""

    async def talk(self, said: str, expected: bytes) -> bytes:
        os.write(self._fd, said.encode("ascii"))
        while expected not in self._heard:
            await asyncio.sleep(0.01)
            self._listen()
        heard, self._heard = self._heard, b""
        return heard

    def is_hung_up(self) -> bool:
        try:
            return os.read(self._fd, 4096) == b""
        except BlockingIOError:
            return False
        except OSError:  # EIO: how Linux tells that the far end of a pty is closed
            return True

    def close(self) -> None:
        os.close(self._fd)

    def _listen(self) -> None:
        try:
            self._heard += os.read(self._fd, 4096)
        except BlockingIOError:
            return


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "devices.sms.modem_sim", "--link", tmp_path / "modem", "--refuse", "+84999999999",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=PROJECT,
    )  # fmt: skip
    yield program
    assert program.stdin is not None
    program.stdin.close()
    assert await program.wait() == 0


async def told(program: asyncio.subprocess.Process) -> dict[str, object]:
    assert program.stdout is not None
    event: dict[str, object] = json.loads(await program.stdout.readline())
    return event


async def test_program_shows_what_arrives_and_takes_replies(
    program: asyncio.subprocess.Process, tmp_path: Path
) -> None:
    assert await told(program) == {"event": "ready", "link": str(tmp_path / "modem")}
    dte = Dte(tmp_path / "modem")
    await dte.talk("ATE0\r", b"OK")
    await dte.talk("AT+CNMI=2,1,0,2,0\r", b"OK")
    await dte.talk("AT+CMGS=26\r", b"> ")
    assert b"+CMGS: 0" in await dte.talk(SUBMIT + "\x1a", b"OK\r\n")
    assert await told(program) == {"event": "received", "to": "+84912345678", "text": "Ngắn ạ", "times": 1}
    assert program.stdin is not None
    program.stdin.write("+84912345678 1 7F3K vâng ạ\n".encode())
    assert b'+CMTI: "ME",2' in await dte.talk("", b"+CMTI")
    dte.close()


async def test_port_vanishes_and_comes_back_under_its_name(tmp_path: Path) -> None:
    async with PtyModem(SimNetwork(), tmp_path / "modem") as modem:
        before = Dte(modem.path)
        await before.talk("AT\r", b"OK")
        modem.hang_up()
        assert not modem.path.is_symlink()
        assert before.is_hung_up()
        before.close()
        modem.plug_in()
        after = Dte(modem.path)
        assert b"OK" in await after.talk("AT\r", b"OK")
        after.close()
    assert not modem.path.is_symlink()


async def test_old_line_leaves_the_name_to_a_new_one(tmp_path: Path) -> None:
    async with PtyModem(SimNetwork(), tmp_path / "modem") as old, PtyModem(SimNetwork(), tmp_path / "modem") as new:
        old.hang_up()
        assert new.path.exists()


def test_missing_smsd_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("devices.sms.smsd_process.SMSD_PLACES", str(tmp_path))
    with pytest.raises(SmsdMissing, match="smstools"):
        find_smsd()
