"""What every page is given: desks, words, sessions and settings. Built once by `edge.web.server`."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from edge.locker_ports import LockerDesks
from edge.ports import AlertDesk, Clock, CounterDesk, HealthDesk, Statistics
from edge.web.auth import FormSeal, Session, Sessions
from edge.web.login import LoginDesk
from edge.web.words import Strings, Words

if TYPE_CHECKING:
    from edge.command_ports import CityDesk, IdentifyDesk
    from edge.face_ports import FaceDesk
    from edge.guide_ports import GuideDesk
    from edge.queue_ports import QueueDesk
    from edge.voice_ports import HearingDesk

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Desks:
    """The services as pages see them."""

    counters: CounterDesk
    alerts: AlertDesk
    statistics: Statistics
    health: HealthDesk
    clock: Clock
    locker: LockerDesks | None = None  # where the station is
    queue: "QueueDesk | None" = None  # where the device gives out numbers
    guide: "GuideDesk | None" = None  # where it answers people
    city: "CityDesk | None" = None  # where a broker is configured
    identify: "IdentifyDesk | None" = None
    faces: "FaceDesk | None" = None  # where people may enrol to be greeted, or did
    hearing: "HearingDesk | None" = None  # where it has ears


@dataclass(frozen=True, slots=True)
class DemoUser:
    """A throw-away user of the demo: its PIN and present code are shown on the login page. Never in production."""

    name: str
    pin: str = field(repr=False)
    totp_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LockerScreen:
    """The citizen's screen of a cabinet. `keypad` names it where guesses are counted; `hours` and `name` as a person reads them."""

    keypad: str = "kiosk"
    name: str = ""
    code_digits: int = 6
    help_phone: str = ""
    hours: str = ""
    session_s: float = 60.0  # without a touch, then the screen is empty again
    warn_s: float = 15.0  # the last seconds, in which it asks whether somebody is there
    done_s: float = 20.0  # how long "done" stays
    tick_s: float = 1.0
    code_shown_s: float = 60.0  # how long an officer sees a code that is read out


@dataclass(frozen=True, slots=True)
class WebSettings:
    """`state_dir` holds the form secret and the TOTP memory. `tablet_clients`: addresses or networks besides this machine."""

    state_dir: Path
    host: str = "127.0.0.1"
    port: int = 8080
    tablet_clients: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()  # further names a browser may call this machine by
    language: str = "vi"
    centre: str = ""
    session_hours: float = 10.0
    is_https: bool = False  # a TLS proxy stands in front: cookies are marked Secure
    thanks_s: float = 5.0  # how long the tablet thanks
    language_reset_s: float = 60.0  # an untouched tablet goes back to `language`
    health_every_s: float = 5.0
    statistics_pause_s: float = 1.0  # at most one refresh of the charts in this time
    agreement_days: int = 30
    agreement_at_least: int = 20  # visits with both marks before a share is shown
    pages_at_most: int = 200
    unclaimed_page_s: float = 30.0  # a page nobody's browser connected to is forgotten
    demo_users: tuple[DemoUser, ...] = ()
    locker: LockerScreen = LockerScreen()
    queue_slip_s: float = 20.0  # how long a fresh number stays on the kiosk
    queue_idle_s: float = 30.0  # an unanswered question of the kiosk goes away

    def tablet_networks(self) -> tuple[Network, ...]:
        """Raise ValueError for what is no address and no network."""
        return tuple(ipaddress.ip_network(text, strict=False) for text in self.tablet_clients)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What pages of every kind need: a device's and the city's."""

    strings: Strings
    settings: WebSettings
    sessions: Sessions
    login: LoginDesk
    seal: FormSeal

    def words(self, lang: str | None) -> Words:
        return Words(self.strings, lang if lang in self.strings.languages else self.settings.language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site(House):
    """One device's."""

    desks: Desks


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a page, in which language. The tablet and the home page have no session. `query`: as it stood in the address."""

    words: Words
    session: Session | None
    path: str
    query: str = ""

    @property
    def here(self) -> str:
        """Where to come back to, with what was chosen there. Not for logs: people search for anything."""
        return f"{self.path}?{self.query}" if self.query else self.path
