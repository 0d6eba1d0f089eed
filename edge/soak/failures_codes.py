"""What goes wrong with codes, guesses and the SMS that carry them. For `edge.soak.failures`."""

import asyncio

from edge.locker_ports import RefusalWhy
from edge.soak.failures import failure
from edge.soak.orders import OTHER_KEYPAD, AnySaid, Load, No, PickUp, Reissue, Spoken
from edge.soak.papers import Paper, Where
from edge.soak.post_office import Weather
from edge.soak.promises import Promise
from edge.soak.stage import Stage, is_done

WAIT_S = 0.7  # the longest that a keypad waits in a campaign


@failure("code typed again")
async def replay(stage: Stage) -> None:
    paper = await stage.waiting()
    code = stage.town.code_of(paper)
    await stage.code_still_opens(paper)
    again = await stage.pick_up(paper, code)
    stage.hold(Promise.ONCE, not is_done(again) and stage.town.taken[paper.name] == 1, "a used code opened again")


@failure("one code at two keypads at once")
async def two_keypads(stage: Stage) -> None:
    paper = await stage.waiting()
    other = PickUp(paper.name, stage.town.code_of(paper) or "", OTHER_KEYPAD)
    compartment = stage.town.where_is(paper)
    before = stage.hardware.door(compartment).pulses
    said = await asyncio.gather(stage.pick_up(paper), stage.town.follow(stage.desk, other, stage.town.reach_of(paper)))
    pulses = stage.hardware.door(compartment).pulses - before
    stage.hold(Promise.ONCE, sum(map(is_done, said)) <= 1 and pulses <= 3, f"{said!r} and {pulses} pulses")
    await stage.code_still_opens(paper)


@failure("guessing")
async def brute_force(stage: Stage) -> None:
    """Wrong codes make the keypad wait, then the code is dead; the new one comes to the registered number and opens."""
    paper = await stage.waiting()
    stay = stage.view(stage.town.where_is(paper)).stay or ""
    code, said = stage.town.code_of(paper) or "", None
    waits = 0
    for attempt in range(40):
        said = await stage.pick_up(paper, _other(code, attempt))
        waits += _why(said) is RefusalWhy.WAIT
        if _why(said) is RefusalWhy.WAIT:
            await asyncio.sleep(WAIT_S)
    stage.hold(Promise.ONCE, waits > 0, "nobody had to wait after wrong codes")
    await asyncio.sleep(WAIT_S)
    dead = await stage.pick_up(paper, code)
    stage.hold(Promise.ONCE, _why(dead) is RefusalWhy.DEAD, f"after so many guesses the code is not dead: {dead!r}")
    await _reissued(stage, paper, stay, code)
    await asyncio.sleep(WAIT_S)
    await stage.code_still_opens(paper)


@failure("code of another dossier")
async def anothers_code(stage: Stage) -> None:
    paper, other = await stage.waiting(), await _another(stage)
    said = await stage.pick_up(paper, stage.town.code_of(other))
    stage.hold(Promise.ONCE, _why(said) is RefusalWhy.WRONG, f"a code of another dossier: {said!r}")


@failure("dossier that is nowhere")
async def unknown_dossier(stage: Stage) -> None:
    """The same answer as for a wrong code."""
    paper = await stage.waiting()
    stranger = stage.town.new_paper()
    said = await stage.pick_up(stranger, stage.town.code_of(paper))
    stage.hold(Promise.ONCE, _why(said) is RefusalWhy.WRONG, f"an unknown dossier: {said!r}")


@failure("dossier code with a day that does not exist")
async def bad_date(stage: Stage) -> None:
    said = await stage.town.follow(stage.desk, PickUp("000.00.00.H29-261345-0001", "123456"), lambda _: None)
    stage.hold(Promise.ONCE, _why(said) is RefusalWhy.BAD_DATE, f"an impossible day: {said!r}")


@failure("telephone number that is no mobile's")
async def bad_phone(stage: Stage) -> None:
    """Nothing is reserved, no door moves."""
    paper = stage.town.new_paper()
    said = await stage.town.follow(stage.desk, Load(paper.name, "02838220000"), lambda _: None)
    stage.hold(Promise.KEPT, _why(said) is RefusalWhy.BAD_PHONE, f"a number on a wall: {said!r}")


