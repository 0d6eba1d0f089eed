"""A GSM modem's AT interface as 3GPP TS 27.005 and 27.007 describe it, with the faults real ones have.

Bytes in, bytes out through `emit`; `modem_sim` puts it on a pty, unit tests feed it directly.
"""

import random
import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from devices.sms.pdu import NO_SMSC, PduError, decode_submit
from devices.sms.sim_network import NetworkRefused, SimNetwork

ESCAPE = b"\x1b"
STORE_SIZE = 50
CMS_INVALID_INDEX = 321
CMS_INVALID_PDU = 304
CMS_UNKNOWN = 500
REGISTERED, SEARCHING = 1, 2


class Fault(Enum):
    """What goes wrong with one `AT+CMGS`."""

    LOSE = "lose"  # the modem takes the PDU, says nothing, sends nothing
    DROP_REPLY = "drop_reply"  # the network has it, the answer never reaches the port
    CMS_ERROR = "cms_error"  # the network refuses, the modem says so


@dataclass(frozen=True, slots=True)
class FaultRates:
    """How often each fault strikes, between 0 and 1, and how late every final answer is."""

    lose: float = 0.0
    drop_reply: float = 0.0
    cms_error: float = 0.0
    delay_s: float = 0.0


@dataclass(slots=True)
class _Stored:
    pdu: bytes
    is_read: bool = False


Emit = Callable[[bytes, float], None]  # bytes for the port, seconds to wait first

_SIMPLE = {
    "": "",
    "+CGMI": "MotcuaSim",
    "+CGMM": "AT-1",
    "+CGMR": "1.0",
    "+CGSN": "490154203237518",  # the example IMEI of 3GPP TS 23.003, with its check digit
    "+CIMI": "452990000000001",
    "+CSQ": "+CSQ: 20,99",
    "+CPIN?": "+CPIN: READY",
    "+CSCS=?": '+CSCS: ("IRA","GSM")',
    "+CSCA?": '+CSCA: "+84900000001",145',
    "+CMGF?": "+CMGF: 0",
    "+CNMI=?": "+CNMI: (0-2),(0-2),(0,2),(0-2),(0,1)",
    "+CPMS=?": '+CPMS: ("ME"),("ME"),("ME")',
    "+CMGL=?": "+CMGL: (0-4)",
    "+CMGF=?": "+CMGF: (0)",
    "+CSMS?": "+CSMS: 0,1,1,1",
}
_ACCEPTED = re.compile(
    r"(E[01]|V1|Z|&F|Q0|\+CMEE=[012]|\+CMGF=0|\+CREG=[012]|\+CLIP=[01]|\+CSMS=[01]|\+CNMA|\+CPIN=.*|\+CMMS=[0-2])"
)


