"""The spool's file rules with files as smsd writes them (copied from runs of smsd 3.1.21), without an smsd."""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.sms.__main__ import main
from devices.sms.channel import (
    ChannelHealth,
    DeliveryUpdate,
    IncomingSms,
    Outgoing,
    SmsRefused,
    SmsStatus,
    SmsUnavailable,
    Update,
)
from devices.sms.smsd_config import make_spool, smsd_config
from devices.sms.smsd_spool import SmsdSpool, SpoolLimits, quarantine

LEADER = "+84912345678"
SMS = Outgoing("alert-1", LEADER, "Công dân không hài lòng")


class Clock:
    """Real time plus what a test adds, because file times are real."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_spool(tmp_path)
    return tmp_path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def spool(root: Path, clock: Clock) -> SmsdSpool:
    return SmsdSpool(root, clock=clock)


def smsd_sends(root: Path, ref: str, ids: str) -> None:
    """What smsd does with a file: takes it from outgoing, sends it, adds headers, puts it into sent."""
    source = root / "outgoing" / f"mc-{ref}"
    head, _, body = source.read_bytes().partition(b"\n\n")
    source.unlink()
    (root / "sent" / f"mc-{ref}").write_bytes(head + f"\nModem: MODEM\nMessage_id: {ids} .\n\n".encode() + body)


def smsd_fails(root: Path, ref: str, reason: str) -> None:
    source = root / "outgoing" / f"mc-{ref}"
    head, _, body = source.read_bytes().partition(b"\n\n")
    source.unlink()
    (root / "failed" / f"mc-{ref}").write_bytes(head + f"\nModem: MODEM\nFail_reason: {reason}\n\n".encode() + body)


def report_comes(root: Path, name: str, message_id: int, status: str = "0,Ok", number: str = "84912345678") -> None:
    (root / "report" / name).write_text(
        f"From: {number}\nFrom_TOA: 91 international, ISDN/telephone\nSent: 26-11-22 04:34:36\nAlphabet: UTF-8\n\n"
        f"SMS STATUS REPORT\nMessage_id: {message_id}\nStatus: {status}",
        "utf-8",
    )


def sms_comes(root: Path, name: str, text: str, *, toa: str = "91 international", sender: str = "84912345678") -> None:
    length = len(text.encode("utf-16-be")) // 2
    (root / "incoming" / name).write_text(
        f"From: {sender}\nFrom_TOA: {toa}, ISDN/telephone\nSent: 26-11-22 04:34:52\nReceived: 26-11-21 21:34:54\n"
        f"Alphabet: UTF-8\nLength: {length}\n\n{text}",
        "utf-8",
    )


def test_writes_what_smsd_reads(root: Path, spool: SmsdSpool) -> None:
    spool.put(SMS)
    assert (root / "outgoing" / "mc-alert-1").read_bytes().decode() == (
        "To: 84912345678\nAlphabet: UTF-8\nReport: yes\n\nCông dân không hài lòng"
    )
    assert list((root / "tmp").iterdir()) == []


def test_text_beyond_the_basic_plane_goes_as_utf16(root: Path, spool: SmsdSpool) -> None:
    spool.put(Outgoing("a", LEADER, "Xin chào 😀"))
    head, _, body = (root / "outgoing" / "mc-a").read_bytes().partition(b"\n\n")
    assert b"Alphabet: UCS2" in head
    assert body.decode("utf-16-be") == "Xin chào 😀"


@pytest.mark.parametrize("folder", ["outgoing", "checked", "sent", "failed", "unknown"])
def test_ref_is_known_wherever_its_file_is(root: Path, spool: SmsdSpool, folder: str) -> None:
    spool.put(SMS)
    (root / "outgoing" / "mc-alert-1").rename(root / folder / "mc-alert-1")
    spool.put(SMS)
    assert len(list(root.glob("*/mc-alert-1"))) == 1


def test_ref_stays_known_when_its_file_is_gone(root: Path, spool: SmsdSpool) -> None:
    spool.put(SMS)
    smsd_sends(root, "alert-1", "7")
    report_comes(root, "MODEM.abc", 7)
    [update] = spool.pending()
    spool.acknowledge(update)
    spool.put(SMS)
    assert list(root.glob("*/mc-*")) == []


@pytest.mark.parametrize("folder", ["outgoing", "checked"])
def test_what_smsd_has_not_taken_is_taken_back_for_good(root: Path, spool: SmsdSpool, folder: str) -> None:
    spool.put(SMS)
    (root / "outgoing" / "mc-alert-1").rename(root / folder / "mc-alert-1")
    assert spool.take_back("alert-1")
    spool.put(SMS)
    assert [path.name for name in ("outgoing", "checked") for path in (root / name).iterdir()] == []
    assert spool.take_back("alert-1"), "whoever was killed before noting it asks again"
    assert spool.pending() == []


def test_what_smsd_has_in_its_hands_or_sent_stays_sent(root: Path, spool: SmsdSpool) -> None:
    spool.put(SMS)
    (root / "outgoing" / "mc-alert-1.LOCK").touch()
    assert not spool.take_back("alert-1")
    (root / "outgoing" / "mc-alert-1.LOCK").unlink()
    smsd_sends(root, "alert-1", "12")
    assert not spool.take_back("alert-1")
    assert spool.pending() == [DeliveryUpdate("alert-1", SmsStatus.SUBMITTED)]


def test_what_smsd_copies_on_in_this_moment_is_not_taken_back(root: Path, spool: SmsdSpool) -> None:
    """It copies into `checked` under a lock there, then removes the file in `outgoing`."""
    spool.put(SMS)
    (root / "checked" / "mc-alert-1.LOCK").touch()
    (root / "checked" / "mc-alert-1").write_bytes((root / "outgoing" / "mc-alert-1").read_bytes())
    assert not spool.take_back("alert-1")
    (root / "checked" / "mc-alert-1.LOCK").unlink()
    assert spool.take_back("alert-1")
    assert list(root.glob("*/mc-*")) == []


class Killed(BaseException):
    """The agent dies here: no `finally` of its own runs any more."""


@pytest.mark.parametrize("folder", ["outgoing", "checked"])
@pytest.mark.parametrize("is_removed", [False, True])
def test_what_was_being_taken_back_when_we_died_leaves_nothing(
    root: Path, spool: SmsdSpool, folder: str, monkeypatch: pytest.MonkeyPatch, *, is_removed: bool
) -> None:
    spool.put(SMS)
    message = root / folder / "mc-alert-1"
    (root / "outgoing" / "mc-alert-1").rename(message)
    remove = Path.unlink

    def die(path: Path, *, missing_ok: bool = False) -> None:
        if is_removed and path == message:
            remove(path, missing_ok=missing_ok)
            return
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", die)
        with pytest.raises(Killed):
            spool.take_back("alert-1")
    assert list((root / folder).glob("*.LOCK"))
    assert quarantine(root) == []
    assert list(root.glob("*/mc-*")) == []
    assert spool.take_back("alert-1")
    assert spool.pending() == []


def test_what_was_asked_back_while_smsd_sent_it_is_taken_aside_as_it_is(root: Path, spool: SmsdSpool) -> None:
    spool.put(SMS)
    (root / "outgoing" / "mc-alert-1").rename(root / "checked" / "mc-alert-1")
    (root / "checked" / "mc-alert-1.LOCK").write_text("4711 GSM1\n")
    assert not spool.take_back("alert-1")
    assert quarantine(root) == ["alert-1"], "the phone may have it"
    assert not spool.take_back("alert-1")
    assert spool.pending() == [DeliveryUpdate("alert-1", SmsStatus.UNKNOWN, 1, 0, "interrupted")]


def test_delivered_needs_every_part(root: Path, spool: SmsdSpool) -> None:
    spool.put(SMS)
    smsd_sends(root, "alert-1", "254 255 0")
    assert spool.pending() == [DeliveryUpdate("alert-1", SmsStatus.SUBMITTED, 3, 0)]
    report_comes(root, "MODEM.a", 255)
    report_comes(root, "MODEM.b", 254, "48,Temporary error, SC still trying to transfer SM")
    assert spool.pending() == [DeliveryUpdate("alert-1", SmsStatus.SUBMITTED, 3, 1)]
    report_comes(root, "MODEM.c", 0)
    report_comes(root, "MODEM.d", 254)
    assert spool.pending() == [DeliveryUpdate("alert-1", SmsStatus.DELIVERED, 3, 3)]


def test_message_of_which_smsd_noted_too_few_parts_needs_all_of_them(root: Path, spool: SmsdSpool) -> None:
    spool.put(Outgoing("alert-1", LEADER, "ố" * 150))
    smsd_sends(root, "alert-1", "3 5")
    for name, message_id in (("MODEM.a", 3), ("MODEM.b", 5)):
        report_comes(root, name, message_id)
    assert spool.pending() == [DeliveryUpdate("alert-1", SmsStatus.SUBMITTED, 3, 2)]
    report_comes(root, "MODEM.c", 4)
    assert spool.pending() == [DeliveryUpdate("alert-1", SmsStatus.DELIVERED, 3, 3)]


def test_part_that_the_network_gave_up_fails_the_message(root: Path, spool: SmsdSpool) -> None:
    spool.put(SMS)
    smsd_sends(root, "alert-1", "3 4")
    report_comes(root, "MODEM.a", 3)
    report_comes(root, "MODEM.b", 4, "70,SM Validity Period Expired")
    assert spool.pending() == [DeliveryUpdate("alert-1", SmsStatus.FAILED, 2, 1, "not_delivered")]


def test_report_goes_to_the_message_of_its_number(root: Path, spool: SmsdSpool) -> None:
    spool.put(SMS)
    spool.put(Outgoing("other", "+84999999999", "Khác"))
    smsd_sends(root, "alert-1", "7")
    smsd_sends(root, "other", "7")
    report_comes(root, "MODEM.a", 7, number="84999999999")
    assert {one.update_id for one in spool.pending()} == {"alert-1:submitted", "other:delivered"}


def test_reference_that_wrapped_goes_to_the_newest_then_to_the_one_still_open(root: Path, spool: SmsdSpool) -> None:
    for age_s, ref in ((100, "old"), (0, "new")):
        spool.put(Outgoing(ref, LEADER, ref))
        smsd_sends(root, ref, "7")
        then = datetime.now(UTC).timestamp() - age_s
        os.utime(root / "sent" / f"mc-{ref}", (then, then))
    report_comes(root, "MODEM.a", 7)
    assert {one.update_id for one in spool.pending()} == {"old:submitted", "new:delivered"}
    report_comes(root, "MODEM.b", 7)
    assert {one.update_id for one in spool.pending()} == {"old:delivered", "new:delivered"}


def test_report_for_a_technicians_file_is_left_alone(root: Path, spool: SmsdSpool) -> None:
    spool.put(SMS)
    smsd_fails(root, "alert-1", "Unknown")
    (root / "sent" / "by-hand").write_text("To: 84912345678\nMessage_id: 9 .\n\nThử", "utf-8")
    report_comes(root, "MODEM.a", 9)
    assert [one.update_id for one in spool.pending()] == ["alert-1:unknown"]
    assert (root / "report" / "MODEM.a").exists()


@pytest.mark.parametrize("folder", ["checked", "sent"])
def test_report_that_comes_while_its_message_is_being_sent_waits_for_it(
    root: Path, spool: SmsdSpool, folder: str
) -> None:
    spool.put(SMS)
    smsd_fails(root, "alert-1", "Unknown")
    spool.put(Outgoing("next", LEADER, "Tin sau"))
    held, lock = root / folder / "mc-next", root / folder / "mc-next.LOCK"
    (root / "outgoing" / "mc-next").rename(held)
    lock.touch()
    report_comes(root, "MODEM.a", 3)
    assert [one.update_id for one in spool.pending()] == ["alert-1:unknown"]
    held.rename(root / "outgoing" / "mc-next")
    lock.unlink()
    smsd_sends(root, "next", "3")
    assert {one.update_id for one in spool.pending()} == {"alert-1:unknown", "next:delivered"}


def test_report_that_could_be_of_two_messages_is_given_to_neither(root: Path, spool: SmsdSpool) -> None:
    for ref in ("one", "two"):
        spool.put(Outgoing(ref, LEADER, ref))
        smsd_fails(root, ref, "Unknown")
    report_comes(root, "MODEM.a", 3)
    assert {one.update_id for one in spool.pending()} == {"one:unknown", "two:unknown"}


@pytest.mark.parametrize(
    ("reason", "status", "why"),
    [
        ("+CMS ERROR: 1 (Unassigned (unallocated) number)", SmsStatus.FAILED, "cms_1"),
        ('+CDSI: "ME",1 +CMS ERROR: 500', SmsStatus.FAILED, "cms_500"),
        ("Modem initialization failed", SmsStatus.FAILED, "not_sent"),
        ("Unknown", SmsStatus.UNKNOWN, "no_answer"),
        ('+CDSI: "ME",1', SmsStatus.UNKNOWN, "no_answer"),
    ],
)
def test_only_a_modems_refusal_is_a_failure(
    root: Path, spool: SmsdSpool, reason: str, status: SmsStatus, why: str
) -> None:
    spool.put(SMS)
    smsd_fails(root, "alert-1", reason)
    assert spool.pending() == [DeliveryUpdate("alert-1", status, 1, 0, why)]


def test_what_is_taken_aside_is_on_the_disk_before_smsd_may_take_it_again(
    root: Path, spool: SmsdSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut between the two would give smsd a message without its lock, and the phone a second copy."""
    spool.put(SMS)
    (root / "outgoing" / "mc-alert-1").rename(root / "checked" / "mc-alert-1")
    lock = root / "checked" / "mc-alert-1.LOCK"
    lock.write_bytes(b"")
    synced: list[tuple[str, bool]] = []
    monkeypatch.setattr(
        os, "fsync", lambda handle: synced.append((Path(f"/proc/self/fd/{handle}").readlink().name, lock.exists()))
    )
    assert quarantine(root) == ["alert-1"]
    assert {("unknown", True), ("checked", True)} <= set(synced)


