"""SMS through any HTTP gateway that takes a JSON POST: a brandname provider, or another box with a modem.

`HttpGateway` is an `SmsChannel` for the agent; a page that the gateway calls back hands reports to `take_report`.
"""

import asyncio
import logging
import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from devices.sms.channel import (
    ChannelHealth,
    DeliveryUpdate,
    IncomingSms,
    Outgoing,
    SmsRefused,
    SmsStatus,
    SmsUnavailable,
    Update,
)
from devices.sms.follow import Follower
from devices.sms.gateway_terms import GatewayTerms, Json, Verdict, parse_delivery_report
from devices.sms.sqlite_file import transaction

PATIENCE = timedelta(hours=72)
MEMORY = timedelta(days=30)
TOKEN = re.compile(rb"[!-~]+")  # what a header carries (RFC 9110, 5.5), without the blanks that no token has
_log = logging.getLogger(__name__)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
  ref TEXT PRIMARY KEY, status TEXT NOT NULL DEFAULT 'submitted', why TEXT, told TEXT, submitted_at REAL NOT NULL
) STRICT;
"""


class HttpGateway:
    """One gateway. Its memory file holds refs and statuses, never a number or a text. One-way: no replies."""

    def __init__(
        self,
        terms: GatewayTerms,
        memory: Path,
        *,
        poll_s: float = 30.0,
        look_s: float = 0.5,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._terms = terms
        self._memory = memory
        self._poll_every = timedelta(seconds=poll_s)
        self._polled_at = clock()
        self._follower = Follower(self._news, look_s)
        self._clock = clock
        self._client = httpx.AsyncClient(timeout=terms.timeout_s)
        self._is_reachable = True

    async def submit(self, sms: Outgoing) -> None:
        """See SmsChannel. Without an answer the caller tries again: the gateway knows the key of the first try."""
        if await asyncio.to_thread(self._is_known, sms.ref):
            return
        response = await self._request("POST", self._terms.url, sms)
        verdict = self._terms.judge(response.status_code, _json_of(response))
        if verdict is Verdict.REFUSED:
            raise SmsRefused(f"the gateway refuses the message (HTTP {response.status_code})")
        if verdict is Verdict.RETRY:
            raise SmsUnavailable(f"the gateway cannot take it now (HTTP {response.status_code})")
        await asyncio.to_thread(self._remember, sms.ref)

    async def take_back(self, ref: str) -> bool:
        """Never: what the gateway has it sends."""
        del ref
        return False

    def updates(self) -> AsyncIterator[Update]:
        """See SmsChannel. Reports come by `take_report`; what stays open is asked for every `poll_s`."""
        return self._follower.updates()

    async def acknowledge(self, update: Update) -> None:
        """See SmsChannel."""
        await asyncio.to_thread(self._note, update)
        self._follower.acknowledged(update)

    async def take_report(self, report: Json) -> bool:
        """Keep a callback's report for good; False when it is none of ours (answer 404, so that it is not repeated)."""
        update = parse_delivery_report(self._terms, report)
        return update is not None and await asyncio.to_thread(self._settle, update)

    async def health(self) -> ChannelHealth:
        """Whether the last request was answered. What waits has no report yet; nothing waits to be taken: the gateway has it."""
        return await asyncio.to_thread(self._health)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    # --- the wire ---

    async def _request(self, method: str, url: str, sms: Outgoing | None = None) -> httpx.Response:
        body = self._terms.render(sms) if sms is not None else None
        headers = {**self._terms.headers, **await asyncio.to_thread(self._authorization)}
        if sms is not None:
            headers[self._terms.idempotency_header] = sms.ref
        try:
            async with asyncio.timeout(self._terms.timeout_s):
                response = await self._client.request(method, url, json=body, headers=headers)
        except (httpx.HTTPError, TimeoutError) as err:
            self._tell_reachable(now=False)
            raise SmsUnavailable("the gateway does not answer") from err
        except httpx.InvalidURL as err:
            self._tell_reachable(now=False)
            raise SmsUnavailable("the gateway's address is not a URL") from err
        self._tell_reachable(now=True)
        return response

    def _authorization(self) -> dict[str, str]:
        """Read at every request, so that a new token needs no restart."""
        if self._terms.token_file is None:
            return {}
        try:
            token = self._terms.token_file.read_bytes().strip()
        except OSError as err:
            raise SmsUnavailable("the gateway's token file cannot be read") from err
        if not TOKEN.fullmatch(token):
            raise SmsUnavailable("the gateway's token file does not hold one line of plain letters")
        return {"Authorization": f"Bearer {token.decode('ascii')}"}

    def _tell_reachable(self, *, now: bool) -> None:
        if now is not self._is_reachable:
            _log.log(logging.INFO if now else logging.WARNING, "sms.gateway_back" if now else "sms.gateway_lost")
        self._is_reachable = now

    async def _news(self) -> list[Update]:
        if abs(self._clock() - self._polled_at) >= self._poll_every:  # the clock may have been put back
            await self._poll()
            self._polled_at = self._clock()
        return await asyncio.to_thread(self._pending)

    async def _poll(self) -> None:
        if self._terms.status_url is None:
            return
        for ref in await asyncio.to_thread(self._open_refs):
            try:
                response = await self._request("GET", self._terms.status_url.replace("{ref}", ref))
            except SmsUnavailable:
                return  # told once by _tell_reachable; the next round asks again
            update = parse_delivery_report(self._terms, _json_of(response)) if response.is_success else None
            if update is not None and update.ref == ref:
                await asyncio.to_thread(self._settle, update)

    # --- the memory ---

    def _rows(self) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self._memory, _SCHEMA)

    def _is_known(self, ref: str) -> bool:
        with self._rows() as rows:
            return rows.execute("SELECT 1 FROM message WHERE ref = ?", (ref,)).fetchone() is not None

    def _remember(self, ref: str) -> None:
        now = self._clock().timestamp()
        with self._rows() as rows:
            rows.execute("INSERT OR IGNORE INTO message (ref, submitted_at) VALUES (?, ?)", (ref, now))
            rows.execute(
                "DELETE FROM message WHERE submitted_at < ? AND told = status", (now - MEMORY.total_seconds(),)
            )

    def _settle(self, update: DeliveryUpdate) -> bool:
        """A late or doubled report never takes back a final status."""
        with self._rows() as rows:
            known = rows.execute("SELECT status FROM message WHERE ref = ?", (update.ref,)).fetchone()
            if known is not None and not SmsStatus(known[0]).is_final and update.status is not SmsStatus.SUBMITTED:
                rows.execute(
                    "UPDATE message SET status = ?, why = ? WHERE ref = ?",
                    (update.status.value, update.why, update.ref),
                )
            return known is not None

    def _pending(self) -> list[Update]:
        given_up = self._clock().timestamp() - PATIENCE.total_seconds()
        with self._rows() as rows:
            rows.execute(
                "UPDATE message SET status = 'unknown', why = 'no_report' WHERE status = 'submitted' AND submitted_at < ?",
                (given_up,),
            )
            found = rows.execute(
                "SELECT ref, status, why FROM message WHERE told IS NOT status ORDER BY rowid"
            ).fetchall()
        return [DeliveryUpdate(ref, SmsStatus(status), why=why) for ref, status, why in found]

    def _note(self, update: Update) -> None:
        if isinstance(update, IncomingSms):
            raise TypeError("an HTTP gateway gives no incoming SMS")
        with self._rows() as rows:
            rows.execute("UPDATE message SET told = ? WHERE ref = ?", (update.status.value, update.ref))

    def _open_refs(self) -> list[str]:
        """The newest: of some messages no gateway ever says more, and what they wait for is old."""
        with self._rows() as rows:
            found = rows.execute(
                "SELECT ref FROM message WHERE status IN ('submitted', 'unknown') ORDER BY rowid DESC LIMIT 50"
            )
            return [ref for (ref,) in found]

    def _health(self) -> ChannelHealth:
        with self._rows() as rows:
            (waiting,) = rows.execute("SELECT count(*) FROM message WHERE status = 'submitted'").fetchone()
        return ChannelHealth(self._is_reachable, waiting, why=None if self._is_reachable else "gateway_lost")


def _json_of(response: httpx.Response) -> Json:
    """An answer that is no JSON says nothing beyond its status."""
    try:
        answer: Json = response.json()
    except ValueError:
        return None
    return answer
