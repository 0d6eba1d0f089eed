"""What the link to the city tells, as the device's tiles and in words."""

from pathlib import Path

import pytest

from edge.adapters.uplink import LinkFaults
from edge.web.faults import tile_advice, tile_why
from edge.web.words import Words
from sync.events import DeviceFault, DeviceRecovered
from sync.link import LinkState, LinkStatus
from sync.marks import ReceiptOutcome
from sync.mqtt import Version
from tests.edge.sentences import strings
from tests.edge.services.centre import Centre

WORDS = Words(strings(), "en")


@pytest.mark.parametrize(
    ("state", "why", "advice"),
    [
        (
            LinkState.LOST,
            "The connection to the city is lost.",
            "Check the network. Events are kept here and sent later.",
        ),
        (LinkState.REFUSED, "Refused.", "Ask the technician to check the configuration."),
    ],
)
async def test_a_link_that_is_down_is_told_in_its_own_words(
    tmp_path: Path, state: LinkState, why: str, advice: str
) -> None:
    centre = await Centre.open(tmp_path)
    link = LinkFaults(centre.faults, centre.clock)
    link(LinkStatus(state, None, "no route"))
    await link.settled()
    (tile,) = centre.faults.tiles()
    assert (tile.part, tile.ok, tile_why(WORDS, tile), tile_advice(WORDS, tile)) == ("mqtt", False, why, advice)

    link(LinkStatus(LinkState.CONNECTED, Version.V5))
    await link.settled()
    assert [tile.ok for tile in centre.faults.tiles()] == [True]
    await centre.journal.close()


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        (ReceiptOutcome.MISMATCH, "The city holds another history than this machine's journal."),
        (ReceiptOutcome.AHEAD, "The city holds more events than this machine ever recorded."),
    ],
)
async def test_a_receipt_that_contradicts_the_journal_is_a_fault_over_restarts_until_one_agrees(
    tmp_path: Path, outcome: ReceiptOutcome, why: str
) -> None:
    centre = await Centre.open(tmp_path)
    for told in (outcome, outcome, ReceiptOutcome.GONE):
        await LinkFaults(centre.faults, centre.clock).receipt(told)
    again = await centre.killed()
    (tile,) = again.faults.tiles()
    assert (tile.part, tile.ok, tile_why(WORDS, tile)) == ("link", False, why)
    assert "Nothing is deleted" in tile_advice(WORDS, tile)

    await LinkFaults(again.faults, again.clock).receipt(ReceiptOutcome.STALE)
    assert [tile.ok for tile in again.faults.tiles()] == [True]
    expected = [DeviceFault(part="link", why=f"receipt_{outcome}"), DeviceRecovered(part="link", after_s=0.0)]
    assert await again.events(DeviceFault, DeviceRecovered) == expected
    await again.journal.close()