def test_message_in_smsds_hands_when_it_died_is_taken_aside(root: Path, spool: SmsdSpool) -> None:
    for ref in ("locked", "waiting"):
        spool.put(Outgoing(ref, LEADER, ref))
        (root / "outgoing" / f"mc-{ref}").rename(root / "checked" / f"mc-{ref}")
    (root / "checked" / "mc-locked.LOCK").touch()
    assert quarantine(root) == ["locked"]
    assert [path.name for path in (root / "checked").iterdir()] == ["mc-waiting"]
    assert spool.pending() == [DeliveryUpdate("locked", SmsStatus.UNKNOWN, 1, 0, "interrupted")]
    report_comes(root, "MODEM.a", 3)
    assert spool.pending() == [DeliveryUpdate("locked", SmsStatus.DELIVERED, 1, 1)]


def test_without_report_a_message_is_given_up_and_its_text_removed(root: Path, spool: SmsdSpool, clock: Clock) -> None:
    spool.put(SMS)
    smsd_sends(root, "alert-1", "7")
    clock.ahead = timedelta(hours=73)
    [update] = spool.pending()
    assert update == DeliveryUpdate("alert-1", SmsStatus.UNKNOWN, 1, 0, "no_report")
    spool.acknowledge(update)
    assert (spool.pending(), list(root.glob("*/mc-*"))) == ([], [])


