"""What the commands of the city share: its configuration file, a device as SITE/DEVICE, saying that it is done."""

from pathlib import Path
from typing import Annotated

import typer

from config.city import CityConfig, load_city
from config.load import ConfigError
from edge.cli_common import BAD_USAGE, fail, print_line
from sync.chain import source_of

ConfigOption = Annotated[Path, typer.Option("--config", help="the city's configuration file (TOML)")]
DeviceArgument = Annotated[str, typer.Argument(help="the device, as SITE/DEVICE")]
DEFAULT_CONFIG = Path("/etc/motcua/city.toml")


def load_city_config(file: Path, *, as_json: bool = False) -> CityConfig:
    """Exit 2 with every mistake when the file cannot be used."""
    try:
        return load_city(file)
    except ConfigError as error:
        if as_json:
            keys = ("path", "value", "why", "likely")
            rows = [{key: getattr(mistake, key) for key in keys} for mistake in error.mistakes]
            print_line({"ok": False, "file": str(error.file), "mistakes": rows})
        lines = [f"{error.file}: {mistake}" for mistake in error.mistakes]
        typer.secho("\n".join([*lines, "nothing was started"]), fg="red", err=True)
        raise typer.Exit(BAD_USAGE) from error


def source_given(device: str, *, as_json: bool) -> str:
    site, _, name = device.partition("/")
    try:
        return source_of(site, name)
    except ValueError:
        fail(f"{device}: write a device as SITE/DEVICE", as_json=as_json, code=BAD_USAGE)


def done(said: str, *, as_json: bool) -> None:
    if as_json:
        print_line({"ok": True, "said": said})
    else:
        typer.echo(said)
