"""The guide's conversation: one pure step for everything that happens. The guide's service keeps the state and does the actions.

What is said or pressed (`Meant`) moves every stage but AWAY and ISSUING alike:

| meant | to |
|---|---|
| PERSON | PERSON |
| START, HELP | MENU |
| BACK | the stage before, by `dialogue_meant.BEFORE` |
| REPEAT, GREETING | the same, said again (GREETING in MENU: the greeting) |
| THANKS | THANKED |
| PROGRESS | ASK_CODE; CODE: by touch LOOKING + LookUp, by voice CONFIRM_CODE |
| TICKET | ASK_PRIORITY when the procedure's service is known, else ASK_SERVICE |
| PROCEDURE, PAPERS, CHECKLIST | PAPERS (CHECKLIST: CHECKING); without a procedure ASK_PROCEDURE |
| COUNTER, HOURS, DIRECTIONS, HOTLINE | the stage of that name |
| FEEDBACK | ASK_TOPIC |

and each stage has its own answers, and what else happens there:

| | yes / no / pick | else |
|---|---|---|
| AWAY | - | Came, Recognised, Challenged, Language: MENU; Meant: as from MENU; a scanned code: LOOKING; speech that is not sure: nothing |
| MENU | - | while it greets: Challenged: asked to show it; Recognised: greeted by name; Unanswered: greeted as everybody is |
| CHOOSE | yes (of one choice) or a choice: as meant; no: not understood | |
| ASK_CODE | - | CodeGiven: scanned LOOKING, typed and said CONFIRM_CODE; no dossier code: not understood |
| CONFIRM_CODE | yes: LOOKING + LookUp; no: ASK_CODE | |
| LOOKING | - | Looked: ANSWER; after `look_s`: ANSWER (no answer) |
| ASK_SERVICE | a service, or a procedure of one: ASK_PRIORITY | |
| ASK_PRIORITY | no, or a priority: ISSUING + Issue; yes: which one? | |
| TICKET | - | NotPrinted: the same, and how to keep the number |
| ISSUING | - | Issued: TICKET; NotIssued, after `issue_s`: NO_TICKET; nothing else counts, for a number is being given |
| ASK_PROCEDURE | a procedure: what it was asked for | |
| PAPERS | yes: CHECKING; no: MENU | |
| CHECKING | has it, has it not: the next paper, after the last CHECKED | |
| CHECKED, COUNTER | yes: TICKET as meant; no: MENU | |
| DIRECTIONS | a place | |
| ASK_TOPIC | a topic: ASK_OPINION | |
| ASK_OPINION | yes, no: THANKED + Feedback | |
| OFFER_PERSON | yes: PERSON; no: MENU | |
| PERSON | - | Coming: the same, and nobody listens any more |

Not understood, once: the question again, and why; twice in a row (a choice that was not it counts too): OFFER_PERSON. Noise without
speech is told once a stage, counts as nothing and gives no time. Speech that is not sure: CHOOSE with up to three choices, never a
guess; neither counts in LOOKING, TICKET, THANKED and PERSON, where people talk to each other, nor does a yes or a no that was heard
or a scan of something else there: a number is not taken off the screen by it, nor a call for a person. The code that is being looked
up is no second question.

Without a sign of life a stage asks whether somebody is there, then everything is forgotten (AWAY + Forget); TICKET, THANKED and
PERSON end without asking, and so does every stage soon after the camera saw the visitor leave. What is on its way then (LOOKING,
ISSUING) is waited for; it is on the screen for `gone_s` at most and not said aloud, unless somebody comes, speaks or touches again.
"""

from dataclasses import replace

from edge.domain.dialogue_events import (
    Came,
    Challenged,
    CodeGiven,
    Coming,
    Event,
    Forget,
    Hush,
    Issued,
    Language,
    Left,
    Looked,
    Meant,
    NotIssued,
    NotPrinted,
    NotUnderstood,
    Recognised,
    Say,
    SpeechBegan,
    Tick,
    Touched,
    Unanswered,
    Unsure,
)
from edge.domain.dialogue_meant import code_given, meant
from edge.domain.dialogue_state import CHOICES, DEAF, MISSES, House, Moved, State, again, fresh, go, missed, stay
from edge.domain.dialogue_terms import By, Prompt, Stage, Unheard
from edge.domain.dossier_status import NotFound

