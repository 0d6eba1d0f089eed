"""The demo's guide: a simulated city that knows some dossiers, and a visitor who is greeted, asks aloud, takes a number and is called.

`edge.demo` plays it when the hall is through. The face is a real clip through the real networks, of somebody who enrolled before,
where those are pulled. The voice is real sound through the real recogniser where its models are pulled and espeak-ng is installed;
else the visitor touches the same button.
"""

import asyncio
import contextlib
import io
import logging
import sys
import wave
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from devices.camera.playlist import Playlist, Show, playlist_toml
from edge.adapters.city_sim import CitySim
from edge.adapters.guide_eyes_spec import LANDMARKER, NETWORK
from edge.adapters.voice_spec import DETECTOR, WHISPER_FILES
from edge.domain.dialogue_terms import Intent, Meaning, Stage
from edge.domain.dossier import DossierCode
from edge.domain.dossier_status import DossierRecord, DossierStatus, DossierStep
from edge.guide_ports import GuideDesk, GuideView
from edge.queue_ports import Action, QueueDesk
from edge.setup.toml_text import literal
from models import fetch
from models.tts import VoiceFailed, VoiceMissing, render
from sync import inspect

log = logging.getLogger(__name__)
Find = Callable[[str], Path]
"""The path of a model file; raises ModelFileError."""

READY, UNDERWAY, LATE = "H29.19-261124-0012", "H29.19-261126-0031", "H29.19-261102-0007"
ASKED = "làm giấy khai sinh cần giấy tờ gì"
PATIENCE_S = 20.0  # with the guide, on a slow machine
HEARING_S = 45.0  # until the recogniser is loaded and has understood
FACE, NAME = "single_face.mp4", "anh Minh"  # the visitor's, and what he wants to be called
CLIP_S = 2.4
SILENT_S = 8.0  # before he asks
ENROLMENT_S = 60.0
_STAYS, _AGAIN_EVERY_S = 17, 300.0  # clips in a row; whoever looks at the pages is disturbed no more often than this


def fill_city(city: CitySim, now: datetime) -> None:
    """Three dossiers: one is ready, one on its way, one late."""
    ahead, behind = (now + timedelta(days=5)).date(), (now - timedelta(days=2)).date()
    steps = {READY: None, UNDERWAY: DossierStep.VERIFICATION, LATE: DossierStep.SIGNING}
    promised = {READY: None, UNDERWAY: ahead, LATE: behind}
    for code, step in steps.items():
        status = DossierStatus.IN_PROGRESS if step else DossierStatus.READY
        city.put(DossierRecord(DossierCode.parse(code), status, now, step, promised[code]))


async def ask_aloud(folder: Path, find: Find) -> Path | None:
    """The visitor's question as a recording; None without the recogniser's models or without a voice."""
    try:
        for name in (*WHISPER_FILES, DETECTOR):
            find(name)
        wav = await render(ASKED)
    except (fetch.ModelFileError, VoiceMissing, VoiceFailed) as error:
        log.info("the visitor at the guide touches instead of speaking: %s", error)
        return None
    path = folder / "asked.wav"
    await asyncio.to_thread(_write_after_silence, path, wav)
    return path


def _write_after_silence(path: Path, wav: bytes) -> None:
    """He is greeted before he speaks."""
    with wave.open(io.BytesIO(wav)) as spoken, wave.open(str(path), "wb") as written:
        written.setparams(spoken.getparams())
        silent = int(spoken.getframerate() * SILENT_S) * spoken.getsampwidth() * spoken.getnchannels()
        written.writeframes(bytes(silent) + spoken.readframes(spoken.getnframes()))


def write_camera(folder: Path, find: Find, *, is_short: bool) -> Path | None:
    """What the guide's camera sees: in the short story he comes and stays. None without the networks."""
    try:
        for name in (LANDMARKER, NETWORK):
            find(name)
        clip = find(FACE)
    except fetch.ModelFileError as error:
        log.info("the guide has no camera: %s", error)
        return None
    nobody, there = Show(2.0), Show(CLIP_S, clip)
    away = () if is_short else (Show(_AGAIN_EVERY_S - _STAYS * CLIP_S),)
    shows = (there,) if is_short else (nobody, *[there] * _STAYS, *away)
    path = folder / "camera-guide.toml"
    path.write_text(playlist_toml(Playlist(shows)), encoding="utf-8")
    return path


