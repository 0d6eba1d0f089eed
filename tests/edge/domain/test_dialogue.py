"""The guide's conversation: every event in every stage, and the conversations people have."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.dialogue import step
from edge.domain.dialogue_events import (
    Action,
    Came,
    Challenged,
    CodeGiven,
    Coming,
    Event,
    Feedback,
    Forget,
    Hush,
    Issue,
    Issued,
    Language,
    Left,
    Looked,
    LookUp,
    Note,
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
from edge.domain.dialogue_state import House, State
from edge.domain.dialogue_terms import By, Expects, Intent, Meaning, Prompt, Stage, Topic
from edge.domain.dossier_status import NotFound
from edge.domain.naming import SittingTask
from edge.domain.ticket import Priority
from tests.edge.domain.guide_stories import (
    CARD_TEXT,
    CODE,
    CODE_TEXT,
    EVENTS,
    FOUND,
    HOUSE,
    LAN,
    NEW,
    NOW,
    PATHS,
    at,
    pick,
    play,
    press,
    say,
)

# What every stage does alike, whatever it is (but AWAY and ISSUING, and answers of its own below).
EVERYWHERE: dict[str, Stage] = {
    "code_scanned": Stage.LOOKING, "code_typed": Stage.CONFIRM_CODE, "code_said": Stage.CONFIRM_CODE,
    "code_bad": Stage.ASK_CODE, "code_bad_date": Stage.ASK_CODE, "scan_unreadable": Stage.ASK_CODE,
    "card_scanned": Stage.ASK_CODE, "code_meant": Stage.CONFIRM_CODE,
    "code_chosen": Stage.LOOKING, "procedure_named": Stage.PAPERS, "papers_named": Stage.PAPERS,
    "papers_unknown": Stage.ASK_PROCEDURE, "ticket_named": Stage.ASK_PRIORITY, "ticket_no_service": Stage.ASK_SERVICE,
    "unsure": Stage.CHOOSE,
}  # fmt: skip
MEANT: dict[Intent, Stage] = {
    Intent.PROGRESS: Stage.ASK_CODE, Intent.TICKET: Stage.ASK_SERVICE, Intent.PROCEDURE: Stage.ASK_PROCEDURE,
    Intent.COUNTER: Stage.COUNTER, Intent.PAPERS: Stage.ASK_PROCEDURE, Intent.HOURS: Stage.HOURS,
    Intent.PERSON: Stage.PERSON, Intent.HOTLINE: Stage.HOTLINE, Intent.FEEDBACK: Stage.ASK_TOPIC,
    Intent.HELP: Stage.MENU, Intent.THANKS: Stage.THANKED, Intent.CHECKLIST: Stage.ASK_PROCEDURE,
    Intent.DIRECTIONS: Stage.DIRECTIONS, Intent.START: Stage.MENU,
}  # fmt: skip
BACK: dict[Stage, Stage] = {
    Stage.AWAY: Stage.MENU, Stage.ISSUING: Stage.ISSUING, Stage.CONFIRM_CODE: Stage.ASK_CODE,
    Stage.LOOKING: Stage.ASK_CODE, Stage.ANSWER: Stage.ASK_CODE, Stage.ASK_PRIORITY: Stage.ASK_SERVICE,
    Stage.PAPERS: Stage.ASK_PROCEDURE, Stage.CHECKING: Stage.CHECKING, Stage.CHECKED: Stage.PAPERS,
    Stage.ASK_OPINION: Stage.ASK_TOPIC,
}  # fmt: skip
YES: dict[Stage, Stage] = {
    Stage.CONFIRM_CODE: Stage.LOOKING, Stage.ASK_PRIORITY: Stage.ASK_PRIORITY, Stage.PAPERS: Stage.CHECKING,
    Stage.CHECKING: Stage.CHECKING, Stage.CHECKED: Stage.ASK_PRIORITY, Stage.COUNTER: Stage.ASK_PRIORITY,
    Stage.ASK_OPINION: Stage.THANKED, Stage.OFFER_PERSON: Stage.PERSON,
}  # fmt: skip
NO: dict[Stage, Stage] = {
    Stage.CONFIRM_CODE: Stage.ASK_CODE, Stage.ASK_PRIORITY: Stage.ISSUING, Stage.PAPERS: Stage.MENU,
    Stage.CHECKING: Stage.CHECKING, Stage.CHECKED: Stage.MENU, Stage.COUNTER: Stage.MENU,
    Stage.ASK_OPINION: Stage.THANKED, Stage.OFFER_PERSON: Stage.MENU, Stage.CHOOSE: Stage.OFFER_PERSON,
}  # fmt: skip
HERE: dict[tuple[Stage, str], Stage] = {
    (Stage.LOOKING, "looked"): Stage.ANSWER,
    (Stage.ASK_SERVICE, "pick_service"): Stage.ASK_PRIORITY,
    (Stage.ASK_SERVICE, "procedure_named"): Stage.ASK_PRIORITY,
    (Stage.ASK_PRIORITY, "pick_priority"): Stage.ISSUING,
    (Stage.ISSUING, "issued"): Stage.TICKET,
    (Stage.ISSUING, "not_issued"): Stage.NO_TICKET,
    (Stage.ASK_TOPIC, "pick_topic"): Stage.ASK_OPINION,
}
NO_CODE = {"code_bad", "code_bad_date", "scan_unreadable", "card_scanned"}
NEARLY_MISSED = {Stage.CHOOSE, Stage.OFFER_PERSON}  # one more misunderstanding, and a person is offered
DEAF = {Stage.AWAY, Stage.ISSUING, Stage.LOOKING, Stage.TICKET, Stage.THANKED, Stage.PERSON}


def expected(stage: Stage, name: str) -> Stage:  # noqa: PLR0911 - a table, read from the top
    """The table of the module's docstring, once more and in other words."""
    if (stage, name) in HERE:
        return HERE[stage, name]
    if stage is Stage.ISSUING:
        return stage
    if stage is Stage.AWAY:
        return _woken(name)
    if name in {"unsure", "not_understood", "say_pick", "say_code"} or (stage not in YES and name == "say_yes"):
        return _unclear(stage, name)
    if name.endswith("_no") and stage in NO:
        return NO[stage]
    if name == "say_no":
        return _unclear(stage, name)
    if name.endswith("_yes") and stage in YES:
        return YES[stage]
    if name.endswith("_back"):
        return BACK.get(stage, Stage.MENU)
    if name in NO_CODE and stage in NEARLY_MISSED | DEAF:
        return stage if stage in DEAF else Stage.OFFER_PERSON
    intent = _intent(name)
    return EVERYWHERE.get(name) or (MEANT.get(intent, stage) if intent else stage)


