"""The command line as its users meet it: exit codes, one JSON object a line, errors that say what to do."""

import asyncio
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from config.schema import Config
from devices.sms.channel import Outgoing
from devices.sms.smsd_channel import SmsdChannel
from devices.sms.smsd_config import make_spool
from devices.sms.smsd_spool import SmsdSpool
from edge.__main__ import main as enter
from edge.cli import app, main
from edge.cli_common import refusing
from edge.cli_missing import BROUGHT_BY
from sync.enrolment import Token
from sync.errors import JournalFull
from sync.events import DeviceStarted, VisitStarted
from sync.journal import Journal
from tests.edge.command_line import ROOT, motcua, motcua_anew

pytestmark = pytest.mark.timeout(60)  # each starts the command line, some more than once


CANNOT_BE_OPENED = "n" * 300  # for root, too


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    async def write() -> None:
        async with await Journal.open(tmp_path / "data", site="phuong-mau", device="quay-01") as journal:
            await journal.record(DeviceStarted(boot="b", version="0", stations=()))
            for number in range(5):
                await journal.record(VisitStarted(visit=f"v{number}", counter="quay-01"))

    asyncio.run(write())
    return tmp_path / "data"


def test_a_mirror_of_model_files_is_known_to_the_running_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Path | None] = []

    async def run_agent(config: Config, *_more: object) -> bool:
        seen.append(config.models.mirror)
        return False

    file = tmp_path / "motcua.toml"
    file.write_text(
        f'[agent]\nsite = "x"\ndevice = "y"\ndata_dir = "{tmp_path}"\n[models]\nmirror = "{tmp_path}/own"\n'
    )
    monkeypatch.setattr("edge.app.run_agent", run_agent)
    for named in ("", str(tmp_path / "usb")):
        monkeypatch.setenv("MOTCUA_MODELS", named)
        assert CliRunner().invoke(app, ["run", "--config", str(file)]).exit_code == 0
    assert seen == [tmp_path / "own", tmp_path / "usb"]


