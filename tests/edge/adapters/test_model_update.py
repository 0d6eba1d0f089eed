"""Model files by order of the city: only what it signed, whole before it is used, from the next start on."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from config.schema import Agent, Config
from config.schema import Models as ModelsSection
from edge.adapters import model_files
from edge.adapters.model_update import ModelsArgs, ModelUpdates
from edge.command_ports import BadArgs, Later, Task
from edge.domain.command import CommandRefusal
from models import fetch
from models.fetch import MissingModel
from sync.commands import signed_manifest
from sync.keys import DeviceKey

CITY, OTHER = DeviceKey.generate(), DeviceKey.generate()
MANIFEST = """
[file."{name}"]
version = "{version}"
set = "default"
purpose = "faces"
licence = "Apache-2.0"
size_bytes = {size}
sha256 = "{sha256}"
sources = [{{ url = "http://127.0.0.1:9/{name}" }}]
"""
NAME = "face_landmarker.task"


def manifest(body: bytes, version: str = "2") -> str:
    return MANIFEST.format(name=NAME, version=version, size=len(body), sha256=hashlib.sha256(body).hexdigest())


@dataclass
class Device:
    """Fetches from a mirror folder; remembers the answers, and does `then` at each."""

    folder: Path
    answers: list[tuple[str, CommandRefusal | None]] = field(default_factory=list)
    then: Callable[[], object] = lambda: None

    def __post_init__(self) -> None:
        self.mirror = self.folder / "mirror"
        self.mirror.mkdir(exist_ok=True)
        self.config = Config(
            agent=Agent(site="x", device="y", data_dir=self.folder / "data"),
            models=ModelsSection(directory=self.folder / "own"),
        )
        self.updates = ModelUpdates(self.folder / "data", CITY.public, self._finish, self.mirror, tries=1, pause_s=0.0)

    async def _finish(self, command: str, why: CommandRefusal | None) -> None:
        self.answers.append((command, why))
        self.then()

    async def asked(self, text: str, command: str = "order-0001", key: DeviceKey = CITY) -> CommandRefusal | str | None:
        args = ModelsArgs(manifest=text, signature=signed_manifest(text, key))
        try:
            return await self.updates(Task(command, "an", msgspec.json.encode(args), lambda _: ()))
        except Later:
            return "later"

    def used(self) -> bytes | None:
        try:
            return model_files.locate(self.config, NAME).read_bytes()
        except MissingModel:
            return None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.ensure_future(self.updates.run())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def until(self, fact: Callable[[], bool]) -> None:
        while not fact():
            await asyncio.sleep(0.005)


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path)


async def test_what_the_city_signed_is_fetched_and_used_from_the_next_start_on(device: Device) -> None:
    (device.mirror / NAME).write_bytes(b"second")
    assert device.used() is None
    async with device.running():
        assert await device.asked(manifest(b"second")) == "later"
        await device.until(lambda: device.answers == [("order-0001", None)])
        assert device.used() == b"second"
        (device.mirror / NAME).write_bytes(b"third")
        assert await device.asked(manifest(b"third"), "order-0002") == "later"
        await device.until(lambda: len(device.answers) == 2)
        assert device.used() == b"third"
        (device.mirror / NAME).write_bytes(b"fourth")
        await device.asked(manifest(b"fourth"), "order-0003")
        await device.until(lambda: len(device.answers) == 3)
    folders = [path for path in (device.folder / "data/models").iterdir() if not path.is_symlink()]
    assert len(folders) == 2  # the one in use, and the one before for a worker that still has it open


async def test_of_two_orders_at_once_each_is_done_and_the_later_one_is_used(device: Device) -> None:
    (device.mirror / NAME).write_bytes(b"second")
    assert await device.asked(manifest(b"second"), "order-0001") == "later"
    assert await device.asked(manifest(b"third"), "order-0002") == "later"
    device.then = lambda: (device.mirror / NAME).write_bytes(b"third")
    async with device.running():
        await device.until(lambda: len(device.answers) == 2)
    assert device.answers == [("order-0001", None), ("order-0002", None)]
    assert device.used() == b"third"


async def test_one_that_finds_no_room_takes_nothing_from_the_same_one_behind_it(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    (device.mirror / NAME).write_bytes(b"second")
    monkeypatch.setattr(fetch, "pull", full_disk)
    for command in ("order-0001", "order-0002"):
        assert await device.asked(manifest(b"second"), command) == "later"
    device.then = monkeypatch.undo
    async with device.running():
        await device.until(lambda: len(device.answers) == 2)
    assert device.answers == [("order-0001", CommandRefusal.MODELS_NO_ROOM), ("order-0002", None)]
    assert device.used() == b"second"


async def test_one_that_finds_no_room_leaves_nothing_and_what_is_used_stays(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    (device.mirror / NAME).write_bytes(b"second")
    async with device.running():
        await device.asked(manifest(b"second"), "order-0001")
        await device.until(lambda: len(device.answers) == 1)
        monkeypatch.setattr(fetch, "pull", full_disk)
        for number, body in enumerate((b"third", b"second"), 2):  # what is used, too, may be ordered once more
            await device.asked(manifest(body), f"order-{number:04d}")
            await device.until(lambda number=number: len(device.answers) == number)  # type: ignore[misc]
    assert [why for _, why in device.answers[1:]] == [CommandRefusal.MODELS_NO_ROOM] * 2
    assert device.used() == b"second"
    folders = [path for path in (device.folder / "data/models").iterdir() if not path.is_symlink()]
    assert len(folders) == 1


def full_disk(*_: object, **__: object) -> None:
    raise fetch.DiskFull("no room")


@pytest.mark.parametrize(
    ("text", "key", "why"),
    [
        (manifest(b"x"), OTHER, CommandRefusal.MANIFEST_UNSIGNED),
        ("[file]", CITY, CommandRefusal.MANIFEST_INVALID),
        (f"a = {'9' * 5000}", CITY, CommandRefusal.MANIFEST_INVALID),
        ("a = " + "[" * 5000, CITY, CommandRefusal.MANIFEST_INVALID),
        (manifest(b"x").replace("http:", "ftp:"), CITY, CommandRefusal.MANIFEST_INVALID),
    ],
)
async def test_what_cannot_be_used_is_refused_at_once(
    device: Device, text: str, key: DeviceKey, why: CommandRefusal
) -> None:
    assert await device.asked(text, key=key) is why
    assert not (device.folder / "data/models/current").exists()


async def test_arguments_that_are_none_are_bad(device: Device) -> None:
    with pytest.raises(BadArgs):
        await device.updates(Task("order-0001", "an", b"{}", lambda _: ()))


@pytest.mark.enable_socket  # to ask at a port where nobody is
@pytest.mark.timeout(60)  # the fetch asks a few times by itself
async def test_bytes_that_are_not_those_of_the_manifest_are_never_used(device: Device) -> None:
    (device.mirror / NAME).write_bytes(b"something else")
    async with device.running():
        await device.asked(manifest(b"second"))
        await device.until(lambda: device.answers == [("order-0001", CommandRefusal.MODELS_UNREACHABLE)])
    assert device.used() is None
    assert not (device.folder / "data/models/current").exists()


async def test_an_update_that_a_stop_interrupted_is_fetched_at_the_next_start(device: Device) -> None:
    (device.mirror / NAME).write_bytes(b"second")
    await device.asked(manifest(b"second"))  # and nobody runs
    again = Device(device.folder)
    async with again.running():
        await again.asked(manifest(b"second"))
        await again.until(lambda: again.answers == [("order-0001", None)])
    assert again.used() == b"second"
