"""A guide's camera that sees what a test says. `edge.eye_ports.GuideEyes`."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace

from edge.domain.consent import Shot
from edge.domain.recognition import Aliveness, Numbers, Outcome, mean_of
from edge.eye_ports import (
    ChallengeOver,
    ChallengeStep,
    EyesChange,
    EyesItem,
    Near,
    Seen,
    SittingHint,
    SittingOver,
    SittingStep,
    SittingTask,
)
from edge.ports import CameraState


def shots(seed: float = 1.0, **changes: object) -> tuple[Shot, ...]:
    """Three good pictures of one made-up face."""
    numbers = mean_of([tuple(seed if place % 7 == 0 else place / 128 for place in range(128))])
    good = Shot(1, width_px=150, sharpness=0.2, brightness=120, numbers=numbers)
    return (replace(good, **changes),) * 3  # type: ignore[arg-type]


class FakeEyes:
    """`show` what the camera tells; `sitting` is the one that is going on, 0: none."""

    def __init__(self) -> None:
        self._listeners: list[asyncio.Queue[EyesItem]] = []
        self._state = CameraState.LIVE
        self.known: list[Mapping[str, Numbers]] = []
        self.sittings = self.sitting = 0
        self.challenges = 0

    async def watch(self) -> AsyncGenerator[EyesItem, None]:
        items: asyncio.Queue[EyesItem] = asyncio.Queue()
        items.put_nowait(EyesChange(self._state))
        self._listeners.append(items)
        try:
            while True:
                yield await items.get()
        finally:
            self._listeners.remove(items)

    async def know(self, templates: Mapping[str, Numbers]) -> None:
        self.known.append(dict(templates))

    async def challenge(self) -> int:
        self.challenges += 1
        return self.challenges

    async def sit(self) -> int:
        self.sittings += 1
        self.sitting = self.sittings
        return self.sitting

    async def rise(self) -> None:
        self.sitting = 0

    # --- for tests ---

    def show(self, item: EyesItem) -> None:
        if isinstance(item, EyesChange):
            self._state = item.state
        for listener in self._listeners:
            listener.put_nowait(item)

    def come(self) -> None:
        self.show(Near(is_near=True))

    def leave(self) -> None:
        self.show(Near(is_near=False))

    def recognise(self, person: str) -> None:
        self.show(Seen(Outcome.MATCH, Aliveness.LIVE, person, 0.7))

    def ask(self, task: SittingTask, done: int = 0) -> None:
        self.show(ChallengeStep(self.challenges, task, done, 2))

    def answer(self, *, is_passed: bool) -> None:
        self.show(ChallengeOver(self.challenges, is_passed))

    def over(self, pictures: tuple[Shot, ...], alive: Aliveness = Aliveness.LIVE) -> None:
        self.show(SittingOver(self.sitting, pictures, alive))

    @property
    def watched(self) -> int:
        return len(self._listeners)


__all__ = ["FakeEyes", "SittingHint", "SittingStep", "shots"]
