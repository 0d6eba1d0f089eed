"""Numbers in, state and words out: what the doctor makes of what its probes found."""

import errno
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.lock_board.board import BoardWhy
from devices.printer.commands import PrinterStatus
from devices.serial_port import PortWhy
from devices.sms.channel import ChannelHealth
from edge.doctor.agent_now import AgentNow, said_of, unmatched, verdict_of_agent
from edge.doctor.boards import verdict_of_board, verdict_of_silence
from edge.doctor.broker import Way, verdict_of_way
from edge.doctor.camera import verdict_of_pictures, way_out
from edge.doctor.clock import Other, skew_of, verdict_of_clock
from edge.doctor.desk import verdict_of_printer
from edge.doctor.finding import Finding, State
from edge.doctor.holders import Holder, Person, locker_of, may_open
from edge.doctor.identity import verdict_of_file, verdict_of_life
from edge.doctor.ledger import Seen, verdict_of_journal, verdict_of_retention
from edge.doctor.machine import verdict_of_heat, verdict_of_memory
from edge.doctor.model_files import Hashed, verdict_of_files
from edge.doctor.pages import verdict_of_port, verdict_of_users
from edge.doctor.ports import lost, verdict_of_node
from edge.doctor.senses import Pictures, Played, Sound
from edge.doctor.sms import verdict_of_answer, verdict_of_spool
from edge.doctor.sound import verdict_of_loudspeaker, verdict_of_sound
from edge.doctor.storage import GB, MB, Room, shown_size, verdict_of_disk
from edge.doctor.web_answer import Answer
from edge.web.users import Role
from models.manifest import load_manifest
from sync.identity import Life

GOOD, WEAK, BROKEN, NOT_TESTED = State
NOW = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ROOT = Path("/data")
FINE = Pictures(width=1280, height=720, frames=59, seconds=4.0, mean=120.0, spread=50.0, state="live")


def judged(finding: Finding | None, state: State, word: str) -> None:
    assert finding is not None
    assert (finding.state, word in f"{finding.found} {finding.do}") == (state, True), finding
    assert finding.do is not None or state in {GOOD, NOT_TESTED}
    assert finding.found == finding.found.strip()


def pictures(**changes: Any) -> Pictures:
    return Pictures(**{name: getattr(FINE, name) for name in FINE.__struct_fields__} | changes)


@pytest.mark.parametrize(
    ("seen", "state", "word"),
    [
        (FINE, GOOD, "1280x720 at 14.8 frames/s, brightness fine"),
        (pictures(why="/dev/video0 is not there"), BROKEN, "/dev/v4l/by-id"),
        (Pictures(), BROKEN, "no picture"),
        (pictures(state="black", mean=2.0), BROKEN, "lens cover"),
        (pictures(state="frozen"), BROKEN, "stands still"),
        (pictures(state="corrupt"), BROKEN, "cable"),
        (pictures(mean=23.0), WEAK, "too dark (23 of 255)"),
        (pictures(mean=240.0), WEAK, "too bright"),
        (pictures(spread=3.0), WEAK, "contrast"),
        (pictures(frames=16), WEAK, "at 4.0 frames/s, 10 are wanted"),
        (pictures(width=320), WEAK, "small"),
    ],
)
def test_a_camera(seen: Pictures, state: State, word: str) -> None:
    judged(verdict_of_pictures(seen, 10.0, "/dev/v4l/by-id/x"), state, word)


def test_an_address_with_a_password_is_not_repeated() -> None:
    said = way_out("rtsp://admin:geheim@camera-2/stream")
    assert "camera-2" in said
    assert "geheim" not in said


@pytest.mark.parametrize(
    ("heard", "state", "word"),
    [
        (Sound(seconds=1, peak=0.2, rms=0.01), GOOD, "level -40 dB, not clipped"),
        (Sound(seconds=1), BROKEN, "unmute"),
        (Sound(seconds=1, peak=0.001, rms=0.0001), WEAK, "very quiet"),
        (Sound(seconds=1, peak=1.0, rms=0.1, clipped=0.05), WEAK, "clipped"),
        (Sound(seconds=1, peak=0.9, rms=0.6), WEAK, "lower it"),
        (Sound(why="the device gives no sound"), BROKEN, "arecord -L"),
    ],
)
def test_a_microphone(heard: Sound, state: State, word: str) -> None:
    judged(verdict_of_sound(heard, "alsa:default"), state, word)


