"""The locker killed with -9 over and over in one data directory, while its doors and its people live on.

`scripts/soak locker` does the same for hours; this is its short form for every change.
"""

from pathlib import Path

import pytest

from edge.soak.kills import Killing
from edge.soak.lives import nursery
from edge.soak.promises import Promise
from edge.soak.site import Site

KILLS = 25


@pytest.mark.timeout(240)
async def test_no_kill_loses_repeats_or_invents_a_handover(tmp_path: Path) -> None:
    site = Site("kerong-cu16", tmp_path, seed=20261128)
    async with nursery(tmp_path / "agents.log") as home, Killing(site, home).open() as killing:
        for _ in range(KILLS):
            await killing.one_life()
        await killing.last_life()
    promises, toll = site.promises, killing.toll
    assert promises.sentences == []
    assert promises.all_held
    assert toll.kills.total() == KILLS
    assert len(toll.kills) > 1, "the moments of the kills are all alike"
    assert toll.at_work > 0, "every agent died with nobody at the cabinet"
    looked = promises.looked  # how often depends on the machine's speed
    assert min(looked[one] for one in (Promise.AUTHORISED, Promise.READ_FIRST, Promise.HANDED_OVER, Promise.ONCE)) > 0
    assert site.auditor.handovers > 0
