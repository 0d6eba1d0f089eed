"""The words of the guide: `edge.guide_ports.GuideText` over the strings files, in the words of the queue's pages.

Screen and mouth say the same. A dossier code is never said whole: the day it came in and its last digits are enough to know it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, time, timedelta

from edge.domain.dialogue_state import State
from edge.domain.dialogue_terms import Day, Intent, Meaning, Prompt
from edge.domain.dossier import DossierCode
from edge.domain.dossier_status import DossierRecord, Found
from edge.domain.opening import Holiday, Span
from edge.guide_ports import Hall, ProcedureInfo, Scene
from edge.queue_ports import Closed, CounterInfo, Printing
from edge.web import queue_words
from edge.web.words import Strings, Words

_LAST_DIGITS = 5


class GuideSentences:
    """One hall's words in every language there is."""

    def __init__(self, strings: Strings, hall: Hall) -> None:
        self._strings, self._hall = strings, hall
        self._filled: Mapping[Prompt, Callable[[Words, Scene], str]] = {
            Prompt.GREETING_BY_NAME: self._by_name,
            Prompt.CHALLENGE: self._challenge,
            Prompt.CHALLENGE_ON: self._challenge,
            Prompt.CHOOSE: self._choose,
            Prompt.CONFIRM_CODE: self._confirm,
            Prompt.ANSWER: self._answer,
            Prompt.ASK_PRIORITY: self._priority,
            Prompt.TICKET: self._ticket,
            Prompt.NO_SLIP: self._no_slip,
            Prompt.NO_TICKET: self._no_ticket,
            Prompt.PAPERS: self._papers,
            Prompt.CHECKING: self._checking,
            Prompt.CHECKED: self._checked,
            Prompt.COUNTER: self._counter,
            Prompt.HOURS: self._hours,
            Prompt.DIRECTIONS: self._directions,
            Prompt.HOTLINE: self._phone,
            Prompt.THANKED: self._thanked,
            Prompt.ASK_OPINION: self._opinion,
            Prompt.PERSON: self._person,
        }

    def sentence(self, prompt: Prompt, scene: Scene) -> str:
        words = Words(self._strings, scene.state.lang)
        filled = self._filled.get(prompt)
        return filled(words, scene) if filled else words(f"guide.say.{prompt}")

    def meaning(self, meaning: Meaning, lang: str) -> str:
        words = Words(self._strings, lang)
        if meaning.code is not None:
            return words("guide.choice.code", code=_ending(meaning.code))
        place = self._hall.places.get(meaning.pick or "") if meaning.intent is Intent.DIRECTIONS else None
        if place is not None:
            return words("guide.choice.directions_to", place=place.name(lang))
        procedure = self._hall.procedures.get(meaning.procedure or "")
        if procedure is None:
            return words(f"guide.choice.{meaning.intent}")
        return words(f"guide.choice.{meaning.intent}_of", procedure=_inside(procedure.name(lang)))

    def _by_name(self, words: Words, scene: Scene) -> str:
        name = scene.state.name
        return words("guide.say.greeting_by_name", name=name.reveal()) if name else words("guide.say.greeting")

    def _challenge(self, words: Words, scene: Scene) -> str:
        prompt, task = scene.state.prompt, scene.state.task
        return words(f"guide.say.{prompt}", task=words(f"guide.task.{task}")) if task else words("guide.say.greeting")

    def _choose(self, words: Words, scene: Scene) -> str:
        choices = [self.meaning(one, words.lang) for one in scene.state.choices]
        key = "choose_one" if len(choices) == 1 else "choose"
        return words(f"guide.say.{key}", choices=words("guide.say.or").join(choices))

    def _confirm(self, words: Words, scene: Scene) -> str:
        code = scene.state.code
        if code is None:
            return words("guide.say.ask_code")
        day, month = code.received.day, code.received.month
        return words("guide.say.confirm_code", day=day, month=month, order=_ending(code))

    def _answer(self, words: Words, scene: Scene) -> str:
        answer = scene.state.answer
        if not isinstance(answer, Found):
            return words(f"guide.say.not_found_{answer or 'no_answer'}")
        status = status_sentence(words, answer.record, scene.now.date())
        asked = words.clock(answer.record.as_of, scene.now)
        return words(f"guide.say.answer_{answer.source}", status=status, time=asked)

    def _priority(self, words: Words, scene: Scene) -> str:
        return words("guide.say.ask_priority", service=self._service(words, scene.state))

    def _ticket(self, words: Words, scene: Scene) -> str:
        slip = scene.slip
        if slip is None:
            return words("guide.say.issuing")
        wait = queue_words.wait(words, slip.wait_s, slip.at)
        counters = _counters(slip.counters)
        return words("guide.say.ticket", number=slip.label, ahead=slip.ahead, wait=wait, counters=counters)

    def _no_slip(self, words: Words, scene: Scene) -> str:
        slip = scene.slip
        if slip is None:
            return words("guide.say.issuing")
        key = "no_slip" if scene.printing is Printing.FAILED else "slip_unknown"
        return words(f"guide.say.{key}", number=slip.label, counters=_counters(slip.counters))

    def _no_ticket(self, words: Words, scene: Scene) -> str:
        if scene.declined is None:
            return words("guide.say.no_ticket_failed")
        why = scene.declined.why
        if not isinstance(why, Closed):
            return words("guide.say.no_ticket_full")
        until = queue_words.closed_until(words, why, scene.now)
        return words("guide.say.no_ticket_closed", why=queue_words.closed_why(words, why), until=until)

    def _papers(self, words: Words, scene: Scene) -> str:
        known = self._procedure(scene.state)
        if known is None:
            return words("guide.say.ask_procedure")
        papers = known.papers_in(words.lang)
        return words("guide.say.papers", procedure=known.name(words.lang), n=len(papers), papers="; ".join(papers))

    def _checking(self, words: Words, scene: Scene) -> str:
        known = self._procedure(scene.state)
        place = len(scene.state.have)
        papers = known.papers_in(words.lang) if known else ()
        paper = papers[place] if place < len(papers) else ""
        return words("guide.say.checking", place=place + 1, n=len(papers), paper=paper)

    def _checked(self, words: Words, scene: Scene) -> str:
        known, state = self._procedure(scene.state), scene.state
        papers = known.papers_in(words.lang) if known else ()
        missing = [papers[place] for place in state.missing if place < len(papers)]
        if missing:
            return words("guide.say.checked_missing", papers="; ".join(missing))
        return words("guide.say.checked_all", n=len(state.have))

    def _counter(self, words: Words, scene: Scene) -> str:
        known = self._procedure(scene.state)
        if known is None or known.service is None:
            return words("guide.say.counters")
        counters = _counters(self._hall.counters_of(known.service))
        return words("guide.say.counter", procedure=known.name(words.lang), counters=counters)

    def _hours(self, words: Words, scene: Scene) -> str:
        return hours_sentence(words, self._hall, scene.state.day, scene.now.date())

    def _directions(self, words: Words, scene: Scene) -> str:
        place = self._hall.places.get(scene.state.place or "")
        if place is None:
            return words("guide.say.directions")
        return words("guide.say.directions_way", place=place.name(words.lang), how=place.way(words.lang))

    def _phone(self, words: Words, _: Scene) -> str:
        return words("guide.say.hotline", phone=self._hall.hotline)

    def _thanked(self, words: Words, _: Scene) -> str:
        return words("guide.say.thanked", phone=self._hall.hotline)

    def _opinion(self, words: Words, scene: Scene) -> str:
        topic = words(f"guide.topic.{scene.state.topic}")
        return words("guide.say.ask_opinion", topic=topic)

    def _person(self, words: Words, _: Scene) -> str:
        counter = self._hall.counters.get(self._hall.help_counter or "")
        return words("guide.say.person_counter", counter=counter.name) if counter else words("guide.say.person")

    def _service(self, words: Words, state: State) -> str:
        known = self._hall.services.get(state.service or "")
        return known.name(words.lang) if known else ""

    def _procedure(self, state: State) -> ProcedureInfo | None:
        return self._hall.procedures.get(state.procedure or "")