def test_update_comes_again_until_acknowledged_and_its_texts_go(root: Path, spool: SmsdSpool) -> None:
    spool.put(SMS)
    smsd_sends(root, "alert-1", "7")
    report_comes(root, "MODEM.a", 7)
    first, again = spool.pending(), SmsdSpool(root).pending()
    assert first == again == [DeliveryUpdate("alert-1", SmsStatus.DELIVERED, 1, 1)]
    spool.acknowledge(first[0])
    assert spool.pending() == []
    assert "912345678" not in "".join(path.read_text("utf-8") for path in root.rglob("*") if path.is_file())


def test_killed_between_noting_and_removing_tells_nothing_twice(root: Path, spool: SmsdSpool) -> None:
    spool.put(SMS)
    smsd_sends(root, "alert-1", "7")
    report_comes(root, "MODEM.a", 7)
    spool.pending()
    (root / "told" / "alert-1").write_text("delivered", "ascii")
    assert spool.pending() == []
    assert list(root.glob("sent/*")) == []


def read(update: Update) -> tuple[str, str]:
    assert isinstance(update, IncomingSms)
    return update.sender, update.text


def test_incoming_comes_once_although_two_memories_hold_it(root: Path, spool: SmsdSpool) -> None:
    sms_comes(root, "MODEM.one", "1 7F3K")
    sms_comes(root, "MODEM.two", "1 7F3K")
    [update] = spool.pending()
    assert read(update) == (LEADER, "1 7F3K")
    spool.acknowledge(update)
    assert list((root / "incoming").iterdir()) == []
    sms_comes(root, "MODEM.three", "1 7F3K")
    assert spool.pending() == []


