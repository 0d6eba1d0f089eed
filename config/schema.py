"""The configuration file as pydantic models: one a section, an unknown key refuses to start.

`config.load` reads and checks a file; `edge.compose` turns the sections into what services take.
"""

from datetime import timedelta, timezone
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from config.fields import Address, Key, Phone, Port, Seconds, Section, Share
from config.guide import Guide
from config.locker import Locker
from config.peripherals import Printer, Scanner
from config.queue import Queue


class Agent(Section):
    site: Key
    device: Key
    data_dir: Path = Path("/var/lib/motcua")
    language: Literal["vi", "en"] = "vi"
    utc_offset_hours: Annotated[float, Field(ge=-12, le=14)] = 7.0

    @property
    def zone(self) -> timezone:
        return timezone(timedelta(hours=self.utc_offset_hours))


class Zone(Section):
    """The citizen's place in the picture, as shares of its width and height. Nothing outside it is ever read."""

    x: Share = 0.0
    y: Share = 0.0
    width: Annotated[float, Field(gt=0, le=1)] = 1.0
    height: Annotated[float, Field(gt=0, le=1)] = 1.0

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if self.x + self.width > 1.0001 or self.y + self.height > 1.0001:
            msg = "the zone reaches past the picture's edge (x + width and y + height may be 1 at most)"
            raise ValueError(msg)
        return self


class Camera(Section):
    """`source`: a device (`/dev/v4l/by-id/...` or a number), `rtsp://...`, or `replay:FILE.toml`."""

    source: str = Field(min_length=1)
    fps: Annotated[float, Field(gt=0, le=30)] = 10.0
    credentials_file: Path | None = None
    zone: Zone = Zone()


class Counter(Section):
    name: str = Field(min_length=1, max_length=40)
    unit: Key
    camera: Camera


class Unit(Section):
    """A specialised unit; `head` is told first, beside the centre's leader, then `chain` in order."""

    name: str = Field(min_length=1, max_length=60)
    head: Key
    chain: tuple[Key, ...] = ()


class Contact(Section):
    """Who gets SMS. The key is what events and logs say; the number is used by the transport alone."""

    phone: Phone
    role: Literal["leader", "head", "deputy", "duty"] = "duty"


class Centre(Section):
    name: str = Field(min_length=1, max_length=60)
    leader: Key


class Resting(Section):
    """How a visitor's own resting face is learnt."""

    learn_s: Seconds = 2.0
    emotional_s: Seconds = 0.8
    longest_s: Seconds = 6.0
    shift_limit: Annotated[float, Field(ge=0, le=5)] = 1.5


class Satisfaction(Section):
    """How frames become a level; the names and values of `edge.domain.satisfaction`, which explains them."""

    smoothing_s: Seconds = 0.35
    side_enter: Share = 0.55
    side_leave: Share = 0.40
    strong_enter: Share = 0.50
    strong_leave: Share = 0.35
    dwell_s: Seconds = 0.2
    stale_s: Seconds = 2.0
    resting: Resting = Resting()

    @model_validator(mode="after")
    def _hysteresis(self) -> Self:
        if self.side_leave > self.side_enter or self.strong_leave > self.strong_enter:
            msg = "a level is left at a lower share than it is entered at (side_leave <= side_enter, strong_leave <= strong_enter)"
            raise ValueError(msg)
        return self


class Visits(Section):
    """When a visit begins and ends, and when it is scored (`edge.domain.visit`, `edge.domain.verdict`)."""

    settle_s: Seconds = 1.0
    gone_s: Seconds = 3.0
    late_rating_s: Seconds = 20.0
    evidence_s: Seconds = 3.0
    evidence_share: Share = 0.2


class Escalation(Section):
    """When the officer is nudged and whom an alert tells when (`edge.domain.escalation`)."""

    nudge_after_s: Seconds = 0.7
    anger_after_s: Seconds = 1.0
    window_s: Seconds = 60.0
    cool_down_s: Seconds = 600.0
    cap_per_hour: Annotated[int, Field(ge=1, le=100)] = 6
    next_contact_s: Seconds = 300.0


_FILLED = ("{ref}", "{to}", "{digits}", "{text}", "{parts}")


class SmsHttp(Section):
    """A gateway's terms, as `devices/sms/README.md` explains them.

    Placeholders: {ref} {to} {digits} {text} {parts} in `body`, {ref} in `status_url`.
    For gateways that answer 200 to everything: `result_field` is a dotted path, `accepted` and `refused` its values.
    """

    url: str = Field(pattern=r"^https?://")
    token_file: Path
    body: dict[str, str | int | bool] = Field(default={"to": "{to}", "text": "{text}", "ref": "{ref}"})
    status_url: str | None = None
    result_field: str | None = None
    accepted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @field_validator("body")
    @classmethod
    def _placeholders(cls, body: dict[str, str | int | bool]) -> dict[str, str | int | bool]:
        """What is not filled in would be sent as it stands, and nobody would be told."""
        wrong = [value for value in body.values() if isinstance(value, str) and "{" in value and value not in _FILLED]
        if wrong:
            msg = f"{wrong[0]} is not filled in; a value is one of {' '.join(_FILLED)}, or fixed"
            raise ValueError(msg)
        return body


