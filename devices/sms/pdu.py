"""The three PDUs that pass between modem and network, bytes only (3GPP TS 23.040, section 9; alphabet TS 23.038).

The modem simulator calls this: it reads what a DTE submits, and writes what a phone or the network sends back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from devices.errors import DeviceError
from devices.sms.text import GSM_BASIC, GSM_ESCAPE, GSM_EXTENSION, Alphabet, alphabet_of, gsm_septets

MTI_MASK, MTI_DELIVER, MTI_SUBMIT, MTI_STATUS_REPORT = 0x03, 0x00, 0x01, 0x02
NO_MORE_MESSAGES = 0x04  # TP-MMS, set when nothing else waits
VALIDITY_MASK = 0x18
VALIDITY_OCTETS = {0x00: 0, 0x08: 7, 0x10: 1, 0x18: 7}  # none, enhanced, relative, absolute
STATUS_REPORT_REQUEST = 0x20
USER_DATA_HEADER = 0x40
INTERNATIONAL = 0x91  # type of number international, plan ISDN (E.164)
TYPE_OF_NUMBER_MASK, TYPE_INTERNATIONAL = 0x70, 0x10
CONCAT_8_BIT, CONCAT_16_BIT = 0x00, 0x08
DCS_GSM7, DCS_UCS2 = 0x00, 0x08
DCS_ALPHABET_MASK = 0x0C
NO_SMSC = b"\x00"  # the modem uses the service centre of its SIM

_GSM_EXTENDED = {code: char for char, code in GSM_EXTENSION.items()}


class PduError(DeviceError):
    """These bytes are no PDU of the kind asked for."""


class DeliveryStatus(IntEnum):
    """TP-Status, the values a network really sends (TS 23.040, 9.2.3.15)."""

    RECEIVED = 0x00
    TRYING_AGAIN = 0x20
    REFUSED = 0x42
    EXPIRED = 0x46


@dataclass(frozen=True, slots=True)
class Concat:
    """Which part of which message: `sequence` counts from 1 to `total`."""

    reference: int
    total: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Submit:
    """An SMS-SUBMIT as a DTE gave it to the modem. `to` is E.164 when the number is typed international."""

    reference: int
    to: str = field(repr=False)
    text: str = field(repr=False)
    alphabet: Alphabet
    wants_report: bool
    concat: Concat | None = None


@dataclass(frozen=True, slots=True)
class Deliver:
    """One part of an SMS-DELIVER; `text` must fit its part, `sent_at` must carry its zone."""

    sender: str = field(repr=False)
    text: str = field(repr=False)
    sent_at: datetime
    concat: Concat | None = None

    def to_bytes(self) -> bytes:
        """The TPDU, without a service centre address."""
        first = MTI_DELIVER | NO_MORE_MESSAGES | (USER_DATA_HEADER if self.concat else 0)
        alphabet = alphabet_of(self.text)
        dcs = DCS_GSM7 if alphabet is Alphabet.GSM7 else DCS_UCS2
        head = bytes([first]) + encode_address(self.sender) + bytes([0, dcs]) + encode_time(self.sent_at)
        return head + encode_user_data(self.text, self.concat)


@dataclass(frozen=True, slots=True)
class StatusReport:
    """An SMS-STATUS-REPORT: what became of the part that got `reference` (TP-MR) from the modem."""

    reference: int
    recipient: str = field(repr=False)
    sent_at: datetime
    discharged_at: datetime
    status: DeliveryStatus = DeliveryStatus.RECEIVED

    def to_bytes(self) -> bytes:
        """The TPDU, without a service centre address."""
        head = bytes([MTI_STATUS_REPORT | NO_MORE_MESSAGES, self.reference]) + encode_address(self.recipient)
        return head + encode_time(self.sent_at) + encode_time(self.discharged_at) + bytes([self.status])


def decode_submit(pdu: bytes) -> Submit:
    """Read service centre address and SMS-SUBMIT. Raises PduError when it is anything else or cut short."""
    try:
        return _decode_submit(pdu[1 + pdu[0] :])
    except (IndexError, UnicodeDecodeError) as err:
        raise PduError("the PDU is cut short or its text is not in its alphabet") from err


def encode_address(number: str) -> bytes:
    """Digit count, type of address, digits with swapped nibbles; `number` is E.164."""
    digits = number.removeprefix("+")
    return bytes([len(digits), INTERNATIONAL]) + _swap_nibbles(digits)


def encode_time(when: datetime) -> bytes:
    """TP-SCTS: local time and the zone in quarter hours, every octet with swapped nibbles; +07:00 ends in 0x82."""
    offset = when.utcoffset()
    if offset is None:
        raise PduError("a service centre time needs its zone")
    quarters = abs(offset) // timedelta(minutes=15)
    stamp = _swap_nibbles(when.strftime("%y%m%d%H%M%S"))
    zone = _swap_nibbles(f"{quarters:02d}")[0] | (0x08 if offset < timedelta(0) else 0)
    return stamp + bytes([zone])


def encode_user_data(text: str, concat: Concat | None) -> bytes:
    """TP-UDL and TP-UD: the header of a part of several, then the text in the alphabet it needs."""
    header = b"" if concat is None else bytes([5, CONCAT_8_BIT, 3, concat.reference, concat.total, concat.sequence])
    if alphabet_of(text) is Alphabet.UCS2:
        body = header + text.encode("utf-16-be")
        return bytes([len(body)]) + body
    septets = list(gsm_septets(text))
    leading = _septets_of_header(len(header))
    packed = pack_septets([0] * leading + septets)
    return bytes([leading + len(septets)]) + header + packed[len(header) :]


def pack_septets(septets: Iterable[int]) -> bytes:
    """Seven-bit codes into octets, the first code in the lowest bits."""
    codes = list(septets)
    number = sum(code << (7 * index) for index, code in enumerate(codes))
    return number.to_bytes((7 * len(codes) + 7) // 8, "little")


def unpack_septets(packed: bytes, count: int) -> list[int]:
    """The first `count` seven-bit codes of `packed`."""
    number = int.from_bytes(packed, "little")
    return [number >> (7 * index) & 0x7F for index in range(count)]


def gsm_text(septets: Sequence[int]) -> str:
    """Codes of the default alphabet, escapes included; an unknown extension shows as its plain letter (TS 23.038)."""
    chars: list[str] = []
    codes = iter(septets)
    for code in codes:
        if code == GSM_ESCAPE:
            extended = next(codes, GSM_BASIC.index(" "))
            chars.append(_GSM_EXTENDED.get(extended, GSM_BASIC[extended]))
        else:
            chars.append(GSM_BASIC[code])
    return "".join(chars)


def _decode_submit(tpdu: bytes) -> Submit:
    first = tpdu[0]
    if first & MTI_MASK != MTI_SUBMIT:
        raise PduError("not an SMS-SUBMIT")
    to, rest = _decode_address(tpdu[2:])
    dcs = rest[1]
    user_data = rest[2 + VALIDITY_OCTETS[first & VALIDITY_MASK] :]
    text, concat, alphabet = _decode_user_data(user_data, dcs, has_header=bool(first & USER_DATA_HEADER))
    return Submit(tpdu[1], to, text, alphabet, bool(first & STATUS_REPORT_REQUEST), concat)


def _decode_address(octets: bytes) -> tuple[str, bytes]:
    digits, kind = octets[0], octets[1]
    end = 2 + (digits + 1) // 2
    number = octets[2:end].hex()
    swapped = "".join(number[i + 1] + number[i] for i in range(0, len(number), 2))[:digits]
    prefix = "+" if kind & TYPE_OF_NUMBER_MASK == TYPE_INTERNATIONAL else ""
    return prefix + swapped, octets[end:]


def _decode_user_data(octets: bytes, dcs: int, *, has_header: bool) -> tuple[str, Concat | None, Alphabet]:
    length, body = octets[0], octets[1:]
    header_octets = 1 + body[0] if has_header else 0
    concat = _find_concat(body[1:header_octets]) if has_header else None
    if dcs & DCS_ALPHABET_MASK == DCS_UCS2:
        if len(body) < length:
            raise PduError("the PDU is cut short")
        return body[header_octets:length].decode("utf-16-be", "surrogatepass"), concat, Alphabet.UCS2
    if dcs & DCS_ALPHABET_MASK != DCS_GSM7:
        raise PduError("8-bit data is no text")
    if len(body) < (7 * length + 7) // 8:
        raise PduError("the PDU is cut short")
    septets = unpack_septets(body, length)[_septets_of_header(header_octets) :]
    return gsm_text(septets), concat, Alphabet.GSM7


def _find_concat(elements: bytes) -> Concat | None:
    while elements:
        identifier, length = elements[0], elements[1]
        value, elements = elements[2 : 2 + length], elements[2 + length :]
        if identifier == CONCAT_8_BIT:
            return Concat(value[0], value[1], value[2])
        if identifier == CONCAT_16_BIT:
            return Concat(value[0] << 8 | value[1], value[2], value[3])
    return None


def _septets_of_header(octets: int) -> int:
    """The text starts at the next septet boundary after the header (TS 23.040, 9.2.3.24)."""
    return (octets * 8 + 6) // 7


def _swap_nibbles(digits: str) -> bytes:
    padded = digits + "f" * (len(digits) % 2)
    return bytes(int(padded[i + 1] + padded[i], 16) for i in range(0, len(padded), 2))
