"""The files of a configuration on trial, and what a start does with them before anything is loaded. Rules in `edge.domain.config_trial`.

`settle` before the configuration is read, `give_up` when the agent ended by itself; the rest is for `edge.adapters.config_trial`.
"""

import hashlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edge.domain.command import CommandRefusal
from edge.domain.config_trial import Trial, TrialStep, at_start
from sync.errors import UNREADABLE

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrialFiles:
    """The configuration file and what lies beside it during a trial."""

    file: Path

    @property
    def new(self) -> Path:
        return self.file.with_name(f"{self.file.name}.new")

    @property
    def before(self) -> Path:
        """Kept after the trial too: what was there before the last change."""
        return self.file.with_name(f"{self.file.name}.before")

    @property
    def record(self) -> Path:
        return self.file.with_name(f"{self.file.name}.trial")

    def trial(self) -> Trial | None:
        """The trial that is going on. A record that cannot be read is none: it was written whole or not at all."""
        try:
            return msgspec.json.decode(self.record.read_bytes(), type=Trial)
        except FileNotFoundError:
            return None
        except UNREADABLE:
            log.error("config: %s cannot be read; there is no trial", self.record)  # noqa: TRY400 - the sentence is enough
            return None

    def note(self, trial: Trial) -> None:
        self.write(self.record, msgspec.json.encode(trial))

    def write(self, path: Path, body: bytes) -> None:
        """Whole or not at all, with the mode of the configuration file."""
        aside = path.with_name(f"{path.name}.part")
        mode = self.file.stat().st_mode & 0o777
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as part:
            os.fchmod(part.fileno(), mode)  # whatever the umask
            part.write(body)
            part.flush()
            os.fsync(part.fileno())
        self.move(aside, path)

    def move(self, source: Path, target: Path) -> None:
        source.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def is_in_place(self, trial: Trial) -> bool:
        """Whether the file is still the one on trial; a person may have written another one meanwhile."""
        return _is(self.file, trial.new)

    def roll_back(self, trial: Trial) -> None:
        """The record first: a kill in between rolls back again at the next start."""
        self.note(trial)
        self.write(self.file, self.before.read_bytes())
        log.error("config: rolled back to the one before: %s", trial.verdict)

    def forget(self) -> None:
        self.record.unlink(missing_ok=True)
        self.new.unlink(missing_ok=True)


def settle(file: Path) -> Trial | None:
    """Before a start: finish what a kill interrupted, count the start. The trial to watch or report. Raise OSError."""
    files = TrialFiles(file)
    trial = files.trial()
    if trial is None:
        files.new.unlink(missing_ok=True)  # killed before the trial began: the order comes again
        return None
    trial, step = at_start(trial, digest_of(file.read_bytes()), has_new=_is(files.new, trial.new))
    if step is TrialStep.ROLL_BACK:
        files.roll_back(trial)
    else:
        files.note(trial)
    if step is TrialStep.SWAP:
        files.move(files.new, file)
    log.warning("config: on trial, %s start=%d verdict=%s", step, trial.starts, trial.verdict)
    return trial


def give_up(file: Path) -> bool:
    """The agent could not start or ended by itself: whether that was the new configuration, and the old one is back."""
    files = TrialFiles(file)
    trial = files.trial()
    if trial is None or trial.verdict is not None or not files.is_in_place(trial):
        return False
    files.roll_back(unhealthy(trial))
    return True


def unhealthy(trial: Trial) -> Trial:
    return Trial(trial.command, trial.old, trial.new, trial.starts, CommandRefusal.CONFIG_UNHEALTHY)


def _is(path: Path, sha256: str) -> bool:
    return path.exists() and digest_of(path.read_bytes()) == sha256


def digest_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