def _woken(name: str) -> Stage:
    if name in {"code_typed", "code_said", "code_bad", "unsure", "not_understood", "left", "tick", "speech_began"}:
        return Stage.AWAY
    if name in {
        "came",
        "recognised",
        "challenged",
        "touched",
        "english",
        "say_back",
        "press_back",
        "say_repeat",
        "press_repeat",
    }:
        return Stage.MENU
    intent = _intent(name)
    if intent in {Intent.YES, Intent.NO, Intent.CODE, Intent.PICK}:
        return Stage.MENU if name.startswith("say_") else Stage.AWAY
    if intent is Intent.GREETING:
        return Stage.MENU
    return EVERYWHERE.get(name) or (MEANT[intent] if intent else Stage.AWAY)


def _unclear(stage: Stage, name: str) -> Stage:
    if stage in DEAF:
        return stage
    if stage in NEARLY_MISSED:
        return Stage.OFFER_PERSON
    return Stage.CHOOSE if name == "unsure" else stage


def _intent(name: str) -> Intent | None:
    how, _, what = name.partition("_")
    return Intent(what) if how in {"say", "press"} else None


def test_every_stage_is_reached_by_a_path() -> None:
    assert set(PATHS) == set(Stage)
    assert {stage: at(stage).stage for stage in Stage} == {stage: stage for stage in Stage}


@pytest.mark.parametrize("stage", list(Stage))
def test_every_event_in_every_stage(stage: Stage) -> None:
    arrived = {name: step(at(stage), event, NOW + 5, HOUSE)[0].stage for name, event in EVENTS.items()}
    assert arrived == {name: expected(stage, name) for name in EVENTS}


@pytest.mark.parametrize("name", EVENTS)
def test_what_counts_gives_the_stage_its_time_and_the_screen_its_words(name: str) -> None:
    for stage in Stage:
        check_move(at(stage), EVENTS[name])


