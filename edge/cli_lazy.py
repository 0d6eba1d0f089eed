"""Commands whose modules are loaded when they are named: a cabinet that starts waits for no table printer."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

LATE = {
    "models": "edge.cli_models:app",
    "journal": "edge.cli_journal:app",
    "city": "edge.cli_city_serve:city",
    "doctor": "edge.cli_doctor:doctor",
    "setup": "edge.cli_setup:setup",
    "faces": "edge.cli_faces:app",
    "locker": "edge.cli_locker:app",
    "queue": "edge.cli_queue:app",
    "sms": "edge.cli_sms:app",
    "users": "edge.cli_users:app",
    "score": "edge.cli_score:score",
    "hear": "edge.cli_voice:hear",
    "say": "edge.cli_voice:say",
    "enrol": "edge.cli_enrol:enrol",
    "bench": "edge.cli_bench:bench",
}
"""What stands where: a group (a Typer) or a single command (a function)."""


class LateGroup(TyperGroup):
    """All of them are loaded for the help, and for a name that is none of theirs, so that it can say what was likely meant."""

    def get_command(self, ctx: object, cmd_name: str) -> Any:  # noqa: ARG002 - the signature is typer's
        if cmd_name not in self.commands:
            self._load(*([cmd_name] if cmd_name in LATE else LATE))
        return self.commands.get(cmd_name)

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002 - the same
        self._load(*LATE)
        return list(self.commands)

    def _load(self, *names: str) -> None:
        for name in names:
            if name not in self.commands:
                self.add_command(_loaded(name, LATE[name]), name)


def _loaded(name: str, place: str) -> Any:
    module, _, what = place.partition(":")
    found = getattr(import_module(module), what)
    shelf = typer.Typer()
    if isinstance(found, typer.Typer):
        shelf.add_typer(found, name=name)
    else:
        shelf.command(name)(found)
    return get_group(shelf).commands[name]
