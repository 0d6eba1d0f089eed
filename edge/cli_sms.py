"""`motcua sms`: send one SMS through the configured transport and see what becomes of it."""

import asyncio
import contextlib
import secrets
from pathlib import Path
from typing import Annotated

import typer

from config.schema import Config
from devices.sms.channel import ChannelHealth, DeliveryUpdate, Outgoing, SmsChannel, SmsStatus
from edge.adapters.sms import open_channel
from edge.cli_common import REFUSED, JsonOption, fail, load_config, print_line, refusing
from edge.domain.msisdn import Msisdn, NotAMobileNumber

app = typer.Typer(no_args_is_help=True, help="SMS by hand: send, status.")
ConfigOption = Annotated[Path, typer.Option("--config", help="the site's configuration file")]
DEFAULT_CONFIG = Path("/etc/motcua/motcua.toml")
_LOST = {
    SmsStatus.FAILED: "it was given up and reaches nobody; look at the modem or the gateway: motcua doctor",
    SmsStatus.UNKNOWN: "it was given up, and nobody knows whether it was sent: ask at that telephone; motcua doctor looks at the line",
}


@app.command()
def send(
    to: Annotated[str, typer.Argument(help="a contact of the configuration, or a number")],
    text: str,
    config: ConfigOption = DEFAULT_CONFIG,
    wait_s: Annotated[float, typer.Option("--wait", min=0, help="seconds to wait for the delivery report")] = 60.0,
    as_json: JsonOption = False,
) -> None:
    """Send one SMS. Stop the agent first: one program follows a spool at a time. Exit 1 when it was given up."""
    settings = load_config(config, as_json=as_json)
    with refusing(as_json=as_json):
        channel = _channel(settings, as_json=as_json)
        sms = Outgoing(f"cli-{secrets.token_hex(6)}", _number(settings, to, as_json=as_json).reveal(), text)
        last = asyncio.run(_send(channel, sms, wait_s))
    if as_json:
        print_line({"ref": sms.ref, "status": last.status.value} | ({"why": last.why} if last.why else {}))
    else:
        typer.echo(f"{sms.ref}: {last.status.value}" + (f" ({last.why})" if last.why else ""))
    if last.status in _LOST:
        typer.secho(_LOST[last.status], fg="red", err=True)
        raise typer.Exit(REFUSED)


@app.command()
def status(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Whether the transport is alive and how much waits in it. Exit 1 when it is not."""
    settings = load_config(config, as_json=as_json)
    with refusing(as_json=as_json):
        health = asyncio.run(_health(_channel(settings, as_json=as_json)))
    row = {"alive": health.is_alive, "waiting": health.waiting, "oldest_waiting_s": round(health.oldest_waiting_s, 1)}
    if as_json:
        print_line(row | {"why": health.why})
    else:
        typer.echo(f"alive: {health.is_alive}, waiting: {health.waiting}" + (f" ({health.why})" if health.why else ""))
    raise typer.Exit(0 if health.is_alive else 1)


def _channel(config: Config, *, as_json: bool) -> SmsChannel:
    channel = open_channel(config.sms, config.agent.data_dir)
    if channel is None:
        fail("no SMS transport is configured: set [sms] channel", as_json=as_json)
    return channel


def _number(config: Config, to: str, *, as_json: bool) -> Msisdn:
    try:
        return Msisdn.parse(config.contacts[to].phone if to in config.contacts else to)
    except NotAMobileNumber as error:
        fail(f"{error}; contacts: {', '.join(config.contacts) or 'none'}", as_json=as_json)


async def _send(channel: SmsChannel, sms: Outgoing, wait_s: float) -> DeliveryUpdate:
    """How far it came within `wait_s`."""
    try:
        await channel.submit(sms)
        return await _followed(channel, sms.ref, wait_s)
    finally:
        await channel.close()


async def _followed(channel: SmsChannel, ref: str, wait_s: float) -> DeliveryUpdate:
    last = DeliveryUpdate(ref, SmsStatus.SUBMITTED)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            async for update in channel.updates():
                if isinstance(update, DeliveryUpdate) and update.ref == ref:
                    last = update
                    await channel.acknowledge(update)
                    if update.status.is_final:
                        break
    return last


async def _health(channel: SmsChannel) -> ChannelHealth:
    try:
        return await channel.health()
    finally:
        await channel.close()
