"""`motcua users`: who may log in to the pages. Adding a user shows a QR code for the authenticator app, once."""

from pathlib import Path
from typing import Annotated

import typer

from edge.cli_common import JsonOption, fail, print_line, refusing
from edge.web.users import (
    Role,
    create_user,
    load_users,
    provisioning_uri,
    random_pin,
    remove_user,
    terminal_qr,
)

app = typer.Typer(no_args_is_help=True, help="Who may log in: add, list, remove.")
UsersFile = Annotated[Path, typer.Option("--file", help="the users file")]
DEFAULT_FILE = Path("/var/lib/motcua/users.toml")
PIN_DIGITS = 8


@app.command()
def add(
    name: str,
    role: Role,
    counters: Annotated[
        list[str] | None,
        typer.Option("--counter", help="an officer's own counter; may be repeated; none: the cabinet only"),
    ] = None,
    wards: Annotated[
        list[str] | None,
        typer.Option(
            "--ward", help="for the city's pages: a ward that this officer or technician sees; may be repeated"
        ),
    ] = None,
    pin: Annotated[str | None, typer.Option(help="chosen by the machine when left out")] = None,
    file: UsersFile = DEFAULT_FILE,
) -> None:
    """Add a user (a role name such as 'quay-01-sang', not a person's) and show PIN and QR code once."""
    chosen = pin or random_pin(PIN_DIGITS)
    with refusing():
        user = create_user(file, name, role, chosen, tuple(counters or ()), wards=tuple(wards or ()))
    typer.echo(terminal_qr(provisioning_uri(user, "Một Cửa Edge")))
    if role is Role.OFFICER and not counters and not wards:
        typer.echo(
            f"{name} has no counter: this officer sees the cabinet and no counter's page (add --counter otherwise)"
        )
    typer.echo(f"user {name}, PIN {chosen}. Scan the code with an authenticator app now; neither is shown again.")


@app.command("list")
def list_users(file: UsersFile = DEFAULT_FILE, as_json: JsonOption = False) -> None:
    """Names, roles and counters; never PINs or secrets."""
    with refusing(as_json=as_json):
        users = load_users(file)
    for user in users.values():
        if as_json:
            fields = {"counters": list(user.counters), "wards": list(user.wards)}
            print_line({"name": user.name, "role": user.role.value} | fields)
        else:
            typer.echo(f"{user.name:24} {user.role.value:12} {', '.join((*user.counters, *user.wards))}")


@app.command()
def remove(name: str, file: UsersFile = DEFAULT_FILE) -> None:
    """Remove a user; open sessions end at once."""
    with refusing():
        was_there = remove_user(file, name)
    if not was_there:
        fail(f"there is no user {name}")
    typer.echo(f"removed {name}")
