"""Entry of the child that opens a camera, microphone or loudspeaker once: an order on stdin, numbers on stdout, then it ends.

Started by `edge.doctor.senses`. It can write no file and, but for a network camera, open no connection (`confine`).
"""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from edge.adapters.confinement import confine
from edge.doctor.senses import (
    CameraOrder,
    LoudspeakerOrder,
    MicrophoneOrder,
    Order,
    Pictures,
    Played,
    Sound,
)

if TYPE_CHECKING:
    from devices.audio.source import Source
    from devices.camera.condition import ConditionJudge
    from devices.camera.source import BgrImage, FrameSource

FROZEN_S, SETTLE_S = 2.0, 0.5
SILENCE_S = 0.2
FULL = 0.99
_STEP = 8  # pixels: every 8th tells how bright a picture is


def main() -> None:
    order: Order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    confine(os.getppid(), with_network=isinstance(order, CameraOrder) and order.spec.needs_network)
    match order:
        case CameraOrder():
            answer: msgspec.Struct = watch(order)
        case MicrophoneOrder():
            answer = listen(order)
        case LoudspeakerOrder():
            answer = asyncio.run(play(order))
    sys.stdout.buffer.write(b"\n" + msgspec.json.encode(answer) + b"\n")
    sys.stdout.flush()
    os._exit(0)  # a driver may hang in its own cleaning up


def watch(order: CameraOrder) -> Pictures:
    """Every frame is decoded, judged and dropped."""
    import cv2

    from devices.camera.source import CameraError

    cv2.setNumThreads(1)
    try:
        return _pictures(order)
    except CameraError as error:
        return Pictures(why=str(error))


def _pictures(order: CameraOrder) -> Pictures:
    from devices.camera.condition import ConditionJudge, Limits
    from devices.camera.open import open_source

    spec, judge = order.spec, ConditionJudge(Limits(frozen_s=FROZEN_S, settle_s=SETTLE_S))
    credentials = Path(spec.credentials_file) if spec.credentials_file else None
    seen, until_s, first_s = Pictures(), time.monotonic() + order.opening_s, None
    with open_source(spec.camera, spec.fps, credentials, width=spec.width, height=spec.height) as source:
        while (now_s := time.monotonic()) < until_s:
            bgr = _frame(source)
            if bgr is not None and first_s is None:
                first_s = now_s
                until_s = now_s + order.seconds
            seen = _seen(seen, bgr, judge, time.monotonic() - (first_s or now_s))
    return seen


def _frame(source: "FrameSource") -> "BgrImage | None":
    """None for one that could not be decoded."""
    from devices.camera.source import FrameCorrupt

    source.grab()
    try:
        return source.retrieve()
    except FrameCorrupt:
        return None


def _seen(before: Pictures, bgr: "BgrImage | None", judge: "ConditionJudge", seconds: float) -> Pictures:
    state = judge.judge(bgr, time.monotonic()).state.value
    if bgr is None:
        return msgspec.structs.replace(before, state=state)
    gray = bgr[::_STEP, ::_STEP].mean(axis=2)
    return Pictures(
        width=bgr.shape[1], height=bgr.shape[0], frames=before.frames + 1, seconds=seconds,
        mean=float(gray.mean()), spread=float(gray.std()), state=state,
    )  # fmt: skip


def listen(order: MicrophoneOrder) -> Sound:
    """A second of sound, of which only levels are kept."""
    from devices.audio.sound import AudioLost, SoundUnreadable
    from devices.audio.source import open_source

    try:
        with open_source(order.source) as source:
            return _level(source, order)
    except (AudioLost, SoundUnreadable) as error:
        return Sound(why=str(error).partition("\n")[0])
    except OSError as error:
        return Sound(why=f"{error.filename}: {error.strerror}")


def _level(source: "Source", order: MicrophoneOrder) -> Sound:
    import numpy as np

    from devices.audio.sound import RATE, Samples

    chunks: list[Samples] = []
    until_s = time.monotonic() + order.opening_s + order.seconds
    while sum(len(one) for one in chunks) < order.seconds * RATE and time.monotonic() < until_s:
        chunk = source.read(0.2)
        if chunk is not None:
            chunks.append(chunk)
        elif source.is_lost:
            break
    if not chunks:
        return Sound(why="the device gives no sound")
    heard = np.abs(np.concatenate(chunks))
    return Sound(
        seconds=len(heard) / RATE, peak=float(heard.max()), rms=float(np.sqrt((heard**2).mean())),
        clipped=float((heard >= FULL).mean()),
    )  # fmt: skip


async def play(order: LoudspeakerOrder) -> Played:
    import numpy as np

    from devices.audio.sink import Loudspeaker
    from devices.audio.sound import RATE, AudioLost, wav_bytes

    try:
        await Loudspeaker(order.device).play(wav_bytes(np.zeros(int(SILENCE_S * RATE), np.float32)))
    except AudioLost as error:
        return Played(why=str(error).partition("\n")[0])
    return Played()


if __name__ == "__main__":
    main()
