"""The socket of queue and faces: the running agent does what `motcua queue` and `motcua faces` ask, for it has the journal.

`DeskCommands` answers in the agent, and in the command line itself where no agent runs.
"""

import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from edge.adapters import desk_wire as wire
from edge.adapters.line_socket import AgentSilent, LineClient, LineSocket, silent
from edge.domain.consent import BadName, Ended
from edge.face_ports import Enrolled, FaceBook
from edge.ports import NotThere
from edge.queue_ports import Action, Declined, QueueDesk
from sync.errors import JournalError

log = logging.getLogger(__name__)

NAME = "desk.socket"
ANSWER_S = 20.0
_MALFORMED = (msgspec.MsgspecError, UnicodeDecodeError)


class Desk(Protocol):
    """Whoever answers: the agent behind its socket, or desks put together for one command."""

    async def answer(self, ask: wire.AnyAsk) -> wire.AnySay: ...


@dataclass(frozen=True, slots=True)
class DeskCommands:
    """The parts that answer; None where the device has no such station."""

    queue: QueueDesk | None = None
    faces: FaceBook | None = None

    async def answer(self, ask: wire.AnyAsk) -> wire.AnySay:
        try:
            match ask:
                case wire.Issue() | wire.Call() if self.queue is not None:
                    return await _queue(self.queue, ask)
                case wire.Enrol() | wire.Forget() if self.faces is not None:
                    return await _faces(self.faces, ask)
        except NotThere as error:
            return wire.NotDefined(what=str(error.args[0]))
        except JournalError as error:
            return wire.NotKept(why=str(error))
        except BadName:
            pass
        return wire.NotHere()


class DeskSocket(LineSocket):
    """The agent's end; `run` until cancelled."""

    def __init__(self, folder: Path, commands: DeskCommands) -> None:
        super().__init__(folder / NAME, lambda: _Lines(commands))


class _Lines:
    def __init__(self, commands: DeskCommands) -> None:
        self._commands = commands

    async def answer(self, line: bytes) -> AsyncIterator[bytes]:
        try:
            ask = wire.decode_ask(line)
        except _MALFORMED:
            yield wire.encode(wire.NotHere())
            return
        log.info("desk terminal: %s", type(ask).__name__.lower())
        yield wire.encode(await self._commands.answer(ask))


class AgentDesk:
    """The command line's end of an agent that runs."""

    def __init__(self, line: LineClient) -> None:
        self._line = line

    async def answer(self, ask: wire.AnyAsk) -> wire.AnySay:
        """Raise AgentSilent."""
        self._line.send(wire.encode(ask))
        line = await self._line.receive(ANSWER_S)
        try:
            return wire.decode_say(line)
        except _MALFORMED as error:
            raise silent() from error


@contextlib.asynccontextmanager
async def agent_desk(folder: Path) -> AsyncIterator[AgentDesk | None]:
    """None when no agent runs over this data folder. Raise PermissionError for somebody else's."""
    async with LineClient.connect(folder / NAME) as line:
        yield None if line is None else AgentDesk(line)


async def _queue(desk: QueueDesk, ask: wire.Issue | wire.Call) -> wire.AnySay:
    if isinstance(ask, wire.Issue):
        answer = await desk.issue(ask.service, ask.priority)
        return wire.NotIssued(declined=answer) if isinstance(answer, Declined) else wire.Issued(slip=answer)
    if ask.ticket is None:
        refused = await desk.call_next(ask.counter)
    else:
        refused = await desk.press(ask.counter, ask.ticket, Action.CALL)
    current = desk.panel(ask.counter).current
    return wire.Called(number=current.label if current else None, refused=refused)


async def _faces(book: FaceBook, ask: wire.Enrol | wire.Forget) -> wire.AnySay:
    if isinstance(ask, wire.Forget):
        return wire.Forgotten(was_there=await book.forget(ask.person, Ended.PERSON_ASKED, ask.by))
    answer = await book.enrol(wire.application_of(ask))
    return wire.Member(enrolled=answer) if isinstance(answer, Enrolled) else wire.NotEnrolled(refused=answer)


__all__ = ["AgentDesk", "AgentSilent", "Desk", "DeskCommands", "DeskSocket", "agent_desk"]
