"""The guide's service: a conversation with real desks behind it, with ears, a mouth, and a visitor who may walk away."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import get_args

import pytest

from edge.domain.dialogue_events import Tick
from edge.domain.dialogue_state import State
from edge.domain.dialogue_terms import ASKED, Day, Expects, Intent, Meaning, Prompt, Stage, Unheard
from edge.domain.dossier_status import Found, NotFound, Source
from edge.guide_ports import GuideView
from edge.queue_ports import Declined, Printing
from edge.services.guide import GuideService
from edge.voice_ports import EarsState, Expecting, Listening, Verdict
from models.unheard import Unheard as WorkerWhy
from models.voice_wire import DayName, VerdictName
from sync.events import FeedbackGiven, GuideAsked
from tests.edge.services.memory_ledger import LedgerFull
from tests.edge.web.fakes import MORNING, FakeClock
from tests.edge.web.guide_fakes import READY, FakeGuide, wish
from tests.edge.web.queue_fakes import FakeQueue


class Room:
    """One guide, run or not, with a clock that tests move."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.queue = FakeQueue(self.clock)
        self.queue.fill()
        self.guide = FakeGuide(self.clock, self.queue)
        self.desk: GuideService = self.guide.desk

    @property
    def state(self) -> State:
        return self.desk.view().scene.state

    @property
    def asked(self) -> list[str]:
        return [one.intent for one in self.guide.ledger.events if isinstance(one, GuideAsked)]

    async def press(self, *intents: Intent, **slots: str) -> None:
        for intent in intents:
            await self.desk.press(Meaning(intent, **slots))  # type: ignore[arg-type]

    async def wait(self) -> None:
        """Until the present stage's time is over."""
        self.clock.seconds = self.state.until
        await self.desk.happened(Tick())

    async def reached(self, stage: Stage) -> None:
        await self.until(lambda: self.state.stage is stage)

    @staticmethod
    async def until(fact: Callable[[], bool]) -> None:
        while not fact():
            await asyncio.sleep(0)


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    """A guide that runs."""
    made = Room()
    running = asyncio.create_task(made.desk.run())
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_number_is_taken_shown_printed_and_said(room: Room) -> None:
    await room.press(Intent.TICKET)
    await room.press(Intent.PICK, pick="ho-tich")
    await room.press(Intent.PICK, pick="older")
    await room.reached(Stage.TICKET)
    scene = room.desk.view().scene
    assert scene.slip is not None
    assert (scene.slip.label, scene.slip.has_priority) == ("A009", True)
    await room.until(lambda: room.desk.view().scene.printing is Printing.PRINTED)
    assert room.queue.printer.printed == ["A009"]
    await room.until(lambda: room.guide.mouth.said[-1].startswith("Số của ông/bà là A009."))
    await room.press(Intent.START)
    assert room.desk.view().scene.slip is None


async def test_a_slip_that_does_not_come_out_is_told_aloud_and_the_number_stays(room: Room) -> None:
    room.queue.printer.works = False
    await room.press(Intent.TICKET)
    await room.press(Intent.PICK, pick="ho-tich")
    await room.press(Intent.PICK, pick="older")
    await room.until(lambda: room.state.prompt is Prompt.NO_SLIP)
    assert room.state.stage is Stage.TICKET
    assert room.desk.view().scene.printing is Printing.FAILED
    await room.until(lambda: room.guide.mouth.said[-1].startswith("Máy in không in được phiếu. Số của ông/bà là A009"))
    room.guide.scanner.scan("")  # rubbish from the scanner does not take it off the screen
    await asyncio.sleep(0)
    assert room.state.stage is Stage.TICKET


async def test_a_scan_that_cannot_be_read_is_answered(room: Room) -> None:
    await asyncio.sleep(0)
    room.guide.scanner.scan("")
    await room.until(lambda: room.guide.mouth.said[-1:] == [room.desk.view().subtitle])
    assert room.desk.view().subtitle.startswith("Tôi không đọc được mã vừa quét.")