async def enrol_visitor(config: Path, face: Path) -> bool:
    """He agreed to be greeted: by the command line, before the agent runs, as an officer would. Whether he is enrolled now."""
    words = (
        "faces",
        "enrol",
        str(face),
        "--name",
        NAME,
        "--by",
        "quay-01",
        "--agreed",
        "--json",
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge", *words, "--config", str(config),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    answer = b"it took too long"
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ENROLMENT_S):
                answer, _ = await process.communicate()
    finally:
        if process.returncode is None:  # the demo may have been told to end meanwhile
            process.kill()
            await process.wait()
    if process.returncode != 0:
        log.warning(
            "the visitor is not enrolled, and greeted as everybody is: %s", answer.decode(errors="replace").strip()
        )
    return process.returncode == 0


class Greetings:
    """Counts how often the guide greeted by name, until `close`."""

    def __init__(self, guide: GuideDesk | None) -> None:
        self.by_name = 0
        self._is_greeting = False
        self.close: Callable[[], None] = guide.subscribe(self._look) if guide else lambda: None

    def _look(self, view: GuideView) -> None:
        was, self._is_greeting = self._is_greeting, view.scene.state.name is not None
        self.by_name += self._is_greeting and not was


def config_text(city_url: str, recording: Path | None = None, camera: Path | None = None) -> str:
    """The section of the demo's configuration file."""
    voice = "" if recording is None else f"[guide.voice]\nmicrophone = {literal(f'replay:{recording}')}\n"
    if camera is not None:  # a clip cannot do what it is asked, so the name is said without
        voice += f'[guide.camera]\nsource = {literal(f"replay:{camera}")}\ngreet_by_name = "passive"\n'
    return f"""
[guide]
help_counter = "quay-01"
{voice}[guide.directory]
url = "{city_url}"
[guide.places.cong-an]
name = "Công an phường (căn cước, cư trú)"
name_en = "Ward police (identity card, residence)"
how = "Ra cổng rẽ phải, đi 200 mét, bên tay trái."
how_en = "Out of the gate, right, 200 metres, on the left."
link = "geo:10.8497,106.7717"
"""


async def play_visitor(guide: GuideDesk, queue: QueueDesk, pause_s: float) -> None:
    """Checks the papers, takes a number, looks a dossier up while waiting, and is called and served."""
    await _asks(guide, pause_s)
    await _press(guide, pause_s, Meaning(Intent.CHECKLIST, "khai-sinh"))
    while guide.view().scene.state.stage is Stage.CHECKING:
        await _press(guide, pause_s, Meaning(Intent.YES))
    await _press(guide, pause_s, Meaning(Intent.YES), Meaning(Intent.NO))
    await _until(guide, Stage.TICKET)
    slip = guide.view().scene.slip
    await asyncio.sleep(pause_s)
    await _press(guide, pause_s, Meaning(Intent.PROGRESS))
    await guide.type_code(READY)
    await _press(guide, pause_s, Meaning(Intent.YES))
    await _until(guide, Stage.ANSWER)
    await _press(guide, pause_s, Meaning(Intent.THANKS))
    if slip is not None:
        for action in (Action.CALL, Action.COME, Action.FINISH):
            await queue.press(slip.counters[0].counter, slip.label, action)
            await asyncio.sleep(pause_s)


def count_lookups(data_dir: Path) -> int:
    return inspect.stats(data_dir).by_type.get("dossier.looked_up", 0)


async def _press(guide: GuideDesk, pause_s: float, *meant: Meaning) -> None:
    for one in meant:
        await guide.press(one)
        await asyncio.sleep(pause_s)


async def _asks(guide: GuideDesk, pause_s: float) -> None:
    """Aloud where there are ears; what they did not understand in time is touched."""
    if guide.view().ears is not None:
        with contextlib.suppress(TimeoutError):
            await _until(guide, Stage.PAPERS, HEARING_S)
            return
    await guide.touch()
    await _press(guide, pause_s, Meaning(Intent.PAPERS, "khai-sinh"))


async def _until(guide: GuideDesk, stage: Stage, patience_s: float = PATIENCE_S) -> None:
    """Raise TimeoutError when the guide does not come there."""
    came = asyncio.Event()
    leave = guide.subscribe(lambda view: came.set() if view.scene.state.stage is stage else None)
    try:
        if guide.view().scene.state.stage is not stage:
            async with asyncio.timeout(patience_s):
                await came.wait()
    finally:
        leave()
