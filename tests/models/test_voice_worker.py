"""The worker's loop on made-up microphones and recognisers: states in order, early decisions, muting, codes, beats."""

import threading
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from models.intent import Intent, Meaning, PhraseBook
from models.mel import Samples
from models.speech import Heard, IsVoid, Ranked, never
from models.spoken import ways_to_say
from models.unheard import Clues
from models.voice_activity import CHUNK, CHUNK_S
from models.voice_wire import (
    HeardMessage,
    LevelMessage,
    Score,
    StateMessage,
    Tell,
    TraceMessage,
    VoiceBeat,
    VoiceMessage,
)
from models.voice_worker import VoiceWorker, loudness_db

BOOK = PhraseBook(
    ("lấy số", "khai sinh", "đúng rồi", "thuế ở đâu"),
    (
        Meaning(Intent.TICKET),
        Meaning(Intent.PROCEDURE, "khai-sinh"),
        Meaning(Intent.YES),
        Meaning(Intent.DIRECTIONS, place="thue"),
    ),
)
CODE = "H29.19-261124-0012"


class Scene:
    """A worker with a clock that moves with the sound; every chunk says itself whether it is speech."""

    def __init__(self, answer: Heard | None = None, *, is_slow: bool = False) -> None:
        self.now_s, self.is_lost, self.volume = 100.0, False, 1.0
        self.answer = answer or Heard(("lấy số",), (Ranked(0, 0.9), Ranked(2, 0.3)))
        self.asked: list[tuple[int, Sequence[str], Sequence[int]]] = []
        self.voids: list[IsVoid] = []
        self.may_answer = threading.Event()
        if not is_slow:
            self.may_answer.set()
        self.sound: deque[float] = deque()
        self.sent: list[VoiceMessage] = []
        self.worker = VoiceWorker(
            self, self, self, BOOK, self.sent.append,
            procedures=("ket-hon", "khai-sinh"), places=("cong-an", "thue"), clock=lambda: self.now_s,
        )  # fmt: skip

    def read(self, timeout_s: float) -> Samples | None:
        self.now_s += CHUNK_S
        return np.full(CHUNK, self.sound.popleft(), np.float32) * self.volume if self.sound else None

    def probability(self, chunk: Samples) -> float:
        return float(chunk[0]) / self.volume

    def reset(self) -> None:
        """Nothing is remembered here."""

    def recognise(
        self, samples: Samples, sentences: Sequence[str], always: Sequence[int] = (), *, is_void: IsVoid = never
    ) -> Heard:
        self.asked.append((len(samples), sentences, always))
        self.voids.append(is_void)
        assert self.may_answer.wait(10)
        return self.answer

    def warm(self, sentences: Sequence[str], seconds: float) -> bool:
        return False

    def play(self, *parts: tuple[float, float]) -> None:
        for seconds, probability in parts:
            self.sound.extend([probability] * round(seconds / CHUNK_S))
        while self.sound:
            self.worker.step()

    def until(self, happened: Callable[[], object]) -> None:
        """Step without sound until it happened; a thread decides beside us."""
        for _ in range(100_000):
            if happened():
                return
            self.worker.step()
        raise AssertionError("it never happened")

    @property
    def heard(self) -> list[HeardMessage]:
        return [message for message in self.sent if isinstance(message, HeardMessage)]

    @property
    def traces(self) -> list[TraceMessage]:
        return [message for message in self.sent if isinstance(message, TraceMessage)]

    @property
    def states(self) -> list[str]:
        return [message.state for message in self.sent if isinstance(message, StateMessage)]


def test_one_question_from_listening_to_its_answer() -> None:
    scene = Scene()
    scene.play((1.0, 0.0), (1.0, 1.0), (1.0, 0.0))
    scene.until(lambda: scene.heard)

    (heard,) = scene.heard
    assert heard.best is not None
    assert (heard.best.intent, heard.best.sentence, heard.best.procedure) == ("ticket", 0, None)
    assert [guess.intent for guess in heard.choices] == ["ticket", "yes"]
    assert 900 < heard.speech_ms < 1400
    assert scene.states == ["listening", "speech", "deciding", "listening"]