async def test_at_noon_the_kiosk_says_when_numbers_come_again(room: Room) -> None:
    room.clock.at = MORNING.replace(hour=12)
    await room.press(Intent.TICKET, procedure="khai-sinh")
    await room.press(Intent.NO)
    await room.reached(Stage.NO_TICKET)
    assert room.desk.view().subtitle == "Đang nghỉ trưa. Lấy số từ 13:30."
    assert isinstance(room.desk.view().scene.declined, Declined)
    await room.press(Intent.START)
    assert room.desk.view().scene.declined is None


async def test_a_dossier_typed_read_back_and_answered(room: Room) -> None:
    await room.press(Intent.PROGRESS)
    await room.desk.type_code("h29.19-261124-0012")
    assert (room.state.stage, str(room.state.code)) == (Stage.CONFIRM_CODE, READY)
    await room.press(Intent.YES)
    await room.reached(Stage.ANSWER)
    assert isinstance(room.state.answer, Found)
    assert room.desk.view().subtitle.startswith("Đã có kết quả.")
    assert room.asked == ["progress"]


async def test_a_scanned_code_wakes_the_screen_and_an_identity_card_is_refused(room: Room) -> None:
    await asyncio.sleep(0)
    room.guide.scanner.scan(READY)
    await room.reached(Stage.ANSWER)
    room.guide.scanner.scan("001099012345|123456789|Nguyen Van A|01011999|Nam|Ha Noi|01012021")
    await room.reached(Stage.ASK_CODE)
    assert room.state.prompt is Prompt.ID_CARD
    assert "Nguyen" not in repr(room.desk.view())


async def test_offline_the_last_word_is_told_with_its_time(room: Room) -> None:
    room.guide.directory.is_offline = True
    await room.desk.type_code("vô nghĩa")  # nobody is here: nothing happens
    assert room.state.stage is Stage.AWAY
    await room.press(Intent.PROGRESS)
    await room.desk.type_code(READY)
    await room.press(Intent.YES)
    await room.reached(Stage.ANSWER)
    assert isinstance(room.state.answer, Found)
    assert room.state.answer.source is Source.LAST_SYNC
    assert "đây là tình trạng lúc" in room.desk.view().subtitle


async def test_a_city_that_never_answers_is_not_waited_for(room: Room) -> None:
    room.guide.directory.hold()
    await room.press(Intent.PROGRESS)
    await room.desk.type_code(READY)
    await room.press(Intent.YES)
    assert room.state.stage is Stage.LOOKING
    await room.wait()
    assert (room.state.stage, room.state.answer) == (Stage.ANSWER, NotFound.NO_ANSWER)
    room.guide.directory.go_on()
    await asyncio.sleep(0.01)
    assert room.state.answer is NotFound.NO_ANSWER, "what comes late is not put under another conversation"


async def test_speech_moves_the_same_conversation(room: Room) -> None:
    room.guide.ears.hear(wish("papers", "khai-sinh"))
    await room.reached(Stage.PAPERS)
    room.guide.ears.hear(wish("yes"))
    await room.reached(Stage.CHECKING)
    await room.press(Intent.YES, Intent.NO, Intent.YES, Intent.YES)
    assert (room.state.stage, room.state.missing) == (Stage.CHECKED, (1,))
    assert room.asked == ["papers"]


async def test_the_checklist_and_the_way_are_asked_for_aloud(room: Room) -> None:
    room.guide.ears.hear(wish("checklist"))
    await room.reached(Stage.ASK_PROCEDURE)
    room.guide.ears.hear(wish("procedure", "khai-sinh"))
    await room.reached(Stage.CHECKING)
    room.guide.ears.hear(wish("directions", place="thue"))
    await room.reached(Stage.DIRECTIONS)
    assert room.state.place == "thue"
    assert "Ra cổng rẽ trái" in room.desk.view().subtitle
    assert room.asked == ["checklist", "directions"]