def test_incoming_of_the_same_text_at_another_time_is_another(root: Path, spool: SmsdSpool) -> None:
    sms_comes(root, "MODEM.one", "1 7F3K")
    second = root / "incoming" / "MODEM.two"
    second.write_text((root / "incoming" / "MODEM.one").read_text("utf-8").replace("04:34:52", "04:35:10"), "utf-8")
    assert len(spool.pending()) == 2


def test_file_in_smsds_hands_is_not_looked_at(root: Path, spool: SmsdSpool) -> None:
    spool.put(SMS)
    smsd_sends(root, "alert-1", "7")
    (root / "sent" / "mc-alert-1.LOCK").touch()
    assert spool.pending() == []
    (root / "sent" / "mc-alert-1.LOCK").unlink()
    assert spool.pending() == [DeliveryUpdate("alert-1", SmsStatus.SUBMITTED, 1, 0)]


def test_half_written_incoming_waits(root: Path, spool: SmsdSpool) -> None:
    sms_comes(root, "MODEM.one", "1 7F3K")
    path = root / "incoming" / "MODEM.one"
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    assert spool.pending() == []
    path.write_bytes(whole)
    assert [read(one) for one in spool.pending()] == [(LEADER, "1 7F3K")]


def test_brand_name_and_short_number_stay_as_they_came(root: Path, spool: SmsdSpool) -> None:
    sms_comes(root, "MODEM.one", "Quảng cáo", toa="D0 alphanumeric", sender="Viettel")
    sms_comes(root, "MODEM.two", "Số dư", toa="81 unknown", sender="900")
    assert {read(one) for one in spool.pending()} == {("Viettel", "Quảng cáo"), ("900", "Số dư")}


