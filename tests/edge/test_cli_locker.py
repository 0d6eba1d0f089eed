"""The cabinet in a technician's hand: over the running agent's socket, and alone where none runs."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from edge.adapters import locker_wire as wire
from edge.adapters.locker_socket import AgentLine
from sync.inspect import tail
from tests.edge.locker_site import Site, open_site
from tests.edge.setup.technician import technician


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as opened:
        yield opened


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


async def test_a_running_agent_is_asked_and_nobody_fights_for_the_port(site: Site) -> None:
    async with site.agent():
        status, read = await site.motcua("status", "--json"), await site.motcua("read", "--json")
        socket = site.config.parent / "data" / "locker.socket"
        assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    (cabinet,) = lines(status.stdout)
    assert (status.exit_code, cabinet["trusted"], len(cabinet["compartments"])) == (0, True, 3)
    assert lines(read.stdout) == [{"compartment": f"n0{number}", "door": "closed"} for number in (1, 2, 3)]


async def test_a_technician_opens_one_door_with_a_code_that_serves_once(site: Site) -> None:
    shutting = asyncio.create_task(site.close_what_opens())
    async with site.agent():
        code = site.totp("ky-thuat")
        asked = ("open", "n02", "--user", "ky-thuat", "--why", "test", "--totp", code, "--json")
        done, again = await site.motcua(*asked), await site.motcua(*asked)
    shutting.cancel()
    assert (done.exit_code, [line["step"] for line in lines(done.stdout)]) == (0, ["opening", "open", "done"])
    assert (again.exit_code, "used already" in again.stderr) == (1, True)
    assert [door.pulses for door in site.cabinet.doors()] == [0, 1, 0, 0]
    kinds = [json.loads(body)["type"] for body in tail(site.config.parent / "data", 50, "locker.")]
    assert [kind.split(".")[3] for kind in kinds] == ["opened", "closed"]


@pytest.mark.parametrize(
    ("user", "command", "says"),
    [
        ("can-bo", ("open", "n01"), "your role may not"),
        ("ky-thuat", ("recall", "n01", "--why", "fault"), "your role may not"),
        ("can-bo", ("recall", "n01", "--why", "fault"), "nothing is in it"),
        ("ky-thuat", ("open", "n09"), "no such compartment"),
        ("nobody", ("open", "n01"), "not allowed"),
    ],
)
async def test_what_is_refused_says_what_to_do_and_moves_nothing(
    site: Site, user: str, command: tuple[str, ...], says: str
) -> None:
    code = site.totp(user) if user in site.users else "000000"
    async with site.agent():
        done = await site.motcua(*command, "--user", user, "--totp", code)
    assert (done.exit_code, says in done.stderr) == (1, True), done.stderr
    assert [door.pulses for door in site.cabinet.doors()] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    "command",
    [
        ("recall", "--all", "--why", "fire", "--user", "can-bo"),
        ("recall", "n01", "--all", "--why", "fire", "--user", "can-bo", "--second", "lanh-dao"),
        ("recall", "n01", "--why", "because", "--user", "can-bo"),
        ("open", "n01", "--why", "curious", "--user", "can-bo"),
    ],
)
async def test_bad_usage_asks_nobody(site: Site, command: tuple[str, ...]) -> None:
    assert (await site.motcua(*command)).exit_code == 2


async def test_two_persons_open_every_door(site: Site) -> None:
    shutting = asyncio.create_task(site.close_what_opens())
    async with site.agent():
        done = await site.motcua(
            "recall", "--all", "--why", "fire", "--user", "can-bo", "--totp", site.totp("can-bo"),
            "--second", "lanh-dao", "--second-totp", site.totp("lanh-dao"), "--json",
        )  # fmt: skip
    shutting.cancel()
    assert done.exit_code == 0, done.stderr
    assert [door.pulses for door in site.cabinet.doors()] == [1, 1, 1, 0]


async def test_without_an_agent_looking_works_and_opening_says_to_start_it(site: Site) -> None:
    status, read = await site.motcua("status", "--json"), await site.motcua("read", "n01", "--json")
    opening = await site.motcua("open", "n01", "--user", "ky-thuat", "--totp", site.totp("ky-thuat"))
    assert (status.exit_code, lines(status.stdout)[0]["trusted"]) == (0, True)
    assert lines(read.stdout) == [{"compartment": "n01", "door": "closed"}]
    assert (opening.exit_code, "start it" in opening.stderr) == (1, True)


async def test_the_map_finds_swapped_numbers_and_prints_the_lines_to_copy(site: Site) -> None:
    """The electrician swapped doors 01 and 02; the person at the cabinet says which one moved."""
    shutting = asyncio.create_task(site.close_what_opens())
    async with site.agent():
        done = await site.motcua(
            "map", "--user", "ky-thuat", "--totp", site.totp("ky-thuat"), "--json", typed="\n02\n01\n03\n"
        )
    shutting.cancel()
    rows = {line["compartment"]: (line["channel"], line["number"], line["moved"]) for line in lines(done.stdout)}
    assert done.exit_code == 1
    assert rows == {"n02": (1, "02", ["n01"]), "n01": (2, "01", ["n02"]), "n03": (3, "03", ["n03"])}


@pytest.mark.parametrize("key", [b"\x03", b"\x04"], ids=["Ctrl-C", "Ctrl-D"])
async def test_the_map_ends_at_a_key_while_it_asks(site: Site, key: bytes) -> None:
    login = ("--user", "ky-thuat", "--totp", site.totp("ky-thuat"), "--config", site.config)
    shutting = asyncio.create_task(site.close_what_opens())
    async with site.agent(), technician("map", *login, command="locker") as person:
        await person.answers("then press Enter")
        await person.sees("Which number stands on the door that opened?")
        person.presses(key)
        assert await person.ended() != 0
    shutting.cancel()
    assert sum(door.pulses for door in site.cabinet.doors()) == 1


async def test_a_line_that_is_no_question_is_answered_and_the_next_one_too(site: Site) -> None:
    async with site.agent():
        reader, writer = await asyncio.open_unix_connection(str(site.config.parent / "data" / "locker.socket"))
        writer.write(b'{"ask":"everything"}\n\xff\n{"ask":"open","compartment":"n01","why":"test"}\n')
        answers = [wire.decode_say(await reader.readline()) for _ in range(3)]
        writer.close()
        async with AgentLine.open(site.config.parent / "data") as line:
            assert line is not None
            told = [say async for say in line.answer(wire.Read(compartment="n03"))]
    assert answers == [wire.Refusal(why="malformed")] * 2 + [wire.Refusal(why="not_allowed")]
    assert told == [wire.Doors(doors={"n03": "closed"}), wire.Done()]


async def test_a_config_without_a_locker_is_said(tmp_path: Path) -> None:
    site = Site(tmp_path / "motcua.toml", None, {})  # type: ignore[arg-type]
    site.config.write_text('[agent]\nsite = "x"\ndevice = "y"\n')
    done = await site.motcua("status")
    assert (done.exit_code, "no [locker]" in done.stderr) == (1, True)


async def test_what_keeps_the_cabinet_from_being_put_together_is_said_without_a_traceback(site: Site) -> None:
    key = site.config.parent / "data" / "locker-codes.key"
    key.parent.mkdir(exist_ok=True)
    key.touch(0o644)
    exposed = await site.motcua("status")
    assert (exposed.exit_code, "chmod 600" in exposed.stderr) == (1, True)
    (site.config.parent / "own.toml").write_text('[procedures.x]\nvi.name = "X"\n', encoding="utf-8")
    text = site.config.read_text(encoding="utf-8").replace("[locker]", '[locker]\nprocedures_file = "own.toml"')
    site.config.write_text(text, encoding="utf-8")
    wrong = await site.motcua("status")
    assert (wrong.exit_code, "procedures.x" in wrong.stderr) == (2, True)