class Sms(Section):
    """`smsd`: smstools' spool and modem. `http`: a gateway. `phones`: simulated. `none`: nobody is told."""

    channel: Literal["smsd", "http", "phones", "none"] = "none"
    spool_dir: Path = Path("/var/spool/sms")
    http: SmsHttp | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.channel == "http" and self.http is None:
            msg = "channel 'http' needs a section [sms.http] with url and token_file"
            raise ValueError(msg)
        return self


_GIVEN_BY_ENROLMENT = {
    "host", "port", "others", "tls", "ca_file", "cert_file", "key_file", "username", "password_file", "city_key",
}  # fmt: skip
Hours = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Mqtt(Section):
    """The city's broker. `version` auto: MQTT 5 first, 3.1.1 when that is refused.

    `enrolled`: host, port, certificates and the city's key are those of `motcua enrol`, as they are without this section.
    `city_key` (hex): receipts and commands count only when signed with it; without it no command is taken. `max_kbit_s`: at most so
    much goes up. `metered`: traffic is paid for, so it goes in batches; with `metered_hours` ("07:00-18:00") only then.
    """

    enrolled: bool = False
    host: str = ""
    port: Port = 8883
    others: tuple[
        Annotated[str, Field(pattern=r"^[^:\s]+:[0-9]{1,5}$")], ...
    ] = ()  # more nodes of the same cluster, host:port
    tls: bool = True
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    window: Annotated[int, Field(ge=1, le=1000)] = 100
    keepalive_s: Annotated[int, Field(ge=5, le=600)] = 30
    version: Literal["auto", "5", "3.1.1"] = "auto"
    city_key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    max_kbit_s: Annotated[float, Field(ge=8, le=1_000_000)] | None = None
    metered: bool = False
    metered_hours: Hours | None = None
    metered_batch_minutes: Annotated[float, Field(ge=1, le=1440)] = 15.0

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            msg = "cert_file and key_file come together"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _where(self) -> Self:
        if self.enrolled and self.model_fields_set & _GIVEN_BY_ENROLMENT:
            msg = "enrolled = true takes these from the enrolment: " + ", ".join(sorted(_GIVEN_BY_ENROLMENT))
            raise ValueError(msg)
        if not self.enrolled and not self.host:
            msg = "give host, or enrolled = true on a device that was enrolled (motcua enrol)"
            raise ValueError(msg)
        return self


class Web(Section):
    """`tablet_clients`: addresses besides this machine that may show the rating tablet. `hosts`: names browsers call it by.

    `https`: a TLS proxy stands in front, so cookies are marked Secure.
    """

    host: str = "127.0.0.1"
    port: Port = 8080
    users_file: Path | None = None
    tablet_clients: tuple[Address, ...] = ()
    hosts: tuple[str, ...] = ()
    https: bool = False


class Models(Section):
    directory: Path | None = None
    mirror: Path | None = (
        None  # a folder that holds files before they are pulled; MOTCUA_MODELS names another for one start
    )
    expression_params: Path | None = None


class Retention(Section):
    """Days kept. Events go only after the city's receipt; those that prove something (handovers, alerts, consents) never."""

    visits_days: Annotated[int, Field(ge=1, le=3660)] = 730
    visit_details_days: Annotated[int, Field(ge=1, le=3660)] = 90
    alert_notes_days: Annotated[int, Field(ge=1, le=3660)] = 730
    sms_days: Annotated[int, Field(ge=1, le=3660)] = 90
    faces_unused_days: Annotated[int, Field(ge=1, le=3660)] = 365
    locker_phones_days: Annotated[int, Field(ge=1, le=3660)] = 30  # after a dossier was collected
    locker_stays_days: Annotated[int, Field(ge=1, le=3660)] = 730
    reading_events_days: Annotated[int, Field(ge=1, le=3660)] = 90
    health_events_days: Annotated[int, Field(ge=1, le=3660)] = 14
    max_journal_mb: Annotated[int, Field(ge=16, le=1_000_000)] = 2_000


class Config(Section):
    """A whole device. `config.load` checks the references between sections, so that they show beside other mistakes."""

    agent: Agent
    centre: Centre | None = None
    counters: dict[Key, Counter] = Field(default={})
    units: dict[Key, Unit] = Field(default={})
    contacts: dict[Key, Contact] = Field(default={})
    satisfaction: Satisfaction = Satisfaction()
    visits: Visits = Visits()
    escalation: Escalation = Escalation()
    locker: Locker | None = None
    printer: Printer | None = None
    scanner: dict[Key, Scanner] = Field(default={})
    queue: Queue | None = None
    guide: Guide | None = None
    sms: Sms = Sms()
    mqtt: Mqtt | None = None
    web: Web = Web()
    models: Models = Models()
    retention: Retention = Retention()