def test_check_reports_every_mistake_and_starts_nothing(tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    file.write_text('[agent]\nsite = "x"\ndevise = "y"\n[web]\nport = 99999\nusers_file = "none.toml"\n')
    done = motcua_anew("check", "--config", file)
    assert done.code == 2
    (report,) = done.lines
    assert {mistake["path"] for mistake in report["mistakes"]} == {
        "agent.device",
        "agent.devise",
        "web.port",
        "web.users_file",
    }
    assert "nothing was started" in done.err
    assert motcua("run", "--config", file, json_lines=False).code == 2


SITE = '[agent]\nsite = "x"\ndevice = "y"\ndata_dir = "data"\n'
COUNTER = """
[counters.q1]
name = "Quầy 1"
unit = "u"
camera = { source = "0" }
[units.u]
name = "U"
head = "h"
[contacts.h]
phone = "0912345678"
[models]
directory = "models"
"""


@pytest.mark.parametrize(
    ("config", "is_exposed", "says"),
    [
        (SITE + COUNTER, False, "face_landmarker.task"),
        (SITE + '[web]\nusers_file = "users.toml"\n', True, "chmod 600"),
        (SITE.replace('"y"', '"z"'), False, "this journal belongs to"),
    ],
)
def test_what_keeps_the_agent_from_starting_is_said_without_a_traceback(
    tmp_path: Path, config: str, is_exposed: bool, says: str
) -> None:
    async def write() -> None:
        await (await Journal.open(tmp_path / "data", site="x", device="y")).close()

    asyncio.run(write())
    (tmp_path / "motcua.toml").write_text(config)
    (tmp_path / "users.toml").touch(0o644 if is_exposed else 0o600)
    done = motcua("run", "--config", tmp_path / "motcua.toml", json_lines=False)
    assert done.code == 1
    assert says in done.err
    assert "Traceback" not in done.err


def test_check_accepts_a_good_file(tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    file.write_text('[agent]\nsite = "x"\ndevice = "y"\n')
    assert motcua("check", "--config", file).lines == [{"ok": True, "file": str(file), "counters": 0, "contacts": 0}]


def test_check_of_a_counter_asks_for_no_model_file(tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    file.write_text(SITE + COUNTER)
    told = CliRunner().invoke(app, ["check", "--config", str(file)])
    assert (told.exit_code, told.output) == (0, f"{file}: good (1 counters, 1 contacts)\n")
    assert json.loads(CliRunner().invoke(app, ["check", "--config", str(file), "--json"]).output) == {
        "ok": True, "file": str(file), "counters": 1, "contacts": 1,
    }  # fmt: skip


def test_verify_says_whole_or_names_the_row(ledger: Path) -> None:
    good = motcua("journal", "verify", "--data", ledger)
    assert (good.code, good.lines[0]["ok"], good.lines[0]["first_bad"]) == (0, True, None)
    with sqlite3.connect(ledger / "journal.sqlite") as connection:
        forged = """UPDATE events SET body = CAST(replace(CAST(body AS TEXT), '"v0"', '"v9"') AS BLOB) WHERE seq = 2"""
        assert connection.execute(forged).rowcount == 1
    connection.close()
    bad = motcua("journal", "verify", "--data", ledger)
    assert (bad.code, bad.lines[0]["ok"], bad.lines[0]["first_bad"]) == (1, False, 2)


def test_tail_gives_the_exact_bytes(ledger: Path) -> None:
    done = motcua("journal", "tail", "-n", 2, "--type", "visit.", "--data", ledger)
    assert [line["data"]["visit"] for line in done.lines] == ["v3", "v4"]
    assert {line["type"] for line in done.lines} == {"vn.motcua.visit.started.v1"}


def spoil_row(ledger: Path, seq: int, body: bytes) -> None:
    connection = sqlite3.connect(ledger / "journal.sqlite")
    with connection:
        connection.execute("UPDATE events SET body = ? WHERE seq = ?", (body, seq))
    connection.close()


@pytest.mark.parametrize("body", [b"{\xff", b'{"seq": 3', b"null"])
def test_tail_names_a_damaged_row_in_its_place_and_goes_on(ledger: Path, body: bytes) -> None:
    spoil_row(ledger, 3, body)
    why = f"damaged, see: motcua journal verify --data {ledger}"
    told = motcua("journal", "tail", "--data", ledger, json_lines=False)
    assert (told.code, told.err) == (1, "")
    assert [line.split()[0] for line in told.out.splitlines()] == ["1", "2", "seq", "4", "5", "6", "7"]
    assert told.out.splitlines()[2] == f"seq 3: {why}"
    read = motcua("journal", "tail", "--data", ledger)
    assert (read.code, read.lines[2], len(read.lines)) == (1, {"seq": 3, "error": why}, 7)
    assert motcua("journal", "tail", "-n", 2, "--data", ledger).code == 0, "none of these two is"


def test_following_names_a_damaged_row_that_comes_and_goes_on(ledger: Path) -> None:
    heard = ["env", "--default-signal=INT"]  # what runs in the background has Ctrl-C ignored
    command = [*heard, sys.executable, "-m", "edge", "journal", "tail", "--follow", "-n", "1", "--data", str(ledger)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as following:
        assert following.stdout is not None
        assert following.stdout.readline().split()[0] == "7"
        append_row(ledger, 8, b"{")
        assert following.stdout.readline().startswith("seq 8: damaged")
        append_row(ledger, 9, b"[")
        assert following.stdout.readline().startswith("seq 9: damaged")
        following.send_signal(signal.SIGINT)
    assert following.returncode == 1


def append_row(ledger: Path, seq: int, body: bytes) -> None:
    connection = sqlite3.connect(ledger / "journal.sqlite")
    with connection:
        connection.execute("INSERT INTO events VALUES (?, 'visit.started', 'reading', 0, ?)", (seq, body))
    connection.close()


@pytest.mark.parametrize("words", [("tail",), ("verify",), ("stats",), ("export", "out.jsonl")])
def test_a_journal_with_damaged_pages_is_one_sentence_that_says_what_to_do(
    ledger: Path, words: tuple[str, ...]
) -> None:
    cut_in_half(ledger)
    told = motcua("journal", *words, "--data", ledger, json_lines=False)
    assert told.code == 1
    assert len(told.err.splitlines()) == 1
    assert "database disk image is malformed; keep the file" in told.err


def test_an_agent_whose_journal_is_damaged_says_what_to_do_and_lets_go_of_it(tmp_path: Path, ledger: Path) -> None:
    config = tmp_path / "motcua.toml"
    config.write_text('[agent]\nsite = "phuong-mau"\ndevice = "quay-01"\ndata_dir = "data"\n')
    cut_in_half(ledger)
    for _ in range(2):
        told = motcua("run", "--config", config, json_lines=False)
        assert told.code == 1
        assert f"keep the file, and see: motcua journal verify --data {ledger}" in told.err
        assert "Traceback" not in told.err


def cut_in_half(ledger: Path) -> None:
    file = ledger / "journal.sqlite"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def test_an_export_proves_itself(ledger: Path, tmp_path: Path) -> None:
    out = tmp_path / "copy.jsonl"
    (exported,) = motcua("journal", "export", out, "--data", ledger).lines
    assert exported["count"] == len(out.read_bytes().splitlines())
    shutil.rmtree(ledger)
    assert motcua("journal", "verify", "--data", out).lines[0]["ok"] is True


def test_a_folder_without_a_journal_is_an_error_in_one_line(tmp_path: Path) -> None:
    done = motcua("journal", "stats", "--data", tmp_path)
    assert done.code == 1
    assert "there is no journal here" in done.lines[0]["error"]


@pytest.mark.parametrize("command", [("tail",), ("stats",), ("export", "out.jsonl")])
def test_a_journal_that_cannot_be_looked_at_is_an_error_in_one_line(command: tuple[str, ...]) -> None:
    done = motcua("journal", *command, "--data", f"/{CANNOT_BE_OPENED}")
    assert (done.code, done.lines) == (1, [{"error": f"/{CANNOT_BE_OPENED}: File name too long"}])
    assert done.err == f"/{CANNOT_BE_OPENED}: File name too long\n"


def test_a_file_that_is_no_journal_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database, but long enough to be asked for its first hundred bytes" * 4)
    done = motcua("journal", "tail", "--data", tmp_path / "notes.txt")
    assert (done.code, done.lines[0]["error"].startswith(f"{tmp_path}/notes.txt: ")) == (1, True)


def test_output_that_cannot_be_written_is_an_error_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "motcua.toml").write_text(SITE)
    command = [sys.executable, "-m", "edge", "check", "--config", str(tmp_path / "motcua.toml")]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (1, "the output cannot be written: No space left on device\n")


def test_what_several_tasks_met_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    full = JournalFull("the disk is full")
    with pytest.raises(typer.Exit), refusing():
        raise ExceptionGroup("a demo's stories", [full, ExceptionGroup("the hall", [full])])
    assert capsys.readouterr().err == "the disk is full\n"
    with pytest.raises(ExceptionGroup), refusing():
        raise ExceptionGroup("our own mistake", [full, KeyError("x")])


def test_ctrl_c_while_the_command_is_loaded_ends_in_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("edge.cli.main", interrupted)
    with pytest.raises(SystemExit) as ended:
        enter()
    assert (ended.value.code, capsys.readouterr().err) == (130, "interrupted\n")


@pytest.mark.parametrize(("words", "code"), [(["--seconds", "30"], 130), ([], 0)])
def test_a_story_cut_short_has_not_been_told(monkeypatch: pytest.MonkeyPatch, words: list[str], code: int) -> None:
    async def play(_options: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr("edge.demo.play", play)
    done = CliRunner().invoke(app, ["demo", "--json", *words])
    assert (done.exit_code, done.stderr.count("\n"), done.stdout) == (code, 1, "")


def test_a_command_of_another_kind_of_device_says_what_to_set_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking() -> None:
        raise ModuleNotFoundError("No module named 'aio_pika'", name="aio_pika.abc")

    monkeypatch.setattr("edge.cli.app", lacking)
    with pytest.raises(SystemExit) as ended:
        main()
    said = "this command needs aio_pika, which is not installed here\n  do: ./scripts/setup city\n"
    assert (ended.value.code, capsys.readouterr().err) == (1, said)


@pytest.mark.parametrize(("module", "profile"), BROUGHT_BY.items())
def test_the_profile_that_is_named_brings_the_package(module: str, profile: str) -> None:
    lock = (ROOT / "locks" / f"{profile}.lock").read_text(encoding="utf-8").lower().replace("_", "-")
    names = {name.lower().replace("_", "-") for name in packages_distributions()[module]}
    assert any(f"\n{name}==" in f"\n{lock}" for name in names)


def test_a_folder_is_no_users_file(tmp_path: Path) -> None:
    (done,) = motcua("users", "list", "--file", tmp_path).lines
    assert done["error"] == f"{tmp_path}: is a folder; name the users file"


def test_a_user_is_added_shown_once_and_removed(tmp_path: Path) -> None:
    file = tmp_path / "users.toml"
    added = motcua("users", "add", "quay-01", "officer", "--counter", "quay-01", "--file", file, json_lines=False)
    assert added.code == 0
    assert "PIN" in added.out
    assert motcua("users", "list", "--file", file).lines == [
        {"name": "quay-01", "role": "officer", "counters": ["quay-01"], "wards": []}
    ]
    assert motcua("users", "remove", "quay-01", "--file", file, json_lines=False).code == 0
    assert motcua("users", "remove", "quay-01", "--file", file, json_lines=False).code == 1


CANNOT_BE = "/proc/motcua"  # no folder can be made there, not even by root


def cannot_run(folder: Path, text: str) -> str:
    """What `motcua run` says on stderr before it gives up."""
    file = folder / "motcua.toml"
    file.write_text(f'[agent]\nsite = "x"\ndevice = "y"\n{text}')
    done = motcua("run", "--config", file, json_lines=False)
    assert done.code == 1
    return done.err


def test_run_says_in_one_line_what_it_cannot_use(tmp_path: Path) -> None:
    assert cannot_run(tmp_path, f'data_dir = "{CANNOT_BE}"\n') == f"{CANNOT_BE}: No such file or directory\n"
    (tmp_path / "users.toml").touch(0o644)
    exposed = cannot_run(tmp_path, 'data_dir = "data"\n[web]\nusers_file = "users.toml"\n')
    assert exposed == f"{tmp_path}/users.toml: readable by others; run: chmod 600 {tmp_path}/users.toml\n"
    (tmp_path / "data" / "journal.sqlite").write_text("no database")
    assert "journal.sqlite" in cannot_run(tmp_path, 'data_dir = "data"\n').splitlines()[-1]


def test_run_says_how_to_pull_the_models_of_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "story.toml").touch()
    counter = """
        data_dir = "data"
        [models]
        directory = "models"
        [counters.quay-01]
        name = "Quầy 1"
        unit = "u"
        camera = { source = "replay:story.toml" }
        [units.u]
        name = "U"
        head = "h"
        [contacts.h]
        phone = "0912345678"
    """
    assert f"motcua models pull face_landmarker.task --dir {tmp_path}/models\n" in cannot_run(tmp_path, counter)


def test_a_configuration_in_a_folder_that_may_not_be_entered_is_bad_usage() -> None:
    done = motcua("run", "--config", f"/{CANNOT_BE_OPENED}/motcua.toml", json_lines=False)
    assert (done.code, done.err.splitlines()[-1]) == (2, "nothing was started")
    assert "cannot be read: File name too long" in done.err


def test_an_export_without_its_bundle_is_named_without_a_number(ledger: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.jsonl"
    assert motcua("journal", "export", copy, "--data", ledger).code == 0
    (bundle := copy.with_name("copy.jsonl.bundle.json")).unlink()
    done = motcua("journal", "verify", "--data", copy)
    assert (done.code, done.lines[0]["why"]) == (1, f"unreadable: {bundle}: No such file or directory")


@pytest.mark.parametrize(
    "command",
    [
        ("demo", "--seconds", 5, "--port", 0, "--data", CANNOT_BE),
        ("bench", "journal", "--out", CANNOT_BE),
        ("score", "--params", "none", "none.jpg"),
    ],
)
@pytest.mark.models
def test_a_folder_that_cannot_be_used_is_an_error_in_one_line(command: tuple[object, ...]) -> None:
    done = motcua(*command)
    (line,) = done.lines
    assert (done.code, done.err.splitlines()[-1]) == (1, line["error"])
    assert "No such file or directory" in line["error"]
    assert "Errno" not in line["error"]


def test_a_key_that_is_none_is_no_forgery(ledger: Path) -> None:
    assert motcua("journal", "verify", "--data", ledger, "--key", "abcd").code == 2


@pytest.mark.parametrize("kept_bytes", [0, 512])
def test_a_device_whose_journal_is_damaged_is_not_enrolled(ledger: Path, kept_bytes: int) -> None:
    """Nobody knows its name then: the city could not refuse a token that is for another place."""
    file = ledger / "journal.sqlite"
    whole = file.read_bytes()
    file.write_bytes(whole[:kept_bytes] + b"\xa5" * (len(whole) - kept_bytes))
    city = ("--city", "https://127.0.0.1:1", "--token", Token.issue(bytes(32)).reveal(), "--serial", "x")
    done = motcua("enrol", *city, "--data", ledger)
    assert (done.code, done.err.count("\n"), list(done.lines[0])) == (1, 1, ["error"]), done.err
    assert f"keep the file, and see: motcua journal verify --data {ledger}" in done.lines[0]["error"]
    assert not (ledger / "identity").exists()


def test_a_user_that_cannot_be_written_is_an_error_in_one_line() -> None:
    done = motcua("users", "add", "truong", "leader", "--file", f"{CANNOT_BE}/users.toml", json_lines=False)
    assert (done.code, done.err.count("\n"), done.out) == (1, 1, "")


def test_a_spool_that_is_not_there_is_a_line_that_is_down(tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    file.write_text('[agent]\nsite = "x"\ndevice = "y"\n[sms]\nchannel = "smsd"\nspool_dir = "spool"\n')
    done = motcua("sms", "status", "--config", file)
    down = {"alive": False, "waiting": 0, "oldest_waiting_s": 0.0, "why": "spool_gone"}
    assert (done.code, done.lines) == (1, [down])


def test_sms_without_a_transport_says_what_to_set(tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    file.write_text('[agent]\nsite = "x"\ndevice = "y"\n')
    done = motcua("sms", "status", "--config", file)
    assert (done.code, done.lines) == (1, [{"error": "no SMS transport is configured: set [sms] channel"}])


def test_a_transport_whose_file_cannot_be_used_is_an_error_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    file.write_text('[agent]\nsite = "x"\ndevice = "y"\ndata_dir = "data"\n[sms]\nchannel = "phones"\n')
    (tmp_path / "data" / "phones.sqlite").mkdir(parents=True)
    done = motcua("sms", "status", "--config", file)
    assert (done.code, done.lines) == (1, [{"error": "the channel's file cannot be used"}])


def test_sms_reaches_a_simulated_phone_and_reports(tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    text = '[agent]\nsite = "x"\ndevice = "y"\ndata_dir = "data"\n[contacts.truc]\nphone = "0912345678"\n[sms]\nchannel = "phones"\n'
    file.write_text(text)
    done = motcua("sms", "send", "truc", "Thử tin nhắn", "--config", file)
    assert (done.code, done.lines[0]["status"]) == (0, "delivered")
    assert "912345678" not in done.out + done.err


class GivingUp(SmsdSpool):
    """A spool whose smsd gives every message up at once, for this reason."""

    def __init__(self, root: Path, reason: str) -> None:
        super().__init__(root)
        self._folder, self._reason = root, reason

    def put(self, sms: Outgoing) -> None:
        super().put(sms)
        (waiting,) = (self._folder / "outgoing").iterdir()
        (self._folder / "failed" / waiting.name).write_text(f"Fail_reason: {self._reason}\n{waiting.read_text()}")
        waiting.unlink()


@pytest.mark.parametrize(
    ("reason", "row", "says"),
    [
        ("Modem answered +CMS ERROR: 38", {"status": "failed", "why": "cms_38"}, "reaches nobody"),
        ("Modem did not answer", {"status": "unknown", "why": "no_answer"}, "nobody knows whether it was sent"),
    ],
)
def test_an_sms_that_was_given_up_is_not_done(
    reason: str, row: dict[str, str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, spool = tmp_path / "motcua.toml", tmp_path / "spool"
    file.write_text('[agent]\nsite = "x"\ndevice = "y"\n[sms]\nchannel = "smsd"\nspool_dir = "spool"\n')
    make_spool(spool)
    monkeypatch.setattr("edge.cli_sms.open_channel", lambda *_: SmsdChannel(GivingUp(spool, reason), poll_s=0.05))
    done = CliRunner().invoke(app, ["sms", "send", "0912345678", "Thử", "--config", str(file), "--wait", "1", "--json"])
    (told,) = map(json.loads, done.stdout.splitlines())
    assert (done.exit_code, {key: told[key] for key in told if key != "ref"}) == (1, row)
    assert says in done.stderr


@pytest.mark.models
def test_score_reads_the_good_and_names_the_bad(tmp_path: Path, model_file: Callable[[str], Path]) -> None:
    (tmp_path / "text.jpg").write_text("not a picture")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "folder").mkdir()
    spoilt = [tmp_path / name for name in ("empty.mp4", "none.png", "folder", f"{CANNOT_BE_OPENED}.jpg")]
    done = motcua("score", tmp_path / "text.jpg", model_file("single_face.jpg"), *spoilt)
    assert done.code == 1
    text, face, *others = done.lines
    assert [bool(line.get("error")) for line in (text, face, *others)] == [True, False, True, True, True, True]
    (found,) = face["faces"]
    assert found["usable"]
    assert found["level"] in {"satisfied", "very_satisfied"}
    assert sum(found["scores"].values()) == pytest.approx(1, abs=1e-3)


@pytest.mark.models
@pytest.mark.parametrize("json_lines", [True, False])
def test_a_name_that_is_not_utf_8_and_a_huge_file_spoil_no_other(
    tmp_path: Path, model_file: Callable[[str], Path], json_lines: bool
) -> None:
    for name in ("a\udcff.jpg", "b.jpg"):
        shutil.copy(model_file("single_face.jpg"), tmp_path / name)
    shutil.copy(model_file("no_face.mp4"), tmp_path / "c\udcff.mp4")
    (tmp_path / "d\udcff.jpg").write_text("not a picture")
    with (tmp_path / "e.jpg").open("wb") as huge:
        huge.truncate(200 << 30)
    done = motcua("score", tmp_path, json_lines=json_lines)
    assert (done.code, "Traceback" in done.err) == (1, False)
    if json_lines:
        assert [line["path"] for line in done.lines] == [
            f"{tmp_path}/{name}" for name in ("a\udcff.jpg", "b.jpg", "c\udcff.mp4", "d\udcff.jpg", "e.jpg")
        ]
        assert ["error" in line for line in done.lines] == [False, False, False, True, True]
    else:
        assert [line.split(":")[0].rsplit("/")[-1] for line in done.out.splitlines()] == [
            "a\\udcff.jpg",
            "b.jpg",
            "c\\udcff.mp4",
        ]


@pytest.mark.long
@pytest.mark.models
@pytest.mark.timeout(90)
def test_the_crying_clip_never_shows_satisfied_before_the_laughing(model_file: Callable[[str], Path]) -> None:
    (clip,) = motcua("score", model_file("WolfgangLanger_Pexels.mp4")).lines
    shown = {entry["level"] for entry in clip["timeline"] if entry["t"] < 9.0}
    assert shown & {"satisfied", "very_satisfied"} == set()
    assert "dissatisfied" in shown
    assert {entry["level"] for entry in clip["timeline"] if entry["t"] > 16.0} <= {"satisfied", "very_satisfied"}
    assert clip["summary"]["evidence"] == "enough"


def test_an_unknown_benchmark_is_bad_usage() -> None:
    assert motcua_anew("bench", "speed").code == 2