UNASKED = frozenset({Stage.TICKET, Stage.THANKED, Stage.PERSON})  # end without "are you still there?"
WORKING = frozenset({Stage.LOOKING, Stage.ISSUING})
NOBODYS = (Tick, Looked, Issued, NotIssued, NotPrinted, Unanswered)  # no sign that a visitor is there
GREETS = frozenset({Prompt.GREETING, Prompt.CHALLENGE, Prompt.CHALLENGE_ON})  # in MENU: nothing was asked for yet


def step(state: State, event: Event, now: float, house: House) -> Moved:
    """`now` on the monotonic clock. Whatever counts gives the stage its whole time again."""
    if isinstance(event, Tick):
        return _time_passed(state, now, house) if now >= state.until else (state, ())
    if isinstance(event, Left):
        return _left(state, now, house), ()
    if isinstance(event, SpeechBegan):
        return state, () if state.stage is Stage.AWAY else (Hush(),)
    moved = _happened(state, event, house)
    if moved is None:
        return _noticed(state, event), ()
    there, actions = moved
    name = there.name if there.prompt is Prompt.GREETING_BY_NAME else None
    return _timed(state, (replace(there, name=name), actions), event, now, house)


def is_greeting(state: State) -> bool:
    """Whether nobody has asked for anything yet: a name may still be said."""
    return state.stage is Stage.AWAY or (state.stage is Stage.MENU and state.prompt in GREETS)


def _noticed(state: State, event: Event) -> State:
    """A button that is no longer there was touched by somebody all the same."""
    is_touch = isinstance(event, Came | Touched) or (isinstance(event, Meant) and event.by is By.TOUCH)
    return replace(state, is_gone=False) if state.is_gone and is_touch else state


def _timed(before: State, moved: Moved, event: Event, now: float, house: House) -> Moved:
    """The stage's whole time for whoever is there."""
    if event == NotUnderstood(Unheard.NOISE):
        return moved
    if before.is_gone and isinstance(event, NOBODYS):
        return _for_nobody(before, moved, now, house)
    there, actions = moved
    return replace(there, until=now + house.limit_s(there.stage), is_warned=False, is_gone=False), actions


def _for_nobody(before: State, moved: Moved, now: float, house: House) -> Moved:
    """Short and silent: others may stand there by now. A page that ends already ends no later."""
    there, actions = moved
    until = before.until if before.is_warned else now + min(house.limit_s(there.stage), house.gone_s)
    quiet = tuple(replace(one, is_aloud=False) if isinstance(one, Say) else one for one in actions)
    return replace(there, until=until, is_warned=True, is_gone=True), quiet


def _happened(state: State, event: Event, house: House) -> Moved | None:
    """None: it does not count here."""
    if state.stage is Stage.ISSUING:
        return _issued(state, event)
    if state.stage is Stage.AWAY:
        return _woken(state, event, house)
    if isinstance(event, Meant):
        return meant(state, event.meaning, event.by, house)
    if isinstance(event, CodeGiven):
        return code_given(state, event.text, event.by)
    if isinstance(event, Unsure | NotUnderstood):
        return _unclear(state, event)
    return _told(state, event)


def _told(state: State, event: Event) -> Moved | None:
    if isinstance(event, Looked):
        is_awaited = state.stage is Stage.LOOKING and event.turn == state.turn
        return go(state, Stage.ANSWER, Prompt.ANSWER, code=state.code, answer=event.answer) if is_awaited else None
    if isinstance(event, Coming):
        is_called = state.stage is Stage.PERSON and not state.is_coming
        return go(state, Stage.PERSON, Prompt.COMING, is_coming=True) if is_called else None
    if isinstance(event, NotPrinted):
        is_shown = state.stage is Stage.TICKET and event.turn == state.turn
        return stay(state, Prompt.NO_SLIP) if is_shown else None
    if isinstance(event, Recognised | Challenged | Unanswered):
        return _greeted(state, event) if is_greeting(state) else None
    if isinstance(event, Language):
        asking = replace(state.asking, lang=event.lang) if state.asking else None
        return again(replace(state, lang=event.lang, asking=asking))
    return (state, ()) if isinstance(event, Came | Touched) else None


