"""What the city's commands share: where its configuration is, how a device is named, how a deed is reported."""

from pathlib import Path
from typing import Annotated

import typer

from edge.cli_common import BAD_USAGE, fail, print_line
from sync.chain import source_of

ConfigOption = Annotated[Path, typer.Option("--config", help="the city's configuration file (TOML)")]
SqliteOption = Annotated[
    Path | None, typer.Option("--sqlite", help="a city's SQLite file instead of a configuration, as a demo leaves it")
]
DEFAULT_CONFIG = Path("/etc/motcua/city.toml")


def source_named(device: str, *, as_json: bool) -> str:
    """The source of SITE/DEVICE; anything else is bad usage."""
    site, _, name = device.partition("/")
    try:
        return source_of(site, name)
    except ValueError as error:
        fail(f"{device}: write a device as SITE/DEVICE; {error}", as_json=as_json, code=BAD_USAGE)


def say_done(said: str, *, as_json: bool) -> None:
    if as_json:
        print_line({"ok": True, "said": said})
    else:
        typer.echo(said)
