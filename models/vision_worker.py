"""The loop of the vision worker: newest frame, citizen's zone, faces, tracks, one small message.

Runs in the child process that owns the camera; it knows its camera and its reader by what they do, not where they come from.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import msgspec

from models.pipeline import BgrImage, Box, Level
from models.stillness import Stillness
from models.tracking import Rect, Tracker
from models.wire import MAX_FACES, MAX_REASONS, Beat, CameraMessage, FaceMessage, FrameMessage, Message

BEAT_S = 1.0
LIVE, FROZEN = "live", "frozen"  # as devices.camera has them
_NS = 1_000_000_000


class Picture(Protocol):
    """A frame in this process's memory: uint8 [h, w, 3] blue first, CLOCK_MONOTONIC nanoseconds."""

    @property
    def bgr(self) -> BgrImage: ...
    @property
    def captured_ns(self) -> int: ...
    @property
    def number(self) -> int: ...


class Sight(Protocol):
    """The camera's state, and a frame only when it is new and may be read."""

    @property
    def state(self) -> str: ...
    @property
    def frame(self) -> Picture | None: ...


class Camera(Protocol):
    @property
    def skipped(self) -> int: ...
    def look(self, timeout_s: float) -> Sight: ...


class SeenFace(Protocol):
    """What the reader says about one face; `box` in pixels of the picture it was given."""

    @property
    def box(self) -> Box: ...
    @property
    def usable(self) -> bool: ...
    @property
    def why_not(self) -> str | None: ...
    @property
    def level(self) -> Level | None: ...
    @property
    def scores(self) -> Mapping[Level, float]: ...
    @property
    def valence(self) -> float: ...
    @property
    def reasons(self) -> Sequence[str]: ...


class Reader(Protocol):
    """Takes frames as the camera hands them over: blue first."""

    def read(self, frame: BgrImage, t_ms: int) -> Sequence[SeenFace]: ...


Send: TypeAlias = Callable[[Message], None]


@dataclass(frozen=True, slots=True)
class Zone:
    """The citizen's place as shares of the frame. What lies outside is cut off before any network sees the picture."""

    x: float = 0.0
    y: float = 0.0
    w: float = 1.0
    h: float = 1.0

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, top, right, bottom inside a frame of that size; at least one pixel."""
        left, top = min(int(self.x * width), width - 1), min(int(self.y * height), height - 1)
        right, bottom = round((self.x + self.w) * width), round((self.y + self.h) * height)
        return left, top, max(left + 1, min(right, width)), max(top + 1, min(bottom, height))


class VisionWorker:
    """One camera read at up to `fps` frames a second; `step` does one round and never waits longer than a beat."""

    def __init__(
        self,
        camera: Camera,
        reader: Reader,
        send: Send,
        *,
        zone: Zone,
        fps: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._camera, self._reader, self._send = camera, reader, send
        self._zone, self._period_s = zone, 1.0 / fps
        self._clock, self._sleep = clock, sleep
        self._tracker, self._stillness = Tracker(), Stillness()
        self._state = ""
        self._frames = 0
        self._last_ms = -1
        self._due_s = clock()
        self._beat_due_s = clock()

    def run(self) -> None:
        """Work until the process ends."""
        while True:
            self.step()

    def step(self) -> None:
        """Beat when due, wait for the next frame's turn, look, and send what was seen."""
        now_s = self._clock()
        if now_s >= self._beat_due_s:
            self._beat_due_s = now_s + BEAT_S
            self._send(beat(self._frames, self._camera.skipped))
        wait_s = min(self._due_s, self._beat_due_s) - now_s
        if wait_s > 0:
            self._sleep(wait_s)
        elif now_s >= self._due_s:
            self._look(now_s)

    def _look(self, now_s: float) -> None:
        self._due_s = max(self._due_s + self._period_s, now_s - self._period_s)  # one late frame may be made up for
        sight = self._camera.look(max(0.01, self._beat_due_s - now_s))
        seen = None if sight.frame is None else self._read(sight.frame)
        self._tell(self._state_of(sight))
        if seen is not None:
            self._send(seen)
            self._frames += 1

    def _state_of(self, sight: Sight) -> str:
        """As the camera says, unless it shows a face and a world that never move."""
        if sight.state != LIVE:
            self._stillness.forget()
        return FROZEN if self._stillness.is_frozen else sight.state

    def _tell(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self._send(msgspec.convert({"type": "camera", "state": state}, CameraMessage))

    def _read(self, frame: Picture) -> FrameMessage:
        height, width = frame.bgr.shape[:2]
        left, top, right, bottom = self._zone.pixels(width, height)
        seen = self._reader.read(frame.bgr[top:bottom, left:right], self._next_ms(frame.captured_ns))
        inside = [face for face in seen if _is_inside(face.box, right - left, bottom - top)]
        largest = sorted(inside, key=lambda face: face.box.w * face.box.h, reverse=True)[:MAX_FACES]
        found = [
            (
                Rect((face.box.x + left) / width, (face.box.y + top) / height, face.box.w / width, face.box.h / height),
                face,
            )
            for face in largest
        ]
        living = self._living(frame, found)
        tracks = self._tracker.follow([rect for rect, _ in living], frame.captured_ns / _NS)
        faces = tuple(face_message(track, *one) for track, one in zip(tracks, living, strict=True))
        return FrameMessage(frame=frame.number, captured_ns=frame.captured_ns, faces=faces)

    def _living(self, frame: Picture, found: Sequence[tuple[Rect, SeenFace]]) -> list[tuple[Rect, SeenFace]]:
        """Without the faces on posters: nobody is measured by them."""
        still = self._stillness.see(frame.bgr, [rect for rect, _ in found], frame.captured_ns / _NS)
        return [one for one, is_still in zip(found, still, strict=True) if not is_still]

    def _next_ms(self, captured_ns: int) -> int:
        """The landmarker refuses a time that does not grow."""
        self._last_ms = max(captured_ns // 1_000_000, self._last_ms + 1)
        return self._last_ms


def face_message(track: int, rect: Rect, face: SeenFace) -> FaceMessage:
    """One face as the wire can say it; a face that is not usable carries no scores. A word the wire lacks raises."""
    shown = {
        "track": track,
        "box": [min(2.0, max(-1.0, float(side))) for side in rect],
        "usable": face.usable,
        "why_not": face.why_not,
        "level": face.level if face.usable else None,
        "scores": [min(1.0, max(0.0, float(face.scores[level]))) if face.usable else 0.0 for level in Level],
        "valence": min(1.0, max(-1.0, float(face.valence))) if face.usable else 0.0,
        "reasons": list(face.reasons[:MAX_REASONS]) if face.usable else [],
    }
    return msgspec.convert(shown, FaceMessage)


def beat(frames: int, skipped: int) -> Beat:
    """How this process is: CPU since its start, resident memory."""
    resident_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return Beat(
        frames=frames,
        skipped=skipped,
        cpu_ms=time.process_time() * 1000,
        rss_mb=resident_pages * 4096 / 1e6,
    )


def _is_inside(box: Box, width: int, height: int) -> bool:
    """Whether the middle of a face lies in the zone; a face at its edge that belongs to the other side does not exist."""
    return 0 <= box.x + box.w / 2 < width and 0 <= box.y + box.h / 2 < height
