"""Owns one line: one request at a time, several boards on it, and a plain answer to what is known of each request.

Reads may be repeated. An unlock is written once whatever happens: its lost reply is `Pulse.LOST`, and the caller reads the doors.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Never

from devices.lock_board.board import Pulse
from devices.lock_board.codec import (
    Ask,
    BoardRefused,
    Codec,
    Command,
    Decoder,
    DoorPushed,
    DoorsReply,
    FrameCorrupt,
    Heard,
    NoAnswer,
    Noise,
    Refused,
    Request,
    UnlockReply,
)
from devices.lock_board.timing import BITS_A_BYTE, LONGEST_REPLY, LinkCounters, LinkTiming, PulsePace
from devices.lock_board.trace import Trace
from devices.lock_board.write_policy import PermitExpired, WritePolicy
from devices.serial_port import Port, PortLost, PortSettings, PortWhy, open_port

log = logging.getLogger(__name__)

Opener = Callable[[str, PortSettings], Awaitable[Port]]
FEWER_CHANNELS = "channels"  # BoardRefused.why where a board has fewer doors than configured


@dataclass(slots=True)
class _Pending:
    request: Request
    answer: asyncio.Future[Heard]
    echo_seen: bool = False
    noise_seen: bool = False


class Link:
    """One line. `run` must be running for anything to be answered; without an open port everything raises PortLost.

    `on_pushed` and `on_port` are called in the loop: a door changed unasked; the port is lost (why) or back (None).
    """

    def __init__(
        self, address: str, settings: PortSettings, codec: Codec, policy: WritePolicy,
        *, pace: PulsePace | None = None, timing: LinkTiming | None = None, echo: bool = False, opener: Opener = open_port,
    ) -> None:  # fmt: skip
        self.address = address
        self.codec = codec
        self.policy = policy
        self.counters = LinkCounters()
        self.trace = Trace()
        self.why_lost: PortWhy | None = None
        self.echo = echo  # found out by itself too, anew for each port that is opened
        self.on_pushed: Callable[[DoorPushed], None] = lambda _: None
        self.on_port: Callable[[PortWhy | None], None] = lambda _: None
        self._is_echo_configured = echo
        self._settings = settings
        self._pace = pace or PulsePace()
        self._timing = timing or LinkTiming()
        self._opener = opener
        self._port: Port | None = None
        self._opened = asyncio.Event()
        self._turn = asyncio.Lock()
        self._pending: _Pending | None = None
        self._slow: _Pending | None = None  # an unlock that holds the line no longer, and whose caller still waits
        self._unanswered: deque[tuple[_Pending, float]] = deque(
            maxlen=16
        )  # the oldest is forgotten: it counts as stray
        self._heard_at = 0.0
        self._silent = 0
        self._silent_limit = self._timing.silent_requests
        self._reopening = False

    async def run(self) -> None:
        """Keep the port open, for ever: a lost one is opened again with backoff, and logged once lost and once back."""
        wait_s = self._timing.backoff_s
        loop = asyncio.get_running_loop()
        while True:
            opened_at = loop.time()
            try:
                port = await self._opener(self.address, self._settings)
            except PortLost as err:
                self._lost(err)
            else:
                await self._serve(port)
            if loop.time() - opened_at >= self._timing.steady_s:
                wait_s = self._timing.backoff_s
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, self._timing.longest_backoff_s)

    async def wait_open(self) -> None:
        """Until the port is open. The caller sets the timeout."""
        await self._opened.wait()

    async def read(self, request: Request, attempts: int = 3) -> Heard:
        """Ask, and ask again where nothing or rubbish came. Raise PortLost, NoAnswer, FrameCorrupt or BoardRefused."""
        for _ in range(attempts - 1):
            try:
                return await self._read_once(request)
            except (NoAnswer, FrameCorrupt):
                continue
        return await self._read_once(request)

    async def unlock(self, request: Request, meanwhile: Callable[[], None] = lambda: None) -> Pulse:
        """Write an unlock that the policy permits, once. Raise WriteRefused where it does not.

        A board that answers after its pulse has more time than the line: `meanwhile` is called when doors can be read again.
        """
        async with self._pace.turn():
            try:
                async with self._turn:
                    heard = await self._exchange(await self._ready(), request)
            except PermitExpired:
                return Pulse.NOT_SENT
            except PortLost:
                return Pulse.LOST if self.policy.is_spent(request.frame) else Pulse.NOT_SENT
            except (NoAnswer, FrameCorrupt):
                meanwhile()
                slow = await self._answer_after_pulse(request)
                if slow is None:
                    return Pulse.LOST
                heard = slow
        is_refused = isinstance(heard, Refused) or (isinstance(heard, UnlockReply) and heard.accepted is False)
        return Pulse.REFUSED if is_refused else Pulse.ANSWERED

    async def store(self, request: Request) -> None:
        """Write a setting that the policy permits, once. Raise as `read`, and WriteRefused."""
        async with self._turn:
            _checked(request, await self._exchange(await self._ready(), request))

    # --- one request ---

    async def _read_once(self, request: Request) -> Heard:
        async with self._turn:
            heard = await self._exchange(await self._ready(), request)
            if self._is_suspect(request):
                heard = await self._exchange(await self._ready(), request)
        return _checked(request, heard)

    async def _ready(self) -> Port:
        """The open port, once the line has been silent for a moment."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self._timing.longest_quiet_s
        while (wait_s := self._heard_at + self._timing.quiet_s - loop.time()) > 0 and loop.time() < give_up:  # noqa: ASYNC110 - silence is no event
            await asyncio.sleep(wait_s)
        if self._port is None or self._port.is_lost():
            raise PortLost(self.address, self.why_lost or PortWhy.MISSING)
        return self._port

    async def _exchange(self, port: Port, request: Request) -> Heard:
        self.policy.let_out(request.frame)
        pending = self._pending = _Pending(request, asyncio.get_running_loop().create_future())
        try:
            self.counters.sent += 1
            self.trace.sent(request)
            await port.write(request.frame)
            async with asyncio.timeout(self._wait_s(request)):
                heard = await pending.answer
        except TimeoutError as err:
            await self._note_silence(port)
            raise (FrameCorrupt if pending.noise_seen else NoAnswer)(_said(request)) from err
        finally:
            self._close(pending)
        self._silent, self._silent_limit = 0, self._timing.silent_requests
        self.counters.answered += 1
        return heard

    async def _answer_after_pulse(self, request: Request) -> Heard | None:
        """To an unlock that the line has just given up. None when none comes."""
        given_up = (one for one, _ in self._unanswered if one.request is request)
        self._slow = next(given_up, None) if self.codec.answers_unlock else None
        if self._slow is None:
            return None
        self._slow.answer = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._timing.after_pulse_s):
                return await self._slow.answer
        except TimeoutError:
            return None
        finally:
            self._slow = None

    def _close(self, pending: _Pending) -> None:
        """Whatever ended the wait, an answer may still come: it must not be taken for the next one's."""
        self._pending = None
        if pending.answer.done() and not pending.answer.cancelled():
            pending.answer.exception()  # looked at, so that nobody warns of it
            return
        pending.answer.cancel()
        self.counters.unanswered += 1
        self._unanswered.append((pending, asyncio.get_running_loop().time()))

    def _wait_s(self, request: Request) -> float:
        on_the_line_s = (len(request.frame) + LONGEST_REPLY) * BITS_A_BYTE / self._settings.baud
        is_answer_owed = request.ask is not Ask.UNLOCK or self.codec.answers_unlock
        return on_the_line_s + (self._timing.reply_s if is_answer_owed else self._timing.unlock_grace_s)

    def _is_suspect(self, request: Request) -> bool:
        """The same question was asked a moment ago in vain: what came may have been the answer to that one."""
        now = asyncio.get_running_loop().time()
        for entry in self._unanswered:
            if entry[0].request.frame == request.frame and now - entry[1] < self._timing.suspect_s:
                self._unanswered.remove(entry)
                return True
        return False

    async def _note_silence(self, port: Port) -> None:
        """A line that has said nothing for long may hang in the adapter: closing and opening it has helped in the field."""
        self._silent += 1
        if self._silent < self._silent_limit:
            return
        self._silent = 0
        self._silent_limit = min(self._silent_limit * 2, self._timing.most_silent_requests)
        self._reopening = True
        await port.close()

    # --- what comes in ---

    async def _serve(self, port: Port) -> None:
        """Until the port is lost."""
        self._port, self._reopening = port, False
        self.echo = self._is_echo_configured
        if self.why_lost is not None:
            log.info("lock line %s is back", self.address)
        self.why_lost = None
        self._opened.set()
        self.on_port(None)
        try:
            await self._receive(port)
        except PortLost as err:
            self._lost(err)
        finally:
            self._port = None
            self._opened.clear()
            await port.close()

    def _lost(self, err: PortLost) -> None:
        self._port = None
        self._opened.clear()
        if self._pending is not None and not self._pending.answer.done():
            self._pending.answer.set_exception(err)
        if self._reopening:
            self._reopening = False
            return
        if self.why_lost is None:
            log.warning("lock line %s is lost: %s", self.address, err.why)
            self.counters.port_lost += 1
            self.on_port(err.why)
        self.why_lost = err.why

    async def _receive(self, port: Port) -> Never:
        decoder = Decoder(self.codec)
        while True:
            try:
                async with asyncio.timeout(self._timing.gap_s if decoder.is_waiting else None):
                    octets = await port.read()
            except TimeoutError:
                frames = decoder.idle()
            else:
                self._heard_at = asyncio.get_running_loop().time()
                frames = decoder.feed(octets, self._pending.request if self._pending else None)
            for heard, frame in frames:
                self._take(heard, frame)

    def _take(self, heard: Heard | Noise, octets: bytes) -> None:
        kind: str | None = None
        if isinstance(heard, Noise):
            self.counters.corrupt += 1
            if self._pending is not None:
                self._pending.noise_seen = True
        elif self._is_echo(heard, octets):
            self.counters.echoes += 1
            kind = "echo"
        elif isinstance(heard, DoorPushed):
            self.counters.pushed += 1
            self.on_pushed(heard)
        elif not self._has_answered(heard):
            kind = self._kind_of_unasked(heard)
        self.trace.heard(heard, octets, kind)

    def _is_echo(self, heard: Heard, octets: bytes) -> bool:
        """A frame that only masters send gives the adapter away; then the first copy of what could be a reply is an echo too."""
        waiting = (one for one in (self._pending, self._slow) if one is not None)
        pending = next((one for one in waiting if octets == one.request.frame and not one.echo_seen), None)
        if pending is None:
            return False
        self.echo = self.echo or isinstance(heard, Command)
        pending.echo_seen = self.echo
        return self.echo

    def _has_answered(self, heard: Heard) -> bool:
        pending = self._pending
        if pending is None or pending.answer.done():
            return False
        if pending.request.ask is Ask.UNLOCK and isinstance(heard, DoorsReply) and self._is_reading_owed(heard):
            return False  # a reading that is still owed says nothing of an unlock
        answer = self.codec.answer(pending.request, heard)
        if answer is not None:
            pending.answer.set_result(answer)
        return answer is not None

    def _kind_of_unasked(self, heard: Heard) -> str:
        entry = self._owed(heard)
        if entry is None:
            self.counters.stray += 1
            return "stray"
        self._unanswered.remove(entry)
        self.counters.late += 1
        pending, _ = entry
        if pending is self._slow and not pending.answer.done():
            pending.answer.set_result(heard)
        return "late"

    def _is_reading_owed(self, heard: Heard) -> bool:
        oldest = asyncio.get_running_loop().time() - self._timing.suspect_s
        readings = (one for one in self._unanswered if one[1] > oldest and one[0].request.ask is not Ask.UNLOCK)
        return any(self.codec.answer(one.request, heard) is not None for one, _ in readings)

    def _owed(self, heard: Heard) -> tuple[_Pending, float] | None:
        """The request that was given up and that this answers."""
        oldest = asyncio.get_running_loop().time() - self._timing.late_s
        recent = (one for one in self._unanswered if one[1] > oldest)
        return next((one for one in recent if self.codec.answer(one[0].request, heard) is not None), None)


def _checked(request: Request, heard: Heard) -> Heard:
    if isinstance(heard, Refused):
        raise BoardRefused(heard.board, heard.why)
    if isinstance(heard, DoorsReply) and len(heard.shorted) < request.channels:
        raise BoardRefused(heard.board, FEWER_CHANNELS)
    return heard


def _said(request: Request) -> str:
    return f"{request.ask.value} of board {request.board}"