def test_deciding_begins_before_the_end_and_is_not_done_twice() -> None:
    scene = Scene()
    scene.play((1.0, 1.0), (1.0, 0.0))
    scene.until(lambda: scene.heard)
    ((samples, _, _),) = scene.asked
    assert samples < round(1.3 * 16000)  # asked at less than 0.3 s of silence, not at 0.5 s


def test_a_pause_for_breath_makes_one_question_of_two_halves() -> None:
    scene = Scene()
    scene.play((1.0, 1.0), (0.4, 0.0), (1.0, 1.0), (1.0, 0.0))
    scene.until(lambda: scene.heard)
    assert len(scene.heard) == 1
    assert len(scene.asked) == 2
    assert scene.heard[0].speech_ms > 2300


def test_what_was_decided_of_the_first_half_is_void_as_soon_as_speech_goes_on() -> None:
    """The recogniser asks between its steps: the whole sentence need not wait for the end of what nobody wants."""
    scene = Scene(is_slow=True)
    scene.play((1.0, 1.0), (0.4, 0.0))
    scene.until(lambda: scene.voids)
    (is_void,) = scene.voids
    assert not is_void()

    scene.play((1.0, 1.0))
    assert is_void()

    scene.play((1.0, 0.0))
    scene.may_answer.set()
    scene.until(lambda: scene.heard)
    assert [one() for one in scene.voids] == [True, False]


def test_muting_ends_what_is_being_decided() -> None:
    scene = Scene(is_slow=True)
    scene.play((1.0, 1.0), (0.6, 0.0))
    scene.until(lambda: scene.voids)
    scene.worker.tell(Tell(number=1, ears="muted"))
    scene.play((0.1, 0.0))
    assert [one() for one in scene.voids] == [True]
    scene.may_answer.set()


def test_a_cough_is_nothing() -> None:
    scene = Scene()
    scene.play((1.0, 0.0), (0.1, 1.0), (1.0, 0.0), (1.0, 0.0))
    assert scene.heard == []
    assert scene.states[-1] == "listening"


def test_while_muted_nothing_is_heard_and_what_was_begun_is_forgotten() -> None:
    scene = Scene()
    scene.play((1.0, 1.0))
    scene.worker.tell(Tell(number=1, ears="muted"))
    scene.play((2.0, 1.0), (1.0, 0.0))
    scene.worker.tell(Tell(number=2))
    scene.play((1.0, 0.0))
    assert scene.heard == []
    assert scene.asked == []
    assert scene.states == ["speech", "muted", "listening"]


def test_an_answer_that_comes_after_muting_is_dropped() -> None:
    scene = Scene(is_slow=True)
    scene.play((1.0, 1.0), (0.6, 0.0))
    scene.worker.tell(Tell(number=1, ears="muted"))
    scene.play((0.5, 0.0))
    scene.may_answer.set()
    scene.play((2.0, 0.0))
    assert scene.heard == []


def test_barge_in_wants_lasting_speech() -> None:
    scene = Scene()
    scene.worker.tell(Tell(number=1, ears="barge_in"))
    scene.play((0.3, 0.0), (0.3, 0.95), (1.0, 0.0))
    assert scene.heard == []
    scene.play((1.0, 0.95), (1.0, 0.0))
    scene.until(lambda: scene.heard)
    assert len(scene.heard) == 1


def test_codes_that_were_told_are_sentences_and_come_back_as_their_number() -> None:
    scene = Scene(Heard(("không không một hai",), (Ranked(len(BOOK.sentences), 0.8),)))
    scene.worker.tell(Tell(number=7, expects="code", codes=("H29.19-261124-0047", CODE)))
    scene.play((0.5, 0.0), (1.0, 1.0), (1.0, 0.0))
    scene.until(lambda: scene.heard)

    heard = scene.heard[0]
    assert heard.best is not None
    assert (heard.best.intent, heard.best.code, heard.tell, heard.code_said) == ("code", 0, 7, "0012")
    assert "không không một hai" in scene.asked[0][1]
    assert scene.asked[0][2]  # the codes are scored whatever was understood


