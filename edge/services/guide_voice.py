"""The guide's ears and mouth: what is heard becomes events of the conversation, what is said is said once and can be cut off.

Both are optional: without ears the screen's buttons do everything, without a mouth the screen says everything.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence

from edge.domain.dialogue_events import CodeGiven, Event, Meant, NotUnderstood, SpeechBegan, Unsure
from edge.domain.dialogue_state import State
from edge.domain.dialogue_terms import By, Expects, Intent, Meaning, Unheard
from edge.domain.dossier import BadDossierCode, BadDossierDate, DossierCode
from edge.services.faults import Faults
from edge.services.kept import kept_or_told
from edge.voice_ports import Ears, EarsChange, EarsState, Expecting, Listening, Mouth, Utterance, Wish

log = logging.getLogger(__name__)

SPOKEN = "vi"  # the mouth's only language
BROKEN = {EarsState.LOST: "mic_lost", EarsState.WORKER_DOWN: "ears_down"}  # sentences under `page.fault`
Happened = Callable[[Event], Awaitable[None]]
Told = tuple[Listening, Expecting, tuple[str, ...]]


class GuideVoice:
    """`run` listens for ever; `changed` is called when the ears' state or the mouth's silence changed."""

    def __init__(
        self, ears: Ears | None, mouth: Mouth | None, happened: Happened, changed: Callable[[], None],
        *, faults: Faults, part: str,
    ) -> None:  # fmt: skip
        self._ears, self._mouth, self._happened, self._changed = ears, mouth, happened, changed
        self._faults, self._part = faults, part
        self._saying: asyncio.Task[None] | None = None
        self._told: Told | None = None
        self._wanted: tuple[State, Sequence[str]] | None = None
        self.heard: EarsState | None = EarsState.OPENING if ears else None

    @property
    def is_speaking(self) -> bool:
        return self._saying is not None and not self._saying.done()

    async def run(self) -> None:
        """Returns at once without ears."""
        if self._ears is None:
            return
        async for item in self._ears.watch():
            if isinstance(item, EarsChange):
                await self._see(item.state)
            elif isinstance(item, Utterance):
                await self._happened(meant(item))

    async def say(self, text: str, lang: str, *, is_of_somebody: bool = False) -> None:
        """Begins it and returns; what was being said before ends. What tells of somebody leaves no recording behind."""
        await self.hush()
        if self._mouth is not None and lang == SPOKEN and text:
            is_kept = not (is_of_somebody or any(sign.isdigit() for sign in text))  # a number may tell of one dossier
            self._saying = asyncio.create_task(self._say(self._mouth, text, is_kept=is_kept), name="guide mouth")

    async def hush(self) -> None:
        saying, self._saying = self._saying, None
        if self._mouth is None or saying is None:
            return
        await self._mouth.stop()
        saying.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await saying

    async def attend(self, state: State, codes: Sequence[str]) -> None:
        """Tell the ears what to expect, when it is something else than before."""
        self._wanted = state, codes
        if self._ears is None:
            return
        listening = Listening.OPEN if state.listens else Listening.MUTED
        if state.listens and self.is_speaking:
            listening = Listening.BARGE_IN
        is_code = state.expects is Expects.CODE
        told = (listening, Expecting(state.expects), tuple(codes) if is_code else ())
        if told != self._told:
            self._told = told
            await self._ears.attend(*told)

    async def _say(self, mouth: Mouth, text: str, *, is_kept: bool) -> None:
        self._changed()
        with kept_or_told(log, "guide: how the mouth is is not told"):
            await mouth.say(text, is_kept=is_kept)
        self._saying = None
        if self._wanted is not None:
            await self.attend(*self._wanted)
        self._changed()

    async def _see(self, state: EarsState) -> None:
        self.heard = state
        if state is EarsState.SPEECH and self.is_speaking:
            await self._happened(SpeechBegan())
        if state is EarsState.NOISY:
            await self._happened(NotUnderstood(Unheard.NOISE))
        self._changed()
        with kept_or_told(log, "guide: how the ears are is not told"):
            if state in BROKEN:
                await self._faults.fault(self._part, BROKEN[state])
            elif state is not EarsState.OPENING:
                await self._faults.recovered(self._part)


def meant(heard: Utterance) -> Event:
    """One utterance as the conversation takes it: sure, one of a few, or not understood."""
    if heard.best is not None:
        meaning = _meaning(heard.best)
        return Meant(meaning, By.VOICE) if meaning else NotUnderstood()
    choices = tuple(meaning for wish in heard.choices if (meaning := _meaning(wish)))
    if heard.code_said is not None and (not choices or _is_code(heard.code_said)):
        return CodeGiven(heard.code_said, By.VOICE)
    return Unsure(choices) if choices else NotUnderstood(heard.unheard)


def _meaning(wish: Wish) -> Meaning | None:
    """None for a code that is none."""
    if wish.code is None:
        return Meaning(wish.asked, wish.procedure, wish.day, pick=wish.place)
    try:
        return Meaning(Intent.CODE, code=DossierCode.parse(wish.code))
    except (BadDossierCode, BadDossierDate):
        return None


def _is_code(text: str) -> bool:
    try:
        DossierCode.parse(text)
    except (BadDossierCode, BadDossierDate):
        return False
    return True
