"""The campaign itself, in its shortest form: failures strike where they should, and a locker that breaks a promise is found out."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.locker_ports import TraceRow
from edge.soak import campaign, locker
from edge.soak.failures import CATALOGUE, Failure
from edge.soak.failures_disk import set_pragma
from edge.soak.hardware import BOARDS, Hardware
from edge.soak.progress import News
from edge.soak.promises import Promise
from edge.soak.site import Site
from edge.soak.stage import NotRecovered, Stage, _is_at_peace, is_done

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage(Site("wkly", tmp_path, seed=4)).open() as stage:
        yield stage


def named(name: str) -> Failure:
    return next(one for one in CATALOGUE if one.name == name)


@pytest.mark.parametrize(
    "name",
    ["reply to the unlock lost", "power cut at the pulse", "door forced", "code typed again", "disk read-only"],
)
async def test_a_failure_is_survived(stage: Stage, name: str) -> None:
    await named(name).play(stage)
    await stage.settled()
    assert stage.site.promises.sentences == []
    assert stage.site.promises.looked.total() > 0


async def test_a_pulse_that_nobody_authorised_is_found_out(stage: Stage) -> None:
    """Another master on the line opens a door."""
    line = stage.hardware.cabinet.line
    frame = next(frame for frame, name in stage.hardware.unlock_frames.items() if name == "n03")
    line.from_port(frame)
    await stage.hardware.door("n03").wait_open()
    assert stage.site.promises.broken[Promise.AUTHORISED] == 1


async def test_a_screen_that_says_done_over_a_door_nobody_saw_open_is_found_out(stage: Stage) -> None:
    """The door moves behind the bystander's back: as if the locker had made it up."""
    hardware = stage.hardware
    hardware.on_move = lambda name, is_open: stage.later(0.3, lambda: hardware.push(name)) if is_open else None
    said = await stage.town.load(stage.desk)
    assert is_done(said)
    stage.site.audit()
    assert {Promise.NOT_SUCCESS, Promise.HANDED_OVER, Promise.NOT_INVENTED} <= set(stage.site.promises.broken)


async def test_a_turn_does_not_end_before_the_locker_is_trusted_again(stage: Stage) -> None:
    """Nobody has mended the disk: whatever is played next would be blamed for it."""
    await set_pragma(stage, "PRAGMA query_only = 1")
    await stage.town.load(stage.desk)
    with pytest.raises(NotRecovered, match="distrust disk"):
        await stage.settled()
    await stage.restart()
    await stage.settled()


def row(*, sent: bool) -> TraceRow:
    return TraceRow(datetime.now(UTC), "b1", sent, "00", "doors", {})


@pytest.mark.parametrize(
    ("sent", "is_at_peace"),
    [
        ([], True),
        ([True], True),
        ([True, False] * 6, True),
        ([True, True, *[True, False] * 4], True),  # long ago
        ([True, False, True, True, False, True, False], False),  # one question had no answer
        ([True, False, True, False, False, True, False], False),  # one had two
    ],
)
def test_a_line_is_at_peace_when_frames_go_out_and_come_in_by_turns(sent: list[bool], is_at_peace: bool) -> None:
    assert _is_at_peace([row(sent=one) for one in sent]) is is_at_peace


def test_every_protocol_has_its_failures() -> None:
    names = [one.name for one in CATALOGUE]
    assert len(set(names)) == len(names)
    assert all(len(campaign.catalogue(family)) > 50 for family in BOARDS)
    assert {family for one in CATALOGUE for family in one.but_not} <= set(BOARDS)


@pytest.mark.parametrize("family", BOARDS)
async def test_unlocks_of_different_doors_are_different_frames(family: str, tmp_path: Path) -> None:
    hardware = Hardware(family, tmp_path / "line")
    assert sorted(hardware.unlock_frames.values()) == sorted(hardware.places)


async def test_a_campaign_has_a_figure_and_a_result(tmp_path: Path) -> None:
    heard: Counter[News] = Counter()
    result = await locker.run(0.001, 3, lambda news, _: heard.update([news]), families=("xor8a",), folder=tmp_path)
    assert result.promises.sentences == []
    assert result.all_held
    assert result.kills.total() == heard[News.KILL] == result.kills_wanted > 0
    assert result.injected == heard[News.FAILURE] > 0
    assert result.figure().endswith("0 promises broken")
    assert result.as_json()["all_held"] is True


def test_a_broken_promise_or_a_missing_kill_is_no_success() -> None:
    few = locker.Result(1, ("xor8a",), kills_wanted=3)
    assert not few.all_held
    broken = locker.Result(1, ("xor8a",))
    broken.promises.hold(Promise.ONCE, False, "twice")
    assert not broken.all_held
    assert broken.figure().endswith("1 promises broken")