def test_a_second_question_is_not_lost_while_the_first_is_decided() -> None:
    scene = Scene(is_slow=True)
    scene.play((1.0, 1.0), (1.0, 0.0), (1.0, 1.0), (1.0, 0.0))
    scene.may_answer.set()
    scene.until(lambda: len(scene.heard) == 2)
    assert scene.heard[0].ended_ns < scene.heard[1].ended_ns
    assert scene.states == ["speech", "deciding", "speech", "deciding", "listening"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (CODE, CODE),
        ("000.00.19.H29-261124-0012", "000.00.19.H29-261124-0012"),
        ("000.00.19.H29-261124-00123", "000.00.19.H29-261124-00123"),
        ("000.00.19.H29-261124-001234", None),
    ],
)
def test_a_code_that_is_said_comes_whole_or_not_at_all(said: str, code: str | None) -> None:
    scene = Scene(Heard((ways_to_say(said)[0],), ()))
    scene.worker.tell(Tell(number=1, expects="code"))
    scene.play((0.5, 0.0), (1.0, 1.0), (1.0, 0.0))
    scene.until(lambda: scene.heard)
    assert scene.heard[0].code_said == code


def test_of_three_questions_at_once_the_oldest_is_answered_no_more() -> None:
    scene = Scene(is_slow=True)
    scene.play(*[(1.0, 1.0), (1.0, 0.0)] * 3)
    scene.may_answer.set()
    scene.until(lambda: scene.states[-1] == "listening")
    assert len(scene.heard) == 2


def test_what_sounds_like_digits_is_kept_only_when_a_code_is_expected() -> None:
    scene = Scene(Heard(("không chín một hai",), ()))
    scene.play((1.0, 1.0), (1.0, 0.0))
    scene.until(lambda: scene.heard)
    assert scene.heard[0].code_said is None
    assert (scene.heard[0].best, scene.heard[0].choices) == (None, ())


def test_procedures_cross_as_their_place_in_the_list() -> None:
    scene = Scene(Heard(("khai sinh",), (Ranked(1, 0.9),)))
    scene.play((1.0, 1.0), (1.0, 0.0))
    scene.until(lambda: scene.heard)
    best = scene.heard[0].best
    assert best is not None
    assert best.procedure == 1


def test_places_cross_as_their_place_in_the_list() -> None:
    scene = Scene(Heard(("thuê ở đâu",), (Ranked(3, 0.9),)))
    scene.play((1.0, 1.0), (1.0, 0.0))
    scene.until(lambda: scene.heard)
    best = scene.heard[0].best
    assert best is not None
    assert (best.intent, best.place, best.procedure) == ("directions", 1, None)


def test_a_lost_microphone_is_told_once_and_it_beats_on() -> None:
    scene = Scene()
    scene.play((1.0, 0.0))
    scene.is_lost = True
    for _ in range(200):
        scene.worker.step()
    scene.is_lost = False
    scene.play((0.2, 0.0))
    assert scene.states == ["listening", "lost", "listening"]
    assert sum(isinstance(message, VoiceBeat) for message in scene.sent) >= 6


def test_levels_go_out_only_while_somebody_looks() -> None:
    scene = Scene()
    scene.play((1.0, 0.0))
    assert not any(isinstance(message, LevelMessage) for message in scene.sent)
    scene.worker.tell(Tell(number=1, is_watched=True))
    scene.play((2.0, 0.25))
    levels = [message for message in scene.sent if isinstance(message, LevelMessage)]
    assert 8 <= len(levels) <= 11
    assert levels[0].speech == 0.25


