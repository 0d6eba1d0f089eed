"""Every door being opened for somebody, as their screen follows it. In memory: after a restart nobody stands at a screen any more."""

from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from edge.locker_ports import OpeningView, PrintOutcome, Step

KEPT = 200  # the oldest are forgotten first; a screen follows one for minutes
_ENDED = frozenset({Step.DONE, Step.FAILED})
Callback = Callable[[OpeningView], None]


class Openings:
    def __init__(self) -> None:
        self._views: OrderedDict[str, OpeningView] = OrderedDict()
        self._subscribers: dict[str, list[Callback]] = {}

    def begin(self, opening: str, compartment: str, number: str) -> OpeningView:
        view = OpeningView(opening, compartment, number, Step.OPENING)
        self._views[opening] = view
        while len(self._views) > KEPT:
            gone, _ = self._views.popitem(last=False)
            self._subscribers.pop(gone, None)
        return view

    def forget(self, opening: str) -> None:
        """It was refused: nobody was told of it."""
        self._views.pop(opening, None)

    def get(self, opening: str) -> OpeningView | None:
        return self._views.get(opening)

    def show(self, opening: str, step: Step, why: str | None = None, receipt: str | None = None) -> None:
        """What has ended stays as it ended; an opening nobody began here (before a restart) is nobody's to follow."""
        view = self._views.get(opening)
        if view is not None and view.step not in _ENDED and (view.step, view.why) != (step, why):
            self._tell(replace(view, step=step, why=why, receipt=receipt))

    def printed(self, opening: str, outcome: PrintOutcome) -> None:
        view = self._views.get(opening)
        if view is not None:
            self._tell(replace(view, printed=outcome))

    def subscribe(self, opening: str, callback: Callback) -> Callable[[], None]:
        callbacks = self._subscribers.setdefault(opening, [])
        callbacks.append(callback)

        def unsubscribe() -> None:
            with suppress(ValueError):
                callbacks.remove(callback)

        return unsubscribe

    def _tell(self, view: OpeningView) -> None:
        self._views[view.opening] = view
        for callback in tuple(self._subscribers.get(view.opening, ())):
            callback(view)