async def test_unsure_speech_asks_back_and_none_of_them_twice_offers_a_person(room: Room) -> None:
    await room.desk.touch()
    room.guide.ears.hear(wish("hours"), wish("papers", "khai-sinh"), is_sure=False)
    await room.reached(Stage.CHOOSE)
    assert [one.intent for one in room.state.choices] == [Intent.HOURS, Intent.PAPERS]
    room.guide.ears.hear()
    await room.reached(Stage.OFFER_PERSON)
    room.guide.ears.hear(wish("yes"))
    await room.reached(Stage.PERSON)
    call = room.desk.call()
    assert call is not None
    assert (call.place, call.since, call.is_coming) == ("huong-dan", MORNING, False)
    await room.desk.come()
    assert room.desk.view().subtitle == "Cán bộ đang đến. Mời ông/bà chờ."
    await room.press(Intent.START)
    assert room.desk.call() is None


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (Unheard.FOREIGN, "Tôi chỉ nghe được tiếng Việt. Mời chạm vào nút English ở góc màn hình."),
        (Unheard.UNCLEAR, "Tôi nghe không rõ. Mời từng người một nói, gần máy hơn, hoặc chạm vào nút."),
        (Unheard.OUT_OF_SET, "Việc này tôi chưa biết. Mời ông/bà nói lại bằng câu ngắn, hoặc chạm vào nút."),
        (Unheard.NOISE, "Ở đây hơi ồn nên tôi khó nghe. Mời ông/bà nói gần máy hơn, hoặc chạm vào nút."),
    ],
)
async def test_why_nothing_was_understood_is_on_the_screen_and_said(room: Room, why: Unheard, said: str) -> None:
    await room.desk.touch()
    room.guide.ears.hear(unheard=why)
    await room.until(lambda: room.desk.view().subtitle == said)
    await room.until(lambda: room.guide.mouth.said[-1] == said)


async def test_that_it_is_loud_is_said_once_and_is_no_attempt(room: Room) -> None:
    await room.desk.touch()
    room.guide.ears.be(EarsState.NOISY)
    await room.until(lambda: any("ồn" in said for said in room.guide.mouth.said))
    room.guide.ears.be(EarsState.LISTENING)
    room.guide.ears.be(EarsState.NOISY)
    room.guide.ears.hear(unheard=Unheard.NOISE)
    room.guide.ears.hear(unheard=Unheard.UNCLEAR)
    await room.until(lambda: room.state.prompt is Prompt.UNCLEAR)
    assert (room.state.stage, room.state.missed) == (Stage.MENU, 1)
    assert sum("ồn" in said for said in room.guide.mouth.said) == 1


async def test_noise_in_an_empty_hall_is_nothing(room: Room) -> None:
    room.guide.ears.be(EarsState.NOISY)
    await room.until(lambda: room.desk.view().ears is EarsState.NOISY)
    assert room.state.stage is Stage.AWAY
    assert room.guide.mouth.said == []


async def test_a_spoken_code_is_read_back_and_half_a_code_is_asked_for_again(room: Room) -> None:
    await room.press(Intent.PROGRESS)
    room.guide.ears.hear(code_said="0012")
    await room.until(lambda: room.state.prompt is Prompt.BAD_CODE)
    room.guide.ears.hear(wish("code", code=READY))
    await room.reached(Stage.CONFIRM_CODE)
    assert room.guide.directory.asked == []


async def test_ears_are_told_what_to_expect(room: Room) -> None:
    await room.press(Intent.PROGRESS)
    await room.until(lambda: room.guide.ears.told[-1][0] is Listening.OPEN)
    assert room.guide.ears.told[-1][1:] == (Expecting.CODE, room.guide.directory.codes())
    await room.press(Intent.TICKET, procedure="khai-sinh")
    assert room.guide.ears.told[-1][1:] == (Expecting.YES_NO, ())
    await room.press(Intent.PERSON)
    await room.desk.come()
    await room.until(lambda: room.guide.ears.told[-1][0] is Listening.MUTED)


async def test_speech_over_the_machine_stops_it(room: Room) -> None:
    room.guide.mouth.is_long_winded = True
    await room.press(Intent.HELP)
    await room.until(lambda: room.desk.view().is_speaking)
    assert room.guide.ears.told[-1][0] is Listening.BARGE_IN
    room.guide.ears.be(EarsState.SPEECH)
    await room.until(lambda: not room.desk.view().is_speaking)
    assert room.desk.view().ears is EarsState.SPEECH
    assert room.state.stage is Stage.MENU
    await room.press(Intent.HOURS)
    await room.until(lambda: room.desk.view().is_speaking)
    await room.press(Intent.HOTLINE)
    await room.until(lambda: room.guide.mouth.said[-1].startswith("Tổng đài"))


