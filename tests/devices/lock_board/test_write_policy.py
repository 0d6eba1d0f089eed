"""What may leave the port: readings, and an unlock once for each permit."""

import pytest

from devices.lock_board.codec import BadChannel
from devices.lock_board.families import FAMILIES, codec_of
from devices.lock_board.write_policy import PermitExpired, Reach, WritePolicy, WriteRefused


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def policy_of(family: str, clock: Clock, pulse_ms: int | None = None) -> WritePolicy:
    return WritePolicy(codec_of(family), {1: Reach(4, pulse_ms)}, clock=clock)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_unlock_leaves_once_for_each_permit(family: str) -> None:
    policy = policy_of(family, Clock())
    unlock = codec_of(family).unlock(1, 3).frame
    with pytest.raises(WriteRefused):
        policy.let_out(unlock)
    policy.permit_unlock(1, 3)
    policy.let_out(unlock)
    with pytest.raises(WriteRefused):
        policy.let_out(unlock)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_permit_is_for_one_door(family: str) -> None:
    policy = policy_of(family, Clock())
    policy.permit_unlock(1, 3)
    with pytest.raises(WriteRefused):
        policy.let_out(codec_of(family).unlock(1, 2).frame)
    policy.let_out(codec_of(family).unlock(1, 3).frame)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_permit_expires_and_is_used_up_by_that(family: str) -> None:
    clock = Clock()
    policy = policy_of(family, clock)
    unlock = codec_of(family).unlock(1, 1).frame
    policy.permit_unlock(1, 1, ttl_s=2.0)
    clock.now += 2.1
    with pytest.raises(PermitExpired):
        policy.let_out(unlock)
    with pytest.raises(WriteRefused) as refused:
        policy.let_out(unlock)
    assert not isinstance(refused.value, PermitExpired)


@pytest.mark.parametrize("family", FAMILIES)
def test_readings_of_configured_boards_always_leave_and_others_never(family: str) -> None:
    codec = codec_of(family)
    policy = policy_of(family, Clock())
    for _ in range(3):
        policy.let_out(codec.read_all(1, 4).frame)
        policy.let_out(codec.read_one(1, 2, 4).frame)
    with pytest.raises(WriteRefused):
        policy.let_out(codec.read_all(2, 4).frame)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_door_that_is_not_configured_cannot_even_be_permitted(family: str) -> None:
    policy = policy_of(family, Clock())
    for board, channel in ((1, 5), (2, 1), (1, 0)):
        with pytest.raises(BadChannel):
            policy.permit_unlock(board, channel)


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_but_whole_known_frames_leaves(family: str) -> None:
    """Every single flipped bit of every frame that may leave is refused, permits or not."""
    codec = codec_of(family)
    policy = policy_of(family, Clock())
    policy.permit_unlock(1, 1)
    for frame in (codec.unlock(1, 1).frame, codec.read_all(1, 4).frame):
        for bit in range(len(frame) * 8):
            spoilt = bytearray(frame)
            spoilt[bit // 8] ^= 1 << bit % 8
            with pytest.raises(WriteRefused):
                policy.let_out(bytes(spoilt))
    with pytest.raises(WriteRefused):
        policy.let_out(codec.unlock(1, 1).frame * 2)
    policy.let_out(codec.unlock(1, 1).frame)


def test_a_permit_can_be_taken_back() -> None:
    policy = policy_of("wkly", Clock())
    policy.permit_unlock(1, 1)
    policy.revoke(1, 1)
    with pytest.raises(WriteRefused):
        policy.let_out(codec_of("wkly").unlock(1, 1).frame)


def test_only_the_configured_pulse_may_be_used() -> None:
    policy = policy_of("modbus", Clock(), pulse_ms=500)
    policy.permit_unlock(1, 1)
    with pytest.raises(WriteRefused):
        policy.let_out(codec_of("modbus").unlock(1, 1, 900).frame)
    policy.let_out(codec_of("modbus").unlock(1, 1, 500).frame)


def test_a_pulse_length_is_stored_once_for_each_permit() -> None:
    policy = policy_of("kerong-cu16", Clock(), pulse_ms=500)
    setting = codec_of("kerong-cu16").set_pulse(1, 500)
    assert setting is not None
    with pytest.raises(WriteRefused):
        policy.let_out(setting.frame)
    policy.permit_pulse_setting(1)
    policy.let_out(setting.frame)
    with pytest.raises(WriteRefused):
        policy.let_out(setting.frame)


def test_a_board_that_stores_no_pulse_has_no_setting() -> None:
    with pytest.raises(BadChannel):
        policy_of("wkly", Clock()).permit_pulse_setting(1)
