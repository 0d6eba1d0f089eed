"""What follows from something meant: everywhere, and in the stages that ask for an answer of their own. For `edge.domain.dialogue`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from edge.domain.cccd import Cccd
from edge.domain.dialogue_events import Feedback, Issue, LookUp, Note
from edge.domain.dialogue_state import DEAF, House, Moved, State, again, go, missed, stay
from edge.domain.dialogue_terms import ASKED, By, Day, Intent, Meaning, Prompt, Stage, Topic
from edge.domain.dossier import BadDossierCode, BadDossierDate, DossierCode
from edge.domain.scanned import Mistake, Unreadable, read_text
from edge.domain.ticket import Priority

BEFORE: Mapping[Stage, Stage] = {
    Stage.CONFIRM_CODE: Stage.ASK_CODE,
    Stage.LOOKING: Stage.ASK_CODE,
    Stage.ANSWER: Stage.ASK_CODE,
    Stage.ASK_PRIORITY: Stage.ASK_SERVICE,
    Stage.PAPERS: Stage.ASK_PROCEDURE,
    Stage.CHECKING: Stage.PAPERS,
    Stage.CHECKED: Stage.PAPERS,
    Stage.ASK_OPINION: Stage.ASK_TOPIC,
}
"""Everything else goes back to the menu, CHOOSE to what was asked before it."""

_Handler: TypeAlias = Callable[[State, Meaning, House], Moved | None]


def meant(state: State, meaning: Meaning, by: By, house: House) -> Moved | None:
    """None: a button of a screen that is no longer there, or a yes among people who talk to each other."""
    if meaning.intent is Intent.CODE and meaning.code is not None:
        return _code(state, meaning.code, by)
    here = _HERE.get(state.stage)
    moved = here(state, meaning, house) if here else None
    if moved is not None:
        return moved
    anywhere = _ANYWHERE.get(meaning.intent)
    if anywhere is None:
        return missed(state) if by is By.VOICE and state.stage not in DEAF else None
    there, actions = anywhere(state, meaning, house)
    is_news = meaning.intent in ASKED and there is not state
    return there, (Note(meaning.intent), *actions) if is_news else actions


def code_given(state: State, text: str, by: By) -> Moved | None:
    """A scanned code is right as it is; what was typed or heard is read back first. None: it changes nothing here."""
    try:
        code = DossierCode.parse(text)
    except (BadDossierCode, BadDossierDate) as error:
        if state.stage in DEAF:
            return None
        prompt = _why_no_code(text, error)
        there, actions = missed(state)
        if there.stage is Stage.OFFER_PERSON:
            return there, actions
        return go(state, Stage.ASK_CODE, prompt, missed=there.missed)
    if by is By.SCAN:
        is_asked = state.stage is Stage.LOOKING and code == state.code
        return None if is_asked else _look_up(state, code)
    return go(state, Stage.CONFIRM_CODE, Prompt.CONFIRM_CODE, code=code)


def _why_no_code(text: str, error: BadDossierCode | BadDossierDate) -> Prompt:
    """What people hold under the scanner most often is their identity card."""
    if not text:
        return Prompt.BAD_SCAN
    if isinstance(error, BadDossierDate):
        return Prompt.BAD_DATE
    read = read_text(text)
    is_card = isinstance(read, Cccd) or read == Unreadable(Mistake.BAD_CCCD)
    return Prompt.ID_CARD if is_card else Prompt.BAD_CODE


def _code(state: State, code: DossierCode, by: By) -> Moved:
    """By touch it is one of the choices that were shown, so it has been read already."""
    return _look_up(state, code) if by is By.TOUCH else go(state, Stage.CONFIRM_CODE, Prompt.CONFIRM_CODE, code=code)


def _look_up(state: State, code: DossierCode) -> Moved:
    asked = replace(state, turn=state.turn + 1)
    return go(asked, Stage.LOOKING, Prompt.LOOKING, LookUp(code, asked.turn), code=code)


# --- everywhere ---


def _person(state: State, _: Meaning, __: House) -> Moved:
    """Called once: pressing it again says the same."""
    return again(state) if state.stage is Stage.PERSON else go(state, Stage.PERSON, Prompt.PERSON)


def _menu(prompt: Prompt) -> Callable[[State, Meaning, House], Moved]:
    return lambda state, _, __: go(state, Stage.MENU, prompt)


def _again(state: State, _: Meaning, __: House) -> Moved:
    return again(state)


def _greeting(state: State, _: Meaning, __: House) -> Moved:
    return go(state, Stage.MENU, Prompt.GREETING) if state.stage is Stage.MENU else again(state)


def _back(state: State, _: Meaning, __: House) -> Moved:
    if state.stage is Stage.CHOOSE and state.asking is not None:
        return again(state.asking)
    if state.stage is Stage.CHECKING and state.have:
        return stay(state, Prompt.CHECKING, have=state.have[:-1])
    before = BEFORE.get(state.stage, Stage.MENU)
    if before is Stage.PAPERS and state.procedure:
        return _papers(state, state.procedure)
    purpose = Intent.PAPERS if before is Stage.ASK_PROCEDURE else None
    return go(state, before, Prompt(before), purpose=purpose)


def _thanks(state: State, _: Meaning, __: House) -> Moved:
    return go(state, Stage.THANKED, Prompt.WELCOME)


def _progress(state: State, _: Meaning, __: House) -> Moved:
    return go(state, Stage.ASK_CODE, Prompt.ASK_CODE)


def _ticket(state: State, meaning: Meaning, house: House) -> Moved:
    service = house.service_of.get(meaning.procedure or "")
    if service is None:
        return go(state, Stage.ASK_SERVICE, Prompt.ASK_SERVICE)
    return go(state, Stage.ASK_PRIORITY, Prompt.ASK_PRIORITY, service=service, procedure=meaning.procedure)


def _procedure(state: State, meaning: Meaning, house: House) -> Moved:
    if meaning.procedure not in house.papers:
        return go(state, Stage.ASK_PROCEDURE, Prompt.ASK_PROCEDURE, purpose=meaning.intent)
    return _papers(state, meaning.procedure)


def _papers(state: State, procedure: str | None) -> Moved:
    return go(state, Stage.PAPERS, Prompt.PAPERS, procedure=procedure)


def _checklist(state: State, meaning: Meaning, house: House) -> Moved:
    if meaning.procedure not in house.papers:
        return go(state, Stage.ASK_PROCEDURE, Prompt.ASK_PROCEDURE, purpose=Intent.CHECKLIST)
    return go(state, Stage.CHECKING, Prompt.CHECKING, procedure=meaning.procedure)


def _counter(state: State, meaning: Meaning, house: House) -> Moved:
    """Without a procedure all counters are shown."""
    procedure = meaning.procedure if meaning.procedure in house.service_of else None
    return go(state, Stage.COUNTER, Prompt.COUNTER, procedure=procedure)


def _hours(state: State, meaning: Meaning, _: House) -> Moved:
    day = meaning.day if meaning.day in {*Day} else None
    return go(state, Stage.HOURS, Prompt.HOURS, day=day)


def _directions(state: State, meaning: Meaning, house: House) -> Moved:
    place = meaning.pick if meaning.pick in house.places else None
    return go(state, Stage.DIRECTIONS, Prompt.DIRECTIONS, place=place)


def _hotline(state: State, _: Meaning, __: House) -> Moved:
    return go(state, Stage.HOTLINE, Prompt.HOTLINE)


def _feedback(state: State, _: Meaning, __: House) -> Moved:
    return go(state, Stage.ASK_TOPIC, Prompt.ASK_TOPIC)


_ANYWHERE: Mapping[Intent, Callable[[State, Meaning, House], Moved]] = {
    Intent.PERSON: _person,
    Intent.START: _menu(Prompt.MENU),
    Intent.HELP: _menu(Prompt.HELP),
    Intent.REPEAT: _again,
    Intent.GREETING: _greeting,
    Intent.BACK: _back,
    Intent.THANKS: _thanks,
    Intent.PROGRESS: _progress,
    Intent.TICKET: _ticket,
    Intent.PROCEDURE: _procedure,
    Intent.PAPERS: _procedure,
    Intent.CHECKLIST: _checklist,
    Intent.COUNTER: _counter,
    Intent.HOURS: _hours,
    Intent.DIRECTIONS: _directions,
    Intent.HOTLINE: _hotline,
    Intent.FEEDBACK: _feedback,
}


# --- answers to what a stage asks; None: it was no answer to that ---


def _chosen(state: State, meaning: Meaning, house: House) -> Moved | None:
    if meaning.intent is Intent.NO:
        return missed(state)
    if meaning.intent is Intent.YES and len(state.choices) == 1 and state.asking:
        return meant(state.asking, state.choices[0], By.TOUCH, house)
    return None


def _confirmed(state: State, meaning: Meaning, _: House) -> Moved | None:
    if meaning.intent is Intent.YES and state.code is not None:
        return _look_up(state, state.code)
    return go(state, Stage.ASK_CODE, Prompt.ASK_CODE) if meaning.intent is Intent.NO else None


def _service(state: State, meaning: Meaning, house: House) -> Moved | None:
    if meaning.intent is Intent.PICK and meaning.pick in house.services:
        return go(state, Stage.ASK_PRIORITY, Prompt.ASK_PRIORITY, service=meaning.pick)
    if meaning.intent is Intent.PROCEDURE and meaning.procedure in house.service_of:
        return _ticket(state, meaning, house)
    return None


def _priority(state: State, meaning: Meaning, _: House) -> Moved | None:
    if meaning.intent is Intent.YES:
        return stay(state, Prompt.WHICH_PRIORITY)
    picked = meaning.pick if meaning.intent is Intent.PICK else None
    priority = Priority.NONE if meaning.intent is Intent.NO else next((one for one in Priority if one == picked), None)
    if priority is None or state.service is None:
        return None
    asked = replace(state, turn=state.turn + 1)
    issue = Issue(state.service, priority, asked.turn)
    return go(asked, Stage.ISSUING, Prompt.ISSUING, issue, service=state.service)


def _which_procedure(state: State, meaning: Meaning, house: House) -> Moved | None:
    if meaning.intent is not Intent.PROCEDURE or meaning.procedure not in house.papers:
        return None
    return _ANYWHERE[state.purpose or Intent.PAPERS](state, meaning, house)


def _check_them(state: State, meaning: Meaning, _: House) -> Moved | None:
    if meaning.intent is Intent.YES:
        return go(state, Stage.CHECKING, Prompt.CHECKING, procedure=state.procedure)
    return go(state, Stage.MENU, Prompt.MENU) if meaning.intent is Intent.NO else None


def _has_it(state: State, meaning: Meaning, house: House) -> Moved | None:
    if meaning.intent not in {Intent.YES, Intent.NO}:
        return None
    have = (*state.have, meaning.intent is Intent.YES)
    is_last = len(have) >= house.papers.get(state.procedure or "", 0)
    there = (Stage.CHECKED, Prompt.CHECKED) if is_last else (Stage.CHECKING, Prompt.CHECKING)
    return go(state, *there, procedure=state.procedure, have=have)


def _wants_number(state: State, meaning: Meaning, house: House) -> Moved | None:
    if meaning.intent is Intent.YES:
        return _ticket(state, Meaning(Intent.TICKET, state.procedure), house)
    return go(state, Stage.MENU, Prompt.MENU) if meaning.intent is Intent.NO else None


def _topic(state: State, meaning: Meaning, _: House) -> Moved | None:
    topic = next((one for one in Topic if meaning.intent is Intent.PICK and one == meaning.pick), None)
    return go(state, Stage.ASK_OPINION, Prompt.ASK_OPINION, topic=topic) if topic else None


def _opinion(state: State, meaning: Meaning, _: House) -> Moved | None:
    if meaning.intent not in {Intent.YES, Intent.NO} or state.topic is None:
        return None
    feedback = Feedback(state.topic, is_pleased=meaning.intent is Intent.YES)
    return go(state, Stage.THANKED, Prompt.THANKED, feedback, topic=state.topic)


def _wants_person(state: State, meaning: Meaning, _: House) -> Moved | None:
    if meaning.intent is Intent.YES:
        return go(state, Stage.PERSON, Prompt.PERSON, Note(Intent.PERSON))
    return go(state, Stage.MENU, Prompt.MENU) if meaning.intent is Intent.NO else None


_HERE: Mapping[Stage, _Handler] = {
    Stage.CHOOSE: _chosen,
    Stage.CONFIRM_CODE: _confirmed,
    Stage.ASK_SERVICE: _service,
    Stage.ASK_PRIORITY: _priority,
    Stage.ASK_PROCEDURE: _which_procedure,
    Stage.PAPERS: _check_them,
    Stage.CHECKING: _has_it,
    Stage.CHECKED: _wants_number,
    Stage.COUNTER: _wants_number,
    Stage.ASK_TOPIC: _topic,
    Stage.ASK_OPINION: _opinion,
    Stage.OFFER_PERSON: _wants_person,
}