def check_move(before: State, event: Event) -> None:
    after, actions = step(before, event, NOW + 5, HOUSE)
    if after.stage is not before.stage:
        assert any(isinstance(action, Say) for action in actions)
        assert after.until == NOW + 5 + HOUSE.limit_s(after.stage)
    if after.stage is not Stage.AWAY:
        assert after.prompt is not None
        assert after.until < float("inf")
    assert sum(isinstance(action, LookUp | Issue) for action in actions) <= 1


def test_progress_by_voice_is_read_back_and_answered() -> None:
    state, actions = play(Came(), say(Intent.PROGRESS), CodeGiven("h29.19-261124-0012", By.VOICE))
    assert (state.stage, state.expects) == (Stage.CONFIRM_CODE, Expects.YES_NO)
    assert str(state.code) == "H29.19-261124-0012"
    assert actions == [
        Say(Prompt.GREETING), Note(Intent.PROGRESS), Say(Prompt.ASK_CODE), Say(Prompt.CONFIRM_CODE),
    ]  # fmt: skip
    state, actions = play(say(Intent.YES), Looked(1, FOUND), state=state)
    assert state.answer == FOUND
    assert [type(action) for action in actions] == [LookUp, Say, Say]


def test_a_scanned_code_at_an_idle_screen_is_looked_up_at_once() -> None:
    state, actions = play(CodeGiven(CODE_TEXT, By.SCAN))
    assert actions == [LookUp(CODE, 1), Say(Prompt.LOOKING)]
    assert state.stage is Stage.LOOKING


def test_a_code_with_a_wrong_digit_is_asked_for_again_and_then_a_person_is_offered() -> None:
    state, actions = play(press(Intent.PROGRESS), CodeGiven("H29.19-261324-0012", By.TOUCH))
    assert (state.stage, actions[-1]) == (Stage.ASK_CODE, Say(Prompt.BAD_DATE))
    state, actions = play(CodeGiven("H29.19-2611", By.TOUCH), state=state)
    assert (state.stage, actions[-1]) == (Stage.OFFER_PERSON, Say(Prompt.OFFER_PERSON))
    assert play(say(Intent.YES), state=state)[0].stage is Stage.PERSON


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("", Prompt.BAD_SCAN),
        (CARD_TEXT, Prompt.ID_CARD),
        ("|".join(CARD_TEXT.split("|")[:4]), Prompt.ID_CARD),  # an old reader cut it off
        ("001099012345", Prompt.ID_CARD),
        ("https://example.vn/x", Prompt.BAD_CODE),
        ("H29.19-261", Prompt.BAD_CODE),
    ],
)
def test_a_scan_of_something_else_is_answered_by_what_it_was(text: str, prompt: Prompt) -> None:
    state, actions = play(CodeGiven(text, By.SCAN))
    assert (state.stage, actions) == (Stage.ASK_CODE, [Say(prompt)])


@pytest.mark.parametrize("stage", [Stage.LOOKING, Stage.TICKET, Stage.THANKED, Stage.PERSON])
@pytest.mark.parametrize("text", ["", CARD_TEXT, "H29.19-261"])
def test_a_scan_of_something_else_takes_no_number_and_no_call_away(stage: Stage, text: str) -> None:
    assert step(at(stage), CodeGiven(text, By.SCAN), NOW, HOUSE) == (at(stage), ())


@pytest.mark.parametrize("stage", [Stage.LOOKING, Stage.TICKET, Stage.THANKED, Stage.PERSON])
@pytest.mark.parametrize("intent", [Intent.YES, Intent.NO])
def test_people_who_say_yes_to_each_other_take_no_number_and_no_call_away(stage: Stage, intent: Intent) -> None:
    assert play(say(intent), say(intent), state=at(stage)) == (at(stage), [])


def test_a_scanner_that_repeats_a_code_asks_the_city_once() -> None:
    state, actions = play(*[CodeGiven(CODE_TEXT, By.SCAN)] * 40)
    assert actions == [LookUp(CODE, 1), Say(Prompt.LOOKING)]
    assert play(CodeGiven("H29.19-261124-0013", By.SCAN), state=state)[0].turn == 2


def test_a_slip_that_did_not_come_out_leaves_time_to_write_the_number_down() -> None:
    shown = at(Stage.TICKET)
    state, actions = step(shown, NotPrinted(shown.turn), NOW + 20, HOUSE)
    assert (state.stage, state.prompt, actions) == (Stage.TICKET, Prompt.NO_SLIP, (Say(Prompt.NO_SLIP),))
    assert state.until == NOW + 20 + HOUSE.slip_s
    assert step(shown, NotPrinted(shown.turn - 1), NOW, HOUSE) == (shown, ())


