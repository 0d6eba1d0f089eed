import asyncio
import errno
import json
from pathlib import Path

import pyotp
import pytest

from edge.web import login
from edge.web.login import FIRST_WAIT_S, FREE_TRIES, LONGEST_WAIT_S, Backoff, LoginDesk, Refused, StepMemory
from edge.web.users import Role, User, UserBook, create_user

PIN = "482915"
NOON = 1_800_000_000.0


class Door:
    def __init__(self, folder: Path) -> None:
        self.user = create_user(folder / "users.toml", "lanh-dao-1", Role.LEADER, PIN)
        self.wall, self.seconds, self._folder = NOON, 0.0, folder
        self.steps_file = folder / "steps.json"
        self.desk = self.reopened()

    def reopened(self) -> LoginDesk:
        """As after a restart of the agent."""
        steps = StepMemory(self.steps_file, lambda: self.wall)
        book = UserBook(self._folder / "users.toml")
        return LoginDesk(book, steps, wall=lambda: self.wall, monotonic=lambda: self.seconds)

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.user.totp_secret).at(int(self.wall) + 30 * steps)

    async def enter(self, name: str = "lanh-dao-1", pin: str = PIN, code: str | None = None) -> User | Refused:
        return await self.desk.attempt(name, pin, self.code() if code is None else code)


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


async def test_pin_and_code_let_in(door: Door) -> None:
    assert await door.enter() == door.user


async def test_spaces_and_capitals_do_not_matter(door: Door) -> None:
    code = door.code()
    assert await door.enter(name=" Lanh-Dao-1 ", code=f"{code[:3]} {code[3:]}") == door.user


@pytest.mark.parametrize("drift", [-1, 1])
async def test_a_clock_one_step_off_is_forgiven(door: Door, drift: int) -> None:
    assert await door.enter(code=door.code(drift)) == door.user


@pytest.mark.parametrize("drift", [-2, 2])
async def test_a_clock_two_steps_off_is_not(door: Door, drift: int) -> None:
    assert await door.enter(code=door.code(drift)) == Refused()


async def test_a_code_works_once_even_after_a_restart(door: Door) -> None:
    await door.enter()
    assert await door.enter() == Refused()
    door.desk = door.reopened()
    assert await door.enter() == Refused()
    door.wall += 30
    assert await door.enter() == door.user


async def test_an_older_code_does_not_work_after_a_newer_one(door: Door) -> None:
    await door.enter(code=door.code(1))
    assert await door.enter(code=door.code(0)) == Refused()


async def test_a_wrong_pin_does_not_burn_the_code(door: Door) -> None:
    await door.enter(pin="000001")
    assert await door.enter() == door.user


async def test_unknown_user_wrong_pin_and_wrong_code_get_the_same_answer(door: Door) -> None:
    wrong_code = "000000" if door.code() != "000000" else "000001"
    answers = [
        await door.enter(name="ai-do"),
        await door.enter(pin="000001"),
        await door.enter(code=wrong_code),
    ]
    assert answers == [Refused()] * 3


@pytest.mark.parametrize("name", ["lanh-dao-1", "ai-do"])
async def test_wrong_tries_make_everybody_wait_longer_and_longer(door: Door, name: str) -> None:
    for _ in range(FREE_TRIES - 1):
        assert await door.enter(name=name, pin="000001") == Refused()
    assert await door.enter(name=name, pin="000001") == Refused(FIRST_WAIT_S)
    assert await door.enter(name=name) == Refused(FIRST_WAIT_S), "even the right PIN waits"
    door.seconds += FIRST_WAIT_S
    assert await door.enter(name=name, pin="000001") == Refused(2 * FIRST_WAIT_S)


async def test_the_right_one_gets_in_after_the_wait_and_starts_afresh(door: Door) -> None:
    for _ in range(FREE_TRIES):
        await door.enter(pin="000001")
    door.seconds += FIRST_WAIT_S
    assert await door.enter() == door.user
    assert await door.enter(pin="000001") == Refused()


def test_the_wait_has_an_end_and_the_memory_a_bound() -> None:
    backoff = Backoff(lambda: 0.0)
    assert max(backoff.wrong("a1") for _ in range(30)) == LONGEST_WAIT_S
    for number in range(1500):
        backoff.wrong(f"name-{number}")
    assert backoff.wait_s("a1") == 0.0
    assert len(backoff._wrong) == 1000


async def test_a_flood_of_tries_is_turned_away(door: Door) -> None:
    answers = await asyncio.gather(*(door.enter(name=f"n{number}", pin="1") for number in range(30)))
    assert Refused(1.0) in answers


async def test_what_is_kept_on_disk_is_steps_alone(door: Door, tmp_path: Path) -> None:
    await door.enter()
    assert json.loads((tmp_path / "steps.json").read_text()) == {"lanh-dao-1": int(NOON) // 30}


@pytest.mark.parametrize("text", ["", "x" * 5000, "đ\u0000", "１２３４５６"])
async def test_odd_input_is_only_wrong(door: Door, text: str) -> None:
    assert isinstance(await door.enter(name=text, pin=text, code=text), Refused)


@pytest.mark.parametrize("torn", [b"", b"{", b"\xff\xfe", b"[1]", b'{"lanh-dao-1": "x"}', b"null"])
async def test_a_damaged_memory_of_codes_starts_and_takes_no_code_of_before(
    door: Door, torn: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    used = door.code(1)  # the one of the next half minute is good already
    assert isinstance(await door.enter(code=used), User)
    door.steps_file.write_bytes(torn)
    door.desk = door.reopened()
    assert isinstance(await door.enter(code=used), Refused)
    assert "steps.json" in caplog.text
    door.wall += 60
    assert isinstance(await door.enter(), User)
    door.desk = door.reopened()
    assert isinstance(await door.enter(), Refused), "the memory is whole again"


async def test_a_disk_that_takes_nothing_locks_nobody_out_and_each_code_is_still_good_once(
    door: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(login, "write_secret", full)
    assert isinstance(await door.enter(), User)
    assert isinstance(await door.enter(), Refused)
    assert "No space left" in caplog.text
