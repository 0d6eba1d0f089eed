"""One counter's visitor: settling, being measured, leaving; a walk over every state and event."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.citizen import Box, Citizen
from edge.domain.level import Level
from edge.domain.verdict import Evidence
from edge.domain.visit import (
    Action,
    Blind,
    Dropped,
    Ended,
    Event,
    Frame,
    MoodMoved,
    OptOut,
    Presence,
    Rate,
    Rated,
    Started,
    Tick,
    VisitRules,
    VisitState,
    step,
)

RULES = VisitRules()
HERE: Box = (0.4, 0.3, 0.2, 0.3)
ASIDE: Box = (0.75, 0.3, 0.1, 0.15)
CALM = {
    Level.VERY_SATISFIED: 0.03,
    Level.SATISFIED: 0.09,
    Level.NEUTRAL: 0.78,
    Level.DISSATISFIED: 0.08,
    Level.ANGRY: 0.02,
}
ANGRY = {Level.NEUTRAL: 0.1, Level.DISSATISFIED: 0.2, Level.ANGRY: 0.7}
PLEASED = {Level.SATISFIED: 0.8, Level.NEUTRAL: 0.2}


@dataclass(frozen=True, slots=True)
class Seen:
    track: int = 1
    box: Box = HERE
    usable: bool = True
    scores: dict[Level, float] = field(default_factory=lambda: dict(CALM))
    reasons: tuple[str, ...] = ()


class Film:
    """Plays events into the machine and keeps what it did."""

    def __init__(self, state: VisitState | None = None) -> None:
        self.state = state or VisitState()
        self.at_s = 0.0
        self.did: list[Action] = []
        self._ids = map(str, itertools.count(1))

    def send(self, event: Event) -> None:
        self.state, actions = step(self.state, event, RULES, lambda: next(self._ids))
        self.did += actions

    def show(self, seconds: float, *faces: Seen) -> None:
        for _ in range(round(seconds * 10)):
            self.at_s += 0.1
            self.send(Frame(self.at_s, faces))

    def kinds(self) -> list[type[Action]]:
        return [type(action) for action in self.did]

    def ended(self) -> Ended:
        return next(action for action in self.did if isinstance(action, Ended))


def with_scores(scores: dict[Level, float]) -> Seen:
    return Seen(scores=scores)


def test_a_visit_from_settling_to_leaving() -> None:
    film = Film()
    film.show(5, Seen())
    film.show(4, with_scores(PLEASED))
    film.show(4)

    assert [Started, MoodMoved, MoodMoved, Ended] == film.kinds()
    summary = film.ended().summary
    assert (
        summary.evidence,
        summary.level,
        summary.level_at_end,
    ) == (Evidence.ENOUGH, Level.SATISFIED, Level.SATISFIED)
    assert summary.seconds_present == pytest.approx(8.9)
    assert summary.seconds_usable == pytest.approx(8.9)
    assert sum(summary.shares.values()) == pytest.approx(1)


def test_somebody_passing_by_is_no_visit() -> None:
    film = Film()
    film.show(0.8, Seen())
    film.show(5)

    assert (film.did, film.state.presence) == ([], Presence.EMPTY)


def test_a_short_absence_continues_the_visit() -> None:
    film = Film()
    film.show(4, Seen())
    film.show(2.5)
    film.show(2, Seen())

    assert [Started, MoodMoved] == film.kinds()


def test_a_new_track_in_the_same_place_is_the_same_person() -> None:
    film = Film()
    film.show(4, Seen(track=1))
    film.show(0.5)
    film.show(4, Seen(track=9))

    assert [Started, MoodMoved] == film.kinds()
    assert film.state.visit == "1"


def test_the_citizen_stays_the_one_when_a_larger_face_leans_in() -> None:
    film = Film()
    film.show(4, Seen())
    film.show(3, Seen(), Seen(track=2, box=(0.0, 0.0, 0.5, 0.8), scores=ANGRY))

    assert film.state.mood.level is Level.NEUTRAL


def test_the_largest_face_settles() -> None:
    film = Film()
    film.show(4, Seen(track=2, box=ASIDE, scores=ANGRY), Seen(track=1))

    assert film.state.citizen is not None
    assert (film.state.citizen.track, film.state.mood.level) == (1, Level.NEUTRAL)


def test_another_face_does_not_keep_a_visit_alive() -> None:
    film = Film()
    film.show(4, Seen())
    film.show(3.5, Seen(track=2, box=ASIDE))

    assert Ended in film.kinds()


@pytest.mark.parametrize("usable_s", [0, 1, 2.5])
def test_too_little_to_see_is_not_enough_and_says_nothing(usable_s: float) -> None:
    film = Film()
    film.show(usable_s, with_scores(ANGRY))
    film.show(10 - usable_s, Seen(usable=False, scores={}))
    film.show(4)

    summary = film.ended().summary
    assert (summary.evidence, summary.level, summary.shares, summary.reasons) == (Evidence.NOT_ENOUGH, None, {}, ())
    assert summary.seconds_present == pytest.approx(9.9)


def test_a_rating_outranks_the_camera_and_both_are_told() -> None:
    film = Film()
    film.show(5, with_scores(ANGRY))
    film.send(Rate(film.at_s, Level.SATISFIED))
    film.show(4)

    summary = film.ended().summary
    assert (summary.level, summary.camera) == (Level.SATISFIED, Level.ANGRY)
    assert Rated("1", Level.SATISFIED) in film.did


def test_a_late_rating_belongs_to_the_visit_that_ended() -> None:
    film = Film()
    film.show(5, Seen())
    film.show(10)
    film.send(Rate(film.at_s, Level.SATISFIED))
    film.show(20)
    film.send(Rate(film.at_s, Level.ANGRY))

    assert [Rated("1", Level.SATISFIED, is_late=True), Rated(None, Level.ANGRY)] == film.did[-2:]


def test_a_rating_during_the_next_visit_belongs_to_that_one() -> None:
    film = Film()
    film.show(5, Seen())
    film.show(4)
    film.show(2, Seen(track=2))
    film.send(Rate(film.at_s, Level.SATISFIED))

    assert Rated("2", Level.SATISFIED) == film.did[-1]


def test_opting_out_drops_everything_for_the_rest_of_the_visit() -> None:
    film = Film()
    film.show(5, with_scores(ANGRY))
    film.send(OptOut(film.at_s))
    at_opt_out = len(film.did)
    film.show(10, with_scores(ANGRY))
    film.show(2)  # turned away for a moment
    film.show(5, replace(with_scores(ANGRY), track=5))
    film.show(4)
    film.send(Rate(film.at_s, Level.ANGRY))

    assert [Dropped("1"), Rated(None, Level.ANGRY)] == film.did[at_opt_out - 1 :]
    assert film.state.presence is Presence.EMPTY


def test_the_next_citizen_is_measured_again() -> None:
    film = Film()
    film.show(3, Seen())
    film.send(OptOut(film.at_s))
    film.show(4)
    film.show(4, Seen(track=2))

    assert [Started, Dropped, Started] == [kind for kind in film.kinds() if kind is not MoodMoved]


def test_nobody_is_taken_for_gone_while_the_camera_is_blind_after_an_opt_out() -> None:
    film = Film()
    film.show(3, Seen())
    film.send(OptOut(film.at_s))
    film.send(Blind(film.at_s))
    film.at_s += 30
    film.show(2)
    film.show(5, Seen())

    assert film.state.presence is Presence.OPTED_OUT


def test_an_opt_out_remembered_over_a_restart_holds_for_whoever_is_there() -> None:
    film = Film(VisitState(Presence.OPTED_OUT))
    film.show(10, Seen())
    assert film.state.presence is Presence.OPTED_OUT

    film.show(4)
    assert (film.did, film.state.presence) == ([], Presence.EMPTY)


def test_a_blind_camera_ends_the_visit_with_what_was_seen() -> None:
    film = Film()
    film.show(5, Seen())
    film.send(Blind(film.at_s))
    film.send(Tick(film.at_s + 2.9))
    assert Ended not in film.kinds()

    film.send(Tick(film.at_s + 3.1))
    assert film.ended().summary.seconds_present == pytest.approx(4.9)


def a_state(presence: Presence) -> VisitState:
    """As it is one second after the citizen was last seen."""
    if presence is Presence.EMPTY:
        return VisitState(last=("0", 95.0))
    is_visit = presence in {Presence.MEASURING, Presence.AWAY}
    first_s = 99.5 if presence is Presence.SETTLING else 90.0
    last_s = 99.9 if presence is Presence.SETTLING else 99.0
    return VisitState(presence, Citizen(1, HERE, first_s, last_s), visit="1" if is_visit else None)


E, S, M, A, O = Presence.EMPTY, Presence.SETTLING, Presence.MEASURING, Presence.AWAY, Presence.OPTED_OUT  # noqa: E741
EVENTS: dict[str, Event] = {
    "face": Frame(100.0, (Seen(),)),
    "settled face": Frame(100.6, (Seen(),)),
    "nobody": Frame(100.0, ()),
    "nobody for long": Frame(102.1, ()),
    "tick": Tick(100.0),
    "late tick": Tick(102.1),
    "rate": Rate(100.0, Level.SATISFIED),
    "opt out": OptOut(100.0),
    "blind": Blind(100.0),
}
TABLE: dict[str, dict[Presence, tuple[Presence, list[type[Action]]]]] = {
    "face": {E: (S, []), S: (S, []), M: (M, []), A: (M, []), O: (O, [])},
    "settled face": {E: (S, []), S: (M, [Started]), M: (M, []), A: (M, []), O: (O, [])},
    "nobody": {E: (E, []), S: (S, []), M: (A, []), A: (A, []), O: (O, [])},
    "nobody for long": {E: (E, []), S: (E, []), M: (E, [Ended]), A: (E, [Ended]), O: (E, [])},
    "tick": {E: (E, []), S: (S, []), M: (M, []), A: (A, []), O: (O, [])},
    "late tick": {E: (E, []), S: (E, []), M: (E, [Ended]), A: (E, [Ended]), O: (O, [])},
    "rate": {E: (E, [Rated]), S: (S, [Rated]), M: (M, [Rated]), A: (A, [Rated]), O: (O, [Rated])},
    "opt out": {E: (E, []), S: (O, [Dropped]), M: (O, [Dropped]), A: (O, [Dropped]), O: (O, [])},
    "blind": {E: (E, []), S: (E, []), M: (A, []), A: (A, []), O: (O, [])},
}


@pytest.mark.parametrize(("name", "presence"), list(itertools.product(EVENTS, Presence)))
def test_every_state_with_every_event(name: str, presence: Presence) -> None:
    after, actions = step(a_state(presence), EVENTS[name], RULES, lambda: "new")

    assert TABLE[name][presence] == (after.presence, [type(action) for action in actions])


faces = st.builds(
    Seen,
    track=st.integers(1, 3),
    box=st.sampled_from([HERE, ASIDE]),
    usable=st.booleans(),
    scores=st.sampled_from([CALM, ANGRY, PLEASED]),
)
happenings: st.SearchStrategy[tuple[str, list[Seen]]] = st.one_of(
    st.tuples(st.just("frame"), st.lists(faces, max_size=2)),
    st.tuples(st.just("scene"), st.lists(faces, min_size=1, max_size=2)),
    st.tuples(st.sampled_from(["tick", "rate", "opt out", "blind", "pause"]), st.just([])),
)


def events_of(stream: Iterable[tuple[str, list[Seen]]]) -> Iterable[Event]:
    at_s = 0.0
    for kind, seen in stream:
        at_s += 3.1 if kind == "pause" else 0.1
        match kind:
            case "frame":
                yield Frame(at_s, tuple(seen))
            case "scene":
                for _ in range(15):
                    at_s += 0.1
                    yield Frame(at_s, tuple(seen))
            case "rate":
                yield Rate(at_s, Level.ANGRY)
            case "opt out":
                yield OptOut(at_s)
            case "blind":
                yield Blind(at_s)
            case _:
                yield Tick(at_s)


@given(st.lists(happenings, max_size=40))
def test_whatever_comes_a_visit_begins_once_and_ends_once(stream: Sequence[tuple[str, list[Seen]]]) -> None:
    film = Film()
    for event in events_of(stream):
        film.send(event)

    begun = [action.visit for action in film.did if isinstance(action, Started)]
    ended = [action.summary.visit for action in film.did if isinstance(action, Ended)]
    dropped = [action.visit for action in film.did if isinstance(action, Dropped)]
    assert len(set(begun)) == len(begun)
    assert len(set(ended + dropped)) == len(ended + dropped)
    assert set(begun) - set(ended) - set(dropped) == ({film.state.visit} if film.state.visit else set())


@given(st.lists(happenings, max_size=40))
def test_whatever_comes_nothing_is_said_of_a_dropped_visit_after_the_drop(
    stream: Sequence[tuple[str, list[Seen]]],
) -> None:
    film = Film()
    for event in events_of(stream):
        film.send(event)

    for place, action in enumerate(film.did):
        if isinstance(action, Dropped):
            later = film.did[place + 1 :]
            assert not [
                a for a in later if isinstance(a, MoodMoved | Rated | Dropped | Started) and a.visit == action.visit
            ]
            assert not [a for a in later if isinstance(a, Ended) and a.summary.visit == action.visit]
    if film.state.presence is Presence.OPTED_OUT:
        assert (VisitState().mood, VisitState().tally) == (film.state.mood, film.state.tally)
