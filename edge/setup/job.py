"""What every step of the wizard is given: whom to ask, what was found, and the configuration that is being made."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.setup.base import Base
from edge.setup.found import Found, OnPort
from edge.setup.terminal import Terminal

DEFAULT_DATA, DEFAULT_FILE = "/var/lib/motcua", "/etc/motcua/motcua.toml"


@dataclass(frozen=True, slots=True)
class Given:
    """Answers of the command line, for the questions that have no default."""

    site: str | None = None
    device: str | None = None
    leader: str | None = None
    head: str | None = None


class NothingToWrite(Exception):
    """There is no configuration that could be used; the message says what to do."""


@dataclass(slots=True)
class Job:
    """`uses`: what each device will be, by its name in the configuration. `later`: what is left to be done by hand."""

    terminal: Terminal
    stations: tuple[str, ...]
    base: Base
    data_dir: Path
    file: Path
    given: Given
    found: Found = field(default_factory=Found)
    uses: dict[str, str] = field(default_factory=dict)
    later: list[tuple[str, str | None]] = field(default_factory=list)
    modem: str | None = None  # for motcua-sms.service
    sets_journal_aside: bool = False  # the one that was begun under the example's name
    look_at: Callable[[str], Awaitable[OnPort]] | None = None  # one more port, or a converter in the network
    look_at_printer: Callable[[str], Awaitable[OnPort]] | None = None
    tell_program: Callable[[dict[str, Any]], None] = lambda _row: None

    @property
    def motcua(self) -> str:
        """The command for whoever reads the data folder: on a device that is the agent's user alone."""
        return "sudo -u motcua motcua" if self.data_dir == Path(DEFAULT_DATA) else "motcua"

    @property
    def option(self) -> str:
        """What names this configuration to other commands, where they would not find it by themselves."""
        return "" if str(self.file) == DEFAULT_FILE else f" --config {self.file}"

    @property
    def map_doors(self) -> str:
        return f"{self.motcua} locker map --user NAME{self.option}"

    @property
    def table(self) -> dict[str, Any]:
        return self.base.table

    def section(self, *path: str) -> dict[str, Any]:
        """The table at this place, made where it is missing."""
        table = self.table
        for name in path:
            table = table.setdefault(name, {})
        return table

    def may_be_named(self, name: str, check: Callable[[str], Any]) -> bool:
        """Whether the configuration takes this port; one whose name moves it refuses, and the way out is told."""
        try:
            check(name)
        except ValueError:
            self.terminal.warn(f"{name} is no name that stays, so it is left out. Give it one, then run this again:")
            self.terminal.tell_command(f"  {_naming(Path(name).name)}")
            return False
        return True

    def leave(self, what: str, command: str | None = None) -> None:
        """Something that is to be done when the wizard has ended."""
        self.later.append((what, command))

    def heading(self, text: str) -> None:
        self.terminal.tell()
        self.terminal.tell(text, "cyan")


def _naming(node: str) -> str:
    """What gives a node a name that stays: udev names what is plugged in by itself, a port of the board needs a rule."""
    if node.startswith(("ttyUSB", "ttyACM")):
        return "sudo udevadm trigger; ls -l /dev/serial/by-id /dev/serial/by-path"
    rule = f'KERNEL=="{node}", SYMLINK+="motcua-{node.lower()}"'
    return f"echo '{rule}' | sudo tee -a /etc/udev/rules.d/99-motcua.rules; sudo udevadm trigger"
