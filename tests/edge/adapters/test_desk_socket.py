"""Queue and faces through the agent's socket: what is asked is done by whoever has the journal, and no line shows a face."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.adapters import desk_wire as wire
from edge.adapters.desk_socket import NAME, DeskCommands, DeskSocket, agent_desk
from edge.adapters.seal import DeviceSeal
from edge.domain.consent import ChosenName, EnrolmentRules
from edge.domain.recognition import Aliveness, RatePoint, RecognitionRules
from edge.face_ports import Application
from edge.queue_ports import Priority
from edge.services.faces import FaceBook
from edge.store.migrations import scripts
from sync.journal import Journal
from tests.edge.services.fake_eyes import shots
from tests.edge.services.fakes import FakeClock

RULES = RecognitionRules((RatePoint(0.01, 0.30), RatePoint(0.001, 0.40)))
WHO = Application(ChosenName.parse("chị Lan"), shots(), "quay-01", "0123456789abcdef", Aliveness.LIVE)


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[FaceBook]:
    """Behind a socket in the folder."""
    clock = FakeClock()
    journal = await Journal.open(tmp_path, site="phuong-mau", device="kiosk-01", migrations=scripts(), clock=clock.now)
    async with journal:
        made = FaceBook(
            journal, DeviceSeal(bytes(32)), clock, model="sface", recognition=RULES, enrolment=EnrolmentRules(0.3)
        )
        socket = DeskSocket(tmp_path, DeskCommands(faces=made))
        running = asyncio.create_task(socket.run())
        await socket.ready.wait()
        yield made
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def asked(folder: Path, ask: wire.AnyAsk) -> wire.AnySay:
    async with agent_desk(folder) as desk:
        assert desk is not None
        return await desk.answer(ask)


async def test_the_running_agent_enrols_and_forgets(
    tmp_path: Path, book: FaceBook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    told: list[int] = []
    book.subscribe(lambda: told.append(len(book.templates)))
    said = await asked(tmp_path, wire.enrol_of(WHO))
    assert isinstance(said, wire.Member)
    (person,) = book.templates
    assert (said.enrolled.person, said.enrolled.name.reveal(), said.enrolled.liveness) == (person, "chị Lan", "live")
    again = await asked(tmp_path, wire.enrol_of(WHO))
    assert isinstance(again, wire.NotEnrolled)
    assert again.refused.person == person
    assert await asked(tmp_path, wire.Forget(person=person, by="quay-01")) == wire.Forgotten(was_there=True)
    assert await asked(tmp_path, wire.Forget(person=person, by="quay-01")) == wire.Forgotten(was_there=False)
    assert told == [1, 0]
    assert "Lan" not in caplog.text


def test_no_name_and_no_number_of_a_face_stands_in_a_repr() -> None:
    assert repr(wire.enrol_of(WHO)) == "Enrol(given_to='quay-01', shots=3)"
    line = wire.encode(wire.enrol_of(WHO))
    decoded = wire.decode_ask(line)
    assert isinstance(decoded, wire.Enrol)
    assert wire.application_of(decoded) == WHO


@pytest.mark.parametrize("line", [b"{}\n", b"\xff\xfe\n", b'{"ask":"sing"}\n', b'{"ask":"forget","person":"x"}\n'])
async def test_a_line_of_another_version_is_answered(tmp_path: Path, book: FaceBook, line: bytes) -> None:
    reader, writer = await asyncio.open_unix_connection(str(tmp_path / NAME))
    writer.write(line)
    assert wire.decode_say(await reader.readline()) == wire.NotHere()
    writer.close()


async def test_what_the_device_does_not_have_is_said(tmp_path: Path, book: FaceBook) -> None:
    assert await asked(tmp_path, wire.Issue(service="ho-tich", priority=Priority.NONE)) == wire.NotHere()


async def test_where_no_agent_runs_there_is_no_line(tmp_path: Path) -> None:
    async with agent_desk(tmp_path) as desk:
        assert desk is None


async def test_an_agent_that_stops_hangs_up_on_who_is_connected(tmp_path: Path) -> None:
    socket = DeskSocket(tmp_path, DeskCommands())
    running = asyncio.create_task(socket.run())
    await socket.ready.wait()
    reader, writer = await asyncio.open_unix_connection(str(tmp_path / NAME))
    writer.write(b"\n")
    await reader.readline()  # now it is served
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()