def test_incoming_time_has_a_zone(root: Path, spool: SmsdSpool) -> None:
    sms_comes(root, "MODEM.one", "1 7F3K")
    [update] = spool.pending()
    assert isinstance(update, IncomingSms)
    assert update.received_at == datetime(2026, 11, 21, 21, 34, 54).astimezone()


def test_bounds(root: Path) -> None:
    spool = SmsdSpool(root, limits=SpoolLimits(max_waiting=2))
    spool.put(Outgoing("a", LEADER, "a"))
    spool.put(Outgoing("b", LEADER, "b"))
    with pytest.raises(SmsUnavailable, match="wait"):
        spool.put(Outgoing("c", LEADER, "c"))
    with pytest.raises(SmsRefused, match="parts"):
        spool.put(Outgoing("d", LEADER, "ố" * 671))


def test_missing_spool_is_unavailable(tmp_path: Path) -> None:
    spool = SmsdSpool(tmp_path / "nowhere")
    with pytest.raises(SmsUnavailable):
        spool.put(SMS)
    with pytest.raises(SmsUnavailable):
        spool.pending()
    with pytest.raises(SmsUnavailable):
        spool.acknowledge(DeliveryUpdate("alert-1", SmsStatus.DELIVERED))
    with pytest.raises(SmsUnavailable):
        spool.purge()
    assert spool.health() == ChannelHealth(is_alive=False, why="spool_gone")


def test_health_counts_what_waits(root: Path, spool: SmsdSpool, clock: Clock) -> None:
    spool.put(SMS)
    clock.ahead = timedelta(seconds=90)
    health = spool.health()
    assert (health.is_alive, health.why, health.waiting) == (False, "smsd_not_running", 1)
    assert health.oldest_waiting_s >= 89
    with running_smsd(root) as pid:
        (root / "smsd.pid").write_text(f"{pid}\n", "ascii")
        assert spool.health().is_alive
    assert not spool.health().is_alive


