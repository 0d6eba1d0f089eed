"""A configuration that the city sent: checked, put in place beside the old one, tried, kept or rolled back. Survives a kill anywhere.

`ConfigSetter` does the order, `TrialWatch` confirms it; `trial_files.settle` comes before both, at the start. The rules and the table
of files are in `edge.domain.config_trial`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec

from config.load import ConfigError
from config.schema import Config
from edge.adapters.command_doers import args_of
from edge.adapters.config_files import load_whole
from edge.adapters.identity import EnrolledMqtt
from edge.adapters.trial_files import TrialFiles, digest_of, unhealthy
from edge.command_ports import Later, Task
from edge.domain.command import CommandRefusal
from edge.domain.config_trial import Health, Trial, TrialPace, Watch
from edge.ports import Clock

log = logging.getLogger(__name__)
UNCHECKABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a value of a kind that nobody thought of makes of a check."""


class ConfigArgs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`text`: a whole file. Secrets are not in it: the schema knows paths of files only."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=500_000)]


class ConfigSetter:
    """`edge.command_ports.Doer` of `config.set`. `restart` is called when the new file is in place."""

    def __init__(self, file: Path | None, config: Config, restart: Callable[[], None]) -> None:
        self._file, self._config, self._restart = file, config, restart

    async def __call__(self, task: Task) -> CommandRefusal | None:
        text = args_of(task, ConfigArgs).text
        if self._file is None:
            return CommandRefusal.CONFIG_FIXED
        files = TrialFiles(self._file)
        under_way = files.trial()
        if under_way is not None:
            return await self._again(task, under_way)
        try:
            if await asyncio.to_thread(self._file.read_bytes) == text.encode():
                return None
            why = await asyncio.to_thread(self._begin, files, task.id, text)
        except OSError as error:
            log.warning("config: cannot be changed: %s", error)
            return CommandRefusal.CONFIG_UNWRITABLE
        if why is not None:
            return why
        self._restart()
        raise Later

    async def _again(self, task: Task, under_way: Trial) -> CommandRefusal | None:
        """The same order after a restart: `TrialWatch` answers it. Another one waits for nobody."""
        if under_way.command == task.id:
            raise Later
        return CommandRefusal.BUSY

    def _begin(self, files: TrialFiles, command: str, text: str) -> CommandRefusal | None:
        body = text.encode()
        present = files.file.read_bytes()
        files.write(files.new, body)
        why: CommandRefusal | None = CommandRefusal.CONFIG_INVALID
        try:
            why = self._judged(files.new)
        finally:
            if why is not None:
                files.new.unlink()
        if why is not None:
            return why
        files.write(files.before, present)
        files.note(Trial(command, digest_of(present), digest_of(body)))
        files.move(files.new, files.file)
        return None

    def _judged(self, file: Path) -> CommandRefusal | None:
        """Whatever the text makes of our own checks: the order is answered, and the link lives on."""
        try:
            return self._foreign(load_whole(file))
        except ConfigError as error:
            log.warning("config: the city's is not valid: %s", "; ".join(error.lines()))
        except UNCHECKABLE:
            log.exception("config: the city's cannot be checked")
        return CommandRefusal.CONFIG_INVALID

    def _foreign(self, wanted: Config) -> CommandRefusal | None:
        """It may change everything but who this device is, and the way back to the city."""
        ours, theirs = self._config.agent, wanted.agent
        is_same = (ours.site, ours.device, ours.data_dir) == (theirs.site, theirs.device, theirs.data_dir)
        has_way_back = wanted.mqtt is not None or isinstance(self._config.mqtt, EnrolledMqtt)
        return None if is_same and has_way_back else CommandRefusal.CONFIG_FOREIGN


class TrialWatch:
    """Confirms the configuration on trial, or rolls it back and asks for a restart; answers the order. Supervised by the app."""

    def __init__(
        self, file: Path | None, clock: Clock, is_well: Callable[[], bool],
        finish: Callable[[str, CommandRefusal | None], Awaitable[None]], restart: Callable[[], None], *,
        pace: TrialPace | None = None,
    ) -> None:  # fmt: skip
        self._pace = pace or TrialPace()
        self._files = TrialFiles(file) if file else None
        self._clock, self._is_well, self._finish, self._restart = clock, is_well, finish, restart

    async def run(self) -> None:
        """Nothing is done where no trial is going on; then it waits for ever."""
        trial = self._files.trial() if self._files else None
        if self._files is not None and trial is not None:
            await self._watch(self._files, trial)
        await asyncio.Event().wait()

    async def _watch(self, files: TrialFiles, trial: Trial) -> None:
        has_given_up = False
        if trial.verdict is None:
            has_given_up = await self._health() is Health.GIVE_UP
            if not files.is_in_place(trial):
                trial = replace(trial, verdict=CommandRefusal.SUPERSEDED)
            elif has_given_up:
                files.roll_back(unhealthy(trial))
                self._restart()
                return
        await self._tell(files, trial)
        log.warning("config: trial of command %s over: %s", trial.command, trial.verdict or "kept")
        if has_given_up:
            self._restart()  # with the file that is there now: this one runs on the one that is not well

    async def _tell(self, files: TrialFiles, trial: Trial) -> None:
        """Killed between the two: a kept one is found in place and done, a refused one is reported once more; none is tried again."""
        if trial.verdict is None:
            files.forget()
        await self._finish(trial.command, trial.verdict)
        files.forget()

    async def _health(self) -> Health:
        watch = Watch(self._clock.monotonic())
        while (health := watch.health(self._clock.monotonic(), self._pace)) is Health.WAIT:
            await asyncio.sleep(self._pace.look_s)
            watch = watch.seen(self._clock.monotonic(), is_well=self._is_well())
        return health
