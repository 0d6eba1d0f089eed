import errno
import os
import re
import stat
from pathlib import Path

import pyotp
import pytest
from pydantic import TypeAdapter

from config.fields import Key
from edge.web.users import (
    SCRYPT_N,
    PinHash,
    Role,
    UserBook,
    UserRefused,
    UsersFileExposed,
    UsersFileInvalid,
    create_user,
    load_users,
    provisioning_uri,
    remove_user,
    svg_qr,
    terminal_qr,
)

PIN = "482915"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "users.toml"


def test_a_created_user_is_read_back_as_written(path: Path) -> None:
    officer = create_user(path, "quay-01", Role.OFFICER, PIN, ("quay-01", "quay-02"))
    leader = create_user(path, "lanh-dao-1", Role.LEADER, PIN)
    assert load_users(path) == {"quay-01": officer, "lanh-dao-1": leader}


@pytest.mark.parametrize("counter", ["1", "quay-" + "x" * 35])
def test_every_counter_that_a_configuration_may_name_can_be_an_officers(path: Path, counter: str) -> None:
    assert TypeAdapter(Key).validate_python(counter) == counter
    assert create_user(path, "quay-01", Role.OFFICER, PIN, (counter,)).counters == (counter,)


def test_the_file_is_for_its_owner_only_and_holds_no_plain_pin(path: Path) -> None:
    create_user(path, "quay-01", Role.OFFICER, PIN, ("quay-01",))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert PIN not in path.read_text(encoding="utf-8")


