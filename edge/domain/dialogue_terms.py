"""What can be meant in a conversation with the guide, and what the guide can say. Pure values for `edge.domain.dialogue`."""

from dataclasses import dataclass, field
from enum import StrEnum

from edge.domain.dossier import DossierCode


class Intent(StrEnum):
    """Everything that can be asked for, by voice or by button; `BUTTONS_ONLY` are never heard."""

    PROGRESS = "progress"
    TICKET = "ticket"
    PROCEDURE = "procedure"
    COUNTER = "counter"
    PAPERS = "papers"
    HOURS = "hours"
    PERSON = "person"
    HOTLINE = "hotline"
    FEEDBACK = "feedback"
    REPEAT = "repeat"
    HELP = "help"
    GREETING = "greeting"
    BACK = "back"
    THANKS = "thanks"
    YES = "yes"
    NO = "no"
    CODE = "code"
    CHECKLIST = "checklist"
    DIRECTIONS = "directions"
    START = "start"
    PICK = "pick"  # one of the answers that the present question shows


BUTTONS_ONLY = frozenset({Intent.START, Intent.PICK})
ASKED = frozenset({
    Intent.PROGRESS, Intent.TICKET, Intent.PROCEDURE, Intent.COUNTER, Intent.PAPERS, Intent.HOURS, Intent.PERSON,
    Intent.HOTLINE, Intent.FEEDBACK, Intent.HELP, Intent.CHECKLIST, Intent.DIRECTIONS,
})  # fmt: skip
"""What the event `guide.asked` tells: things that people come for."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing meant. `procedure` is a key of the site's procedures, `day` one of `Day`, `pick` the value of a shown answer."""

    intent: Intent
    procedure: str | None = None
    day: str | None = None
    code: DossierCode | None = field(default=None, repr=False)
    pick: str | None = None


class By(StrEnum):
    """How something reached the guide. What was only heard is read back before it counts."""

    VOICE = "voice"
    TOUCH = "touch"
    SCAN = "scan"


class Stage(StrEnum):
    """Where a conversation is; a page shows one screen for each."""

    AWAY = "away"  # nobody is here
    MENU = "menu"
    CHOOSE = "choose"  # not sure what was said: up to three choices
    ASK_CODE = "ask_code"
    CONFIRM_CODE = "confirm_code"
    LOOKING = "looking"
    ANSWER = "answer"
    ASK_SERVICE = "ask_service"
    ASK_PRIORITY = "ask_priority"
    ISSUING = "issuing"
    TICKET = "ticket"
    NO_TICKET = "no_ticket"
    ASK_PROCEDURE = "ask_procedure"
    PAPERS = "papers"
    CHECKING = "checking"  # one paper after the other
    CHECKED = "checked"
    COUNTER = "counter"
    HOURS = "hours"
    DIRECTIONS = "directions"
    HOTLINE = "hotline"
    ASK_TOPIC = "ask_topic"
    ASK_OPINION = "ask_opinion"
    THANKED = "thanked"
    OFFER_PERSON = "offer_person"
    PERSON = "person"  # somebody was called


class Expects(StrEnum):
    """What the ears should reckon with; short answers are heard far better when they are expected."""

    ANYTHING = "anything"
    YES_NO = "yes_no"
    CODE = "code"


class Prompt(StrEnum):
    """Keys under `guide.say`; what they are filled in with is the service's business."""

    GREETING = "greeting"
    GREETING_BY_NAME = "greeting_by_name"
    CHALLENGE = "challenge"
    CHALLENGE_ON = "challenge_on"
    MENU = "menu"
    HELP = "help"
    NOT_UNDERSTOOD = "not_understood"
    NOISE = "noise"
    FOREIGN = "foreign"
    UNCLEAR = "unclear"
    OUT_OF_SET = "out_of_set"
    CHOOSE = "choose"
    ASK_CODE = "ask_code"
    BAD_CODE = "bad_code"
    BAD_SCAN = "bad_scan"
    ID_CARD = "id_card"
    BAD_DATE = "bad_date"
    CONFIRM_CODE = "confirm_code"
    LOOKING = "looking"
    ANSWER = "answer"
    ASK_SERVICE = "ask_service"
    ASK_PRIORITY = "ask_priority"
    WHICH_PRIORITY = "which_priority"
    ISSUING = "issuing"
    TICKET = "ticket"
    NO_SLIP = "no_slip"
    NO_TICKET = "no_ticket"
    ASK_PROCEDURE = "ask_procedure"
    PAPERS = "papers"
    CHECKING = "checking"
    CHECKED = "checked"
    COUNTER = "counter"
    HOURS = "hours"
    DIRECTIONS = "directions"
    HOTLINE = "hotline"
    ASK_TOPIC = "ask_topic"
    ASK_OPINION = "ask_opinion"
    THANKED = "thanked"
    WELCOME = "welcome"
    OFFER_PERSON = "offer_person"
    PERSON = "person"
    COMING = "coming"
    STILL_THERE = "still_there"


class Unheard(StrEnum):
    """Why nothing was understood, where the ears can tell; each has its own words."""

    NOISE = "noise"  # loud, and nobody spoke
    FOREIGN = "foreign"  # in a language that only the screen knows
    UNCLEAR = "unclear"  # noise over it, or several people at once
    OUT_OF_SET = "out_of_set"  # clear, and nothing that the guide knows


class Topic(StrEnum):
    """What a feedback is about. Nothing is written down in words: a person would write names."""

    ATTITUDE = "attitude"
    WAITING = "waiting"
    PROCEDURE = "procedure"
    PLACE = "place"
    MACHINE = "machine"


class Day(StrEnum):
    """The day somebody asks the opening hours of."""

    TODAY = "today"
    TOMORROW = "tomorrow"
    SATURDAY = "saturday"
    SUNDAY = "sunday"
    HOLIDAY = "holiday"
