"""From the section `[guide]` to the desk behind its page: hall, directory, ears, mouth, scanner. For `edge.compose` and the demo."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.guide import Guide, Place
from config.load import ConfigError
from config.procedures import SEEDED, ProcedureEntry, load_procedures, unknown_procedures
from config.queue import Queue
from config.schema import Config
from edge.adapters import model_files
from edge.adapters.config_files import INTENTS
from edge.adapters.directory import HttpCity
from edge.adapters.guide_eyes import WorkerEyes
from edge.adapters.guide_eyes_spec import LANDMARKER, NETWORK, GuideEyesSpec
from edge.adapters.guide_text import GuideSentences
from edge.adapters.queue_setup import queue_setup
from edge.adapters.scanner import ScannerFeed
from edge.domain.dialogue_state import House
from edge.domain.naming import NamePolicy
from edge.face_ports import KnownPeople
from edge.guide_ports import Hall, PlaceInfo, ProcedureInfo
from edge.ports import Clock, Ledger
from edge.queue_ports import QueueDesk
from edge.services.directory import DirectoryService
from edge.services.faults import Faults
from edge.services.guide import GuideService
from edge.services.hearing import HearingService
from edge.services.reception import Reception
from edge.voice_ports import Mouth
from edge.web.words import Strings

if TYPE_CHECKING:
    from edge.adapters.voice import VoiceEars

Part = tuple[str, Callable[[], Awaitable[None]]]


@dataclass(frozen=True, slots=True)
class GuideStation:
    """The desk, the camera it has (not yet watched by `reception`), and what has to run for it."""

    desk: GuideService
    parts: tuple[Part, ...]
    directory: DirectoryService
    eyes: WorkerEyes | None = None
    greets_by_name: NamePolicy = NamePolicy.NEVER
    hearing: HearingService | None = None  # where it has ears


async def open_guide(
    config: Config, guide: Guide, ledger: Ledger, clock: Clock, *, strings: Strings, faults: Faults, queue: QueueDesk
) -> GuideStation:
    """Raise ConfigError of the procedures' file, ModelFileError for ears or eyes without their models. Nothing is opened yet."""
    hall = guide_hall(config, guide)
    city = HttpCity(guide.directory.url, guide.directory.token_file) if guide.directory else None
    sync_s = guide.directory.sync_s if guide.directory else 300.0
    directory = DirectoryService(ledger, clock, faults, city, guide.name, sync_s=sync_s)
    await directory.load()
    scanner = ScannerFeed(guide.name, config.scanner[guide.name], faults) if guide.name in config.scanner else None
    ears = _ears(config, guide, hall)
    desk = GuideService(
        guide.name, hall, guide_house(config, guide, hall), GuideSentences(strings, hall), ledger=ledger, clock=clock,
        queue=queue, directory=directory, faults=faults, ears=ears, mouth=_mouth(config, guide, faults), scans=scanner,
    )  # fmt: skip
    parts: list[Part] = [("guide", desk.run)]
    hearing = _hearing(ears, guide, desk) if ears else None
    parts += [(f"ears/{guide.name}", ears.run)] if ears else []
    parts += [(f"ears/{guide.name}/traces", hearing.run)] if hearing else []
    parts += [("directory", directory.run)] if city else []
    parts += [(f"scanner/{guide.name}", scanner.run)] if scanner else []
    eyes = _eyes(config, guide)
    parts += [(f"eyes/{guide.name}", eyes.run)] if eyes else []
    policy = NamePolicy(guide.camera.greet_by_name) if guide.camera else NamePolicy.NEVER
    return GuideStation(desk, tuple(parts), directory, eyes, policy, hearing)


def reception_parts(station: GuideStation, book: KnownPeople, clock: Clock, faults: Faults) -> tuple[Part, ...]:
    """What greets whom the camera sees; nothing without a camera."""
    if station.eyes is None:
        return ()
    camera = f"camera/{station.desk.place}"
    reception = Reception(
        station.eyes, book, station.desk, clock=clock, policy=station.greets_by_name, faults=faults, part=camera
    )
    return (("reception", reception.run),)


def guide_hall(config: Config, guide: Guide) -> Hall:
    """What people are told about the centre. Raise ConfigError."""
    assert config.queue is not None  # noqa: S101 - `config.load` saw to it
    setup = queue_setup(config, config.queue)
    service_of = {procedure: key for key, one in config.queue.services.items() for procedure in one.procedures}
    return Hall(
        config.centre.name if config.centre else "",
        _procedures(guide, config.queue, service_of),
        setup.services,
        setup.counters,
        setup.opening,
        {key: _place(key, one) for key, one in guide.places.items()},
        guide.help_counter,
        guide.hotline,
    )