class AtModem:
    """One modem with its message store, talking PDU mode only. `faults.append(...)` decides about the next CMGS."""

    def __init__(self, network: SimNetwork, emit: Emit, *, rates: FaultRates | None = None, seed: int = 0) -> None:
        self.rates = rates or FaultRates()
        self.faults: deque[Fault] = deque()
        self.accepted_parts = 0
        self._network = network
        self._emit = emit
        self._random = random.Random(seed)  # noqa: S311 - a simulator repeats itself on purpose
        self._store: dict[int, _Stored] = {}
        self._overflow: deque[bytes] = deque()
        self._buffer = bytearray()
        self._awaits_pdu = False
        self._is_answering = False
        self._held: list[bytes] = []
        self._echo = True
        self._reference = 0
        self._announce, self._report_route = 0, 0
        self._charset = "IRA"
        network.downlink = self.receive

    def feed(self, octets: bytes) -> None:
        """Bytes from the DTE, in pieces of any size."""
        if self._echo:
            self._say(octets)
        self._buffer += octets
        while self._take_one():
            pass

    def restart(self) -> None:
        """What a modem forgets when the port closes and comes back: the half line, not the store."""
        self._buffer.clear()
        self._held.clear()
        self._awaits_pdu = False
        self._echo = True

    def receive(self, tpdu: bytes) -> None:
        """The network sends a DELIVER or a STATUS-REPORT: into the store, or straight to the port (`+CDS`)."""
        is_report = tpdu[0] & 0x03 == 0x02
        if is_report and self._report_route == 1:
            self._announce_unasked(b"\r\n+CDS: %d\r\n%s\r\n" % (len(tpdu), _hex(NO_SMSC + tpdu)))
            return
        index = self._put(NO_SMSC + tpdu)
        if index is None:
            return
        if is_report and self._report_route == 2:
            self._announce_unasked(b'\r\n+CDSI: "ME",%d\r\n' % index)
        elif not is_report and self._announce:
            self._announce_unasked(b'\r\n+CMTI: "ME",%d\r\n' % index)

    @property
    def stored(self) -> int:
        return len(self._store)

    def _take_one(self) -> bool:
        return self._take_pdu() if self._awaits_pdu else self._take_line()

    def _take_line(self) -> bool:
        line, found, rest = bytes(self._buffer).partition(b"\r")
        if not found:
            return False
        self._buffer[:] = rest.removeprefix(b"\n")
        command = line.strip(b"\n\x1a\x1b ").decode("ascii", "replace")
        if command[:2].upper() == "AT":
            self._run(command[2:].strip())
        return True

    def _take_pdu(self) -> bool:
        match = re.search(rb"[\x1a\x1b]", bytes(self._buffer))
        if match is None:
            return False
        body = bytes(self._buffer[: match.start()])
        del self._buffer[: match.end()]
        self._awaits_pdu = False
        self._is_answering = True
        if match.group() == ESCAPE:
            self._ok()
        else:
            self._submit(body)
        self._is_answering = False
        self._release()
        return True

    def _announce_unasked(self, octets: bytes) -> None:
        """Unsolicited lines wait while the line is reserved for a command (3GPP TS 27.005, 3.4.1, +CNMI <mode> 2)."""
        self._held.append(octets)
        if not (self._awaits_pdu or self._is_answering):
            self._release()

    def _release(self) -> None:
        held, self._held = self._held, []
        for octets in held:
            self._final(octets)

    def _run(self, line: str) -> None:
        answers: list[str] = []
        for command in line.split(";"):
            if command.upper().startswith("+CMGS="):
                self._awaits_pdu = True
                self._say(b"\r\n> ")
                return
            answer = self._answer(command)
            if answer is None:
                self._final(b"\r\nERROR\r\n")
                return
            if answer.startswith("+CMS ERROR"):
                self._final(f"\r\n{answer}\r\n".encode())
                return
            answers += [answer] if answer else []
        self._final("".join(f"\r\n{answer}\r\n" for answer in answers).encode() + b"\r\nOK\r\n")

    def _answer(self, command: str) -> str | None:  # noqa: PLR0911 - a table of commands
        """The information response to one command, "" for a bare OK, None for ERROR."""
        name = command if '"' in command else command.upper()
        if name in _SIMPLE:
            return _SIMPLE[name]
        if name == "+CREG?":
            return f'+CREG: 2,{REGISTERED if self._network.is_registered else SEARCHING},"0001","00000001"'
        if name == "+CSCS?":
            return f'+CSCS: "{self._charset}"'
        if name == "+CPMS?":
            return "+CPMS: " + ",".join([f'"ME",{len(self._store)},{STORE_SIZE}'] * 3)
        if name.startswith("+CPMS="):
            return "+CPMS: " + ",".join([f"{len(self._store)},{STORE_SIZE}"] * 3)
        if name == "+CMGD=?":
            return f"+CMGD: ({','.join(map(str, sorted(self._store)))}),(0-4)"
        return self._change(name)

    def _change(self, name: str) -> str | None:  # noqa: PLR0911 - a table of commands
        if match := re.fullmatch(r"\+CNMI=(\d),(\d),(\d),(\d)(?:,\d)?", name):
            self._announce, self._report_route = int(match[2]), int(match[4])
            return ""
        if match := re.fullmatch(r'\+CSCS="(IRA|GSM)"', name):
            self._charset = match[1]
            return ""
        if match := re.fullmatch(r"\+CMGR=(\d+)", name):
            return self._read(int(match[1]))
        if match := re.fullmatch(r"\+CMGL(?:=([0-4]))?", name):
            return self._list(everything=match[1] == "4")
        if match := re.fullmatch(r"\+CMGD=(\d+)(?:,([0-4]))?", name):
            return self._delete(int(match[1]), int(match[2] or 0))
        if _ACCEPTED.fullmatch(name):
            self._echo = {"E0": False, "E1": True, "Z": True, "&F": True}.get(name, self._echo)
            return ""
        return None

    def _read(self, index: int) -> str:
        stored = self._store.get(index)
        if stored is None:
            return f"+CMS ERROR: {CMS_INVALID_INDEX}"
        return f"+CMGR: {_listed(stored)}"

    def _list(self, *, everything: bool) -> str:
        wanted = {index: one for index, one in sorted(self._store.items()) if everything or not one.is_read}
        return "\r\n".join(f"+CMGL: {index},{_listed(one)}" for index, one in wanted.items())

    def _delete(self, index: int, flag: int) -> str:
        if flag == 4:
            doomed: Iterable[int] = list(self._store)
        elif flag:
            doomed = [number for number, one in self._store.items() if one.is_read]
        elif index in self._store:
            doomed = [index]
        else:
            return f"+CMS ERROR: {CMS_INVALID_INDEX}"
        for number in doomed:
            del self._store[number]
        while self._overflow and len(self._store) < STORE_SIZE:
            self._put(self._overflow.popleft())
        return ""

    def _put(self, pdu: bytes) -> int | None:
        free = next((index for index in range(1, STORE_SIZE + 1) if index not in self._store), None)
        if free is None:
            self._overflow.append(pdu)  # a real network keeps it and tries again when there is room
        else:
            self._store[free] = _Stored(pdu)
        return free

    def _submit(self, body: bytes) -> None:
        fault = self._next_fault()
        if fault is Fault.LOSE:
            return
        if fault is Fault.CMS_ERROR:
            self._cms_error(CMS_UNKNOWN)
            return
        try:
            part = decode_submit(bytes.fromhex(body.decode("ascii")))
            reference = self._reference
            self._reference = (reference + 1) % 256
            self._network.submit(part, reference)
        except (ValueError, PduError):
            self._cms_error(CMS_INVALID_PDU)
        except NetworkRefused as err:
            self._cms_error(err.cms_error)
        else:
            self.accepted_parts += 1
            if fault is not Fault.DROP_REPLY:
                self._final(b"\r\n+CMGS: %d\r\n\r\nOK\r\n" % reference)

    def _next_fault(self) -> Fault | None:
        if self.faults:
            return self.faults.popleft()
        drawn = self._random.random()
        for fault, rate in (
            (Fault.LOSE, self.rates.lose),
            (Fault.DROP_REPLY, self.rates.drop_reply),
            (Fault.CMS_ERROR, self.rates.cms_error),
        ):
            if drawn < rate:
                return fault
            drawn -= rate
        return None

    def _cms_error(self, code: int) -> None:
        self._final(b"\r\n+CMS ERROR: %d\r\n" % code)

    def _ok(self) -> None:
        self._final(b"\r\nOK\r\n")

    def _final(self, octets: bytes) -> None:
        self._emit(octets, self.rates.delay_s)

    def _say(self, octets: bytes) -> None:
        self._emit(octets, 0.0)


def _listed(stored: _Stored) -> str:
    was_read, stored.is_read = stored.is_read, True
    return f"{int(was_read)},,{len(stored.pdu) - len(NO_SMSC)}\r\n{_hex(stored.pdu).decode()}"


def _hex(octets: bytes) -> bytes:
    return octets.hex().upper().encode()