def test_a_loudspeaker() -> None:
    judged(verdict_of_loudspeaker(Played(), has_voice=True), GOOD, "silence was played")
    judged(verdict_of_loudspeaker(Played(), has_voice=False), BROKEN, "apt-get install")
    judged(verdict_of_loudspeaker(Played(why="no such device"), has_voice=True), BROKEN, "aplay -L")


@pytest.mark.parametrize(
    ("doors", "state", "word"),
    [
        ({1: False, 2: True, 3: False}, GOOD, "answers, 3 doors, 1 open"),
        ({1: False, 2: None, 3: False}, WEAK, "1 unknown"),
        ({1: True, 2: True, 3: True}, WEAK, "feedback"),
        ({1: None, 2: None}, WEAK, "nothing is known"),
        ({1: True}, GOOD, "1 door, 1 open"),
    ],
)
def test_a_board(doors: dict[int, bool | None], state: State, word: str) -> None:
    judged(verdict_of_board(doors, len(doors)), state, word)


@pytest.mark.parametrize("why", [why for why in BoardWhy if why is not BoardWhy.PORT])
def test_every_silence_of_a_board_has_a_next_step(why: BoardWhy) -> None:
    judged(verdict_of_silence(why), BROKEN, " ")


@pytest.mark.parametrize("address", ["/dev/serial/by-id/x", "tcp://10.0.0.9:9100"])
@pytest.mark.parametrize("why", PortWhy)
def test_every_loss_of_a_port_has_a_next_step(address: str, why: PortWhy) -> None:
    judged(lost(address, why), BROKEN, address.removeprefix("tcp://"))


@pytest.mark.parametrize(
    ("group", "holders", "word"),
    [
        ("dialout", (), "usermod -aG dialout motcua"),
        ("root", (), "chgrp dialout"),
        (None, (Holder(812, "minicom"),), "held by minicom (812)"),
        (None, (Holder(700, "ModemManager"),), "disable --now ModemManager"),
    ],
)
def test_a_node_that_cannot_be_used(group: str | None, holders: tuple[Holder, ...], word: str) -> None:
    judged(verdict_of_node(ROOT, group, "motcua", holders), BROKEN, word)
    assert verdict_of_node(ROOT, None, "motcua", ()) is None


@pytest.mark.parametrize(
    ("changes", "state", "word"),
    [
        ({}, GOOD, "has paper"),
        ({"is_paper_low": True}, WEAK, "new roll"),
        ({"has_paper": False}, BROKEN, "no paper"),
        ({"is_cover_open": True, "is_online": False}, BROKEN, "cover"),
        ({"has_error": True}, BROKEN, "error"),
        ({"is_online": False}, BROKEN, "offline"),
    ],
)
def test_a_printer(changes: dict[str, bool], state: State, word: str) -> None:
    ready = {"is_online": True, "has_paper": True, "is_paper_low": False, "is_cover_open": False, "has_error": False}
    judged(verdict_of_printer(PrinterStatus(**ready | changes)), state, word)


@pytest.mark.parametrize(
    ("health", "failed", "state", "word"),
    [
        (ChannelHealth(is_alive=True, waiting=2, oldest_waiting_s=4), 0, GOOD, "smsd runs, 2 waiting, 0 failed"),
        (ChannelHealth(is_alive=False, why="smsd_not_running"), 0, BROKEN, "systemctl enable"),
        (ChannelHealth(is_alive=True, waiting=3, oldest_waiting_s=900), 0, BROKEN, "15 minutes"),
        (ChannelHealth(is_alive=True), 4, WEAK, "4 failed"),
    ],
)
def test_a_spool(health: ChannelHealth, failed: int, state: State, word: str) -> None:
    judged(verdict_of_spool(health, failed, ROOT), state, word)


@pytest.mark.parametrize(
    ("answer", "state", "word"),
    [
        (Answer("https://sms.example/send", 405), GOOD, "sms.example answers (HTTP 405)"),
        (Answer("https://sms.example/send", 503), WEAK, "HTTP 503"),
        (Answer("https://u:p@sms.example/send?key=geheim", why="refused"), BROKEN, "curl -I https://sms.example/send"),
    ],
)
def test_a_server_that_is_asked_for_its_head(answer: Answer, state: State, word: str) -> None:
    judged(verdict_of_answer(answer), state, word)
    assert "geheim" not in str(verdict_of_answer(answer))