def status_sentence(words: Words, record: DossierRecord, today: date) -> str:
    """How far it is, where it lies, when it was promised for; late is said, and that we are sorry."""
    said = [words(f"guide.status.{record.status}")]
    if record.is_late(today):
        said.append(words("guide.status.late", date=f"{record.promised:%d/%m/%Y}"))
        return " ".join(said)
    said += [words(f"guide.step.{record.step}")] if record.step and record.status == "in_progress" else []
    if record.promised and record.status in {"received", "in_progress"}:
        said.append(words("guide.status.promised", date=f"{record.promised:%d/%m/%Y}"))
    return " ".join(said)


def hours_sentence(words: Words, hall: Hall, day: str | None, today: date) -> str:
    """Of one day (today when none was named), or of the next holiday."""
    if day == Day.HOLIDAY:
        return _next_holiday(words, hall, today)
    wanted = meant_day(day, today)
    name = words(f"guide.day.{day or Day.TODAY}")
    spans = hall.opening.spans(wanted)
    if spans:
        return words("guide.say.hours_open", day=name, spans=spans_text(words, spans))
    holiday = hall.opening.holiday(wanted)
    if holiday:
        return words("guide.say.hours_holiday", day=name, holiday=holiday.name)
    return words("guide.say.hours_closed", day=name)


def meant_day(day: str | None, today: date) -> date:
    """Saturday and Sunday are the next ones, today included."""
    if day == Day.TOMORROW:
        return today + timedelta(days=1)
    weekday = {Day.SATURDAY: 5, Day.SUNDAY: 6}.get(Day(day)) if day else None
    return today if weekday is None else today + timedelta(days=(weekday - today.weekday()) % 7)


def spans_text(words: Words, spans: Sequence[Span]) -> str:
    """`7:30 đến 11:30 và 13:30 đến 16:30`; a day that ends at midnight ends at 24:00."""
    listed = [words("guide.say.hours_span", start=_hour(one.start), end=_hour(one.end)) for one in spans]
    return words("guide.say.hours_and").join(listed)


def _hour(at: time) -> str:
    return "24:00" if at == time.max else f"{at.hour}:{at:%M}"


def _next_holiday(words: Words, hall: Hall, today: date) -> str:
    ahead: list[Holiday] = [one for one in hall.opening.holidays if one.last >= today]
    if not ahead:
        return words("guide.say.hours_no_holiday")
    one = min(ahead, key=lambda holiday: holiday.first)
    first, last = f"{one.first:%d/%m}", f"{one.last:%d/%m}"
    return words("guide.say.hours_next_holiday", holiday=one.name, first=first, last=last)


def _inside(name: str) -> str:
    """A name in the middle of a sentence; an abbreviation stays as it is."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


def _ending(code: DossierCode) -> str:
    return str(code).rpartition("-")[2][-_LAST_DIGITS:]


def _counters(counters: tuple[CounterInfo, ...]) -> str:
    return ", ".join(one.name for one in counters)