def test_a_full_disk_leaves_the_old_file_and_no_copy_of_the_new_secrets(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = create_user(path, "quay-01", Role.OFFICER, PIN, ("quay-01",))

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        create_user(path, "lanh-dao-1", Role.LEADER, PIN)
    assert load_users(path) == {"quay-01": officer}
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_root_writes_belongs_to_who_has_to_read_it(tmp_path: Path) -> None:
    """`sudo motcua users remove` locked the agent out of its own users file: the removed went on, and nothing started again."""
    folder = tmp_path / "data"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    create_user(folder / "users.toml", "quay-01", Role.OFFICER, PIN)
    assert (folder / "users.toml").stat().st_uid == 65534


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize(
    ("folder_owner", "file_owner", "expected"),
    [
        ((0, 0), (65534, 65533), (65534, 65533)),
        ((65534, 65534), (65533, 65532), (65533, 65532)),
        ((0, 0), (0, 65534), (0, 65534)),
        ((65534, 65534), (0, 0), (65534, 65534)),  # left there by a program that mended nothing
    ],
)
def test_what_root_writes_again_keeps_its_owner(
    tmp_path: Path, folder_owner: tuple[int, int], file_owner: tuple[int, int], expected: tuple[int, int]
) -> None:
    """`[web] users_file` may name a folder of root's, beside other secrets."""
    path = tmp_path / "secrets" / "users.toml"
    create_user(path, "quay-01", Role.OFFICER, PIN)
    os.chown(path.parent, *folder_owner)
    os.chown(path, *file_owner)
    create_user(path, "quay-02", Role.OFFICER, PIN)
    found = path.stat()
    assert (found.st_uid, found.st_gid) == expected
    assert stat.S_IMODE(found.st_mode) == 0o600


def refuse(*_: object, **__: object) -> str:
    raise PermissionError(errno.EACCES, "Permission denied")


def test_a_file_that_cannot_be_read_is_one_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_user(path, "quay-01", Role.OFFICER, PIN)
    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(UsersFileInvalid, match=r"Permission denied; run: chown"):
        load_users(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize(("owner", "advice"), [(65534, "--reference={0} {0}/u"), (0, "root {0}/u (if the agent runs")])
def test_the_advice_gives_the_file_to_its_reader_and_not_to_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: int, advice: str
) -> None:
    """In a folder of root's it is whoever met the error, in this test called root."""
    create_user(tmp_path / "u", "quay-01", Role.OFFICER, PIN)
    os.chown(tmp_path, owner, owner)
    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(UsersFileInvalid, match=re.escape("run: chown " + advice.format(tmp_path))):
        load_users(tmp_path / "u")


def test_a_file_others_can_read_is_refused(path: Path) -> None:
    create_user(path, "lanh-dao-1", Role.LEADER, PIN)
    path.chmod(0o640)
    with pytest.raises(UsersFileExposed, match="chmod 600"):
        load_users(path)


def test_a_missing_file_is_an_empty_book(path: Path) -> None:
    assert load_users(path) == {}


@pytest.mark.parametrize(
    "text",
    [
        "users = 3",
        "[users.a1",
        '[users.x1]\nrole = "king"\npin = "scrypt$16384$8$1$AA==$AA=="\ntotp = "AAAA"',
        '[users.x1]\nrole = "leader"\npin = "plain"\ntotp = "AAAA"',
        '[users.x1]\nrole = "leader"\npin = "scrypt$16384$8$1$AA==$AA=="\ntotp = "1!"',
        '[users.x1]\nrole = "leader"\npin = "scrypt$16384$8$1$AA==$AA=="\ntotp = "JBSWY3DP"',
        '[users.x1]\nrole = "leader"\npin = "scrypt$2$8$1$AA==$AA=="\ntotp = "AAAA"',
        '[users.x1]\nrole = "leader"\npin = "scrypt$16384$8$1$AA==$AA=="\ntotp = "AAAA"\nroles = 1',
        '[users."A B"]\nrole = "leader"\npin = "scrypt$16384$8$1$AA==$AA=="\ntotp = "AAAA"',
        '[users.x1]\nrole = "leader"\ncounters = "a"\npin = "scrypt$16384$8$1$AA==$AA=="\ntotp = "AAAA"',
        '[users.x1]\nrole = "leader"\npin = "scrypt$16384$8$1$AA==$AA=="',
    ],
)
def test_a_broken_file_is_one_error(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(UsersFileInvalid):
        load_users(path)


def test_an_officer_of_a_cabinet_needs_no_counter(path: Path) -> None:
    create_user(path, "tu-ho-so", Role.OFFICER, PIN)
    assert load_users(path)["tu-ho-so"].counters == ()


@pytest.mark.parametrize(
    ("name", "role", "pin", "counters"),
    [
        ("Quầy 1", Role.LEADER, PIN, ()),
        ("a", Role.LEADER, PIN, ()),
        ("quay-01", Role.LEADER, "12345", ()),
        ("quay-01", Role.LEADER, "111111", ()),
        ("quay-01", Role.LEADER, "123456", ()),
        ("quay-01", Role.LEADER, "987654", ()),
        ("quay-01", Role.LEADER, "48291x", ()),
        ("quay-01", Role.OFFICER, PIN, ('"',)),
    ],
)
def test_a_weak_or_odd_user_is_refused(path: Path, name: str, role: Role, pin: str, counters: tuple[str, ...]) -> None:
    with pytest.raises(UserRefused):
        create_user(path, name, role, pin, counters)
    assert not path.exists()


def test_a_pin_matches_only_itself() -> None:
    written = str(PinHash.of(PIN))
    assert PinHash.parse(written).matches(PIN)
    assert not PinHash.parse(written).matches("482916")
    assert str(PinHash.of(PIN)) != written, "every hash has its own salt"


def test_a_guess_is_expensive() -> None:
    assert SCRYPT_N >= 2**14, "as imported; the other tests run with a cheaper one"


def test_a_user_shows_no_secret_in_logs(path: Path) -> None:
    user = create_user(path, "lanh-dao-1", Role.LEADER, PIN)
    assert user.totp_secret not in repr(user)
    assert str(user.pin) not in repr(user)


def test_the_book_sees_changes_and_removal(path: Path) -> None:
    create_user(path, "lanh-dao-1", Role.LEADER, PIN)
    book = UserBook(path)
    create_user(path, "ky-thuat", Role.TECHNICIAN, PIN)
    assert book.get("ky-thuat") is not None
    assert remove_user(path, "ky-thuat")
    assert not remove_user(path, "ky-thuat")
    assert book.get("ky-thuat") is None


def test_a_file_that_goes_bad_keeps_the_last_good_one(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    create_user(path, "lanh-dao-1", Role.LEADER, PIN)
    book = UserBook(path)
    path.write_text("[users", encoding="utf-8")
    assert book.get("lanh-dao-1") is not None
    assert book.get("lanh-dao-1") is not None
    assert len(caplog.records) == 1


def test_an_authenticator_app_reads_the_uri(path: Path) -> None:
    user = create_user(path, "lanh-dao-1", Role.LEADER, PIN)
    uri = provisioning_uri(user, "Một Cửa")
    found = pyotp.parse_uri(uri)
    assert isinstance(found, pyotp.TOTP)
    assert (found.secret, found.name, found.issuer) == (user.totp_secret, "lanh-dao-1", "Một Cửa")
    assert "<svg" in svg_qr(uri)
    assert "█" in terminal_qr(uri)


def test_wards_are_kept_as_people_write_them(tmp_path: Path) -> None:
    made = create_user(tmp_path / "u.toml", "phuong", Role.OFFICER, "482915", wards=("Phường Bến Nghé", "Xã 1"))
    assert load_users(tmp_path / "u.toml")["phuong"] == made
    assert made.wards == ("Phường Bến Nghé", "Xã 1")


@pytest.mark.parametrize("ward", ["", 'a"b', "a\nb", "a\\b", "x" * 61])
def test_a_ward_that_would_not_come_back_is_refused(tmp_path: Path, ward: str) -> None:
    with pytest.raises(UserRefused, match="ward"):
        create_user(tmp_path / "u.toml", "phuong", Role.OFFICER, "482915", wards=(ward,))