async def test_no_sound_of_a_dossier_or_a_number_is_kept(room: Room) -> None:
    await room.press(Intent.PROGRESS)
    await room.until(lambda: bool(room.guide.mouth.said))
    await room.desk.type_code(READY)
    await room.press(Intent.YES)
    await room.reached(Stage.ANSWER)
    await room.until(lambda: room.guide.mouth.said[-1].startswith("Đã có kết quả"))
    assert not [text for text in room.guide.mouth.kept if any(sign.isdigit() for sign in text)]
    assert room.guide.mouth.kept, "prompts are"


async def test_ears_that_break_are_told_once_and_so_is_their_return(room: Room) -> None:
    ears = room.guide.ears
    for state in (EarsState.LOST, EarsState.OPENING, EarsState.LOST, EarsState.LISTENING, EarsState.WORKER_DOWN):
        ears.be(state)
    await room.until(lambda: room.desk.view().ears is EarsState.WORKER_DOWN)
    await room.until(lambda: len(room.guide.ledger.events) == 3)
    told = [(one.TYPE, getattr(one, "why", None)) for one in room.guide.ledger.events]
    assert told == [("device.fault", "mic_lost"), ("device.recovered", None), ("device.fault", "ears_down")]


async def test_english_is_written_and_not_spoken(room: Room) -> None:
    await room.desk.speak_in("en")
    await room.press(Intent.HOURS)
    assert room.desk.view().subtitle.startswith("Today: open")
    assert room.guide.mouth.said == []


async def test_after_a_silence_nothing_of_the_visitor_is_left(room: Room) -> None:
    await room.desk.speak_in("en")
    await room.press(Intent.PROGRESS)
    await room.desk.type_code(READY)
    await room.press(Intent.YES)
    await room.reached(Stage.ANSWER)
    await room.wait()
    assert room.desk.view().subtitle == "Are you still there? Please touch the screen."
    assert room.desk.time_left_s() == 15.0
    await room.wait()
    view = room.desk.view()
    assert (room.state, view.subtitle, room.desk.time_left_s()) == (State("vi", turn=room.state.turn), "", None)
    assert "261124" not in repr(view)


async def test_a_touch_in_the_last_seconds_keeps_everything(room: Room) -> None:
    await room.press(Intent.HOURS)
    said = room.desk.view().subtitle
    await room.wait()
    await room.desk.touch()
    assert (room.state.stage, room.desk.view().subtitle) == (Stage.HOURS, said)
    assert room.desk.time_left_s() is None


async def test_a_camera_greets_who_comes_and_forgets_who_leaves(room: Room) -> None:
    await room.desk.see(is_somebody_there=True)
    assert room.desk.view().subtitle.startswith("Xin chào! Tôi là máy hướng dẫn.")
    await room.press(Intent.HOTLINE)
    await room.desk.see(is_somebody_there=False)
    await room.wait()
    assert room.state.stage is Stage.AWAY


async def test_who_walks_away_while_a_dossier_is_looked_up_leaves_it_neither_aloud_nor_for_long(room: Room) -> None:
    await room.desk.see(is_somebody_there=True)
    room.guide.directory.hold()
    await room.press(Intent.PROGRESS)
    await room.desk.type_code(READY)
    await room.press(Intent.YES)
    await room.desk.see(is_somebody_there=False)
    room.guide.directory.go_on()
    await room.reached(Stage.ANSWER)
    await asyncio.sleep(0.01)
    assert room.desk.view().subtitle.startswith("Đã có kết quả.")
    assert not any("kết quả" in said for said in room.guide.mouth.said)
    assert room.desk.time_left_s() == room.desk._house.gone_s
    await room.wait()
    assert (room.state.stage, room.desk.view().subtitle) == (Stage.AWAY, "")


async def test_time_passes_by_itself(room: Room) -> None:
    """The clock of this test stands at the deadline as soon as it is looked at."""
    await room.press(Intent.THANKS)
    room.clock.seconds = room.state.until
    await room.desk.touch()  # gives the stage its time again, counted from the moved clock
    assert room.state.until > room.clock.seconds
    room.clock.seconds = room.state.until
    room.desk._moved.set()
    await room.reached(Stage.AWAY)


