"""A house with a few procedures, conversations brought to every stage, and everything that can happen to them."""

from datetime import UTC, datetime

from edge.domain.consent import ChosenName
from edge.domain.dialogue import step
from edge.domain.dialogue_events import (
    Action,
    Came,
    Challenged,
    CodeGiven,
    Coming,
    Event,
    Issued,
    Language,
    Left,
    Looked,
    Meant,
    NotIssued,
    NotPrinted,
    NotUnderstood,
    Recognised,
    SpeechBegan,
    Tick,
    Touched,
    Unanswered,
    Unsure,
)
from edge.domain.dialogue_state import House, State
from edge.domain.dialogue_terms import By, Intent, Meaning, Stage
from edge.domain.dossier import DossierCode
from edge.domain.dossier_status import DossierRecord, DossierStatus, Found, NotFound, Source
from edge.domain.naming import SittingTask

LAN = ChosenName.parse("chị Lan")
CODE_TEXT = "000.00.19.H29-261124-0012"
CARD_TEXT = "001099012345|123456789|Nguyen Van A|01011999|Nam|Ha Noi|01012021"
CODE = DossierCode.parse(CODE_TEXT)
RECORD = DossierRecord(CODE, DossierStatus.READY, datetime(2026, 11, 27, 9, 0, tzinfo=UTC))
FOUND = Found(RECORD, Source.CITY)
HOUSE = House(
    papers={"khai-sinh": 3, "ket-hon": 2, "dat-dai": 2},
    services=frozenset({"ho-tich", "nha-dat"}),
    service_of={"khai-sinh": "ho-tich", "ket-hon": "ho-tich"},
    places=frozenset({"ubnd"}),
)
NEW = State("vi")
NOW = 1000.0


def say(intent: Intent, by: By = By.VOICE, **slots: str | None) -> Meant:
    return Meant(Meaning(intent, **slots), by)  # type: ignore[arg-type]


def press(intent: Intent, **slots: str | None) -> Meant:
    return say(intent, By.TOUCH, **slots)


def pick(value: str) -> Meant:
    return press(Intent.PICK, pick=value)


PAPERS_OR_COUNTER = Unsure((Meaning(Intent.PAPERS, "khai-sinh"), Meaning(Intent.COUNTER, "khai-sinh")))
_CODE = (press(Intent.PROGRESS), CodeGiven(CODE_TEXT, By.TOUCH))
_NUMBER = (press(Intent.TICKET), pick("ho-tich"))
_HAS, _HAS_NOT = say(Intent.YES), say(Intent.NO)

PATHS: dict[Stage, tuple[Event, ...]] = {
    Stage.AWAY: (),
    Stage.MENU: (Came(),),
    Stage.CHOOSE: (Came(), PAPERS_OR_COUNTER),
    Stage.ASK_CODE: (press(Intent.PROGRESS),),
    Stage.CONFIRM_CODE: _CODE,
    Stage.LOOKING: (*_CODE, say(Intent.YES)),
    Stage.ANSWER: (*_CODE, say(Intent.YES), Looked(1, FOUND)),
    Stage.ASK_SERVICE: (press(Intent.TICKET),),
    Stage.ASK_PRIORITY: _NUMBER,
    Stage.ISSUING: (*_NUMBER, pick("older")),
    Stage.TICKET: (*_NUMBER, pick("older"), Issued(1)),
    Stage.NO_TICKET: (*_NUMBER, pick("none"), NotIssued(1)),
    Stage.ASK_PROCEDURE: (say(Intent.PAPERS),),
    Stage.PAPERS: (say(Intent.PAPERS, procedure="khai-sinh"),),
    Stage.CHECKING: (press(Intent.CHECKLIST, procedure="khai-sinh"), _HAS),
    Stage.CHECKED: (press(Intent.CHECKLIST, procedure="ket-hon"), _HAS, _HAS_NOT),
    Stage.COUNTER: (say(Intent.COUNTER, procedure="khai-sinh"),),
    Stage.HOURS: (say(Intent.HOURS, day="tomorrow"),),
    Stage.DIRECTIONS: (press(Intent.DIRECTIONS, pick="ubnd"),),
    Stage.HOTLINE: (say(Intent.HOTLINE),),
    Stage.ASK_TOPIC: (say(Intent.FEEDBACK),),
    Stage.ASK_OPINION: (say(Intent.FEEDBACK), pick("waiting")),
    Stage.THANKED: (say(Intent.FEEDBACK), pick("waiting"), say(Intent.NO)),
    Stage.OFFER_PERSON: (Came(), NotUnderstood(), NotUnderstood()),
    Stage.PERSON: (say(Intent.PERSON),),
}

EVENTS: dict[str, Event] = {
    "came": Came(),
    "recognised": Recognised(LAN),
    "challenged": Challenged(SittingTask.TURN_LEFT, is_first=True),
    "unanswered": Unanswered(),
    "left": Left(),
    "speech_began": SpeechBegan(),
    "touched": Touched(),
    "unsure": PAPERS_OR_COUNTER,
    "not_understood": NotUnderstood(),
    "code_scanned": CodeGiven(CODE_TEXT, By.SCAN),
    "code_typed": CodeGiven(CODE_TEXT, By.TOUCH),
    "code_said": CodeGiven(CODE_TEXT, By.VOICE),
    "code_bad": CodeGiven("12345", By.TOUCH),
    "code_bad_date": CodeGiven("H29.19-261399-0012", By.SCAN),
    "scan_unreadable": CodeGiven("", By.SCAN),
    "card_scanned": CodeGiven(CARD_TEXT, By.SCAN),
    "not_printed": NotPrinted(1),
    "not_printed_late": NotPrinted(0),
    "looked": Looked(1, FOUND),
    "looked_late": Looked(0, NotFound.UNKNOWN),
    "issued": Issued(1),
    "issued_late": Issued(0),
    "not_issued": NotIssued(1),
    "coming": Coming(),
    "english": Language("en"),
    "tick": Tick(),
    "code_meant": Meant(Meaning(Intent.CODE, code=CODE), By.VOICE),
    "code_chosen": Meant(Meaning(Intent.CODE, code=CODE)),
    "pick_service": pick("ho-tich"),
    "pick_priority": pick("pregnant"),
    "pick_topic": pick("attitude"),
    "pick_nonsense": pick("nothing"),
    "procedure_named": say(Intent.PROCEDURE, procedure="khai-sinh"),
    "papers_named": say(Intent.PAPERS, procedure="dat-dai"),
    "papers_unknown": say(Intent.PAPERS, procedure="ho-khau"),
    "ticket_named": say(Intent.TICKET, procedure="ket-hon"),
    "ticket_no_service": say(Intent.TICKET, procedure="dat-dai"),
    **{f"say_{intent}": say(intent) for intent in Intent},
    **{f"press_{intent}": press(intent) for intent in Intent},
}


def play(*events: Event, state: State = NEW, now: float = NOW) -> tuple[State, list[Action]]:
    """Through these events, a second apart."""
    actions: list[Action] = []
    for place, event in enumerate(events):
        state, more = step(state, event, now + place, HOUSE)
        actions += more
    return state, actions


def at(stage: Stage) -> State:
    return play(*PATHS[stage])[0]