def test_nobody_waits_for_ever_for_the_city() -> None:
    looking = at(Stage.LOOKING)
    state, _ = step(looking, Tick(), looking.until, HOUSE)
    assert (state.stage, state.answer) == (Stage.ANSWER, NotFound.NO_ANSWER)
    assert step(state, Looked(looking.turn, FOUND), looking.until + 1, HOUSE) == (state, ())


def test_an_answer_to_the_visitor_before_is_not_shown() -> None:
    state, _ = play(Left(), state=at(Stage.LOOKING))
    state, _ = play(press(Intent.START), press(Intent.PROGRESS), CodeGiven(CODE_TEXT, By.SCAN), state=state)
    assert (state.stage, state.turn) == (Stage.LOOKING, 2)
    assert step(state, Looked(1, FOUND), NOW, HOUSE) == (state, ())


def test_a_number_is_asked_for_once_however_often_the_button_is_pressed() -> None:
    state, actions = play(press(Intent.TICKET), pick("ho-tich"), pick("older"), pick("older"), pick("none"))
    assert [action for action in actions if isinstance(action, Issue)] == [Issue("ho-tich", Priority.OLDER, 1)]
    assert play(Issued(1), state=state)[0].stage is Stage.TICKET


def test_no_priority_by_voice_and_a_priority_by_button() -> None:
    named = say(Intent.TICKET, procedure="khai-sinh")
    assert play(named, say(Intent.NO))[1][-2] == Issue("ho-tich", Priority.NONE, 1)
    state, actions = play(named, say(Intent.YES))
    assert (state.stage, actions[-1]) == (Stage.ASK_PRIORITY, Say(Prompt.WHICH_PRIORITY))


def test_the_checklist_finds_what_is_missing_before_anybody_queues() -> None:
    state, _ = play(
        say(Intent.PAPERS, procedure="khai-sinh"), say(Intent.YES), say(Intent.YES), say(Intent.NO), say(Intent.YES)
    )
    assert (state.stage, state.have, state.missing) == (Stage.CHECKED, (True, False, True), (1,))
    assert play(say(Intent.YES), state=state)[0].service == "ho-tich"
    assert play(say(Intent.BACK), state=state)[0].stage is Stage.PAPERS


def test_going_back_in_the_checklist_takes_the_last_answer_back() -> None:
    state, _ = play(press(Intent.CHECKLIST, procedure="khai-sinh"), say(Intent.YES), say(Intent.NO), say(Intent.BACK))
    assert (state.stage, state.have) == (Stage.CHECKING, (True,))
    state, _ = play(say(Intent.BACK), say(Intent.BACK), state=state)
    assert (state.stage, state.procedure) == (Stage.PAPERS, "khai-sinh")


def test_a_procedure_named_when_asked_goes_on_with_what_it_was_asked_for() -> None:
    named = press(Intent.PROCEDURE, procedure="ket-hon")
    assert play(press(Intent.CHECKLIST), named)[0].stage is Stage.CHECKING
    assert play(press(Intent.PAPERS), named)[0].stage is Stage.PAPERS


def test_speech_that_is_not_sure_becomes_choices_and_never_a_guess() -> None:
    choices = tuple(Meaning(Intent.COUNTER, procedure) for procedure in ("khai-sinh", "ket-hon", "dat-dai", "x"))
    state, actions = play(Came(), Unsure(choices))
    assert (state.stage, state.choices) == (Stage.CHOOSE, choices[:3])
    assert not [action for action in actions if isinstance(action, Note)]
    assert play(press(Intent.COUNTER, procedure="ket-hon"), state=state)[0].procedure == "ket-hon"


def test_yes_to_a_single_choice_is_that_choice() -> None:
    state, _ = play(Came(), Unsure((Meaning(Intent.HOTLINE),)))
    assert state.expects is Expects.YES_NO
    assert play(say(Intent.YES), state=state)[0].stage is Stage.HOTLINE
    assert play(say(Intent.BACK), state=state)[0].stage is Stage.MENU


