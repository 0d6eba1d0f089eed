"""Whether a GSM modem answers on a port, and how it is: for a technician. Nothing is sent to the network, nothing is stored.

Only the questions below are asked; none of them tells the SIM's or the modem's own number.
"""

import asyncio
import re
from dataclasses import dataclass

from devices.serial_port import Port, PortSettings, open_port

BAUD = 115200  # what smsd speaks; a USB modem does not mind
ANSWER_S = 0.8
TRIES = 3  # a modem that was in the middle of something swallows the first
_ENDS = re.compile(rb"(?:^|[\r\n])(OK|ERROR|\+CM[ES] ERROR:[^\r\n]*)[\r\n]")
_WELL, _ROAMING = "1", "5"  # of +CREG


@dataclass(frozen=True, slots=True)
class FoundModem:
    """`sim`: as `+CPIN` says it (`READY`, `SIM PIN`), None where it does not say. `signal`: 0..31, None where unknown."""

    maker: str
    sim: str | None
    is_registered: bool | None
    signal: int | None


async def find_modem(address: str) -> FoundModem | None:
    """None where no modem answers. Raise PortLost."""
    port = await open_port(address, PortSettings(BAUD))
    try:
        return await _asked(port)
    finally:
        await port.close()


async def _asked(port: Port) -> FoundModem | None:
    for _ in range(TRIES):
        if await _answer(port, "AT") is not None:
            break
    else:
        return None
    maker = await _answer(port, "AT+CGMI") or ""
    sim = _said(await _answer(port, "AT+CPIN?"), r"\+CPIN: *([A-Z0-9 -]+)")
    registered = _said(await _answer(port, "AT+CREG?"), r"\+CREG: *[0-9],([0-9])")
    signal = _said(await _answer(port, "AT+CSQ"), r"\+CSQ: *([0-9]+)")
    return FoundModem(
        maker=_name(maker), sim=sim, is_registered=None if registered is None else registered in {_WELL, _ROAMING},
        signal=None if signal is None or int(signal) > 31 else int(signal),
    )  # fmt: skip


async def _answer(port: Port, question: str) -> str | None:
    """What stands between the question and its OK or ERROR; None where neither came."""
    await port.write(f"{question}\r".encode())
    heard = b""
    try:
        async with asyncio.timeout(ANSWER_S):
            while _ENDS.search(heard) is None:
                heard += await port.read()
    except TimeoutError:
        return None
    return heard.decode("ascii", "replace").replace(question, "", 1)


def _said(answer: str | None, pattern: str) -> str | None:
    found = re.search(pattern, answer or "")
    return found[1].strip() if found else None


def _name(answer: str) -> str:
    """The first line that is a word: makers' names stand alone in their line."""
    lines = (line.strip().strip('"') for line in answer.splitlines())
    return next((line for line in lines if re.fullmatch(r"[A-Za-z][\w .,()-]{0,30}", line) and line != "OK"), "modem")
