"""Somebody enrols before the guide's camera: what to do, how far it is, what is wrong, and how it ended. For `faces.py`."""

from collections.abc import Awaitable, Callable

from edge.domain.consent import Unfit
from edge.face_ports import EnrolmentStep, EnrolmentView
from edge.web.parts import Text, block, button, show
from edge.web.words import Words


class SittingPanel:
    """`close` ends a sitting, and puts an end that was read out of the way."""

    def __init__(self, words: Words, close: Callable[[], Awaitable[None]]) -> None:
        self._words = words
        with block("div", "faces-sitting") as self._root:
            self.title = Text("h2")
            self.title.props["tabindex"] = "-1"
            self._task = Text("p", "", "faces-task")
            with block("ol", "faces-steps", aria_hidden="true") as self._steps:
                pass
            self._hint = Text("p", "", "faces-hint")
            self._after = Text("p", "", "how")
            self._close = button("", close, "plain")
        self._shown_steps = (-1, -1)

    def show(self, view: EnrolmentView) -> None:
        show(self._root, is_shown=view.step is not EnrolmentStep.IDLE)
        is_sitting = view.step is EnrolmentStep.SITTING
        words = self._words
        self._root.classes(replace=f"faces-sitting is-{view.step}")
        self.title.say(words(f"page.faces.step_{view.step}") if view.step is not EnrolmentStep.IDLE else "")
        self._task.say(self._main(view))
        self._show_steps(view.done, view.tasks if is_sitting else 0)
        self._hint.say(words(f"faces.unfit.{view.hint}") if is_sitting and view.hint else "")
        self._after.say(self._advice(view))
        self._close.say(words("page.faces.cancel" if is_sitting else "page.faces.next"))

    def _main(self, view: EnrolmentView) -> str:
        words = self._words
        match view.step:
            case EnrolmentStep.SITTING:
                return words(f"faces.task.{view.task}") if view.task else words("page.faces.stand")
            case EnrolmentStep.ENROLLED:
                return words("page.faces.enrolled", name=view.enrolled.name.reveal() if view.enrolled else "")
            case EnrolmentStep.REFUSED:
                return words(f"faces.unfit.{view.refused.why}") if view.refused else ""
            case _:
                return ""

    def _advice(self, view: EnrolmentView) -> str:
        if view.step is EnrolmentStep.ENROLLED:
            return self._words("page.faces.enrolled_how")
        if view.step is EnrolmentStep.FAILED:
            return self._words("page.faces.failed_how")
        if view.refused is None:
            return ""
        is_known = view.refused.why is Unfit.KNOWN_ALREADY
        return self._words("page.faces.known_how" if is_known else "page.faces.refused_how")

    def _show_steps(self, done: int, tasks: int) -> None:
        """A dot a task; the words above say the same to whoever does not see them."""
        if (done, tasks) == self._shown_steps:
            return
        self._shown_steps = (done, tasks)
        self._steps.clear()
        with self._steps:
            for place in range(tasks):
                block("li", "is-done" if place < done else "is-now" if place == done else "")