def test_twice_not_understood_offers_a_person_and_noise_after_that_changes_nothing() -> None:
    state, actions = play(Came(), NotUnderstood(), NotUnderstood())
    assert [action for action in actions if isinstance(action, Say)] == [
        Say(Prompt.GREETING), Say(Prompt.NOT_UNDERSTOOD), Say(Prompt.OFFER_PERSON),
    ]  # fmt: skip
    assert step(state, NotUnderstood(), NOW + 30, HOUSE) == (state, ())


def test_something_understood_between_two_misunderstandings_starts_anew() -> None:
    state, _ = play(Came(), NotUnderstood(), say(Intent.HOURS), NotUnderstood())
    assert (state.stage, state.prompt) == (Stage.HOURS, Prompt.NOT_UNDERSTOOD)


def test_say_it_again_says_the_last_words() -> None:
    state, actions = play(say(Intent.HOURS, day="sunday"), say(Intent.REPEAT))
    assert actions[-1] == Say(Prompt.HOURS)
    assert state.day == "sunday"


def test_speech_over_the_machine_silences_it_and_loses_nothing() -> None:
    state = at(Stage.PAPERS)
    assert step(state, SpeechBegan(), NOW + 3, HOUSE) == (state, (Hush(),))


def test_a_called_person_is_called_once_and_the_ears_close_when_somebody_comes() -> None:
    state, actions = play(press(Intent.PERSON), press(Intent.PERSON), Coming())
    assert [action for action in actions if isinstance(action, Note)] == [Note(Intent.PERSON)]
    assert (state.stage, state.is_coming, state.listens) == (Stage.PERSON, True, False)


def test_feedback_is_a_topic_and_an_opinion() -> None:
    _, actions = play(press(Intent.FEEDBACK), pick("attitude"), say(Intent.NO))
    assert actions[-2:] == [Feedback(Topic.ATTITUDE, is_pleased=False), Say(Prompt.THANKED)]


def test_silence_is_asked_about_and_then_forgotten() -> None:
    state = at(Stage.ANSWER)
    asked, actions = step(state, Tick(), state.until, HOUSE)
    assert (asked.stage, actions) == (Stage.ANSWER, (Say(Prompt.STILL_THERE),))
    assert step(asked, Touched(), asked.until - 1, HOUSE)[0].is_warned is False
    assert step(asked, Tick(), asked.until, HOUSE) == (State("vi", turn=state.turn), (Hush(), Forget()))


def test_who_walks_away_is_forgotten_soon_and_who_comes_back_in_time_is_not() -> None:
    state, _ = step(at(Stage.PAPERS), Left(), NOW + 5, HOUSE)
    assert state.until == NOW + 5 + HOUSE.gone_s
    back, _ = step(state, Came(), NOW + 8, HOUSE)
    assert (back.stage, back.until) == (Stage.PAPERS, NOW + 8 + HOUSE.idle_s)
    assert step(state, Tick(), state.until, HOUSE)[0].stage is Stage.AWAY


def test_the_next_visitor_finds_the_usual_language() -> None:
    state, actions = play(Came(), Language("en"))
    assert (state.lang, actions[-1]) == ("en", Say(Prompt.GREETING))
    state, _ = step(state, Left(), NOW + 5, HOUSE)
    assert step(state, Tick(), NOW + 60, HOUSE)[0].lang == "vi"


@pytest.mark.parametrize("event", [press(Intent.BACK), press(Intent.YES), say(Intent.NO)])
def test_a_language_chosen_while_it_asks_back_stays(event: Event) -> None:
    state, _ = play(Came(), Unsure((Meaning(Intent.HOTLINE),)), Language("en"), event)
    assert state.lang == "en"


def test_no_code_stands_in_what_might_be_logged() -> None:
    texts = [repr(at(Stage.CONFIRM_CODE)), repr(at(Stage.ANSWER)), repr(CodeGiven(CODE_TEXT, By.TOUCH))]
    assert not [text for text in texts if "261124" in text]


# --- stories ---

STORIES = st.lists(st.sampled_from(sorted(EVENTS)), max_size=25)


def after(story: list[str], house: House = HOUSE) -> tuple[State, float, list[Action]]:
    """A story told with silences: a tick waits for the deadline."""
    state, now, actions = NEW, NOW, list[Action]()
    for name in story:
        now = max(now, state.until) if name == "tick" and state.until < float("inf") else now + 1
        state, more = step(state, EVENTS[name], now, house)
        actions += more
    return state, now, actions