@pytest.mark.parametrize(
    ("way", "state", "word"),
    [
        (Way("b", 1883, version="3.1.1"), GOOD, "MQTT 3.1.1, no TLS"),
        (Way("b", 8883, "TLSv1.3", NOW + 90 * DAY, "5"), GOOD, "TLSv1.3, its certificate until 27/02/2027"),
        (Way("b", 8883, "TLSv1.3", NOW + 3 * DAY, "5"), WEAK, "ends in 3 days"),
        (Way("b", 8883, stopped_at="name", why="unknown"), BROKEN, "getent hosts b"),
        (Way("b", 8883, stopped_at="port", why="Connection refused"), BROKEN, "nc -vz b 8883"),
        (Way("b", 8883, stopped_at="files", why="No such file"), BROKEN, "motcua enrol"),
        (Way("b", 8883, stopped_at="certificate", why="expired"), BROKEN, "ca_file"),
        (Way("b", 8883, stopped_at="tls", why="wrong version"), BROKEN, "1883"),
        (Way("b", 8883, stopped_at="refused", why="Not authorized"), BROKEN, "Not authorized"),
        (Way("b", 8883, stopped_at="mqtt", why="no CONNACK"), BROKEN, "no CONNACK"),
    ],
)
def test_the_way_to_the_broker(way: Way, state: State, word: str) -> None:
    judged(verdict_of_way(way, NOW), state, word)


@pytest.mark.parametrize(
    ("left", "of_city", "of_hand"),
    [(60 * DAY, GOOD, GOOD), (20 * DAY, WEAK, WEAK), (2 * DAY, WEAK, WEAK), (-DAY, BROKEN, BROKEN)],
)
def test_a_certificate(left: timedelta, of_city: State, of_hand: State) -> None:
    life = Life(NOW + left - 90 * DAY, NOW + left)
    assert verdict_of_life(life, NOW).state is of_city
    assert verdict_of_file(life, NOW).state is of_hand


def test_a_certificate_of_tomorrow_tells_of_a_wrong_clock() -> None:
    for verdict in (verdict_of_file, verdict_of_life):
        judged(verdict(Life(NOW + DAY, NOW + 90 * DAY), NOW), BROKEN, "clock")
        judged(verdict(Life(NOW, NOW + 90 * DAY), datetime(1970, 1, 1, tzinfo=UTC)), BROKEN, "from 29/11/2026 on only")


@pytest.mark.parametrize(
    ("is_kept", "skew_s", "last", "state", "word"),
    [
        (True, 0.0, NOW, GOOD, "synchronised, 0 s off against the city"),
        (True, None, None, GOOD, "synchronised"),
        (None, 3.2, None, GOOD, "3 s off"),
        (False, None, None, WEAK, "set-ntp true"),
        (True, -20.0, None, WEAK, "20 s off"),
        (False, 900.0, None, BROKEN, "900 s off against the city"),
        (None, None, NOW + DAY, BROKEN, "before the journal's last event of 30/11/2026"),
        (False, None, NOW + DAY, BROKEN, "before the journal's last event of 30/11/2026"),
        (True, None, NOW + 900 * DAY, GOOD, "was written when it was ahead"),
        (None, 0.0, NOW + 900 * DAY, GOOD, "was written when it was ahead"),
        (False, 0.0, NOW + 900 * DAY, WEAK, "set-ntp true"),
        (True, -900.0, NOW + 900 * DAY, BROKEN, "900 s off against the city"),
        (None, None, None, NOT_TESTED, "watch"),
    ],
)
def test_a_clock(is_kept: bool | None, skew_s: float | None, last: datetime | None, state: State, word: str) -> None:
    other = None if skew_s is None else Other("the city", skew_s)
    judged(verdict_of_clock(NOW, is_kept=is_kept, other=other, last=last), state, word)


@pytest.mark.parametrize(
    ("date", "skew_s"),
    [
        ("Sun, 29 Nov 2026 08:00:00 GMT", 0.0),
        ("Sun, 29 Nov 2026 07:59:59 GMT", 0.4),  # it counts whole seconds
        ("Sun, 29 Nov 2026 08:00:02 GMT", 0.0),  # the answer took its time
        ("Sun, 29 Nov 2026 07:59:50 GMT", 9.4),
        ("Sun, 29 Nov 2026 08:01:00 GMT", -57.0),
    ],
)
def test_a_date_header_tells_a_skew(date: str, skew_s: float) -> None:
    asked = NOW + timedelta(seconds=0.4)
    answer = Answer("https://x", 200, date, asked=asked, answered=NOW + timedelta(seconds=3))
    other = skew_of(answer, "x")
    assert other is not None
    assert other.skew_s == pytest.approx(skew_s)


