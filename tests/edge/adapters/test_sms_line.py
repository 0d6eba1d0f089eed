"""What is wrong with the way to phones is a tile before an alert needs it."""

from pathlib import Path

import pytest

from devices.sms.channel import ChannelHealth, SmsUnavailable
from devices.sms.phone_sim import PhoneSimChannel
from devices.sms.smsd_channel import SmsdChannel
from devices.sms.smsd_config import make_spool
from devices.sms.smsd_spool import SmsdSpool
from edge.adapters.sms import LineCheck
from edge.web.faults import tile_advice, tile_why
from edge.web.words import Words
from tests.edge.sentences import strings
from tests.edge.services.centre import Centre

WORDS = Words(strings(), "en")


class Ill(PhoneSimChannel):
    """Simulated phones behind a line that is as ill as asked for."""

    def __init__(self, path: Path, now: ChannelHealth | SmsUnavailable) -> None:
        super().__init__(path)
        self.now = now

    async def health(self) -> ChannelHealth:
        if isinstance(self.now, SmsUnavailable):
            raise self.now
        return self.now


@pytest.mark.parametrize(
    ("health", "why", "words"),
    [
        (ChannelHealth(is_alive=False, why="smsd_not_running"), "smsd_not_running", "(smsd) is not running"),
        (ChannelHealth(is_alive=False, why="spool_gone"), "spool_gone", "message folder cannot be opened"),
        (ChannelHealth(is_alive=False, why="gateway_lost"), "gateway_lost", "gateway does not answer"),
        (ChannelHealth(is_alive=True, waiting=1, oldest_waiting_s=301.0), "not_sent", "were not sent"),
        (ChannelHealth(is_alive=False, why="something new"), "unavailable", "Not available for now."),
        (SmsUnavailable("the channel's file cannot be used"), "unavailable", "Not available for now."),
    ],
)
async def test_an_ill_line_is_a_fault_in_its_own_words_until_it_is_well(
    tmp_path: Path, health: ChannelHealth | SmsUnavailable, why: str, words: str
) -> None:
    centre = await Centre.open(tmp_path)
    line = Ill(tmp_path / "phones", health)
    check = LineCheck(line, centre.faults).check
    await check()
    await check()
    (tile,) = centre.faults.tiles()
    assert (tile.part, tile.why, tile.ok) == ("sms_line", why, False)
    assert words in tile_why(WORDS, tile)
    assert tile_advice(WORDS, tile) != WORDS("page.advice.unknown")

    line.now = ChannelHealth(is_alive=True, waiting=3, oldest_waiting_s=299.0)
    await check()
    assert [tile.ok for tile in centre.faults.tiles()] == [True]
    await centre.journal.close()


async def test_a_real_spool_without_an_smsd_is_told(tmp_path: Path) -> None:
    centre = await Centre.open(tmp_path)
    check = LineCheck(SmsdChannel(SmsdSpool(tmp_path / "spool")), centre.faults).check
    await check()
    assert centre.faults.why("sms_line") == "spool_gone"
    make_spool(tmp_path / "spool")
    await check()
    assert centre.faults.why("sms_line") == "smsd_not_running"
    await centre.journal.close()
