"""What `motcua queue` and `motcua faces` say to the running agent, and it to them: one JSON object a line.

A face that enrols crosses here with its numbers and the chosen name, over a socket that only the agent's own user may open; neither
end logs a line, and no repr shows them.
"""

import msgspec

from edge.domain.consent import ChosenName, Shot
from edge.domain.recognition import Aliveness
from edge.face_ports import Application, Enrolled, Refused
from edge.queue_ports import Declined, Priority, Refusal, Slip


class Ask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="ask", tag=str.lower):
    """A line of the command line."""


class Issue(Ask, frozen=True, kw_only=True):
    """Take a number."""

    service: str
    priority: Priority


class Call(Ask, frozen=True, kw_only=True):
    """Whose turn it is, or this number, to a counter."""

    counter: str
    ticket: str | None = None


class Enrol(Ask, frozen=True, kw_only=True):
    """Somebody who agreed; `notice` is the mark of the text."""

    name: str
    shots: tuple[Shot, ...]
    given_to: str
    notice: str
    alive: Aliveness | None
    replaces: str | None

    def __repr__(self) -> str:
        return f"Enrol(given_to={self.given_to!r}, shots={len(self.shots)})"


class Forget(Ask, frozen=True, kw_only=True):
    """A consent is withdrawn."""

    person: str
    by: str


class Say(msgspec.Struct, frozen=True, kw_only=True, tag_field="say", tag=str.lower):
    """The agent's answer, one line."""


class Issued(Say, frozen=True, kw_only=True):
    slip: Slip


class NotIssued(Say, frozen=True, kw_only=True):
    declined: Declined


class Called(Say, frozen=True, kw_only=True):
    """`number` is who is called there now."""

    number: str | None
    refused: Refusal | None


class Member(Say, frozen=True, kw_only=True):
    enrolled: Enrolled


class NotEnrolled(Say, frozen=True, kw_only=True):
    refused: Refused


class Forgotten(Say, frozen=True, kw_only=True):
    was_there: bool


class NotDefined(Say, frozen=True, kw_only=True):
    """No such counter or service."""

    what: str


class NotHere(Say, frozen=True, kw_only=True):
    """This agent has no such station, or is of another version."""


class NotKept(Say, frozen=True, kw_only=True):
    """The journal takes nothing now; `why` in its own sentence."""

    why: str


AnyAsk = Issue | Call | Enrol | Forget
AnySay = Issued | NotIssued | Called | Member | NotEnrolled | Forgotten | NotDefined | NotHere | NotKept
_ASKS: msgspec.json.Decoder[AnyAsk] = msgspec.json.Decoder(AnyAsk)
_SAYS: msgspec.json.Decoder[AnySay] = msgspec.json.Decoder(AnySay)


def enrol_of(asked: Application) -> Enrol:
    return Enrol(
        name=asked.name.reveal(), shots=asked.shots, given_to=asked.given_to, notice=asked.notice, alive=asked.alive,
        replaces=asked.replaces,
    )  # fmt: skip


def application_of(ask: Enrol) -> Application:
    """Raise BadName."""
    return Application(ChosenName.parse(ask.name), ask.shots, ask.given_to, ask.notice, ask.alive, ask.replaces)


def encode(line: Ask | Say) -> bytes:
    return msgspec.json.encode(line) + b"\n"


def decode_ask(line: bytes) -> AnyAsk:
    """Raise msgspec.MsgspecError or UnicodeDecodeError."""
    return _ASKS.decode(line)


def decode_say(line: bytes) -> AnySay:
    """Raise as `decode_ask`."""
    return _SAYS.decode(line)
