"""A configuration of the city: refused, kept or rolled back, whatever moment the agent is killed in. Real files, a real journal."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from config.load import load
from config.schema import Config
from edge.adapters import config_trial
from edge.adapters.config_trial import ConfigSetter, TrialWatch
from edge.adapters.trial_files import TrialFiles, give_up, settle
from edge.domain.config_trial import STARTS, TrialPace
from edge.services.commands import CommandService
from edge.setup.place import put
from edge.store.migrations import scripts
from sync.commands import Answer, Command, SignedCommand
from sync.journal import Journal
from sync.keys import DeviceKey
from tests.edge.services.fakes import FakeClock

CITY = DeviceKey.generate()
OLD = '[agent]\nsite = "x"\ndevice = "quay-01"\ndata_dir = "data"\n[mqtt]\nhost = "old"\n'
NEW, BY_HAND = OLD.replace("old", "new"), OLD.replace("old", "by-hand")
QUICK = TrialPace(confirm_s=1.0, give_up_s=5.0, look_s=0.0)


class Killed(BaseException):
    """kill -9, as far as files are concerned."""


class Device:
    """One device over its lives. `is_well` decides how a life with the new configuration goes."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "motcua.toml"
        self.file.write_text(OLD)
        self.clock = FakeClock()
        self.is_well = True
        self.restarts = 0
        self.order = self.signed(NEW)

    def signed(self, text: str, id_: str = "order-0001", **args: Any) -> bytes:
        now = self.clock.now()
        command = Command(
            id=id_, name="config.set", source="/sites/x/devices/quay-01", issued=now, not_after=now + timedelta(hours=1), by="an",
            args=msgspec.Raw(msgspec.json.encode({"text": text} | args)),
        )  # fmt: skip
        return msgspec.json.encode(SignedCommand.of(command, CITY))

    @contextlib.asynccontextmanager
    async def life(self) -> AsyncIterator["Life"]:
        settle(self.file)
        config = load(self.file)
        journal = await Journal.open(
            config.agent.data_dir, site="x", device="quay-01", migrations=scripts(), clock=self.clock.now
        )
        async with journal:
            yield Life(self, journal)

    def begin_anew(self) -> None:
        self.restarts += 1

    def texts(self) -> set[str]:
        return {path.name for path in self.file.parent.iterdir() if path.is_file()}


class Life:
    def __init__(self, device: Device, journal: Journal) -> None:
        self.device, self.journal, self.restarts = device, journal, device.restarts
        doers: dict[str, Any] = {}
        self.orders = CommandService(
            journal, device.clock, doers, source=journal.identity.source, city_key=CITY.public
        )  # fmt: skip
        doers["config.set"] = ConfigSetter(device.file, load(device.file), device.begin_anew)
        self.trial = TrialWatch(
            device.file,
            Ticking(device.clock),
            lambda: device.is_well,
            self.orders.finish,
            device.begin_anew,
            pace=QUICK,
        )

    async def asked(self, payload: bytes) -> tuple[str, str | None] | None:
        answer = await self.orders.handle(payload)
        if answer is None:
            return None
        said = msgspec.json.decode(answer, type=Answer)
        return said.outcome, said.why

    async def runs_or_dies(self, order: bytes) -> None:
        """A whole life in which the order comes again, as the city repeats it."""
        await self.orders.resume()
        await self.asked(order)
        if self.device.restarts == self.restarts:
            await self.runs()

    async def is_on_trial(self) -> bool:
        is_working = any(row.outcome is None for row in await self.orders.latest(5))
        return is_working or TrialFiles(self.device.file).trial() is not None

    async def runs(self) -> None:
        """Until its trial, if there is one, is over or it begins anew."""
        before = self.device.restarts
        await self.orders.resume()
        watching = asyncio.ensure_future(self.trial.run())
        while self.device.restarts == before and await self.is_on_trial() and not watching.done():
            await asyncio.sleep(0)
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