def within_two(state: State, now: float, stages: set[Stage]) -> bool:
    """Whether one or two events lead there, of those a citizen or time itself can make happen."""
    ways: list[Event] = [press(Intent.START), press(Intent.PERSON), Issued(state.turn), Tick()]
    reached = [state]
    for _ in range(2):
        reached += [
            step(one, way, max(now, one.until if way == Tick() else now), HOUSE)[0] for one in reached for way in ways
        ]
    return any(one.stage in stages for one in reached)


@settings(max_examples=200)
@given(STORIES)
def test_never_stuck(story: list[str]) -> None:
    state, now, _ = after(story)
    assert within_two(state, now, {Stage.MENU})
    assert within_two(state, now, {Stage.PERSON})


@settings(max_examples=200)
@given(STORIES)
def test_silence_always_ends_in_a_screen_that_knows_nothing(story: list[str]) -> None:
    state, now, _ = after(story)
    for _ in range(6):
        now = max(now, state.until if state.until < float("inf") else now)
        state, _ = step(state, Tick(), now, HOUSE)
    assert state == State("vi", turn=state.turn)


@settings(max_examples=200)
@given(STORIES)
def test_whoever_is_misunderstood_is_never_misunderstood_three_times(story: list[str]) -> None:
    state, _, _ = after(story)
    assert state.missed <= 2
    assert len(state.choices) <= 3


@settings(max_examples=200)
@given(STORIES)
def test_numbers_and_lookups_have_turns_of_their_own(story: list[str]) -> None:
    _, _, actions = after(story)
    turns = [action.turn for action in actions if isinstance(action, Issue | LookUp)]
    assert turns == sorted(set(turns))


@pytest.mark.parametrize("before", [(), (Came(),)])
def test_who_is_recognised_is_greeted_by_name_and_the_name_goes_with_the_greeting(before: tuple[Event, ...]) -> None:
    greeted, actions = step(play(*before)[0], Recognised(LAN), NOW, HOUSE)
    assert (greeted.stage, greeted.name, actions) == (Stage.MENU, LAN, (Say(Prompt.GREETING_BY_NAME),))
    assert "Lan" not in repr(greeted)
    for name, event in EVENTS.items():
        after, _ = step(greeted, event, NOW, HOUSE)
        assert after.name is None or after.prompt is Prompt.GREETING_BY_NAME, name
        assert after.asking is None or after.asking.name is None, name


LEFT, BLINK = Challenged(SittingTask.TURN_LEFT, is_first=True), Challenged(SittingTask.BLINK, is_first=False)


@pytest.mark.parametrize("before", [(), (Came(),)])
def test_who_answers_the_challenge_is_greeted_by_name(before: tuple[Event, ...]) -> None:
    asked, actions = play(*before, LEFT, BLINK)
    assert actions[-2:] == [Say(Prompt.CHALLENGE), Say(Prompt.CHALLENGE_ON)]
    assert (asked.stage, asked.task, asked.name) == (Stage.MENU, SittingTask.BLINK, None)
    greeted, actions = play(Recognised(LAN), state=asked)
    assert (greeted.name, greeted.task, actions) == (LAN, None, [Say(Prompt.GREETING_BY_NAME)])


def test_who_does_not_answer_is_greeted_as_everybody_is_once() -> None:
    state, actions = play(Came(), LEFT, Unanswered(), Unanswered())
    assert actions == [Say(Prompt.GREETING), Say(Prompt.CHALLENGE), Say(Prompt.GREETING)]
    assert (state.stage, state.task) == (Stage.MENU, None)


def test_who_rather_presses_a_button_is_not_asked_again() -> None:
    state, _ = play(Came(), LEFT, press(Intent.PROGRESS))
    assert state.stage is Stage.ASK_CODE
    for event in (BLINK, Unanswered(), Recognised(LAN)):
        assert step(state, event, NOW, HOUSE) == (state, ())


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in {Stage.AWAY, Stage.MENU}])
@pytest.mark.parametrize("event", [Recognised(LAN), LEFT, Unanswered()])
def test_a_face_changes_nothing_of_what_somebody_is_doing(stage: Stage, event: Event) -> None:
    state = at(stage)
    assert step(state, event, NOW, HOUSE) == (state, ())


def test_who_has_begun_already_is_not_greeted_again() -> None:
    state, _ = play(Came(), say(Intent.HELP))
    assert step(state, Recognised(LAN), NOW, HOUSE) == (state, ())
