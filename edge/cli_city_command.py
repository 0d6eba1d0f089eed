"""`motcua city command`: order something of a device, and see what became of it. Sent by the city's server."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from edge.cli_city_common import DEFAULT_CONFIG, ConfigOption, SqliteOption, source_named
from edge.cli_common import BAD_USAGE, JsonOption, fail, print_line, refusing, text_of

app = typer.Typer(no_args_is_help=True, help="Orders to devices: reserve, recall, config, models, resend, identify.")


@app.command()
def send(
    device: Annotated[str, typer.Argument(help="the device, as SITE/DEVICE")],
    name: Annotated[str, typer.Argument(help="the order, as device.identify")],
    by: Annotated[str, typer.Option(help="who orders it; it stands on the device's page")],
    args: Annotated[str, typer.Option(help="its arguments, a JSON object")] = "{}",
    text: Annotated[
        Path | None, typer.Option(help="config.set: the file to send; models.update: the manifest, signed here")
    ] = None,
    valid_minutes: Annotated[float, typer.Option(min=0.1, max=43_200, help="refused when it comes later")] = 60.0,
    config: ConfigOption = DEFAULT_CONFIG,
    sqlite: SqliteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign an order and keep it for its device; it goes out when the device is there."""
    from edge.cli_city import opened
    from sync.city.commands import CommandStore, make_command
    from sync.commands import BY_AT_MOST
    from sync.keys import DeviceKey

    if len(by) > BY_AT_MOST:
        fail(f"--by: {BY_AT_MOST} letters at most", as_json=as_json, code=BAD_USAGE)
    with opened(config, sqlite, as_json=as_json) as city, refusing(as_json=as_json):
        key = DeviceKey.load_or_create(city.data_dir)
        given = _args(_known(name, as_json=as_json), args, text, key, as_json=as_json)
        command = make_command(
            source_named(device, as_json=as_json), name, given, by=by, valid=timedelta(minutes=valid_minutes), now=datetime.now(UTC)
        )  # fmt: skip
        CommandStore(city.database).order(command, key)
    if as_json:
        print_line({"ok": True, "id": command.id, "device": device, "name": name})
    else:
        typer.echo(f"{command.id}: {name} waits for {device}, until {command.not_after.astimezone():%d/%m %H:%M}")


@app.command("list")
def list_orders(
    device: Annotated[str | None, typer.Option("--device", help="one device only, as SITE/DEVICE")] = None,
    at_most: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    config: ConfigOption = DEFAULT_CONFIG,
    sqlite: SqliteOption = None,
    as_json: JsonOption = False,
) -> None:
    """The latest orders and what became of them."""
    import msgspec

    from edge.cli_city import opened
    from sync.city.commands import CommandStore

    source = None if device is None else source_named(device, as_json=as_json)
    with opened(config, sqlite, as_json=as_json) as city, refusing(as_json=as_json):
        rows = CommandStore(city.database).latest(datetime.now(UTC), source, at_most)
    for row in rows:
        if as_json:
            print_line(msgspec.to_builtins(row))
        else:
            why = f" ({row.why})" if row.why else ""
            typer.echo(
                f"{row.issued.astimezone():%d/%m %H:%M}  {row.id}  {row.source}  {row.name}  {row.by}  {row.state}{why}"
            )


def _known(name: str, *, as_json: bool) -> str:
    from sync.commands import CommandName

    if name not in set(CommandName):
        fail(f"{name}: no such order; there are: {', '.join(CommandName)}", as_json=as_json, code=BAD_USAGE)
    return name


def _args(name: str, given: str, text: Path | None, key: Any, *, as_json: bool) -> dict[str, Any]:
    from sync.commands import CommandName, signed_manifest

    try:
        args = json.loads(given)
    except ValueError:
        args = None
    if not isinstance(args, dict):
        fail("--args: a JSON object is needed", as_json=as_json, code=BAD_USAGE)
    if text is None:
        return args
    content = text_of(text, as_json=as_json)
    if name == CommandName.MODELS_UPDATE:
        return args | {"manifest": content, "signature": signed_manifest(content, key)}
    return args | {"text": content}