@failure("code asked for twice at once")
async def resend_race(stage: Stage) -> None:
    """Of two reissues the newer code alone opens."""
    paper = await stage.waiting()
    stay = stage.view(stage.town.where_is(paper)).stay or ""
    old = stage.town.code_of(paper) or ""
    spoken = await asyncio.gather(*(stage.town.follow(stage.desk, Reissue(stay, "phone"), _nobody) for _ in range(2)))
    codes = [said.code for said in spoken if isinstance(said, Spoken)]
    for dead in {old, *codes[:1]} - set(codes[1:]):
        said = await stage.pick_up(paper, dead)
        stage.hold(Promise.ONCE, not is_done(said), "a replaced code opened")
    await asyncio.sleep(WAIT_S)
    if len(codes) == 2:
        said = await stage.pick_up(paper, codes[1])
        stage.hold(Promise.CODES, is_done(said), f"the newest code: {said!r}")


@failure("SMS blocked by the operator")
async def blocked(stage: Stage) -> None:
    """The desk shows it, and a new code read out by telephone opens."""
    await _unsent(stage, Weather.BLOCKED, "failed")


@failure("SMS lost")
async def lost(stage: Stage) -> None:
    """Nobody ever hears of it: it stays unsent on the desk, and a new code read out by telephone opens."""
    await _unsent(stage, Weather.LOST, "queued")


@failure("no credit for SMS")
async def no_credit(stage: Stage) -> None:
    """It stays queued, and goes out when there is credit again."""
    stage.site.post.weather = Weather.NO_CREDIT
    paper = await _loaded(stage)
    if paper is None:
        return
    await asyncio.sleep(0.3)
    shown = stage.view(stage.town.where_is(paper)).sms
    stage.hold(Promise.NOT_SUCCESS, shown == "queued", f"the desk shows {shown} for an SMS that nobody took")
    stage.site.post.weather = Weather.FAIR
    await stage.told(paper)
    await stage.code_still_opens(paper)


@failure("SMS late")
async def slow(stage: Stage) -> None:
    stage.site.post.weather = Weather.SLOW
    paper = await _loaded(stage)
    if paper is not None:
        await stage.told(paper)
        await stage.code_still_opens(paper)


@failure("SMS handed over, the answer lost")
async def doubled(stage: Stage) -> None:
    """It is handed over again under the same reference and comes once."""
    stage.site.post.weather = Weather.FORGETFUL
    paper = await _loaded(stage)
    if paper is None:
        return
    await stage.told(paper)
    await asyncio.sleep(0.5)
    stage.site.post.weather = Weather.FAIR
    texts = len(stage.site.post.phones.texts(paper.phone))
    stage.hold(Promise.ONCE, texts == 1, f"the code came {texts} times")
    await stage.code_still_opens(paper)


async def _unsent(stage: Stage, weather: Weather, status: str) -> None:
    stage.site.post.weather = weather
    paper = await _loaded(stage)
    if paper is None:
        return
    view = stage.view(stage.town.where_is(paper))
    await asyncio.sleep(0.3)  # it is handed over meanwhile
    async with asyncio.timeout(5.0):
        while stage.view(view.compartment).sms != status:  # noqa: ASYNC110 - the picture is looked at
            await asyncio.sleep(0.02)
    said = await stage.town.follow(stage.desk, Reissue(view.stay or "", "phone"), _nobody)
    code = said.code if isinstance(said, Spoken) else ""
    opened = await stage.pick_up(paper, code or "000000")
    stage.hold(Promise.CODES, is_done(opened), f"a code read out by telephone: {opened!r}")


async def _loaded(stage: Stage) -> Paper | None:
    before = set(stage.town.papers)
    await stage.town.load(stage.desk)
    new = [one for name, one in stage.town.papers.items() if name not in before and one.where is Where.INSIDE]
    return new[0] if new else None


async def _another(stage: Stage) -> Paper:
    paper = await _loaded(stage)
    return await stage.told(paper) if paper is not None else stage.town.new_paper()


async def _reissued(stage: Stage, paper: Paper, stay: str, old: str) -> None:
    await stage.town.reissue(stage.desk, stay)
    async with asyncio.timeout(10.0):
        while stage.town.code_of(paper) == old:  # noqa: ASYNC110 - a telephone does not call back
            await asyncio.sleep(0.02)


def _other(code: str, attempt: int) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1 + attempt) % 10 ** len(code):0{len(code)}}"


def _why(said: AnySaid) -> RefusalWhy | None:
    return said.why if isinstance(said, No) else None


def _nobody(_compartment: str) -> None:
    """No hand is at a door."""