async def test_feedback_that_is_not_on_the_disk_is_not_thanked_for(room: Room) -> None:
    await room.press(Intent.FEEDBACK)
    await room.press(Intent.PICK, pick="waiting")
    room.guide.ledger.is_full = True
    with pytest.raises(LedgerFull):
        await room.press(Intent.NO)
    assert str(room.state.stage) == "ask_opinion"
    room.guide.ledger.is_full = False
    await room.press(Intent.NO)
    assert str(room.state.stage) == "thanked"
    told = [one for one in room.guide.ledger.events if isinstance(one, FeedbackGiven)]
    assert told == [FeedbackGiven(place="huong-dan", topic="waiting", is_pleased=False)]


async def test_a_full_disk_keeps_no_answer_away(room: Room) -> None:
    room.guide.ledger.is_full = True
    with pytest.raises(LedgerFull):
        await room.press(Intent.HOURS)
    assert room.desk.view().subtitle.startswith("Hôm nay mở cửa")


async def test_a_full_disk_closes_no_ears(room: Room) -> None:
    """Not a wish that cannot be counted, not an opinion, not a microphone that is lost, not a question that is with the city."""
    room.guide.directory.hold()
    await asyncio.sleep(0)
    room.guide.scanner.scan(READY)
    await room.reached(Stage.LOOKING)
    room.guide.ledger.is_full = True
    room.guide.ears.be(EarsState.LOST)
    room.guide.directory.go_on()
    await room.reached(Stage.ANSWER)
    room.guide.ears.hear(wish("feedback"))
    await room.reached(Stage.ASK_TOPIC)
    await room.press(Intent.PICK, pick="waiting")
    room.guide.ears.hear(wish("no"))
    room.guide.ears.hear(wish("hours"))
    await room.reached(Stage.HOURS)
    assert room.guide.ledger.events == []


async def test_a_full_disk_and_a_silent_loudspeaker_keep_no_sentence_away(room: Room) -> None:
    """That the loudspeaker is silent is told by the mouth, and the journal takes no word of it."""
    room.guide.mouth.fails_with = LedgerFull()
    await room.press(Intent.HELP)
    await room.until(lambda: len(room.guide.mouth.said) == 1 and not room.desk.view().is_speaking)
    assert room.guide.ears.told[-1][0] is Listening.OPEN, "the ears no longer wait for the end of the sentence"
    await room.press(Intent.THANKS)
    await room.until(lambda: len(room.guide.mouth.said) == 2)
    assert room.state.stage is Stage.THANKED


async def test_a_queue_that_fails_ends_in_words(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    room.queue.ledger.is_full = True
    await room.press(Intent.TICKET, procedure="khai-sinh")
    await room.press(Intent.NO)
    await room.until(lambda: any("guide number failed" in record.message for record in caplog.records))
    await room.wait()
    assert room.desk.view().subtitle == "Tôi chưa lấy được số. Mời ông/bà thử lại, hoặc gặp cán bộ."


async def test_pages_hear_of_every_change_and_no_longer_once_they_left(room: Room) -> None:
    views: list[GuideView] = []
    leave = room.desk.subscribe(views.append)
    await room.press(Intent.HOURS)
    assert views[-1].scene.state.stage is Stage.HOURS
    leave()
    leave()
    seen = len(views)
    await room.press(Intent.START)
    assert len(views) == seen


@pytest.mark.parametrize("intent", sorted(ASKED))
async def test_everything_asked_for_is_counted_in_the_words_of_the_contract(intent: Intent) -> None:
    room = Room()
    await room.press(Intent.HOTLINE if intent is not Intent.HOTLINE else Intent.HOURS)
    await room.press(intent)
    assert room.asked[-1] == intent.value
    assert intent.value in GuideAsked.__annotations__["intent"].__args__


def test_ears_and_conversation_use_the_same_words() -> None:
    assert {one.value for one in Expecting} == {one.value for one in Expects}
    assert {one.value for one in Day} == set(get_args(DayName))
    assert {one.value for one in Unheard} == {one.value for one in WorkerWhy}
    assert {one.value for one in Verdict} == set(get_args(VerdictName))