def guide_house(config: Config, guide: Guide, hall: Hall) -> House:
    """The same hall as the conversation needs it."""
    procedures = hall.procedures.values()
    return House(
        papers={one.key: len(one.papers["vi"]) for one in procedures},
        services=frozenset(hall.services),
        service_of={one.key: one.service for one in procedures if one.service},
        places=frozenset(hall.places),
        lang=config.agent.language,
        idle_s=guide.idle_s,
        warn_s=guide.warn_s,
        gone_s=guide.gone_s,
        person_s=guide.person_s,
    )


def _procedures(guide: Guide, queue: Queue, service_of: Mapping[str, str]) -> dict[str, ProcedureInfo]:
    file = guide.procedures_file or SEEDED
    entries = load_procedures(file).entries
    if unknown := unknown_procedures(queue.model_dump()["services"], entries, file):
        raise ConfigError(file, unknown)
    return {key: _procedure(key, entry, service_of.get(key)) for key, entry in entries.items()}


def _procedure(key: str, entry: ProcedureEntry, service: str | None) -> ProcedureInfo:
    wordings = {"vi": entry.vi, "en": entry.en}
    names = {lang: one.name for lang, one in wordings.items()}
    return ProcedureInfo(key, names, {lang: one.papers for lang, one in wordings.items()}, service)


def _place(key: str, place: Place) -> PlaceInfo:
    names = {"vi": place.name, "en": place.name_en or place.name}
    return PlaceInfo(key, names, {"vi": place.how, "en": place.how_en or place.how}, place.link)


def _eyes(config: Config, guide: Guide) -> WorkerEyes | None:
    camera = guide.camera
    if camera is None:
        return None
    spec = GuideEyesSpec(
        place=guide.name,
        camera=camera.source,
        landmarker=str(model_files.locate(config, LANDMARKER)),
        network=str(model_files.locate(config, NETWORK)),
        credentials_file=str(camera.credentials_file) if camera.credentials_file else None,
        fps=camera.fps,
        near=camera.near,
        come_s=camera.come_s,
        gone_s=camera.gone_s,
    )
    return WorkerEyes(spec)


def _ears(config: Config, guide: Guide, hall: Hall) -> "VoiceEars | None":
    voice = guide.voice
    if voice.microphone is None:
        return None
    from edge.adapters.voice import VoiceEars  # noqa: PLC0415 - it loads the intents' machinery, which a silent guide never needs
    from edge.adapters.voice_spec import DETECTOR, WHISPER_FILES, VoiceSpec  # noqa: PLC0415 - the same

    recogniser = voice.model_dir or {model_files.locate(config, name).parent for name in WHISPER_FILES}.pop()
    spec = VoiceSpec(
        place=guide.name,
        source=voice.microphone,
        recogniser=str(recogniser),
        detector=str(model_files.locate(config, DETECTOR)),
        intents=str(voice.intents_file or INTENTS),
        procedures={key: one.name("vi") for key, one in hall.procedures.items()},
        places={key: one.name("vi") for key, one in hall.places.items()},
        engine=voice.engine,
        threads=voice.threads,
    )
    return VoiceEars(spec)


def _hearing(ears: "VoiceEars", guide: Guide, desk: GuideService) -> HearingService:
    from models.speech import ACCEPT  # noqa: PLC0415 - the same

    return HearingService(ears, guide.name, ACCEPT, desk.overheard)


def _mouth(config: Config, guide: Guide, faults: Faults) -> Mouth | None:
    voice = guide.voice
    if voice.loudspeaker is None:
        return None
    from devices.audio.sink import Loudspeaker  # noqa: PLC0415 - it loads numpy, which a silent guide never needs
    from edge.adapters.mouth import SpokenPrompts  # noqa: PLC0415 - the same
    from models.tts import Prompts  # noqa: PLC0415 - the same

    prompts = Prompts(config.agent.data_dir / "prompts", recordings=voice.recordings_dir)

    async def told(is_lost: bool) -> None:  # noqa: FBT001 - as the mouth calls it
        part = f"mouth/{guide.name}"
        await (faults.fault(part, "mouth_silent") if is_lost else faults.recovered(part))

    return SpokenPrompts(prompts, Loudspeaker(voice.loudspeaker), told)
