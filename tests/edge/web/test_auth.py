import hashlib
import hmac
from pathlib import Path

import pytest

from edge.web.auth import FormSeal, Sessions
from edge.web.users import Role, UserBook, create_user, remove_user

PIN = "482915"


class Hall:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "users.toml"
        self.officer = create_user(self.file, "quay-01", Role.OFFICER, PIN, ("quay-01",))
        self.leader = create_user(self.file, "lanh-dao-1", Role.LEADER, PIN)
        self.technician = create_user(self.file, "ky-thuat", Role.TECHNICIAN, PIN)
        self.seconds = 0.0
        self.sessions = Sessions(UserBook(self.file), 3600, lambda: self.seconds)


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
