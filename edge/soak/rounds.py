"""What people do in an agent's life, and what is owed to them at the end of the last one. For `edge.soak.kills`."""

import asyncio
import contextlib

from edge.soak.desk import Desk
from edge.soak.promises import Promise
from edge.soak.site import Site
from edge.soak.town import SMS_S

TRIES = 6


async def one_wish(site: Site, desk: Desk) -> None:
    """Somebody comes and wants something. Raise AgentGone."""
    cabinet = await site.town.look(desk)
    papers = [paper for paper in site.town.waiting_papers(cabinet) if site.town.code_of(paper)]
    deposits = site.town.deposits(cabinet)
    dice = site.chance.random()
    if papers and dice < 0.45:
        await site.town.pick_up(desk, site.chance.choice(papers))
    elif deposits and dice < 0.6:
        await site.town.collect(desk, site.chance.choice(deposits))
    elif dice < 0.75:
        await site.town.deposit(desk)
    elif papers and dice < 0.8:
        await site.town.recall(desk, site.town.where_is(site.chance.choice(papers)))
    else:
        await site.town.load(desk)


async def last_round(site: Site, desk: Desk) -> None:
    """Nothing is broken any more: staff tidy up, every code arrives, and every result goes to its citizen."""
    site.town.forget_all()
    await site.town.tidy(desk)
    await site.town.tidy(desk)
    cabinet = await site.check(desk)
    for paper in site.town.waiting_papers(cabinet):
        said = None
        for _ in range(TRIES if await _awaited_code(site, paper.name) else 0):
            said = await site.town.pick_up(desk, paper)
            if site.town.taken[paper.name]:
                break
            await asyncio.sleep(0.5)  # somebody's door is still open, or a coil cools down
        is_given = site.town.taken[paper.name] == 1
        site.promises.hold(Promise.CODES, is_given, f"the code of a waiting result: {said!r}")
    for compartment in site.town.deposits(await site.check(desk)):
        await site.town.collect(desk, compartment)
    await site.check(desk)


async def _awaited_code(site: Site, name: str) -> str | None:
    paper = site.town.papers[name]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SMS_S):
            while site.town.code_of(paper) is None:  # noqa: ASYNC110 - a telephone does not call back
                await asyncio.sleep(0.05)
    return site.town.code_of(paper)
