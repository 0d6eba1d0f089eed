"""The simulated modem as a DTE hears it: bytes in, bytes out."""

from collections.abc import Callable

import pytest

from devices.sms.at_modem import AtModem, Fault, FaultRates
from devices.sms.sim_network import SimNetwork

SUBMIT = "0031000B914819325476F80008FF0C004E00671EAF006E00201EA1"  # smsd's, "Ngắn ạ" with report
PHONE = "+84912345678"


class Port:
    """What the modem said so far, without the echo."""

    def __init__(self, *, rates: FaultRates | None = None, seed: int = 0) -> None:
        self.heard = b""
        self.network = SimNetwork()
        self.modem = AtModem(self.network, self._hear, rates=rates, seed=seed)
        self.say("ATE0\r")

    def _hear(self, octets: bytes, _delay_s: float) -> None:
        self.heard += octets

    def say(self, text: str) -> str:
        self.heard = b""
        self.modem.feed(text.encode("ascii"))
        return self.heard.decode("ascii")

    def send(self, pdu: str = SUBMIT) -> str:
        assert self.say(f"AT+CMGS={len(pdu) // 2 - 1}\r") == "\r\n> "
        return self.say(pdu + "\x1a")


def whole(modem: AtModem, octets: bytes) -> None:
    modem.feed(octets)


def byte_by_byte(modem: AtModem, octets: bytes) -> None:
    for octet in octets:
        modem.feed(bytes([octet]))


@pytest.mark.parametrize("feed", [whole, byte_by_byte])
def test_sends_however_the_bytes_come(feed: Callable[[AtModem, bytes], None]) -> None:
    port = Port()
    feed(port.modem, f"AT+CMGF=0\rAT+CMGS=26\r{SUBMIT}\x1a".encode())
    assert port.network.phone(PHONE).texts == ["Ngắn ạ"]
    assert port.heard.endswith(b"\r\n+CMGS: 0\r\n\r\nOK\r\n")


def test_echoes_until_told_not_to() -> None:
    port = Port()
    port.modem.restart()
    assert port.say("AT\r") == "AT\r\r\nOK\r\n"


def test_unknown_command_is_an_error() -> None:
    assert Port().say("AT+WHAT?\r") == "\r\nERROR\r\n"


def test_report_is_stored_read_and_deleted() -> None:
    port = Port()
    port.say("AT+CNMI=2,1,0,2,0\r")
    assert '+CDSI: "ME",1' in port.send()
    assert port.say("AT+CMGR=1\r").startswith("\r\n+CMGR: 0,,25\r\n0006000B914819325476F8")
    assert port.say("AT+CMGD=1\r") == "\r\nOK\r\n"
    assert port.say("AT+CMGR=1\r") == "\r\n+CMS ERROR: 321\r\n"


def test_report_goes_straight_to_the_port_when_routed() -> None:
    port = Port()
    port.say("AT+CNMI=2,1,0,1,0\r")
    assert "+CDS: 25\r\n0006000B914819325476F8" in port.send()
    assert port.modem.stored == 0


def test_lists_only_unread_unless_all_are_asked_for() -> None:
    port = Port()
    port.network.phone(PHONE).reply("một")
    port.network.phone(PHONE).reply("hai")
    assert port.say("AT+CMGL=0\r").count("+CMGL:") == 2
    assert port.say("AT+CMGL=0\r").count("+CMGL:") == 0
    assert port.say("AT+CMGL=4\r").count("+CMGL:") == 2


def test_full_store_keeps_the_rest_with_the_network() -> None:
    port = Port()
    for number in range(60):
        port.network.phone(PHONE).reply(f"tin {number}")
    assert port.modem.stored == 50
    assert port.say("AT+CMGD=1,4\r") == "\r\nOK\r\n"
    assert port.modem.stored == 10


def test_escape_takes_a_message_back() -> None:
    port = Port()
    port.say("AT+CMGS=26\r")
    assert port.say(SUBMIT + "\x1b") == "\r\nOK\r\n"
    assert port.network.phone(PHONE).texts == []


@pytest.mark.parametrize("pdu", ["zz", "0031", "0031000B914819325476F80008FF0C004E"])
def test_broken_pdu_is_refused(pdu: str) -> None:
    assert Port().send(pdu) == "\r\n+CMS ERROR: 304\r\n"


@pytest.mark.parametrize(
    ("fault", "answer", "arrived"),
    [(Fault.LOSE, "", 0), (Fault.DROP_REPLY, "", 1), (Fault.CMS_ERROR, "\r\n+CMS ERROR: 500\r\n", 0)],
)
def test_fault_strikes_once(fault: Fault, answer: str, arrived: int) -> None:
    port = Port()
    port.modem.faults.append(fault)
    assert port.send() == answer
    assert port.network.phone(PHONE).times_received("Ngắn ạ") == arrived
    assert port.send().endswith("OK\r\n")


def test_random_faults_repeat_with_the_seed() -> None:
    rates = FaultRates(lose=0.3, drop_reply=0.3, cms_error=0.3)
    answers = [[port.send() for _ in range(30)] for port in (Port(rates=rates, seed=5), Port(rates=rates, seed=5))]
    assert answers[0] == answers[1]
    assert len(set(answers[0])) > 3


def test_without_network_nothing_is_sent() -> None:
    port = Port()
    port.network.is_registered = False
    assert "+CREG: 2,2" in port.say("AT+CREG?\r")
    assert port.send() == "\r\n+CMS ERROR: 331\r\n"


def test_switched_off_phone_gets_it_later_or_never() -> None:
    port = Port()
    port.network.phone(PHONE).is_switched_on = False
    port.send()
    assert (port.network.phone(PHONE).texts, port.modem.stored) == ([], 0)
    port.network.switch_on(PHONE)
    assert (port.network.phone(PHONE).texts, port.modem.stored) == (["Ngắn ạ"], 1)
    port.network.phone(PHONE).is_switched_on = False
    port.send()
    port.network.give_up(PHONE)
    assert "46\r\n" in port.say("AT+CMGR=2\r")
