"""One screen for each stage of the conversation: the question's answers as buttons, and what was found out. For `edge.web.guide`."""

from collections.abc import Callable, Mapping

from edge.domain.dialogue_terms import Intent, Meaning, Stage, Topic
from edge.domain.level import Level
from edge.queue_ports import ASKED_FOR, Priority
from edge.web import queue_words, theme
from edge.web.guide_answers import draw_answer, draw_counter, draw_directions, draw_hotline, draw_hours
from edge.web.guide_code import draw_code, draw_confirm
from edge.web.guide_icons import icon
from edge.web.guide_papers import draw_checked, draw_checking, draw_papers, draw_procedures
from edge.web.guide_parts import Stand, actions, card, grid, pick, screen, yes_no
from edge.web.parts import Text, block, drawing
from edge.web.queue_kiosk import SlipView

MENU = (
    Intent.TICKET, Intent.PROGRESS, Intent.PAPERS, Intent.CHECKLIST, Intent.COUNTER, Intent.HOURS, Intent.DIRECTIONS,
    Intent.HOTLINE, Intent.FEEDBACK,
)  # fmt: skip


def draw(stand: Stand) -> None:
    """The present stage's screen, into the element that is open."""
    _SCREENS[stand.state.stage](stand)


def _menu(stand: Stand) -> None:
    """Everything that can be asked for; directions only where the site has places to lead to."""
    with screen("menu"), grid("three"):
        for intent in MENU:
            if intent is not Intent.DIRECTIONS or stand.hall.places:
                words = stand.words
                under = words(f"page.guide.menu_{intent}_how")
                card(stand, Meaning(intent), words(f"page.guide.menu_{intent}"), under, picture=intent.value)


def _choose(stand: Stand) -> None:
    with screen("choose"), grid("one"):
        for choice in stand.state.choices:
            text = stand.desk.text.meaning(choice, stand.words.lang)
            card(stand, choice, text[:1].upper() + text[1:], classes="big")
        card(stand, Meaning(Intent.NO), stand.words("page.guide.none_of_these"), picture="no", classes="slim")


def _waiting(stand: Stand) -> None:
    with screen("waiting middle"):
        block("div", "guide-wait", aria_hidden="true")
        Text("p", stand.words(f"page.guide.{stand.state.stage}"), "guide-big")


def _services(stand: Stand) -> None:
    with screen("services"), grid("two"):
        for service in stand.queue.services if stand.queue else ():
            with block("button", "guide-card", type="button") as made:
                Text("span", service.info.letter, "guide-letter").props["aria-hidden"] = "true"
                with block("span", "guide-card-words"):
                    Text("b", service.info.name(stand.words.lang))
                    Text("span", queue_words.service_waits(stand.words, service))
            meaning = Meaning(Intent.PICK, pick=service.info.service)
            made.on("click", lambda _, wanted=meaning: stand.press(wanted))


def _priority(stand: Stand) -> None:
    words = stand.words
    with screen("priority"):
        Text("p", words("page.number.priority_how"), "guide-note")
        with grid("two"):
            for one in (Priority.NONE, *ASKED_FOR):
                classes = "big main" if one is Priority.NONE else "big"
                pick(stand, one.value, words(f"page.number.for_{one}"), classes=classes)


def _ticket(stand: Stand) -> None:
    scene = stand.view.scene
    with screen("ticket"):
        if scene.slip is None:
            return
        shown = SlipView(stand.words)
        shown.show(scene.slip)
        if scene.printing is not None:
            shown.say_printed(scene.printing)
        actions(stand, (Meaning(Intent.START), stand.words("page.guide.done"), "yes"))


def _no_ticket(stand: Stand) -> None:
    with screen("middle"):
        drawing(icon("hours"), "guide-picture")
        Text("p", stand.view.subtitle, "guide-big")
        actions(
            stand,
            (Meaning(Intent.HOURS), stand.words("page.guide.menu_hours"), "hours"),
            (Meaning(Intent.TICKET), stand.words("page.guide.try_again"), "repeat"),
        )


def _topics(stand: Stand) -> None:
    with screen("topics"):
        with grid("two"):
            for topic in Topic:
                text = stand.words(f"guide.topic.{topic}")
                pick(stand, topic.value, text[:1].upper() + text[1:], classes="big")
        Text("p", stand.words("page.guide.feedback_note"), "guide-note")


def _opinion(stand: Stand) -> None:
    with screen("opinion"), block("div", "guide-answers"):
        _face(stand, Meaning(Intent.YES), Level.SATISFIED, "pleased")
        _face(stand, Meaning(Intent.NO), Level.DISSATISFIED, "displeased")


def _face(stand: Stand, meaning: Meaning, level: Level, key: str) -> None:
    with block("button", f"guide-card big {key}", type="button") as made:
        drawing(theme.face_svg(level), "guide-face")
        Text("b", stand.words(f"page.guide.{key}"))
    made.on("click", lambda _: stand.press(meaning))


def _thanked(stand: Stand) -> None:
    with screen("middle"):
        drawing(icon("yes"), "guide-picture done")
        Text("p", stand.view.subtitle, "guide-big")
        actions(stand, (Meaning(Intent.START), stand.words("page.guide.menu"), "start"))


def _offer_person(stand: Stand) -> None:
    with screen("middle"):
        drawing(icon("person"), "guide-picture")
        yes_no(stand, stand.words("page.guide.call_person"), stand.words("page.guide.no_person"))


def _person(stand: Stand) -> None:
    with screen("middle"):
        drawing(icon("person"), "guide-picture done" if stand.state.is_coming else "guide-picture calling")
        Text("p", stand.view.subtitle, "guide-big")
        Text("p", stand.words("page.guide.or_call", phone=stand.hall.hotline), "guide-note")
        actions(stand, (Meaning(Intent.START), stand.words("page.guide.no_longer"), "no"))


_SCREENS: Mapping[Stage, Callable[[Stand], None]] = {
    Stage.AWAY: _menu,
    Stage.MENU: _menu,
    Stage.CHOOSE: _choose,
    Stage.ASK_CODE: draw_code,
    Stage.CONFIRM_CODE: draw_confirm,
    Stage.LOOKING: _waiting,
    Stage.ANSWER: draw_answer,
    Stage.ASK_SERVICE: _services,
    Stage.ASK_PRIORITY: _priority,
    Stage.ISSUING: _waiting,
    Stage.TICKET: _ticket,
    Stage.NO_TICKET: _no_ticket,
    Stage.ASK_PROCEDURE: draw_procedures,
    Stage.PAPERS: draw_papers,
    Stage.CHECKING: draw_checking,
    Stage.CHECKED: draw_checked,
    Stage.COUNTER: draw_counter,
    Stage.HOURS: draw_hours,
    Stage.DIRECTIONS: draw_directions,
    Stage.HOTLINE: draw_hotline,
    Stage.ASK_TOPIC: _topics,
    Stage.ASK_OPINION: _opinion,
    Stage.THANKED: _thanked,
    Stage.OFFER_PERSON: _offer_person,
    Stage.PERSON: _person,
}
