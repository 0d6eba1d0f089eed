"""A simulated modem on a pty: `PtyModem` inside an asyncio program, or `python -m devices.sms.modem_sim --link PATH`.

Tests and the demo start it; smsd, gammu or any other program that speaks AT opens the link like a serial port.
"""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from devices.serial_port import PtyLine, open_pty
from devices.sms.at_modem import AtModem, FaultRates
from devices.sms.sim_network import SimNetwork, SimPhone


class PtyModem:
    """An `AtModem` on a pty, served by the running loop. `async with PtyModem(network, link) as modem: ...`"""

    def __init__(self, network: SimNetwork, link: Path, *, rates: FaultRates | None = None, seed: int = 0) -> None:
        self.network = network
        self.at = AtModem(network, self._emit, rates=rates, seed=seed)
        self._link = link
        self._line: PtyLine | None = None

    @property
    def path(self) -> Path:
        """What a DTE opens; it stays the same when the modem hangs up and comes back."""
        return self._link

    def plug_in(self) -> None:
        """Make the port appear."""
        self._line = open_pty(self._link)
        asyncio.get_running_loop().add_reader(self._line.master_fd, self._read)

    def hang_up(self) -> None:
        """Make the port vanish under whoever has it open."""
        if self._line is None:
            return
        asyncio.get_running_loop().remove_reader(self._line.master_fd)
        self._line.hang_up()
        self._line = None
        self.at.restart()

    async def __aenter__(self) -> Self:
        self.plug_in()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()

    def _read(self) -> None:
        if self._line is not None:
            self.at.feed(os.read(self._line.master_fd, 4096))

    def _emit(self, octets: bytes, delay_s: float) -> None:
        if delay_s > 0:
            asyncio.get_running_loop().call_later(delay_s, self._write, octets)
        else:
            self._write(octets)

    def _write(self, octets: bytes) -> None:
        """A full pty buffer means that nobody reads: a modem loses these bytes too."""
        if self._line is None:
            return
        try:
            os.write(self._line.master_fd, octets)
        except BlockingIOError:
            return


async def serve(arguments: argparse.Namespace) -> None:
    """Until end of input: texts that phones receive go out as JSON lines, `NUMBER TEXT` lines come in as replies."""
    network = SimNetwork(arguments.number, seed=arguments.seed)
    network.refused = set(arguments.refuse)
    network.on_received = _print_received
    rates = FaultRates(arguments.lose, arguments.drop_reply, arguments.cms_error, arguments.delay_s)
    async with PtyModem(network, arguments.link, rates=rates, seed=arguments.seed):
        _print({"event": "ready", "link": str(arguments.link)})
        await _reply_from_stdin(network)


async def _reply_from_stdin(network: SimNetwork) -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        while line := await reader.readline():
            number, _, text = line.decode().strip().partition(" ")
            network.phone(number).reply(text)
    finally:
        transport.close()


def _print_received(phone: SimPhone, text: str) -> None:
    _print({"event": "received", "to": phone.number, "text": text, "times": phone.times_received(text)})


def _print(event: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _parse(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="modem_sim", description="A GSM modem on a pty, with phones behind it.")
    parser.add_argument("--link", type=Path, required=True, help="where the port appears")
    parser.add_argument("--number", default="+84900000000", help="the modem's own number")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--refuse", action="append", default=[], metavar="NUMBER")
    for knob in ("lose", "drop-reply", "cms-error"):
        parser.add_argument(f"--{knob}", type=float, default=0.0, metavar="RATE")
    parser.add_argument("--delay-s", type=float, default=0.0)
    return parser.parse_args(argv)


if __name__ == "__main__":
    asyncio.run(serve(_parse()))