class Ticking:
    """Each look at it is a tenth of a second later."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.now = clock.now

    def monotonic(self) -> float:
        self._clock.advance(0.1)
        return self._clock.monotonic()


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path)


async def test_a_good_configuration_is_tried_and_kept_beside_the_old_one(device: Device) -> None:
    async with device.life() as life:
        assert await life.asked(device.order) is None
        assert (device.restarts, device.file.read_text()) == (1, NEW)
    async with device.life() as life:
        await life.runs()
        assert await life.asked(device.order) == ("done", None)
    assert device.texts() == {"motcua.toml", "motcua.toml.before"}
    assert TrialFiles(device.file).before.read_text() == OLD
    assert device.restarts == 1


async def test_one_that_does_not_run_well_is_rolled_back_and_says_so(device: Device) -> None:
    async with device.life() as life:
        await life.asked(device.order)
    device.is_well = False
    async with device.life() as life:
        await life.runs()
        assert (device.restarts, device.file.read_text()) == (2, OLD)
    async with device.life() as life:
        await life.runs()
        assert await life.asked(device.order) == ("refused", "config_unhealthy")
    assert (device.restarts, device.file.read_text()) == (2, OLD)
    assert device.texts() == {"motcua.toml", "motcua.toml.before"}


async def test_one_that_kills_the_agent_at_every_start_is_rolled_back(device: Device) -> None:
    async with device.life() as life:
        await life.asked(device.order)
    for _ in range(STARTS):
        settle(device.file)
        assert device.file.read_text() == NEW
    async with device.life() as life:
        assert device.file.read_text() == OLD
        await life.runs()
        assert await life.asked(device.order) == ("refused", "config_unhealthy")


async def test_one_that_lets_the_agent_end_by_itself_goes_at_once(device: Device) -> None:
    async with device.life() as life:
        await life.asked(device.order)
    settle(device.file)
    assert give_up(device.file)
    assert device.file.read_text() == OLD
    assert not give_up(device.file)
    async with device.life() as life:
        await life.runs()
        assert await life.asked(device.order) == ("refused", "config_unhealthy")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[agent\n", "config_invalid"),
        (OLD + "colour = 3\n", "config_invalid"),
        (OLD + 'password = "secret"\n', "config_invalid"),
        (OLD + '[locker.boards.a]\nprotocol = ["wkly"]\n', "config_invalid"),
        (OLD + '[counters.a]\n[guide]\nname = ["a"]\n[guide.camera]\n', "config_invalid"),
        (OLD + 'ca_file = "\\u0000"\n', "config_invalid"),
        (OLD + "a" + ".a" * 5000 + " = 1", "config_invalid"),
        (OLD.replace("quay-01", "quay-02"), "config_foreign"),
        (OLD.replace('"data"', '"elsewhere"'), "config_foreign"),
        (OLD[: OLD.index("[mqtt]")], "config_foreign"),
    ],
)
async def test_what_cannot_be_used_is_refused_and_changes_nothing(device: Device, text: str, why: str) -> None:
    async with device.life() as life:
        assert await life.asked(device.signed(text)) == ("refused", why)
    assert (device.restarts, device.file.read_text(), device.texts()) == (0, OLD, {"motcua.toml"})


@pytest.mark.parametrize(("error", "why"), [(TypeError, "config_invalid"), (OSError, "config_unwritable")])
async def test_a_text_that_a_check_of_ours_fails_on_is_answered(
    device: Device, monkeypatch: pytest.MonkeyPatch, error: type[Exception], why: str
) -> None:
    """None is known; the next one must not kill the link at every start."""

    def unforeseen(file: Path) -> Config:
        raise error(file)

    monkeypatch.setattr(config_trial, "load_whole", unforeseen)
    async with device.life() as life:
        assert await life.asked(device.order) == ("refused", why)
    assert (device.restarts, device.file.read_text(), device.texts()) == (0, OLD, {"motcua.toml"})


async def test_the_same_configuration_is_done_already_and_another_one_waits(device: Device) -> None:
    async with device.life() as life:
        assert await life.asked(device.signed(OLD)) == ("done", None)
        assert await life.asked(device.signed(OLD, "order-0002", colour=3)) == ("refused", "bad_args")
        assert await life.asked(device.signed(NEW, "order-0003")) is None
        assert await life.asked(device.signed(OLD, "order-0004")) == ("refused", "busy")


async def test_what_a_person_wrote_during_the_trial_stays(device: Device) -> None:
    async with device.life() as life:
        await life.asked(device.order)
    device.file.write_text(BY_HAND)
    async with device.life() as life:
        await life.runs()
        assert await life.asked(device.order) == ("refused", "superseded")
    assert device.file.read_text() == BY_HAND


def by_hand(device: Device) -> None:
    device.file.write_text(BY_HAND)


def by_the_wizard(device: Device) -> None:
    put(device.file, BY_HAND)


@pytest.mark.parametrize("is_well", [True, False])
@pytest.mark.parametrize("write", [by_hand, by_the_wizard])
async def test_what_a_person_wrote_stays_though_the_agent_was_not_restarted(
    device: Device, write: Callable[[Device], None], is_well: bool
) -> None:
    async with device.life() as life:
        await life.asked(device.order)
    device.is_well = is_well
    async with device.life() as life:
        write(device)
        await life.runs()
        assert await life.asked(device.order) == ("refused", "superseded")
    assert device.restarts == (1 if is_well else 2)  # what runs is not well: the person's takes its place
    async with device.life() as life:
        await life.runs()
    assert (device.file.read_text(), TrialFiles(device.file).before.read_text()) == (BY_HAND, OLD)
    assert device.texts() == {"motcua.toml", "motcua.toml.before"}


async def test_the_wizard_keeps_what_a_person_wrote_over_the_one_on_trial(device: Device) -> None:
    async with device.life() as life:
        await life.asked(device.order)
    before = TrialFiles(device.file).before
    assert put(device.file, BY_HAND) is None  # the city's, which the city has
    assert before.read_text() == OLD
    assert put(device.file, OLD + "# later\n") == before
    assert before.read_text() == BY_HAND


async def test_the_wizard_leaves_what_is_rolled_back_to(device: Device) -> None:
    """It ended with the text that is on trial, as after every default."""
    async with device.life() as life:
        await life.asked(device.order)
    device.is_well = False
    async with device.life() as life:
        put(device.file, NEW)
        await life.runs()
    assert (device.restarts, device.file.read_text()) == (2, OLD)


@pytest.mark.parametrize("is_well", [True, False])
@pytest.mark.parametrize("at", range(1, 14))
async def test_killed_at_any_step_it_ends_with_one_of_the_two_files_and_one_answer(
    device: Device, monkeypatch: pytest.MonkeyPatch, at: int, is_well: bool
) -> None:
    """`at`: the step on the disk at which the agent dies, counted over all lives; later ones end without being killed."""
    dies = dying(monkeypatch, at)
    for _ in range(8):
        with contextlib.suppress(Killed):
            async with device.life() as life:
                device.is_well = is_well
                await life.runs_or_dies(device.order)
        assert device.file.read_text() in {OLD, NEW}
    assert dies() or at > 6
    async with device.life() as life:
        expected = ("done", None) if is_well else ("refused", "config_unhealthy")
        assert await life.asked(device.order) == expected
    assert device.file.read_text() == (NEW if is_well else OLD)
    assert device.texts() == {"motcua.toml", "motcua.toml.before"}


def dying(monkeypatch: pytest.MonkeyPatch, at: int) -> Callable[[], bool]:
    """The `at`-th file that is put in its place, written or removed is the last thing the agent does in that life."""
    steps = [0]

    def counted(real: Callable[..., None]) -> Callable[..., None]:
        def step(*given: Any) -> None:
            steps[0] += 1
            if steps[0] == at:
                raise Killed
            real(*given)

        return step

    monkeypatch.setattr(TrialFiles, "move", counted(TrialFiles.move))
    monkeypatch.setattr(TrialFiles, "forget", counted(TrialFiles.forget))
    return lambda: steps[0] >= at
