"""The city's line as one thing: the link up, the orders down, what the page shows of both. For `edge.compose` and tests.

`open_city` before the pages (they show it); its `parts` run under the supervisor.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from config.schema import Config
from edge.adapters import command_doers as doers
from edge.adapters.clock import SystemClock
from edge.adapters.config_trial import ConfigSetter, TrialWatch
from edge.adapters.model_update import ModelUpdates
from edge.adapters.uplink import LinkFaults, city_key_of, manners_of, open_link
from edge.command_ports import CommandView, Doer, LinkView
from edge.domain.command import CommandRefusal
from edge.locker_ports import CityDesk as LockerCityDesk
from edge.ports import Clock
from edge.services.commands import CommandService
from edge.services.directory import DirectoryService
from edge.services.faults import Faults
from edge.services.identify import Identify
from sync.commands import CommandName
from sync.journal import Journal
from sync.link import Link, LinkState

Part = tuple[str, Callable[[], Awaitable[None]]]
PART_FAILED = "failed"  # as the supervisor tells it: an agent with such a part is not well


@dataclass(frozen=True, slots=True)
class Stations:
    """What of this device the city can order something of."""

    locker: LockerCityDesk | None = None
    directory: DirectoryService | None = None


@dataclass(frozen=True, slots=True)
class CityLine:
    """`edge.command_ports.CityDesk`."""

    link_up: Link
    told: LinkFaults
    orders: CommandService
    identify: Identify
    journal: Journal
    is_metered: Callable[[], bool]
    parts: tuple[Part, ...]

    def link(self) -> LinkView:
        status = self.link_up.status
        return LinkView(
            state=status.state.value if status else "waiting",
            since=self.told.since,
            backlog=self.journal.backlog,
            version=status.version.name.lower() if status and status.version else None,
            last_receipt=self.told.last_receipt,
            skew_s=self.told.skew.skew_s,
            is_metered=self.is_metered(),
            not_ours=self.orders.not_ours,
        )

    async def commands(self, at_most: int = 10) -> tuple[CommandView, ...]:
        return await self.orders.latest(at_most)


def open_city(
    config: Config, journal: Journal, faults: Faults, stations: Stations, *,
    file: Path | None = None, restart: Callable[[], None] = lambda: None,
) -> CityLine | None:  # fmt: skip
    """None when no broker is configured. `file`: the configuration that the city may change; `restart` begins anew with it."""
    if config.mqtt is None:
        return None
    clock = SystemClock(config.agent.zone)
    told, screens = LinkFaults(faults, clock), Identify(clock, config.agent.device)
    known: dict[str, Doer] = {}
    orders = CommandService(
        journal, clock, known, source=journal.identity.source, city_key=city_key_of(config), is_clock_wrong=told.is_clock_wrong
    )  # fmt: skip
    link = open_link(config, journal, told, orders.handle)
    assert link is not None  # noqa: S101 - there is a broker
    models = ModelUpdates(config.agent.data_dir, city_key_of(config), orders.finish, config.models.mirror)
    known |= _of_stations(stations, clock) | {
        CommandName.IDENTIFY: doers.identify(screens),
        CommandName.RESEND: doers.resend(link.resend_from, lambda: journal.head.seq),
        CommandName.CONFIG_SET: ConfigSetter(file, config, restart),
        CommandName.MODELS_UPDATE: models,
    }
    trial = TrialWatch(file, clock, lambda: _is_well(link, faults), orders.finish, restart)

    async def mind_orders() -> None:
        """What was begun before the start knows its trial before that is judged."""
        await orders.resume()
        await trial.run()

    parts = (("link", link.run), ("commands", mind_orders), ("commands/models", models.run), *_tone(config, screens))
    return CityLine(link, told, orders, screens, journal, manners_of(config.mqtt, clock).is_metered, parts)


def _tone(config: Config, screens: Identify) -> tuple[Part, ...]:
    """The loudspeaker of a guide; where there is none, kiosk pages beep."""
    if config.guide is None or config.guide.voice.loudspeaker is None:
        return ()
    from devices.audio.sink import Loudspeaker  # noqa: PLC0415 - it loads numpy, which a silent device never needs
    from edge.adapters.identify_tone import IdentifyTone  # noqa: PLC0415 - the same

    return (("identify/tone", IdentifyTone(screens, Loudspeaker(config.guide.voice.loudspeaker)).run),)


def _of_stations(stations: Stations, clock: Clock) -> dict[str, Doer]:
    desk, directory = stations.locker, stations.directory
    no_locker, no_guide = doers.not_here(CommandRefusal.NO_LOCKER), doers.not_here(CommandRefusal.NO_GUIDE)
    return {
        CommandName.LOCKER_RESERVE: doers.reserve(desk, clock) if desk else no_locker,
        CommandName.LOCKER_RELEASE: doers.release(desk) if desk else no_locker,
        CommandName.LOCKER_RECALL: doers.recall(desk) if desk else no_locker,
        CommandName.DOSSIER_STATUS: doers.dossier_status(directory) if directory else no_guide,
    }


def _is_well(link: Link, faults: Faults) -> bool:
    """The city is reached and every part runs: what a configuration can spoil from afar and nobody could mend from there."""
    is_up = link.status is not None and link.status.state is LinkState.CONNECTED
    return is_up and not any(tile.why == PART_FAILED for tile in faults.tiles())
