"""How `motcua queue` and `motcua faces` reach whoever has the journal: the agent that runs, or nobody but themselves."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from edge.adapters import desk_wire as wire
from edge.adapters.desk_socket import Desk, agent_desk
from edge.cli_common import BAD_USAGE, fail, refusing
from sync.errors import JournalBusy


def answered(
    folder: Path, ask: wire.AnyAsk, alone: Callable[[], AbstractAsyncContextManager[Desk]], *, as_json: bool
) -> wire.AnySay:
    """The answer, from the agent over this data folder, or from `alone`; what cannot be answered ends the command and says why."""

    async def go() -> wire.AnySay:
        async with agent_desk(folder) as agent:
            if agent is not None:
                return await agent.answer(ask)
        async with alone() as desk:
            return await desk.answer(ask)

    with refusing(as_json=as_json):
        try:
            answer = asyncio.run(go())
        except JournalBusy:
            fail(
                "another program has this device's journal and does not answer: an agent that is starting (ask again), "
                "or another motcua command",
                as_json=as_json,
            )
    match answer:
        case wire.NotDefined():
            fail(f"{answer.what} is not defined under [queue]", as_json=as_json, code=BAD_USAGE)
        case wire.NotHere():
            fail(
                "the running agent does not do this: restart it after changing its configuration or version",
                as_json=as_json,
            )
        case wire.NotKept():
            fail(f"nothing was done: {answer.why}", as_json=as_json)
    return answer