def _greeted(state: State, event: Recognised | Challenged | Unanswered) -> Moved:
    if isinstance(event, Recognised):
        return go(state, Stage.MENU, Prompt.GREETING_BY_NAME, name=event.name)
    if isinstance(event, Challenged):
        return go(state, Stage.MENU, Prompt.CHALLENGE if event.is_first else Prompt.CHALLENGE_ON, task=event.task)
    return (state, ()) if state.prompt is Prompt.GREETING else go(state, Stage.MENU, Prompt.GREETING)


def _issued(state: State, event: Event) -> Moved | None:
    if not isinstance(event, Issued | NotIssued) or event.turn != state.turn:
        return None
    if isinstance(event, Issued):
        return go(state, Stage.TICKET, Prompt.TICKET, service=state.service)
    return go(state, Stage.NO_TICKET, Prompt.NO_TICKET, service=state.service)


def _woken(state: State, event: Event, house: House) -> Moved | None:
    """What begins a visit. Voices of the hall that mean nothing for sure do not."""
    greeted = go(state, Stage.MENU, Prompt.GREETING)
    if isinstance(event, Came | Touched):
        return greeted
    if isinstance(event, Recognised | Challenged):
        return _greeted(state, event)
    if isinstance(event, Language):
        return go(replace(state, lang=event.lang), Stage.MENU, Prompt.GREETING)
    if isinstance(event, Meant):
        return meant(greeted[0], event.meaning, event.by, house)
    if isinstance(event, CodeGiven) and event.by is By.SCAN:
        return code_given(greeted[0], event.text, event.by)
    return None


def _unclear(state: State, event: Unsure | NotUnderstood) -> Moved | None:
    """What was not understood in front of somebody who was offered a person already is noise."""
    if state.stage in DEAF or (state.stage is Stage.OFFER_PERSON and state.missed >= MISSES):
        return None
    if isinstance(event, NotUnderstood):
        return _not_understood(state, event.why)
    if not event.choices or state.missed + 1 >= MISSES:
        return missed(state)
    asking = state.asking if state.stage is Stage.CHOOSE else replace(state, name=None)
    choices = event.choices[:CHOICES]
    return go(state, Stage.CHOOSE, Prompt.CHOOSE, choices=choices, asking=asking, missed=state.missed + 1)


def _not_understood(state: State, why: Unheard | None) -> Moved | None:
    """Where nobody spoke nothing was missed: that it is loud is said once."""
    if why is Unheard.NOISE:
        return None if state.prompt is Prompt.NOISE or state.is_warned else stay(state, Prompt.NOISE)
    return missed(state, Prompt(why) if why else Prompt.NOT_UNDERSTOOD)


def _left(state: State, now: float, house: House) -> State:
    """A number or an answer on its way is waited for; everything else ends soon, unless somebody comes again."""
    if state.stage is Stage.AWAY:
        return state
    if state.stage in WORKING:
        return replace(state, is_gone=True)
    return replace(state, until=min(state.until, now + house.gone_s), is_warned=True, is_gone=True)


def _time_passed(state: State, now: float, house: House) -> Moved:
    if state.stage in WORKING:
        return _timed(state, _unanswered(state), Tick(), now, house)
    if state.is_warned or state.stage in UNASKED:
        return fresh(state, house.lang), (Hush(), Forget())
    return replace(state, until=now + house.warn_s, is_warned=True), (Say(Prompt.STILL_THERE),)


def _unanswered(state: State) -> Moved:
    """The next turn begins, so that an answer which comes after all is known as late."""
    late = replace(state, turn=state.turn + 1)
    if state.stage is Stage.LOOKING:
        return go(late, Stage.ANSWER, Prompt.ANSWER, code=state.code, answer=NotFound.NO_ANSWER)
    return go(late, Stage.NO_TICKET, Prompt.NO_TICKET, service=state.service)
