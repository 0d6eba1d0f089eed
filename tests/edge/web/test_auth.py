import asyncio
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.web import session_file
from edge.web.auth import FormSeal, Sessions
from edge.web.session_file import SessionFile
from edge.web.users import Role, UserBook, create_user, remove_user, write_secret
from tests.edge.web.house import until

PIN = "482915"


class Hall:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "users.toml"
        self.officer = create_user(self.file, "quay-01", Role.OFFICER, PIN, ("quay-01",))
        self.leader = create_user(self.file, "lanh-dao-1", Role.LEADER, PIN)
        self.technician = create_user(self.file, "ky-thuat", Role.TECHNICIAN, PIN)
        self.seconds, self.wall = 0.0, 1.8e9
        self.kept = folder / "sessions.json"
        self.sessions = self.restarted()

    def restarted(self) -> Sessions:
        kept = SessionFile(self.kept, lambda: self.wall + self.seconds)
        return Sessions(UserBook(self.file), 3600, lambda: self.seconds, kept)

    @contextmanager
    def another_counter(self) -> Iterator[None]:
        """The officer is somebody else meanwhile, and the same again afterwards."""
        text = self.file.read_text()
        write_secret(self.file, text.replace('counters = ["quay-01"]', 'counters = ["quay-02"]'))
        yield
        write_secret(self.file, text)


@pytest.fixture
def hall(tmp_path: Path) -> Hall:
    return Hall(tmp_path)


def test_a_session_is_found_by_its_token_only(hall: Hall) -> None:
    token = hall.sessions.open(hall.leader)
    found = hall.sessions.find(token)
    assert found is not None
    assert found.user == hall.leader
    assert token not in repr(found)
    assert hall.sessions.find(token[:-1]) is None
    assert hall.sessions.find("") is None
    assert hall.sessions.find(None) is None


def test_a_session_ends_by_time(hall: Hall) -> None:
    token = hall.sessions.open(hall.leader)
    hall.seconds = 3600
    assert hall.sessions.find(token) is None


def test_a_session_ends_at_logout_and_with_its_user(hall: Hall) -> None:
    one, two, three = (hall.sessions.open(user) for user in (hall.leader, hall.officer, hall.technician))
    found = hall.sessions.find(one)
    assert found is not None
    hall.sessions.close(found)
    assert hall.sessions.find(one) is None
    remove_user(hall.file, "quay-01")
    assert hall.sessions.find(two) is None
    create_user(hall.file, "ky-thuat", Role.TECHNICIAN, "593026")
    assert hall.sessions.find(three) is None, "a changed PIN closes what was open"


def test_there_is_a_bound_and_the_oldest_goes_first(hall: Hall) -> None:
    first = hall.sessions.open(hall.leader)
    rest = [hall.sessions.open(hall.leader) for _ in range(500)]
    assert hall.sessions.find(first) is None
    assert all(hall.sessions.find(token) for token in rest)