@pytest.mark.parametrize("date", [None, "", "yesterday"])
def test_no_date_tells_none(date: str | None) -> None:
    assert skew_of(Answer("https://x", 200, date, asked=NOW, answered=NOW), "x") is None


@pytest.mark.parametrize(
    ("free", "inodes", "fsync_s", "state", "word"),
    [
        (41 * GB, 10**6, 0.0041, GOOD, "41 GB free, an fsync takes 4.1 ms"),
        (41 * GB, None, 0.35, WEAK, "slow"),
        (41 * GB, None, 2.5, BROKEN, "industrial"),
        (300 * MB, 10**6, 0.004, WEAK, "nearly full: 300.0 MB"),
        (9 * MB, 10**6, 0.004, BROKEN, "full: 9.0 MB"),
        (41 * GB, 12, 0.004, BROKEN, "room for 12 files"),
        (41 * GB, 10**6, None, NOT_TESTED, "may not write"),
    ],
)
def test_a_disk(free: int, inodes: int | None, fsync_s: float | None, state: State, word: str) -> None:
    judged(verdict_of_disk(Room(free, 64 * GB, inodes), Path("/"), fsync_s), state, word)


def test_a_read_only_disk() -> None:
    judged(verdict_of_disk(Room(GB, GB, None, is_read_only=True), Path("/"), 0.001), BROKEN, "dmesg")


