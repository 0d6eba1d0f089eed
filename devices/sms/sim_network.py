"""The mobile network behind a simulated modem: phones that join parts, count texts and reply; reports that come back.

`AtModem` hands it what a DTE submitted; tests and the demo hold the phones. Nothing here touches a port.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from devices.sms.pdu import Concat, Deliver, DeliveryStatus, StatusReport, Submit
from devices.sms.text import normalise, split

VIETNAM = timezone(timedelta(hours=7))


class NetworkRefused(Exception):
    """The network does not take this part; `cms_error` is what the modem says (3GPP TS 27.005, 3.2.5)."""

    def __init__(self, cms_error: int) -> None:
        super().__init__(f"+CMS ERROR: {cms_error}")
        self.cms_error = cms_error


CMS_UNASSIGNED_NUMBER = 1
CMS_NO_NETWORK = 331

Downlink = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class ReceivedSms:
    """A whole text as it stands on the phone's screen."""

    sender: str
    text: str
    received_at: datetime


@dataclass(slots=True)
class SimPhone:
    """One phone. `received` is what its owner reads; `times_received` proves that nothing came twice."""

    number: str
    _network: "SimNetwork" = field(repr=False)
    received: list[ReceivedSms] = field(default_factory=list)
    is_switched_on: bool = True
    parts_received: int = 0
    _waiting: dict[tuple[str, int, int], dict[int, str]] = field(default_factory=dict, repr=False)

    @property
    def texts(self) -> list[str]:
        return [sms.text for sms in self.received]

    def times_received(self, text: str) -> int:
        """How often exactly this text (in normal form) came whole."""
        return Counter(self.texts)[normalise(text)]

    @property
    def unfinished(self) -> int:
        """Messages of which some parts are missing; a real phone shows nothing of them, or shows them late."""
        return len(self._waiting)

    def reply(self, text: str) -> None:
        """Send `text` to the modem's number, in as many parts as it needs."""
        self._network.send_to_modem(self.number, text)

    def take(self, sender: str, part: Submit) -> None:
        """One part arrives over the air."""
        self.parts_received += 1
        text = part.text if part.concat is None else self._join(sender, part.concat, part.text)
        if text is not None:
            self.received.append(ReceivedSms(sender, text, self._network.now()))
            self._network.on_received(self, text)

    def _join(self, sender: str, concat: Concat, text: str) -> str | None:
        key = (sender, concat.reference, concat.total)
        parts = self._waiting.setdefault(key, {})
        parts[concat.sequence] = text
        if len(parts) < concat.total:
            return None
        del self._waiting[key]
        units = b"".join(parts[number].encode("utf-16-be", "surrogatepass") for number in sorted(parts))
        return units.decode("utf-16-be", "replace")  # a sender may have cut a surrogate pair in two


def _nobody(_phone: SimPhone, _text: str) -> None:
    return None


class SimNetwork:
    """Every number is a phone that works, unless `refused` holds it. `downlink` takes PDUs for the modem's store."""

    def __init__(
        self, modem_number: str = "+84900000000", *, seed: int = 0, clock: Callable[[], datetime] | None = None
    ) -> None:
        self.modem_number = modem_number
        self.is_registered = True
        self.gives_reports = True
        self.refused: set[str] = set()
        self.on_received: Callable[[SimPhone, str], None] = _nobody
        self.downlink: Downlink | None = None
        self._clock = clock or (lambda: datetime.now(UTC))
        self._phones: dict[str, SimPhone] = {}
        self._random = random.Random(seed)  # noqa: S311 - a simulator repeats itself on purpose
        self._undelivered: list[tuple[SimPhone, int, Submit, datetime]] = []

    def now(self) -> datetime:
        return self._clock().astimezone(VIETNAM)

    def phone(self, number: str) -> SimPhone:
        """The phone with this E.164 number; it exists from the first time anybody asks."""
        return self._phones.setdefault(number, SimPhone(number, self))

    def submit(self, part: Submit, reference: int) -> None:
        """The modem passes on one part under its own `reference`. Raises NetworkRefused."""
        if not self.is_registered:
            raise NetworkRefused(CMS_NO_NETWORK)
        if part.to in self.refused:
            raise NetworkRefused(CMS_UNASSIGNED_NUMBER)
        phone = self.phone(part.to)
        if not phone.is_switched_on:
            self._undelivered.append((phone, reference, part, self.now()))
            return
        self._deliver(phone, reference, part, self.now())

    def switch_on(self, number: str) -> None:
        """The phone is back; what waited for it arrives now, and its reports go out."""
        phone = self.phone(number)
        phone.is_switched_on = True
        waiting = [entry for entry in self._undelivered if entry[0] is phone]
        self._undelivered = [entry for entry in self._undelivered if entry[0] is not phone]
        for entry in waiting:
            self._deliver(*entry)

    def give_up(self, number: str) -> None:
        """The validity of what waits for this phone is over: reports say EXPIRED."""
        phone = self.phone(number)
        expired = [entry for entry in self._undelivered if entry[0] is phone]
        self._undelivered = [entry for entry in self._undelivered if entry[0] is not phone]
        for _, reference, part, sent_at in expired:
            self._report(reference, part, sent_at, DeliveryStatus.EXPIRED)

    def send_to_modem(self, sender: str, text: str) -> None:
        """A phone sends a text to the modem, split as its owner's phone would."""
        parts = split(text)
        reference = self._random.randrange(256)
        for number, part in enumerate(parts, start=1):
            concat = Concat(reference, len(parts), number) if len(parts) > 1 else None
            self._send_down(Deliver(sender, part, self.now(), concat).to_bytes())

    def _deliver(self, phone: SimPhone, reference: int, part: Submit, sent_at: datetime) -> None:
        phone.take(self.modem_number, part)
        self._report(reference, part, sent_at, DeliveryStatus.RECEIVED)

    def _report(self, reference: int, part: Submit, sent_at: datetime, status: DeliveryStatus) -> None:
        if part.wants_report and self.gives_reports:
            self._send_down(StatusReport(reference, part.to, sent_at, self.now(), status).to_bytes())

    def _send_down(self, tpdu: bytes) -> None:
        if self.downlink is not None:
            self.downlink(tpdu)