def test_words_go_out_only_while_somebody_looks() -> None:
    scene = Scene(Heard(("lấy xố", "lấy sổ"), (Ranked(0, 0.75), Ranked(2, 0.25)), Clues(0.125, 0.25)))
    scene.play((1.0, 1.0), (1.0, 0.0))
    scene.until(lambda: scene.heard)
    assert scene.traces == []
    scene.worker.tell(Tell(number=1, is_watched=True))
    scene.play((1.0, 1.0), (1.0, 0.0))
    scene.until(lambda: scene.traces)
    (trace,) = scene.traces
    assert (trace.text, trace.verdict) == ("lấy xố", "taken")
    assert trace.scores == (Score(0, 0.75), Score(2, 0.25))
    assert (trace.no_speech, trace.foreign) == (0.125, 0.25)
    scene.worker.tell(Tell(number=2))
    scene.play((1.0, 1.0), (1.0, 0.0))
    scene.until(lambda: len(scene.heard) == 3)
    assert len(scene.traces) == 1


def test_words_that_were_decided_before_somebody_looked_stay_unseen() -> None:
    scene = Scene(is_slow=True)
    scene.play((1.0, 1.0), (1.0, 0.0))
    scene.worker.tell(Tell(number=1, is_watched=True))
    scene.may_answer.set()
    scene.until(lambda: scene.heard)
    assert scene.traces == []


def test_a_technician_sees_that_a_cough_was_too_short() -> None:
    scene = Scene()
    scene.worker.tell(Tell(number=1, is_watched=True))
    scene.play((1.0, 0.0), (0.1, 1.0), (1.0, 0.0))
    assert [(trace.verdict, trace.text) for trace in scene.traces] == [("too_short", "")]


@pytest.mark.parametrize(
    ("clues", "why"),
    [
        (Clues(no_speech=0.9), "noise"),
        (Clues(foreign=0.9), "foreign"),
        (Clues(clearness=-1.5), "unclear"),
        (Clues(clearness=-0.5), "out_of_set"),
    ],
)
def test_what_is_none_of_ours_comes_with_a_reason(clues: Clues, why: str) -> None:
    scene = Scene(Heard(("where is the station",), (Ranked(0, 0.1),), clues))
    scene.worker.tell(Tell(number=1, is_watched=True))
    scene.play((1.0, 1.0), (1.0, 0.0))
    scene.until(lambda: scene.traces)
    assert (scene.heard[0].unheard, scene.traces[0].verdict) == (why, why)
    assert (scene.heard[0].best, scene.heard[0].choices) == (None, ())


def test_what_may_have_been_ours_is_asked_back_without_a_reason() -> None:
    scene = Scene(Heard(("lấy số",), (Ranked(0, 0.4),), Clues(no_speech=0.9)))
    scene.play((1.0, 1.0), (1.0, 0.0))
    scene.until(lambda: scene.heard)
    assert (scene.heard[0].unheard, len(scene.heard[0].choices)) == (None, 1)


def test_loud_music_without_speech_is_noisy_until_it_is_quiet_again() -> None:
    scene = Scene()
    scene.volume = 0.5
    scene.play((6.0, 0.3))
    assert scene.states == ["listening", "noisy"]
    scene.play((1.0, 1.0))
    assert scene.states[-1] == "speech"
    scene.volume = 0.001
    scene.play((8.0, 0.3))
    scene.until(lambda: scene.heard)
    scene.play((3.0, 0.3))
    assert scene.states[-1] == "listening"


def test_the_machine_s_own_voice_is_no_noise() -> None:
    scene = Scene()
    scene.worker.tell(Tell(number=1, ears="barge_in"))
    scene.play((6.0, 0.5))
    assert scene.states == ["listening"]


def test_loudness_in_decibels() -> None:
    assert loudness_db(np.zeros(512, np.float32)) == -120
    assert loudness_db(np.ones(512, np.float32)) == 0
    assert round(loudness_db(np.full(512, 0.1, np.float32)), 3) == -20


def test_another_book_has_another_number() -> None:
    assert BOOK.number != BOOK.with_codes([CODE]).number
