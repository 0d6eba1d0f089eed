"""The guide's screens that answer: a dossier's progress, counters, opening hours, directions, the hotline."""

from datetime import date, timedelta

from edge.domain.dialogue_terms import Day, Intent, Meaning
from edge.domain.dossier_status import DossierStatus, Found
from edge.domain.opening import Span
from edge.web.guide_icons import icon
from edge.web.guide_parts import Stand, actions, card, facts, grid, qr, screen, yes_no
from edge.web.parts import Text, block, drawing

_PICTURES = {DossierStatus.READY: "yes", DossierStatus.DELIVERED: "yes", DossierStatus.REFUSED: "no"}
DAYS_SHOWN = 7


def draw_answer(stand: Stand) -> None:
    answer, words = stand.state.answer, stand.words
    again = (Meaning(Intent.PROGRESS), words("page.guide.other_code"), "progress")
    with screen("answer"):
        if not isinstance(answer, Found):
            with block("div", "guide-status open"):
                drawing(icon("progress"), "guide-picture")
                Text("p", stand.view.subtitle, "guide-big")
        else:
            _status(stand, answer)
        actions(stand, again)


def _status(stand: Stand, answer: Found) -> None:
    words, record, scene = stand.words, answer.record, stand.view.scene
    is_late = record.is_late(scene.now.date())
    kind = "late" if is_late else record.status.value
    with block("div", f"guide-status {kind}"):
        drawing(icon(_PICTURES.get(record.status, "progress")), "guide-picture")
        with block("div", "guide-status-words"):
            Text("p", words(f"guide.status.{record.status}"), "guide-big")
            if is_late:
                Text("p", words("guide.status.late", date=f"{record.promised:%d/%m/%Y}"), "guide-late")
            is_open = record.status is DossierStatus.IN_PROGRESS
            facts(
                (
                    (words("page.guide.code"), str(record.code)),
                    (words("page.guide.step"), words(f"guide.step.{record.step}") if record.step and is_open else ""),
                    (
                        words("page.guide.promised"),
                        f"{record.promised:%d/%m/%Y}" if record.promised and not is_late else "",
                    ),
                    (words("page.guide.as_of"), words.clock(record.as_of, scene.now)),
                )
            )
            Text("p", words(f"page.guide.source_{answer.source}"), f"guide-source {answer.source}")


def draw_counter(stand: Stand) -> None:
    known = stand.hall.procedures.get(stand.state.procedure or "")
    if known is None or known.service is None:
        _all_counters(stand)
        return
    with screen("counter middle"):
        Text("h2", known.name(stand.words.lang), "guide-name")
        with block("div", "guide-counters"):
            for one in stand.hall.counters_of(known.service):
                Text("p", one.name, "guide-counter")
        yes_no(stand, stand.words("page.guide.take_number"), stand.words("page.guide.no_number"))


def _all_counters(stand: Stand) -> None:
    with screen("counter"):
        with block("div", "guide-table"):
            for service in stand.hall.services.values():
                with block("div", "guide-row"):
                    Text("span", service.letter, "guide-letter").props["aria-hidden"] = "true"
                    Text("b", service.name(stand.words.lang))
                    Text("span", ", ".join(one.name for one in stand.hall.counters_of(service.service)))
        actions(stand, (Meaning(Intent.PROCEDURE), stand.words("page.guide.by_procedure"), "papers"))


def draw_hours(stand: Stand) -> None:
    today, words = stand.view.scene.now.date(), stand.words
    with screen("hours"):
        with block("div", "guide-table days"):
            for ahead in range(DAYS_SHOWN):
                _day(stand, today + timedelta(days=ahead), is_today=not ahead)
        _holidays(stand, today)
        with block("div", "guide-actions"):
            for day in (Day.TODAY, Day.TOMORROW, Day.SATURDAY, Day.SUNDAY, Day.HOLIDAY):
                classes = "slim is-chosen" if stand.state.day == day else "slim"
                card(stand, Meaning(Intent.HOURS, day=day.value), words(f"guide.day.{day}"), classes=classes)


def _day(stand: Stand, day: date, *, is_today: bool) -> None:
    words, opening = stand.words, stand.hall.opening
    spans, holiday = opening.spans(day), opening.holiday(day)
    with block("div", "guide-row today" if is_today else "guide-row"):
        name = words("guide.day.today") if is_today else words(f"page.queue.day_{day.weekday()}")
        Text("b", f"{name[:1].upper()}{name[1:]} · {day:%d/%m}")
        if spans:
            Text("span", "   ".join(_span(one) for one in spans), "guide-spans")
        else:
            Text("span", holiday.name if holiday else words("page.guide.closed"), "guide-closed")


def _holidays(stand: Stand, today: date) -> None:
    ahead = [one for one in stand.hall.opening.holidays if one.last >= today][:3]
    if ahead:
        listed = " · ".join(f"{one.name} {_dates(one.first, one.last)}" for one in ahead)
        Text("p", stand.words("page.guide.holidays", holidays=listed), "guide-note")


def draw_directions(stand: Stand) -> None:
    lang, chosen = stand.words.lang, stand.hall.places.get(stand.state.place or "")
    with screen("directions"):
        if chosen is not None:
            with block("div", "guide-way-there"):
                with block("div", "guide-way-words"):
                    Text("h2", chosen.name(lang), "guide-name")
                    Text("p", chosen.way(lang), "guide-big")
                    Text("p", stand.words("page.guide.scan_to_go"), "guide-note")
                qr(chosen.link, stand.words("page.guide.qr_way", place=chosen.name(lang)))
        with grid("two"):
            for place in stand.hall.places.values():
                if place is not chosen:
                    card(stand, Meaning(Intent.DIRECTIONS, pick=place.key), place.name(lang), picture="directions")


def draw_hotline(stand: Stand) -> None:
    phone = stand.hall.hotline
    with screen("hotline"), block("div", "guide-way-there"):
        with block("div", "guide-way-words"):
            Text("p", phone, "guide-number")
            Text("p", stand.words("page.guide.hotline_how"), "guide-big")
        qr(f"tel:{phone.replace(' ', '').replace('.', '')}", stand.words("page.guide.qr_phone", phone=phone))


def _span(span: Span) -> str:
    return f"{span.start.hour}:{span.start:%M}–{_end(span)}"


def _end(span: Span) -> str:
    return "24:00" if (span.end.hour, span.end.minute) == (23, 59) else f"{span.end.hour}:{span.end:%M}"


def _dates(first: date, last: date) -> str:
    return f"{first:%d/%m}" if first == last else f"{first:%d/%m}–{last:%d/%m}"
