"""PDUs of unrelated origin, then our own both ways. Each vector names where it comes from."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.sms.pdu import (
    Concat,
    Deliver,
    DeliveryStatus,
    PduError,
    StatusReport,
    decode_submit,
    encode_time,
    gsm_text,
    pack_septets,
    unpack_septets,
)
from devices.sms.text import GSM_BASIC, GSM_ESCAPE, Alphabet, gsm_septets

HELSINKI_SUMMER = timezone(timedelta(hours=3))
VIETNAM = timezone(timedelta(hours=7))

SUBMITS = [
    # dreamfabric.com/sms, "SMS and the PDU format": the example that most PDU libraries test against
    ("0011000B916407281553F80000AA0AE8329BFD4697D9EC37", "+46708251358", "hellohello", Alphabet.GSM7, None),
    # python-messaging (pmarti), messaging/test/test_encoding.py: service centre address, relative validity
    ("07914346466554F611000B914316565811F90000AA04E8373B0C", "+34616585119", "hola", Alphabet.GSM7, None),
    ("07914346466554F611000B914316565811F90008AA06304253F68449", "+34616585119", "あ叶葉", Alphabet.UCS2, None),
    # the tests of a Ruby PDU library (its example number): no validity period
    ("0001000B919721436587F9000812041F04400438043204350442002100210021", "+79123456789", "Привет!!!", Alphabet.UCS2, None),
    # lua-gsmmodem (moteus), its multipart test: the last of three parts of 70 times "hello", GSM-7 after a header
    (
        "0061010B917777777777F7000033050003010303CA6CF61B5D66B3DFE8329BFD4697D9EC37BACC66BFD16536FB8D2EB3D96F7499CD7EA3CB6CF61B",
        "+77777777777",
        ("hello" * 70)[306:],
        Alphabet.GSM7,
        Concat(1, 3, 3),
    ),
    # what smsd 3.1.21 (Debian smstools) wrote to our pty: a short text with report, and the third part of three
    ("0031000B914819325476F80008FF0C004E00671EAF006E00201EA1", "+84912345678", "Ngắn ạ", Alphabet.UCS2, None),
    (
        "0071000B914819325476F80008FF1C0500033403030063002E002000431EA3006D002001A1006E00210020",
        "+84912345678",
        "c. Cảm ơn! ",
        Alphabet.UCS2,
        Concat(0x34, 3, 3),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("pdu", "to", "text", "alphabet", "concat"), SUBMITS)
def test_decodes_submit(pdu: str, to: str, text: str, alphabet: Alphabet, concat: Concat | None) -> None:
    submit = decode_submit(bytes.fromhex(pdu))
    assert (submit.to, submit.text, submit.alphabet, submit.concat) == (to, text, alphabet, concat)


def test_reads_the_report_request() -> None:
    wants = decode_submit(bytes.fromhex("0031000B914819325476F80008FF0C004E00671EAF006E00201EA1"))
    does_not = decode_submit(bytes.fromhex("0011000B916407281553F80000AA0AE8329BFD4697D9EC37"))
    assert (wants.wants_report, does_not.wants_report) == (True, False)


def test_encodes_the_status_report_of_the_smstools_manual() -> None:
    # smstools, doc/configure.html, pdu_from_file: the second example, without its service centre address
    sent_at = datetime(2006, 9, 13, 13, 14, 47, tzinfo=HELSINKI_SUMMER)
    report = StatusReport(0xBC, "+358123456789", sent_at, sent_at + timedelta(seconds=1))
    assert report.to_bytes().hex().upper() == "06BC0C91531832547698609031314174216090313141842100"


def test_packs_the_text_of_the_smstools_manual() -> None:
    # the same page, first example: user data of 24 septets
    packed = "54747A0E4ACF416110BD3CA783DAE5F93C7C2EBB14"
    text = "This is a test message.\n"
    assert pack_septets(gsm_septets(text)).hex().upper() == packed
    assert gsm_text(unpack_septets(bytes.fromhex(packed), 24)) == text


def test_encodes_the_published_deliver() -> None:
    # dreamfabric.com/sms, the SMS-DELIVER example without its service centre; its sender type C8 is 91 here
    deliver = Deliver(
        "+27838890001", "hellohello", datetime(1999, 3, 29, 15, 16, 59, tzinfo=timezone(timedelta(hours=2)))
    )
    assert deliver.to_bytes().hex().upper() == "040B917238880900F10000993092516195800AE8329BFD4697D9EC37"


@pytest.mark.parametrize(("hours", "octet"), [(7, 0x82), (0, 0x00), (-5, 0x0A), (5.75, 0x32)])
def test_zone_is_in_quarter_hours(hours: float, octet: int) -> None:
    assert encode_time(datetime(2026, 11, 21, tzinfo=timezone(timedelta(hours=hours))))[-1] == octet


def test_time_without_zone_is_refused() -> None:
    with pytest.raises(PduError, match="zone"):
        encode_time(datetime(2026, 11, 21))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    ("pdu", "why"),
    [
        ("", "cut short"),
        ("0011000B91640728", "cut short"),
        ("0011000B916407281553F80000AA0AE8329BFD", "cut short"),
        ("0031000B914819325476F80008FF0C004E0067", "cut short"),
        ("0004000B916407281553F80000AA0AE8329BFD4697D9EC37", "not an SMS-SUBMIT"),
        ("0011000B916407281553F80004AA0AE8329BFD4697D9EC37", "8-bit"),
    ],
)
def test_refuses_what_is_no_submit(pdu: str, why: str) -> None:
    with pytest.raises(PduError, match=why):
        decode_submit(bytes.fromhex(pdu))


@given(st.binary(max_size=60))
def test_any_bytes_decode_or_are_refused(pdu: bytes) -> None:
    try:
        decode_submit(pdu)
    except PduError:
        return


@given(st.lists(st.integers(0, 127), max_size=160))
def test_septets_come_back(septets: list[int]) -> None:
    assert unpack_septets(pack_septets(septets), len(septets)) == septets


@given(st.text(sorted(set(GSM_BASIC) - {chr(GSM_ESCAPE)}) + list("^{}\\[~]|€"), max_size=70))
def test_gsm_text_comes_back(text: str) -> None:
    assert gsm_text(list(gsm_septets(text))) == text


@given(st.sampled_from(["Ngắn ạ", "plain"]), st.integers(0, 255), st.integers(1, 9))
def test_header_does_not_move_the_text(text: str, reference: int, sequence: int) -> None:
    """A DELIVER's user data is a SUBMIT's: read ours back through the decoder that the vectors above hold."""
    concat = Concat(reference, 9, sequence)
    deliver = Deliver("+84912345678", text, datetime(2026, 11, 21, tzinfo=VIETNAM), concat).to_bytes()
    dcs, user_data = deliver[10], deliver[18:]
    submit = bytes.fromhex("0041000B914819325476F800") + bytes([dcs]) + user_data
    decoded = decode_submit(submit)
    assert (decoded.text, decoded.concat) == (text, concat)


def test_status_shows_in_the_last_octet() -> None:
    when = datetime(2026, 11, 21, tzinfo=VIETNAM)
    assert StatusReport(1, "+84912345678", when, when, DeliveryStatus.EXPIRED).to_bytes()[-1] == 0x46