def test_a_number_that_a_power_cut_left_behind_may_be_another_programs(root: Path, spool: SmsdSpool) -> None:
    (root / "smsd.pid").write_text(f"{os.getpid()}\n", "ascii")
    assert spool.health().why == "smsd_not_running"


@contextmanager
def running_smsd(root: Path) -> Iterator[int]:
    """A program of that name which does nothing but say that it runs."""
    shell = shutil.which("sh")
    assert shell is not None
    program = shutil.copy(shell, root / "smsd")
    with subprocess.Popen([program, "-c", "echo; read _"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()


def test_purge_keeps_what_is_young(root: Path, spool: SmsdSpool, clock: Clock) -> None:
    report_comes(root, "MODEM.orphan", 9)
    (root / "told" / "old").write_text("delivered", "ascii")
    spool.purge()
    assert len(list(root.glob("report/*")) + list(root.glob("told/*"))) == 2
    clock.ahead = timedelta(days=31)
    spool.purge()
    assert len(list(root.glob("report/*")) + list(root.glob("told/*"))) == 0


@pytest.mark.parametrize(
    ("ref", "to", "text"),
    [
        ("../x", LEADER, "a"),
        ("a.b", LEADER, "a"),
        ("", LEADER, "a"),
        ("a" * 65, LEADER, "a"),
        ("a", "0912345678", "a"),
        ("a", "+84912345678\nReport: no", "a"),
        ("a", LEADER, " \n"),
    ],
)
def test_what_can_never_be_sent_is_refused_at_once(ref: str, to: str, text: str) -> None:
    with pytest.raises(SmsRefused):
        Outgoing(ref, to, text)


def test_number_and_text_do_not_show() -> None:
    assert repr(SMS) == "Outgoing(ref='alert-1')"


def test_config_never_sends_twice_by_itself_and_logs_errors_only(root: Path) -> None:
    lines = smsd_config(Path("/dev/serial/by-id/modem"), root).splitlines()
    assert {"send_retries = 0", "messageids = 3", "loglevel = 2", "device = /dev/serial/by-id/modem"} <= set(lines)


SUBMIT_FOR_EVER = """
import itertools, sys
from pathlib import Path
from devices.sms.channel import Outgoing
from devices.sms.smsd_spool import SmsdSpool

spool = SmsdSpool(Path(sys.argv[1]))
for number in itertools.count():
    spool.put(Outgoing(f"ref-{number % 40}", "+84912345678", "x" * 100))
    print(number, flush=True)
"""


def test_agent_killed_anywhere_hands_over_each_ref_once(root: Path) -> None:
    chance = random.Random(7)
    for _ in range(5):
        agent = subprocess.Popen(
            [sys.executable, "-c", SUBMIT_FOR_EVER, str(root)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
        )
        assert agent.stdout is not None
        for _ in range(chance.randrange(1, 30)):
            agent.stdout.readline()
        agent.send_signal(signal.SIGKILL)
        agent.wait()
        agent.stdout.close()
        for path in list((root / "outgoing").iterdir()):  # smsd takes and sends some of them
            if chance.random() < 0.5:
                smsd_sends(root, path.name.removeprefix("mc-"), "1")
    handed_over = [path.name for folder in ("outgoing", "sent") for path in (root / folder).iterdir()]
    assert handed_over
    assert len(handed_over) == len(set(handed_over))
    assert all(path.stat().st_size > 100 for path in (root / "outgoing").iterdir())


def test_command_for_service_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "/dev/serial/by-id/modem", str(tmp_path / "spool"), "--user", "smsd"]) == 0
    assert capsys.readouterr().out == smsd_config(Path("/dev/serial/by-id/modem"), tmp_path / "spool", user="smsd")
    SmsdSpool(tmp_path / "spool").put(SMS)
    (tmp_path / "spool" / "outgoing" / "mc-alert-1").rename(tmp_path / "spool" / "checked" / "mc-alert-1")
    (tmp_path / "spool" / "checked" / "mc-alert-1.LOCK").touch()
    assert main(["quarantine", str(tmp_path / "spool")]) == 0
    assert capsys.readouterr().err == "interrupted alert-1\n"
