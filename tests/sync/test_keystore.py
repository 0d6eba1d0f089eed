"""Where secrets lie: private files, or sealed by systemd-creds."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from sync.errors import KeyUnusable
from sync.keystore import FileStore, SealedStore, StoreKind, choose_store, leave_others, open_store

HOST_KEY = Path("/var/lib/systemd/credential.secret")
sealed = pytest.mark.skipif(
    shutil.which("systemd-creds") is None or os.geteuid() != 0 or not HOST_KEY.exists(),
    reason="needs root and a machine that ran `systemd-creds setup`",
)


def test_a_file_is_private_from_its_first_byte_and_replaced_as_a_whole(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "identity")
    assert store.read("a") is None
    store.write("a", b"one")
    store.write("a", b"two")
    assert store.read("a") == b"two"
    assert stat.S_IMODE((tmp_path / "identity" / "a").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "identity").iterdir()] == ["a"], "no half-written copy stays"
    store.remove("a")
    assert store.read("a") is None


def test_a_file_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.write("a", b"one")
    (tmp_path / "a").chmod(0o644)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        store.read("a")


@sealed
def test_a_sealed_secret_is_not_in_the_file_and_holds_to_its_name(tmp_path: Path) -> None:
    store = SealedStore(tmp_path, "host")
    store.write("a", b"very secret")
    assert open_store(tmp_path) == SealedStore(tmp_path)
    assert SealedStore(tmp_path).read("a") == b"very secret"
    assert b"very secret" not in (tmp_path / "a.cred").read_bytes()
    (tmp_path / "a.cred").rename(tmp_path / "b.cred")
    with pytest.raises(KeyUnusable, match="systemd-creds decrypt"):
        store.read("b")


@sealed
def test_changing_the_kind_of_store_leaves_no_secret_behind(tmp_path: Path) -> None:
    FileStore(tmp_path).write("a", b"plain")
    chosen = choose_store(tmp_path, StoreKind.SYSTEMD_CREDS)
    chosen.write("a", b"sealed")
    leave_others(tmp_path, chosen, ("a",))
    assert [path.name for path in tmp_path.iterdir()] == ["a.cred"]


def test_where_systemd_creds_does_not_work_it_is_said_or_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert choose_store(tmp_path / "identity", StoreKind.AUTO) == FileStore(tmp_path / "identity")
    with pytest.raises(KeyUnusable, match="not installed"):
        choose_store(tmp_path / "identity", StoreKind.SYSTEMD_CREDS)


def test_a_tool_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "systemd-creds"
    tool.write_text("#!/bin/sh\necho no TPM for you >&2\nexit 1\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(KeyUnusable, match="no TPM for you"):
        choose_store(tmp_path / "identity", StoreKind.SYSTEMD_CREDS)