class TestAfterARestart:
    async def test_who_was_logged_in_still_is_for_the_time_that_is_left(self, hall: Hall) -> None:
        token = hall.sessions.open(hall.officer)
        await hall.sessions.keep()
        hall.seconds = 3000
        again = hall.restarted()
        found = again.find(token)
        assert found is not None
        assert found.user == hall.officer
        hall.seconds = 3600
        assert again.find(token) is None

    async def test_hours_without_current_count(self, hall: Hall) -> None:
        token = hall.sessions.open(hall.officer)
        await hall.sessions.keep()
        hall.wall += 3600
        assert hall.restarted().find(token) is None

    @pytest.mark.parametrize("back_s", [1, 600, 3600 * 24 * 365])
    async def test_a_clock_that_went_back_gives_no_more_than_a_whole_session(self, hall: Hall, back_s: float) -> None:
        token = hall.sessions.open(hall.officer)
        await hall.sessions.keep()
        hall.wall -= back_s
        again = hall.restarted()
        assert again.find(token) is not None
        hall.seconds = 3600
        assert again.find(token) is None

    async def test_who_logged_out_or_was_changed_or_removed_is_not_known(self, hall: Hall) -> None:
        tokens = [hall.sessions.open(user) for user in (hall.leader, hall.officer, hall.technician)]
        await hall.sessions.keep()
        found = hall.sessions.find(tokens[0])
        assert found is not None
        hall.sessions.close(found)
        await hall.sessions.keep()
        remove_user(hall.file, "quay-01")
        create_user(hall.file, "ky-thuat", Role.TECHNICIAN, "593026")
        again = hall.restarted()
        assert [again.find(token) for token in tokens] == [None, None, None]

    @pytest.mark.parametrize("is_restarted", [False, True])
    async def test_what_a_change_of_the_user_closed_stays_closed_when_they_are_changed_back(
        self, hall: Hall, is_restarted: bool
    ) -> None:
        tokens = [hall.sessions.open(user) for user in (hall.officer, hall.leader)]
        await hall.sessions.keep()
        with hall.another_counter():
            sessions = hall.restarted() if is_restarted else hall.sessions
            assert sessions.find(tokens[0]) is None
        keeping = asyncio.create_task(sessions.keep_closed())
        await until(lambda: len(json.loads(hall.kept.read_text())) == 1)
        keeping.cancel()
        again = hall.restarted()
        assert [again.find(token) is not None for token in tokens] == [False, True]

    async def test_of_two_logins_at_once_both_are_kept(self, hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
        """Also when the first one's write is the last to end, unless the second one's waits for it."""
        tokens: list[str] = []
        is_second_written, writes = threading.Event(), iter((True, False))

        def slow_at_first(path: Path, text: str) -> None:
            if next(writes):
                is_second_written.wait(0.2)
            write_secret(path, text)
            is_second_written.set()

        async def login() -> None:
            tokens.append(hall.sessions.open(hall.leader))
            await hall.sessions.keep()

        monkeypatch.setattr(session_file, "write_secret", slow_at_first)
        await asyncio.gather(login(), login())
        again = hall.restarted()
        assert all(again.find(token) for token in tokens)

    async def test_the_file_is_0600_and_lets_nobody_in(self, hall: Hall) -> None:
        token = hall.sessions.open(hall.leader)
        await hall.sessions.keep()
        assert hall.kept.stat().st_mode & 0o777 == 0o600
        text = hall.kept.read_text()
        assert token not in text
        assert hall.leader.totp_secret not in text
        assert all(hall.restarted().find(row[field]) is None for row in json.loads(text) for field in ("key", "record"))

    @pytest.mark.parametrize("torn", ["", "{", "[1]", '[{"key": "a"}]', "[[]]", '{"a": 1}', "\xff"])
    def test_of_a_damaged_file_nobody_is_known(self, hall: Hall, torn: str, caplog: pytest.LogCaptureFixture) -> None:
        hall.kept.write_text(torn, encoding="latin-1")
        assert hall.restarted().find("x") is None
        assert "everybody logs in again" in caplog.text

    async def test_a_disk_that_takes_nothing_keeps_nobody_out(
        self, hall: Hall, caplog: pytest.LogCaptureFixture
    ) -> None:
        hall.kept.mkdir()
        token = hall.sessions.open(hall.leader)
        await hall.sessions.keep()
        assert hall.sessions.find(token) is not None
        assert "logins are not kept" in caplog.text


@pytest.mark.parametrize(
    ("who", "own", "other", "device", "leads"),
    [
        ("officer", True, False, False, False),
        ("leader", True, True, True, True),
        ("technician", False, False, True, False),
    ],
)
def test_what_a_role_may(hall: Hall, who: str, own: bool, other: bool, device: bool, leads: bool) -> None:
    session = hall.sessions.find(hall.sessions.open(getattr(hall, who)))
    assert session is not None
    assert (own, other) == (session.may_see_counter("quay-01"), session.may_see_counter("quay-02"))
    assert (device, leads) == (session.may_see_device, session.is_leader)


def test_a_form_seal_fits_only_its_browser(tmp_path: Path) -> None:
    seal = FormSeal(tmp_path / "form-secret")
    assert seal.fits("one", seal.of("one"))
    assert not seal.fits("two", seal.of("one"))
    assert not seal.fits(None, seal.of(""))
    assert not seal.fits("one", None)
    assert FormSeal(tmp_path / "form-secret").fits("one", seal.of("one")), "the secret stays over a restart"
    assert not FormSeal(tmp_path / "other").fits("one", seal.of("one"))


@pytest.mark.parametrize("torn", [b"", b"\n", b"abc\n", b"\xff" * 64, b"g" * 64])
def test_a_damaged_form_secret_is_made_anew_and_never_used(tmp_path: Path, torn: bytes) -> None:
    file = tmp_path / "form-secret"
    file.write_bytes(torn)
    seal = FormSeal(file)
    forged = hmac.new(torn.strip(), b"one", hashlib.sha256).hexdigest()
    assert not seal.fits("one", forged)
    assert FormSeal(file).fits("one", seal.of("one"))
