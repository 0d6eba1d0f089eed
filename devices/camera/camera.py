"""One camera kept open for good: a thread grabs every frame and keeps only the newest, a lost camera is opened again.

Used by the process that owns the camera; `look` is called by one thread.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from devices.camera.condition import ConditionJudge, Limits
from devices.camera.source import CameraLost, CameraState, Frame, FrameCorrupt, FrameSource, OpenSource

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. A lost camera is tried again after `retry_s`, then twice as long each time up to `retry_max_s`."""

    retry_s: float = 0.5
    retry_max_s: float = 10.0
    silence_s: float = 3.0  # an open camera without a frame for this long counts as lost
    opening_s: float = 8.0  # as long as a network camera may take: 5 s to answer and 3 s to its first whole picture


@dataclass(frozen=True, slots=True)
class Look:
    """What the camera has to say: its state, and a frame only when it is new and may be read."""

    state: CameraState
    frame: Frame | None


class Camera:
    """Context manager around the grabbing thread. `skipped` counts the frames that a newer one replaced."""

    def __init__(
        self,
        open_source: OpenSource,
        limits: Limits | None = None,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_source = open_source
        self._judge = ConditionJudge(limits)
        self._patience = patience or Patience()
        self._clock = clock
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._keep_open, name="camera", daemon=True)
        self._wanted = False
        self._newest: _Grabbed | None = None
        self._link = CameraState.OPENING
        self._heard_s = clock()
        self._state = CameraState.OPENING
        self.skipped = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop grabbing. A driver that hangs in a read is left behind: the thread is a daemon."""
        self._closing.set()
        self._thread.join(timeout=1.0)

    def look(self, timeout_s: float) -> Look:
        """Wait up to `timeout_s` for a frame grabbed after this call; without one, say how the camera is."""
        grabbed = self._take(timeout_s)
        if grabbed is None:
            self._state = self._without_frame()
            return Look(self._state, None)
        verdict = self._judge.judge(None if grabbed.frame is None else grabbed.frame.bgr, self._clock())
        self._state = verdict.state
        return Look(verdict.state, grabbed.frame if verdict.is_readable else None)

    def _take(self, timeout_s: float) -> "_Grabbed | None":
        with self._changed:
            self._wanted = True
            self._changed.wait_for(self._has_news, timeout_s)
            grabbed, self._newest, self._wanted = self._newest, None, False
            return grabbed

    def _has_news(self) -> bool:
        return self._newest is not None or (self._link is CameraState.LOST and self._state is not CameraState.LOST)

    def _without_frame(self) -> CameraState:
        is_opening = self._link is CameraState.OPENING
        patience_s = self._patience.opening_s if is_opening else self._patience.silence_s
        is_silent = self._clock() - self._heard_s >= patience_s
        if self._link is not CameraState.LOST and not is_silent:
            return self._state
        self._judge.forget()
        return CameraState.LOST

    # --- the grabbing thread ---

    def _keep_open(self) -> None:
        wait_s = self._patience.retry_s
        while not self._closing.is_set():
            try:
                with self._open_source() as source:
                    self._pump(source)
            except CameraLost as error:
                is_first = self._link is CameraState.LIVE
                wait_s = self._patience.retry_s if is_first else min(wait_s * 2, self._patience.retry_max_s)
                self._lose(error)
                self._closing.wait(wait_s)

    def _pump(self, source: FrameSource) -> None:
        """Grab until closing; a frame is decoded only when somebody waits for one."""
        number = 0
        while not self._closing.is_set():
            captured_ns = source.grab()
            number += 1
            self._hear()
            if self._wanted:
                self._offer(_Grabbed(_retrieve(source, captured_ns, number)))
            else:
                self.skipped += 1

    def _hear(self) -> None:
        self._heard_s = self._clock()
        if self._link is CameraState.LOST:
            log.info("camera is back")
        self._link = CameraState.LIVE

    def _offer(self, grabbed: "_Grabbed") -> None:
        with self._changed:
            self._newest = grabbed
            self._changed.notify()

    def _lose(self, error: CameraLost) -> None:
        if self._link is not CameraState.LOST:
            log.warning("camera lost: %s", error)
        with self._changed:
            self._link, self._newest = CameraState.LOST, None
            self._changed.notify()


@dataclass(frozen=True, slots=True)
class _Grabbed:
    frame: Frame | None  # None: it could not be decoded


def _retrieve(source: FrameSource, captured_ns: int, number: int) -> Frame | None:
    try:
        return Frame(source.retrieve(), captured_ns, number)
    except FrameCorrupt:
        return None
