"""The real camera of a demo (`--camera`): whether it is there before anything starts, what becomes of it while the demo plays."""

from collections.abc import Callable
from pathlib import Path

from config.strings import load_strings
from devices.camera.source import CameraLost
from devices.camera.usb import device_path, plugged_in
from edge.ports import CameraState, CounterDesk, CounterView

NETWORK, REPLAY = ("rtsp://", "rtsps://"), "replay:"


def found(source: str) -> str:
    """The source as the configuration takes it. Raise CameraLost with what to do; one on the network is asked when it is opened."""
    if source.startswith(NETWORK):
        return source
    if source.startswith(REPLAY):
        return _film(Path(source.removeprefix(REPLAY)))
    _must_be_plugged_in(source)
    return source


def _film(file: Path) -> str:
    if not file.is_file():
        raise CameraLost(
            f"camera {REPLAY}{file}: there is no such file; without --camera the demo plays a film of its own"
        )
    return f"{REPLAY}{file.absolute()}"


def _must_be_plugged_in(source: str) -> None:
    try:
        device_path(source)
    except CameraLost as error:
        here = plugged_in()
        hint = f"plugged in: {', '.join(here)}" if here else "no camera is plugged in"
        raise CameraLost(f"camera {source}: {error}; {hint}; without --camera the demo plays a film") from error


class CameraNews:
    """Says each change of the counter's camera once; `state` is the last. An address may hold a password: it is not repeated."""

    def __init__(self, desk: CounterDesk, counter: str, say: Callable[[str], None]) -> None:
        self._counter, self._say = counter, say
        self._strings = load_strings()
        self.state = desk.view(counter).camera
        self.close = desk.subscribe(self._look)

    def _look(self, view: CounterView) -> None:
        if view.counter == self._counter and view.camera is not self.state:
            self.state = view.camera
            self._say(self.sentence)

    @property
    def sentence(self) -> str:
        if self.state is CameraState.LIVE:
            return f"camera of {self._counter}: works"
        if self.state is CameraState.OPENING:
            return f"camera of {self._counter}: has shown no picture yet"
        fault, advice = (self._strings.text(f"page.{kind}.{self.state}", "en") for kind in ("fault", "advice"))
        return f"camera of {self._counter}: {fault} {advice}"
