"""A number at rest is read back by the device that wrote it, and by nobody else."""

import stat
from pathlib import Path

import pytest

from edge.adapters.seal import DeviceSeal, KeyFileUnusable, device_key


def test_what_was_sealed_opens_after_a_restart_and_never_looks_the_same(tmp_path: Path) -> None:
    file = tmp_path / "locker.key"
    seal = DeviceSeal(device_key(file))
    first, second = seal.close("+84912345678"), seal.close("+84912345678")
    assert first != second
    assert b"912345678" not in first
    assert DeviceSeal(device_key(file)).open(first) == "+84912345678"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("spoil", [lambda sealed: b"", lambda sealed: sealed[:-1], lambda sealed: sealed[::-1]])
def test_what_another_key_sealed_or_a_disk_spoilt_is_refused(tmp_path: Path, spoil: object) -> None:
    seal = DeviceSeal(device_key(tmp_path / "one"))
    with pytest.raises(ValueError, match="another key"):
        seal.open(spoil(seal.close("x")))  # type: ignore[operator]
    with pytest.raises(ValueError, match="another key"):
        DeviceSeal(device_key(tmp_path / "two")).open(seal.close("x"))


@pytest.mark.parametrize(
    ("text", "mode", "says"), [("00" * 32, 0o644, "chmod 600"), ("zz", 0o600, "not a key"), ("00", 0o600, "not a key")]
)
def test_a_key_file_that_is_no_secret_or_no_key_says_what_to_do(
    tmp_path: Path, text: str, mode: int, says: str
) -> None:
    file = tmp_path / "locker.key"
    file.write_text(text)
    file.chmod(mode)
    with pytest.raises(KeyFileUnusable, match=says):
        device_key(file)