def test_sizes_are_told_as_people_say_them() -> None:
    assert [shown_size(size) for size in (41 * GB, 3 * GB // 2, 70 * MB, 5120)] == [
        "41 GB",
        "1.5 GB",
        "70.0 MB",
        "5 kB",
    ]


@pytest.mark.parametrize(
    ("seen", "has_city", "state", "word"),
    [
        (Seen(4711, 12, NOW.timestamp() - 60, 3 * MB), True, GOOD, "4,711 events, 3.0 MB, 12 not yet"),
        (Seen(4711, 12, NOW.timestamp() - 200_000, 3 * MB), True, WEAK, "the oldest for 56 h"),
        (Seen(4711, 4711, NOW.timestamp() - 200_000, 3 * MB), False, GOOD, "no city"),
    ],
)
def test_a_journal(seen: Seen, has_city: bool, state: State, word: str) -> None:
    judged(verdict_of_journal(seen, NOW.timestamp(), has_city=has_city), state, word)


@pytest.mark.parametrize(
    ("ago_s", "is_running", "state", "word"),
    [
        (7300, True, GOOD, "ran 2 hours ago"),
        (3 * 86_400, True, BROKEN, "although the agent runs"),
        (3 * 86_400, False, WEAK, "start the agent"),
        (None, False, NOT_TESTED, "never"),
    ],
)
def test_a_retention(ago_s: float | None, is_running: bool, state: State, word: str) -> None:
    purged_s = None if ago_s is None else NOW.timestamp() - ago_s
    judged(verdict_of_retention(purged_s, NOW.timestamp(), is_running=is_running), state, word)


@pytest.mark.parametrize(("free", "state"), [(900, GOOD), (100, WEAK), (20, BROKEN)])
def test_memory(free: float, state: State) -> None:
    judged(verdict_of_memory(free, 4096), state, "GB free of 4.0 GB")


@pytest.mark.parametrize(
    ("celsius", "throttled", "state", "word"),
    [
        ((48.3, 51.0), 0, GOOD, "51 °C"),
        ((78.0,), None, WEAK, "hot"),
        ((91.0,), None, BROKEN, "too hot"),
        ((60.0,), 0x4, WEAK, "slowed down by the kernel now"),
        ((60.0,), 0x1, BROKEN, "too little voltage"),
        ((60.0,), 0x50000, WEAK, "since it was switched on"),
        ((), None, NOT_TESTED, "no sensor"),
    ],
)
def test_heat(celsius: tuple[float, ...], throttled: int | None, state: State, word: str) -> None:
    judged(verdict_of_heat(celsius, throttled), state, word)


@pytest.mark.parametrize(
    ("refused", "agent", "state", "word"),
    [
        (None, AgentNow(), GOOD, "is free"),
        (None, AgentNow(Holder(5, "motcua")), BROKEN, "although the agent runs"),
        (errno.EADDRINUSE, AgentNow(), BROKEN, "held by nginx (80)"),
        (errno.EACCES, AgentNow(), BROKEN, "1024"),
        (errno.EADDRNOTAVAIL, AgentNow(), BROKEN, "none of this machine's addresses"),
        (errno.EINVAL, AgentNow(), BROKEN, "Invalid argument"),
    ],
)
def test_the_port_of_the_pages(refused: int | None, agent: AgentNow, state: State, word: str) -> None:
    judged(verdict_of_port("127.0.0.1", 8080, refused, Holder(80, "nginx"), agent), state, word)


@pytest.mark.parametrize(
    ("roles", "state", "word"),
    [
        ([Role.OFFICER, Role.TECHNICIAN], GOOD, "2 may log in"),
        ([Role.OFFICER], WEAK, "users add NAME technician --file /data"),
        ([], BROKEN, "nobody"),
    ],
)
def test_who_may_log_in(roles: list[Role], state: State, word: str) -> None:
    judged(verdict_of_users(roles, (Role.OFFICER, Role.TECHNICIAN), ROOT), state, word)


def test_model_files() -> None:
    needed = load_manifest().get("face_landmarker.task")
    spare = replace(needed, name="spare.bin", needed=False)
    judged(verdict_of_files((Hashed(needed, True), Hashed(spare, True)), ROOT), GOOD, "2 files, right by SHA-256")
    judged(verdict_of_files((Hashed(needed, True), Hashed(spare, None)), ROOT), WEAK, "works without")
    judged(verdict_of_files((Hashed(needed, None), Hashed(spare, None)), ROOT), BROKEN, "pull --dir /data default")
    judged(verdict_of_files((Hashed(needed, False), Hashed(spare, True)), ROOT), BROKEN, "rm /data/face_landmarker")


def test_what_the_running_agent_says_of_a_part() -> None:
    now = AgentNow(
        Holder(41, "motcua"), faults={"camera/quay-01": ("black", NOW.timestamp()), "boards": ("failed", 1.0)}
    )
    judged(said_of(now, "camera", "quay-01", UTC), BROKEN, "black pictures only. (since 29/11 08:00)")
    judged(
        said_of(AgentNow(now.holder, faults={"printer": ("page.locker.why.left_open", 1.0)}), "printer", None, UTC),
        BROKEN,
        "Close the door.",
    )
    judged(said_of(now, "camera", "quay-02", UTC), GOOD, "works, says the running agent")
    assert set(unmatched(now, {("camera", "quay-01"), ("memory", None)})) == {"boards"}
    judged(said_of(replace(now, is_heard=False, faults={}), "camera", "quay-01", UTC), NOT_TESTED, "cannot be read")
    judged(said_of(replace(now, is_older=True), "camera", "quay-02", UTC), NOT_TESTED, "an older configuration")
    judged(said_of(replace(now, is_older=True), "camera", "quay-01", UTC), BROKEN, "black pictures only")
    judged(said_of(AgentNow(is_known=False), "printer", None, UTC), NOT_TESTED, "may have it open")


def test_whether_the_agent_runs() -> None:
    judged(verdict_of_agent(AgentNow(), ROOT, "motcua"), GOOD, "does not run")
    judged(verdict_of_agent(AgentNow(Holder(41, "motcua")), ROOT, "motcua"), GOOD, "runs: motcua (41)")
    judged(verdict_of_agent(AgentNow(is_known=False), ROOT, "motcua"), NOT_TESTED, "sudo -u motcua motcua doctor")


def test_the_kernels_list_names_who_has_the_lock() -> None:
    locks = "1: POSIX  ADVISORY  WRITE 7 fe:00:55 0 EOF\n2: FLOCK  ADVISORY  WRITE 21481 fe:00:2951558 0 EOF\n2: -> FLOCK  ADVISORY  WRITE 9 fe:00:2951558 0 EOF\n"
    assert locker_of(locks, 0xFE00, 2951558) == 21481
    assert locker_of(locks, 0xFE00, 55) is None


@pytest.mark.parametrize(
    ("mode", "uid", "groups", "may"),
    [
        (0o660, 1000, {20}, True), (0o660, 1000, {7}, False), (0o600, 5, {7}, True), (0o666, 1000, {7}, True),
        (0o640, 1000, {20}, False), (0o000, 0, set(), True),
    ],
)  # fmt: skip
def test_who_may_open_a_node(mode: int, uid: int, groups: set[int], may: bool) -> None:
    assert may_open(mode, 5, 20, Person("x", uid, frozenset(groups))) is may
