"""Joins the alert service's `SmsPort` to a transport of `devices.sms`, chosen by the configuration, and watches its health."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from config.schema import Sms, SmsHttp
from devices.sms import channel as transport
from devices.sms.gateway_terms import GatewayTerms, Verdict
from devices.sms.phone_sim import PhoneSimChannel
from devices.sms.smsd_channel import SmsdChannel
from devices.sms.smsd_spool import SmsdSpool
from edge.ports import SmsRefused, SmsReply, SmsReport, SmsStatus, SmsUnavailable
from edge.services.faults import Faults

LINE = "sms_line"  # the way to phones itself; the part "sms" is the handing over to it
TOO_LONG_S = 300.0  # nobody took a message that long: no modem, no network
LOOK_S = 10.0
_TOLD = {"smsd_not_running", "spool_gone", "gateway_lost"}  # sentences under `page.fault`


def open_channel(sms: Sms, data_dir: Path) -> transport.SmsChannel | None:
    """The transport a site configured; None when nobody is to be told by SMS."""
    if sms.channel in {"http", "phones"}:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)  # the agent may not have run here yet
    match sms.channel:
        case "smsd":
            return SmsdChannel(SmsdSpool(sms.spool_dir))
        case "http":
            return _gateway(sms.http, data_dir) if sms.http else None
        case "phones":
            return PhoneSimChannel(data_dir / "phones.sqlite")
        case "none":
            return None


def _gateway(http: SmsHttp, data_dir: Path) -> transport.SmsChannel:
    from devices.sms.http_gateway import HttpGateway  # noqa: PLC0415 - httpx costs a tenth of the agent's start, and few sites use it

    return HttpGateway(_terms(http), data_dir / "sms-gateway.sqlite")


def _terms(http: SmsHttp) -> GatewayTerms:
    return GatewayTerms(
        url=http.url,
        body=dict(http.body),
        token_file=http.token_file,
        status_url=http.status_url,
        result_field=http.result_field,
        results=dict.fromkeys(http.accepted, Verdict.ACCEPTED) | dict.fromkeys(http.refused, Verdict.REFUSED),
    )


class ChannelPort:
    """`edge.ports.SmsPort` over any `devices.sms.channel.SmsChannel`."""

    def __init__(self, channel: transport.SmsChannel) -> None:
        self._channel = channel
        self._unfinished: dict[SmsReport | SmsReply, transport.Update] = {}

    async def submit(self, ref: str, to: str, text: str) -> None:
        try:
            await self._channel.submit(transport.Outgoing(ref, to, text))
        except transport.SmsRefused as error:
            raise SmsRefused(str(error)) from error
        except transport.SmsUnavailable as error:
            raise SmsUnavailable(str(error)) from error

    async def take_back(self, ref: str) -> bool:
        try:
            return await self._channel.take_back(ref)
        except transport.SmsUnavailable as error:
            raise SmsUnavailable(str(error)) from error

    async def inbox(self) -> AsyncIterator[SmsReport | SmsReply]:
        async for update in self._channel.updates():
            item = _item(update)
            self._unfinished[item] = update
            yield item

    async def done(self, item: SmsReport | SmsReply) -> None:
        update = self._unfinished.pop(item, None)
        if update is not None:
            await self._channel.acknowledge(update)


class LineCheck:
    """A transport that takes messages and sends none (no smsd, no modem, no network) is told before an alert needs it."""

    def __init__(self, channel: transport.SmsChannel, faults: Faults) -> None:
        self._channel = channel
        self._faults = faults

    async def check(self) -> None:
        """One look; it sends nothing."""
        why = await self._why()
        if why is None:
            await self._faults.recovered(LINE)
        else:
            await self._faults.fault(LINE, why)

    async def _why(self) -> str | None:
        try:
            async with asyncio.timeout(LOOK_S):
                health = await self._channel.health()
        except (transport.SmsUnavailable, TimeoutError):
            return "unavailable"
        if not health.is_alive:
            return health.why if health.why in _TOLD else "unavailable"
        return "not_sent" if health.oldest_waiting_s > TOO_LONG_S else None


def _item(update: transport.Update) -> SmsReport | SmsReply:
    if isinstance(update, transport.IncomingSms):
        return SmsReply(update.update_id, update.sender, update.text)
    return SmsReport(update.ref, SmsStatus(update.status.value))
